"""What a client offers, and what it does with what was agreed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from packages.topicwire.tests.client.fakes import URL, Bench
from packages.topicwire.tests.client.taken import Taken, subscribed
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL_TOPIC, App, Trade, TradeRequest, trades

from topicwire.client import Client, CodecName, RefusedError
from topicwire.client.websocket import WebSocket, WebSocketConnector
from topicwire.errors import DeclarationError
from topicwire.wire import packed

PACKED, PLAIN = "topicwire.v1+msgpack", "topicwire.v1+json"


def pack(*messages: object) -> bytes:
    return b"".join(packed.packed(json.dumps(one).encode()) for one in messages)


def trade(seq: int, price: Any) -> dict[str, Any]:
    payload = {"topic": "t", "seq": seq, "payload": {"price": price}}
    return {"type": "trades.update", "payload": payload}


async def test_json_is_offered_beside_it_and_taken_where_the_server_has_no_other() -> None:
    bench, taken = Bench(codec="msgpack"), Taken()
    async with bench.client:
        assert bench.socket.subprotocols == [PACKED, PLAIN]
        await subscribed(bench, taken)
        bench.socket.update(1)
    assert taken.updates == [(1.0, 1)]
    assert bench.errors == []


async def test_a_token_comes_after_both() -> None:
    bench = Bench(codec="msgpack", token="secret")
    async with bench.client:
        assert bench.socket.subprotocols[:2] == [PACKED, PLAIN]
        assert bench.socket.subprotocols[2].startswith("topicwire.bearer.")


async def test_without_it_json_alone_is_offered() -> None:
    bench = Bench()
    async with bench.client:
        assert bench.socket.subprotocols == [PLAIN]


def test_a_codec_that_there_is_not_is_refused() -> None:
    with pytest.raises(DeclarationError, match="codec='cbor': it is 'json' or 'msgpack'"):
        Client(URL, codec="cbor")  # type: ignore[arg-type] # what a caller may get wrong


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "IS_AVAILABLE", False)
    with pytest.raises(ImportError, match=r"topicwire\[msgpack\]"):
        Client(URL, codec="msgpack")


async def test_what_cannot_be_read_is_told_and_harms_no_other_frame() -> None:
    bench, taken = Bench(codec="msgpack"), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        # the same connection, from here on packed
        bench.socket.events.opened(PACKED)
        good = pack(trade(1, 1), trade(2, 2))
        for bad in (b"\xc1", good[:-1], pack(trade(1, "9"))[:-2] + b"\xc4\x019"):
            bench.socket.events.received(bad)
        bench.socket.events.received(pack({"payload": 1}))
        bench.socket.events.received(b"")
        bench.socket.events.received("{}")
        bench.socket.events.received(good)
    assert bench.errors == ["invalid_json"] * 3 + ["invalid_message"] * 2
    assert taken.updates == [(1.0, 1), (2.0, 2)]


@pytest.mark.parametrize("number", [b"\xcb\x7f\xf8" + bytes(6), b"\xca\xff\x80" + bytes(2)])
async def test_a_number_that_json_has_not_is_no_data(number: bytes) -> None:
    bench, taken = Bench(codec="msgpack"), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        bench.socket.events.opened(PACKED)
        whole = pack(trade(1, 7))
        assert whole.endswith(b"\x07")
        bench.socket.events.received(whole[:-1] + number)
    assert bench.errors == ["invalid_json"]
    assert taken.updates == []


CODECS = pytest.mark.parametrize("codec", ["json", "msgpack"])


@CODECS
async def test_the_real_server_is_spoken_with_as_was_agreed(
    codec: CodecName, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: set[type] = set()
    send = WebSocket.send

    def note(socket: WebSocket, message: str | bytes) -> None:
        kinds.add(type(message))
        send(socket, message)

    monkeypatch.setattr(WebSocket, "send", note)
    router = trades()
    seen: list[tuple[float, int]] = []
    async with serving(App(router).asgi) as url:
        connector = WebSocketConnector()
        async with Client(url, codec=codec, connector=connector) as client:
            route = client.route("trades", TradeRequest, Trade)
            stream = route.stream(TradeRequest(symbol="AAPL"))
            await route.subscribe(
                TradeRequest(symbol="AAPL"),
                lambda trade, info: seen.append((trade.price, info.seq)),
            )
            for price in (1.5, 1e300, -2.0):
                router.publish(AAPL_TOPIC, Trade(price=price))
            assert [(await anext(stream)).price for _ in range(3)] == [1.5, 1e300, -2.0]
            with pytest.raises(RefusedError) as refused:
                await route.call("nothing", Trade(price=1), Trade)
    assert refused.value.code == "no_matching_type"
    assert seen == [(1.5, 1), (1e300, 2), (-2.0, 3)]
    assert kinds == ({bytes} if codec == "msgpack" else {str})
