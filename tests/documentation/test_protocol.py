"""docs/protocol.md: its example is spoken with the application, its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from websockets.asyncio.client import ClientConnection, connect

import topicwire
from tests.documentation.conversation import Line, read
from tests.documentation.server import serving
from tests.quickstart.specification import blocks
from topicwire import close_codes
from topicwire.hub import drain, ending
from topicwire.types import Delivery

PROTOCOL = Path(__file__).parents[2] / "docs/protocol.md"
LOST_BY_THE_NETWORK = 1006


async def test_the_example_is_what_the_application_answers() -> None:
    [example] = [block.text for block in blocks(PROTOCOL) if block.text.startswith("→")]
    async with (
        serving("trading_api.main:app") as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/ws") as socket,
    ):
        for line in read(example):
            if line.is_sent:
                await socket.send(line.printed)
            else:
                received = await _next(socket, line)
                assert line.matches(received), f"\nprinted:  {line.printed}\nreceived: {received}"


async def _next(socket: ClientConnection, expected: Line) -> str:
    """The next message; updates are passed over while something else is expected."""
    while True:
        received = await socket.recv()
        assert isinstance(received, str)
        if expected.type.endswith(".update") or '.update"' not in received[:60]:
            return received


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("code", set(get_args(topicwire.ErrorCode))),
        (
            "close code",
            {str(value) for name, value in vars(close_codes).items() if name.isupper()}
            | {str(LOST_BY_THE_NETWORK)},
        ),
    ],
)
def test_the_tables_list_every_code(heading: str, known: set[str]) -> None:
    table = PROTOCOL.read_text(encoding="utf-8").partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| ")]
    assert {code for cell in cells for code in re.findall(r"[a-z_]{3,}|\d{4}", cell)} == known


def test_the_policies_are_those_that_a_route_may_choose() -> None:
    table = PROTOCOL.read_text(encoding="utf-8").partition("| policy |")[2].partition("\n\n")[0]
    listed = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    made: list[topicwire.RouteDelivery] = [
        topicwire.lossless(),
        topicwire.latest(),
        topicwire.drop_oldest(),
        topicwire.merge(lambda _, newer: newer),
    ]
    assert listed == [one.policy for one in made]
    assert set(listed) == {"lossless", *get_args(Delivery)}
    assert f"{topicwire.drop_oldest().max_queue} by default" in table


def test_the_numbers_are_the_defaults() -> None:
    text = PROTOCOL.read_text(encoding="utf-8")
    defaults = topicwire.Settings()
    for said, value in {
        "At most 64 wait": defaults.max_waiting_commands == 64,
        "more than 10 s": defaults.command_timeout_s == 10,
        "outlives the last subscriber by 300 s, for at most 10,000": (
            (defaults.retention_s, defaults.max_retained_topics) == (300, 10_000)
        ),
        "at most 128 topics linger": defaults.max_lingering_topics == 128,
        "no message for 25 s": defaults.heartbeat_s == 25,
        "no byte comes for 10 s": defaults.heartbeat_grace_s == 10,
        "pauses of 0.5 s, doubling up to 30 s": (
            (defaults.restart_backoff_s, defaults.max_restart_backoff_s) == (0.5, 30)
        ),
        "after 10 s it is given up": defaults.drain_timeout_s == 10,
        "2 ms for each connection": drain.RECONNECTS_PER_S == 500,
        "to 1 s at least": drain.MIN_WINDOW_S == 1,
        "for up to 1 s": ending.FLUSH_TIMEOUT_S == 1,
        "no byte for 30 s": defaults.send_timeout_s == 30,
        "past 1 MiB": defaults.max_queue_bytes == 1 << 20,
        "more than 128 topics": defaults.max_topics == 128,
        "first message within 10 s": defaults.auth_timeout_s == 10,
        "All goes on for 30 s": defaults.token_grace_s == 30,
        "send 1,000 commands at once and 100 a second": (
            (defaults.max_command_burst, defaults.max_commands_per_s) == (1_000, 100)
        ),
        "at most 256 connections, an address 4,096": (
            (defaults.max_connections_per_principal, defaults.max_connections_per_address)
            == (256, 4_096)
        ),
        "larger than 64 KiB": defaults.max_message_bytes == 1 << 16,
    }.items():
        assert said in text
        assert value, said
