"""The Autobahn cases of RFC 6455, against what the app is served with.

The suite expects a server that echoes. So most of it runs against an echo over the endpoint's own
transport on uvicorn's WebSocket implementation (`topicwire.asgi.uvicorn`), and the cases that break
the protocol against the application itself: most of them wait for no echo; nine greet first, and
take the echo or nothing before the close, so there the application's answer to what is no message
of its protocol is worded as the greeting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from kosoku import FailureError, run_fuzzingclient
from packages.topicwire.tests.serving import ask, serving, settled
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades, update
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

from topicwire.asgi.transport import AsgiTransport
from topicwire.errors import CommandError
from topicwire.types import MessageId
from topicwire.wire.frames import Frame

PERFORMANCE = ["9.*", "12.*", "13.*"]
PERFORMANCE_GROUPS = [
    "9.*",
    *(f"12.{n}.*" for n in range(1, 6)),
    *(f"13.{n}.*" for n in range(1, 8)),
]
CASES = 247
"""Those of the suite that are not about performance."""

WITHOUT_ECHO = ["2.*", "3.*", "4.*", "5.1", "5.2", "6.3.*", "6.4.*", "7.*"]
GREETING = ["3.2", "3.3", "3.4", *(f"4.{n}.{m}" for n in (1, 2) for m in (3, 4, 5))]
"""They take an echo or nothing, and not what the application answers before the violation comes."""
ECHO_ALONE = "7.1.1"
"""A greeting, its echo, and an orderly close: it breaks nothing."""
VIOLATING_CASES = 63


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    transport = AsgiTransport(receive, send, scope)
    try:
        while (message := await transport.receive()) is not None:
            if isinstance(message, str):
                await transport.send(message)
            else:  # the application never sends binary frames, so its transport does not either
                await send({"type": "websocket.send", "bytes": message})
    except OSError:
        pass


@pytest.fixture(autouse=True)
def uvicorn_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """It logs each message that is not UTF-8, with a traceback."""
    caplog.set_level(logging.CRITICAL, "uvicorn.error")


async def passed(
    url: str, cases: Sequence[str] | None, exclude: Sequence[str] | None, parallel: int = 4
) -> int:
    """Run cases; returns how many passed, and fails with each that did not."""
    try:
        results = await run_fuzzingclient(url, cases, exclude, parallel)
    except FailureError as failure:
        failed = [
            f"{one.case_id}: {one.behavior.value}, {one.result}; "
            f"close {one.behavior_close.value}, {one.result_close}"
            for one in failure.results
            if not one.passed
        ]
        raise AssertionError("\n".join(failed)) from None
    assert all(one.passed for one in results)
    return len(results)


async def test_every_case_but_those_of_performance() -> None:
    async with serving(echo, lifespan="off") as url:
        assert await passed(url, None, PERFORMANCE) == CASES


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the suite's own
@pytest.mark.parametrize("group", PERFORMANCE_GROUPS)
async def test_the_cases_of_performance(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # cases 12 and 13 themselves fail at text that comes as it is, though it may be compressed
    monkeypatch.setattr("topicwire.asgi.websocket.messages.MIN_BYTES", 0)
    # the suite computes in this very thread, for longer than a keepalive waits
    options: dict[str, Any] = {"ws_max_size": 67_108_864, "ws_ping_interval": None}
    async with serving(echo, lifespan="off", **options) as url:
        assert await passed(url, [group], None, parallel=1) > 0


class Greeting(Frame):
    """An error, as the suite wants a greeting answered."""

    def __init__(self, error: CommandError, message_id: MessageId | None) -> None:
        assert (error.code, message_id) == ("invalid_json", None)
        super().__init__(b"Hello, world!")

    @property
    def type(self) -> str:
        return "error"


async def test_the_application_bears_every_violation_and_nobody_else_notices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, connect(url, compression=None) as subscriber:
        await ask(subscriber, "trades.subscribe", AAPL)
        violating = asyncio.create_task(passed(url, WITHOUT_ECHO, [ECHO_ALONE, *GREETING]))
        prices: list[int] = []
        while not violating.done():
            prices.append(len(prices) + 1)
            router.publish(AAPL_TOPIC, Trade(price=prices[-1]))
            assert await settled(subscriber) == [update(AAPL_TOPIC, len(prices), len(prices))]
        assert await violating == VIOLATING_CASES
        monkeypatch.setattr("topicwire.hub.connection.error_frame", Greeting)
        assert await passed(url, GREETING, None) == len(GREETING)
        assert await settled(subscriber) == []
    assert app.adapter.metrics.connections == 0
