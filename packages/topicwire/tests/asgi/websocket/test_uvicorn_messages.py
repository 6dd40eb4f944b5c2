"""The messages that an application and its client are given, on a real uvicorn with either loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from packages.topicwire.tests.asgi.raw_socket import RawSocket, raw_socket
from packages.topicwire.tests.asgi.websocket.script import ACCEPT, Script, echo, until
from packages.topicwire.tests.asgi.websocket.test_parser import frame
from packages.topicwire.tests.serving import serving
from uvicorn.protocols.utils import ClientDisconnected
from websockets.asyncio.client import connect

from topicwire.asgi.server_socket import server_socket
from topicwire.asgi.uvicorn import MAX_UNREAD_BYTES


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (frame(8, b"\x0f\xa0bye"), 4000),
        (frame(8), 1005),
        (frame(1, b"\xff"), 1007),
        (frame(3), 1002),
        (None, 1006),
    ],
    ids=["close", "close without a code", "not UTF-8", "a wrong opcode", "the end"],
)
def test_an_application_is_told_what_came_and_then_how_it_ended(
    run: Any, end: bytes | None, code: int
) -> None:
    async def play(app: Script) -> None:
        await app.send(ACCEPT)
        app.seen = [await app.receive() for _ in range(4)]
        with pytest.raises(ClientDisconnected):
            await app.send({"type": "websocket.send", "text": "late"})

    async def test() -> None:
        app = Script(play)
        async with serving(app, lifespan="off") as url, raw_socket(url) as client:
            await client.send(frame(1, "é".encode()) + frame(2, b"b"))
            if end is None:
                client.hang_up()
            else:
                await client.send(end + frame(1, b"nothing more"))
            await app.ended.wait()
            await client.read_to_the_end()
        first, second, *ends = app.seen
        assert first == {"type": "websocket.receive", "text": "é"}
        assert second == {"type": "websocket.receive", "bytes": b"b"}
        assert [one["type"] for one in ends] == ["websocket.disconnect"] * 2
        assert [one["code"] for one in ends] == [code] * 2

    run(test)


def test_nothing_more_is_read_while_the_application_does_not_receive(run: Any) -> None:
    """And all of it arrives, in order, as soon as it does."""
    go = asyncio.Event()
    sizes: list[int] = []

    async def play(app: Script) -> None:
        await app.send(ACCEPT)
        await go.wait()
        while (event := await app.receive())["type"] == "websocket.receive":
            app.seen.append(event["text"])

    async def test() -> None:
        app = Script(play)
        async with serving(app, lifespan="off") as url, connect(url, compression=None) as client:
            message = "x" * 10_000
            sending = asyncio.ensure_future(
                asyncio.gather(*(client.send(f"{n} {message}") for n in range(1_000)))
            )
            socket: Any = server_socket(app.scope)
            before = -1
            while before < socket.received_bytes or not before:
                before = socket.received_bytes
                for _ in range(50):
                    await asyncio.sleep(0)
            sizes.append(before)
            assert not sending.done()
            go.set()
            await sending
            await client.close()
            await app.ended.wait()
        assert app.seen[1:] == [f"{n} {message}" for n in range(1_000)]

    run(test)
    assert MAX_UNREAD_BYTES <= sizes[0] < MAX_UNREAD_BYTES + 600_000


def test_receiving_can_be_given_up_and_begun_again(run: Any) -> None:
    """Nothing is lost, whoever waits for it."""

    async def play(app: Script) -> None:
        await app.send(ACCEPT)
        tasks = [asyncio.ensure_future(app.receive()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        with suppress(asyncio.CancelledError):
            await tasks[0]
        await app.send({"type": "websocket.send", "text": "go"})
        app.seen = [one["text"] for one in await asyncio.gather(*tasks[1:])]

    async def test() -> None:
        app = Script(play)
        async with serving(app, lifespan="off") as url, connect(url) as client:
            await client.recv()
            await client.send("1")
            await client.send("2")
            await app.ended.wait()
        assert sorted(app.seen) == ["1", "2"]

    run(test)


def test_pings_of_a_client_that_does_not_read_do_not_pile_up(run: Any) -> None:
    async def test() -> None:
        app = Script(echo)
        async with serving(app, lifespan="off") as url, raw_socket(url) as client:
            large = frame(2, b"x" * 5_000_000)
            await client.send(large)
            socket: Any = server_socket(app.scope)
            await until(lambda: socket.unsent_bytes > 0)
            unsent, seen = socket.unsent_bytes, socket.received_bytes
            pings = [frame(9, b"%d" % number) for number in range(1_000)]
            await client.send(b"".join(pings))
            await until(lambda: socket.received_bytes == seen + sum(map(len, pings)))
            assert socket.unsent_bytes <= unsent
            await read_all(client, b"\x8a\x03999")
            assert b"\x8a\x03998" not in client.received

    run(test)


async def read_all(client: RawSocket, end: bytes) -> None:
    while end not in client.received[-200:]:
        await client.read(1 << 20)


def test_why_a_large_message_is_refused_reaches_who_is_still_sending_it(run: Any) -> None:
    """Closed with its bytes unread, the connection would be reset, and the close frame be lost."""

    async def test() -> None:
        async with (
            serving(Script(echo), lifespan="off", ws_max_size=1_000) as url,
            raw_socket(url) as client,
        ):
            sending = asyncio.ensure_future(client.send(frame(2, bytes(5_000_000))))
            await client.read_until(b"\x03\xf1a message has more than 1000 bytes")
            await sending
            client.hang_up()
            assert await client.read_to_the_end()

    run(test)


def test_a_client_that_answers_its_pings_is_kept_and_one_that_does_not_is_given_up(
    run: Any,
) -> None:
    async def test() -> None:
        app = Script(echo)
        options: dict[str, Any] = {"ws_ping_interval": 0.01, "ws_ping_timeout": 0.05}
        async with serving(app, lifespan="off", **options) as url:
            async with raw_socket(url) as client:
                for number in range(3):
                    while client.received.count(b"\x89\x04") <= number:
                        await client.read(1_024)
                    payload = client.received.split(b"\x89\x04")[-1][:4]
                    await client.send(frame(10, payload))
                await client.read_to_the_end()
                assert client.received.endswith(b"\x03\xf3keepalive ping timeout")
            await app.ended.wait()

    run(test)


def test_after_an_abort_nothing_is_sent_and_the_application_is_told(run: Any) -> None:
    async def play(app: Script) -> None:
        await app.send(ACCEPT)
        socket: Any = server_socket(app.scope)
        socket.abort()
        with pytest.raises(ClientDisconnected):
            await app.send({"type": "websocket.send", "text": "late"})
        app.seen.append((await app.receive())["code"])

    async def test() -> None:
        app = Script(play)
        async with serving(app, lifespan="off") as url, raw_socket(url) as client:
            await app.ended.wait()
            await client.read_to_the_end()
        assert app.seen[1:] == [1006]

    run(test)


def test_a_violation_behind_much_that_nobody_has_taken_is_told(run: Any) -> None:
    """Reading was paused for it, and goes on to see the client's end."""
    go = asyncio.Event()

    async def play(app: Script) -> None:
        await app.send(ACCEPT)
        await go.wait()
        while (event := await app.receive())["type"] == "websocket.receive":
            app.seen.append(event["text"])

    async def test() -> None:
        app = Script(play)
        async with serving(app, lifespan="off") as url, raw_socket(url) as client:
            await client.send(frame(1, b"x") * 100 + frame(3))
            await client.read_until(b"\x03\xeathere is no opcode 3")
            client.hang_up()
            assert await client.read_to_the_end()
            go.set()
            await app.ended.wait()
        assert app.seen[1:] == ["x"] * 100

    run(test)


@pytest.mark.parametrize(("says", "code"), [("fail", 1011), ("return", 1000)])
def test_a_call_that_goes_on_ends_the_connection(
    run: Any, says: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    returned = asyncio.Event()

    async def play(app: Script) -> None:
        await app.send(ACCEPT)
        socket: Any = server_socket(app.scope)

        async def call() -> None:
            await app.ended.wait()
            await returned.wait()
            await app.send({"type": "websocket.send", "text": "on"})
            if says == "fail":
                raise ZeroDivisionError

        assert socket.go_on(call())

    async def test() -> None:
        async with serving(Script(play), lifespan="off") as url, connect(url) as client:
            returned.set()
            assert await client.recv() == "on"
            await client.wait_closed()
            assert client.close_code == code

    run(test)
    assert ("ZeroDivisionError" in caplog.text) == (says == "fail")
