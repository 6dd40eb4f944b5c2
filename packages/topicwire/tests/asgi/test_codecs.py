"""The second codec: whatever is said in JSON is said in MessagePack, and in no other way."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import ormsgpack
import pytest
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades
from websockets.asyncio.client import connect as connect_socket
from websockets.typing import Subprotocol

from topicwire.close_codes import GOING_AWAY
from topicwire.testing import connect
from topicwire.testing.client import CodecName
from topicwire.types import ReplayLimits
from topicwire.wire import codecs, packed
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL

CODECS: list[CodecName] = ["json", "msgpack"]


async def said(codec: CodecName) -> list[Any]:
    """Everything that a client is told in one session, but for what is drawn at random."""
    router = trades(updates_from="application", replay=ReplayLimits(max_updates=10))
    app = App(router)
    async with connect(app.asgi, codec=codec) as client:
        heard: list[Any] = [client.hello]
        reply = await client.subscribe("trades", AAPL)
        heard.append(reply)
        for price in range(3):
            router.publish(AAPL_TOPIC, Trade(price=price + 0.5))
        heard += await client.settle()
        heard.append(await client.unsubscribe("trades", AAPL))
        position = {"epoch": reply["epoch"], "seq": 1}
        heard.append(await client.subscribe("trades", AAPL, resume=position))
        heard += await client.settle()
        for wrong in (
            {"type": "trade.subscribe", "id": "é"},
            {"type": "trades.subscribe", "payload": {"symbol": 1}, "id": 7},
            {"type": "trades.unsubscribe", "payload": {"symbol": "none"}, "id": 2**53 - 1},
            {"type": "trades.subscribe", "payload": AAPL, "resume": 5, "id": 8},
            {"payload": 1.5, "id": None},
            {},
        ):
            await client.send(wrong)
            heard.append(await client.receive())
        app.hub.begin_drain()
        heard.append(await client.receive())
        ended = await client.wait_closed()
        heard.append(ended.code)
    epoch = reply["epoch"]
    heard[0]["session"] = heard[-2]["payload"]["retry_after_ms"] = 0
    return [_with(one, epoch) for one in heard]


def _with(one: Any, epoch: str) -> Any:
    return {**one, "epoch": "it"} if isinstance(one, dict) and one.get("epoch") == epoch else one


async def test_a_whole_session_says_the_same() -> None:
    as_json, as_msgpack = [await said(codec) for codec in CODECS]
    assert as_json == as_msgpack
    told = [one.get("type", one.get("status")) for one in as_json[1:-1]]
    updates = ["trades.update"] * 3
    errors = ["error", "trades.subscribe.response", "trades.unsubscribe.response"]
    errors += ["trades.subscribe.response", "error", "error"]
    assert told == ["ok", *updates, "ok", "ok", *updates[1:], *errors, "closing"]
    assert as_json[-1] == GOING_AWAY


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ([PACKED_SUBPROTOCOL, SUBPROTOCOL], PACKED_SUBPROTOCOL),
        ([SUBPROTOCOL, PACKED_SUBPROTOCOL], SUBPROTOCOL),
        (["other", PACKED_SUBPROTOCOL], PACKED_SUBPROTOCOL),
        (["other"], None),
        ([], None),
    ],
)
def test_the_first_known_offer_is_taken(offered: list[str], agreed: str | None) -> None:
    assert codecs.agreed(offered).subprotocol == agreed


async def test_frames_are_binary_ones() -> None:
    router = trades()
    app = App(router)
    offered = [Subprotocol(PACKED_SUBPROTOCOL), Subprotocol(SUBPROTOCOL)]
    async with (
        serving(app.asgi) as url,
        connect_socket(url, subprotocols=offered, compression=None) as socket,
    ):
        assert socket.subprotocol == PACKED_SUBPROTOCOL
        [hello] = packed.messages_of(_binary(await socket.recv()))
        assert hello["type"] == "hello"
        message = {"type": "trades.subscribe", "payload": AAPL}
        await socket.send(ormsgpack.packb(message))
        [reply] = packed.messages_of(_binary(await socket.recv()))
        assert reply["payload"]["status"] == "ok"
        for price in (1.0, 2.0):
            router.publish(AAPL_TOPIC, Trade(price=price))
        found = packed.messages_of(_binary(await socket.recv()))
        assert [one["payload"]["seq"] for one in found] == [1, 2]


def _binary(message: str | bytes) -> bytes:
    assert isinstance(message, bytes)
    return message


@pytest.mark.parametrize(
    ("codec", "data", "code"),
    [
        ("json", b"\x81\xa4type\xa4ping", "invalid_message"),
        ("msgpack", '{"type":"ping"}', "invalid_message"),
        ("msgpack", b"\xc1", "invalid_json"),
        ("msgpack", b"\x81\xa4type\xc4\x04ping", "invalid_json"),
        ("msgpack", b"\x81\xa4type\xa4ping" * 2, "invalid_json"),
        ("msgpack", b"\x91\x01", "invalid_message"),
        ("msgpack", b"\x82\xa4type\xa4ping\xa2id\xcf" + b"\xff" * 8, "invalid_message"),
        ("msgpack", b"\x82\xa4type\xa4ping\xa2id\xca\x7f\xc0\0\0", "invalid_json"),
    ],
)
async def test_what_is_no_message_is_answered(
    codec: CodecName, data: str | bytes, code: str
) -> None:
    """pitfall 15"""
    app = App(trades())
    async with connect(app.asgi, codec=codec) as client:
        await client.send(data)
        [answer] = await client.settle()
        assert (answer["type"], answer["payload"]["code"]) == ("error", code)


async def test_an_integer_that_a_browser_would_round_is_refused_as_in_json() -> None:
    router = trades()

    @router.send("double", reply="double.response")
    def double(number: int) -> int:
        return number

    app = App(router)
    answers = []
    for codec in CODECS:
        async with connect(app.asgi, codec=codec) as client:
            answers.append(
                [
                    await client.request("trades.double", number, message_id=1)
                    for number in (2**53 - 1, 2**53, 2**64 - 1, -(2**63))
                ]
            )
    as_json, as_msgpack = answers
    assert as_json == as_msgpack
    assert as_json[0]["payload"] == 2**53 - 1
    assert {one["payload"]["code"] for one in as_json[1:]} == {"validation_error"}


def test_without_the_library_it_is_not_agreed_on() -> None:
    """In a process in which it cannot be imported."""
    program = f"""
import sys
sys.modules["ormsgpack"] = None
from topicwire.wire.codecs import agreed
print(agreed({[PACKED_SUBPROTOCOL, SUBPROTOCOL]!r}).subprotocol)
print(agreed({[PACKED_SUBPROTOCOL]!r}).subprotocol)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [SUBPROTOCOL, "None"]
