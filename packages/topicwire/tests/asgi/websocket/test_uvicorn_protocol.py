"""The messages of ASGI, and what a client sees of them, on a real uvicorn with either loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvloop
from packages.topicwire.tests.asgi.raw_socket import PATIENCE_S, RawSocket, raw_socket
from packages.topicwire.tests.asgi.websocket.test_parser import frame
from packages.topicwire.tests.serving import serving
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from topicwire.asgi.server_socket import server_socket
from topicwire.asgi.uvicorn import MAX_EARLY_BYTES, MAX_UNREAD_BYTES, WebSocketProtocol

ACCEPT = {"type": "websocket.accept"}
Test = Callable[[], Awaitable[None]]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Callable[[Test], None]]:
    """Run a test on either loop."""
    with asyncio.Runner(loop_factory=request.param) as runner:

        async def patiently(test: Test) -> None:
            async with asyncio.timeout(PATIENCE_S):
                await test()

        yield lambda test: runner.run(patiently(test))


async def until(is_so: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    turn = asyncio.sleep
    while not is_so():
        await turn(0)


class Script:
    """An application that does what the test says, with what it was given."""

    def __init__(self, play: Callable[[Script], Awaitable[Any]]) -> None:
        self._play = play
        self.scope: Any = None
        self.receive: Any = None
        self.send: Any = None
        self.ended = asyncio.Event()
        self.seen: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        self.scope, self.receive, self.send = scope, receive, send
        self.seen.append((await receive())["type"])
        try:
            return await self._play(self)
        finally:
            self.ended.set()

    async def answer(self, handshake: str) -> str:
        """Return all that is sent to a client that says this, and no more, until its end."""
        async with serving(self, lifespan="off") as url:
            address = urlsplit(url)
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(handshake.replace("\n", "\r\n").encode())
            received = (await reader.read()).decode()
            writer.close()
            await writer.wait_closed()
            return received


HANDSHAKE = """GET http://there/a%20b?c=d HTTP/1.1
Host: here
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==

"""


def test_the_scope_says_what_the_client_asked_for(run: Any) -> None:
    async def play(app: Script) -> None:
        await app.send({"type": "websocket.close"})

    async def test() -> None:
        app = Script(play)
        answer = await app.answer(HANDSHAKE.replace("Host", "Sec-WebSocket-Protocol: x, y\nHost"))
        assert answer.startswith("HTTP/1.1 403 Forbidden\r\n")
        scope = app.scope
        assert (
            scope["type"],
            scope["asgi"]["version"],
            scope["http_version"],
            scope["scheme"],
        ) == (
            *("websocket", "3.0"),
            *("1.1", "ws"),
        )
        assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
            *("/a b", b"/a%20b"),
            b"c=d",
        )
        assert (scope["root_path"], scope["subprotocols"], scope["state"]) == ("", ["x", "y"], {})
        assert scope["headers"][1] == (b"host", b"here")
        assert scope["client"][0] == scope["server"][0] == "127.0.0.1"
        assert server_socket(scope) is not None
        assert app.seen == ["websocket.connect"]

    run(test)


@pytest.mark.parametrize(
    ("changed", "status"),
    [("Host: here\n", "400 Bad Request"), ("Sec-WebSocket-Version: 13\n", "426 Upgrade Required")],
)
def test_a_wrong_handshake_is_answered_by_http(run: Any, changed: str, status: str) -> None:
    async def test() -> None:
        app = Script(lambda _: asyncio.sleep(0))
        answer = await app.answer(HANDSHAKE.replace(changed, ""))
        assert answer.startswith(f"HTTP/1.1 {status}\r\n")
        assert "Failed to open a WebSocket connection" in answer
        assert "\r\nserver: uvicorn\r\n" in answer
        assert app.scope is None

    run(test)


def test_a_denial_is_sent_when_it_is_whole(run: Any) -> None:
    async def play(app: Script) -> None:
        head = {"type": "websocket.http.response.start", "status": 418}
        with pytest.raises(RuntimeError, match="Invalid HTTP status code '101'"):
            await app.send({**head, "status": 101})
        with pytest.raises(ValueError, match="a header cannot be"):
            await app.send({**head, "headers": [(b"a", b"b\n")]})
        await app.send({**head, "headers": [(b"a", b"b")]})
        with pytest.raises(RuntimeError, match=r"Expected .*body', but got 'websocket\.accept'"):
            await app.send(ACCEPT)
        body = {"type": "websocket.http.response.body"}
        await app.send({**body, "body": b"te", "more_body": True})
        await app.send({**body, "body": b"a"})
        with pytest.raises(RuntimeError, match="after the connection was closed"):
            await app.send({**body, "body": b"!"})
        assert (await app.receive())["code"] == 1006

    async def test() -> None:
        answer = await Script(play).answer(HANDSHAKE)
        assert answer.startswith("HTTP/1.1 418 I'm a Teapot\r\n")
        assert "\r\na: b\r\n" in answer
        assert answer.endswith("Content-Type: text/plain; charset=utf-8\r\n\r\ntea")

    run(test)


async def fails(app: Script) -> None:
    if "accept" in app.scope["path"]:
        await app.send(ACCEPT)
    raise ZeroDivisionError


async def returns(app: Script) -> None:
    if "accept" in app.scope["path"]:
        await app.send(ACCEPT)


@pytest.mark.parametrize(
    ("play", "code", "said"),
    [
        (fails, 1011, "Exception in ASGI application"),
        (returns, 1000, "returned without completing handshake"),
    ],
)
def test_a_client_is_told_how_the_application_ended(
    run: Any, play: Any, code: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with serving(Script(play), lifespan="off") as url:
            with pytest.raises(InvalidStatus, match="HTTP 500"):
                await connect(url)
            async with connect(f"{url}/accept") as client:
                with suppress(ConnectionClosed):
                    await client.recv()
                assert client.close_code == code

    run(test)
    assert said in caplog.text


def test_what_an_application_may_not_send_is_refused_and_harms_nothing(run: Any) -> None:
    async def play(app: Script) -> None:
        with pytest.raises(RuntimeError, match=r"Expected .* got 'websocket\.send'"):
            await app.send({"type": "websocket.send", "text": "early"})
        with pytest.raises(ValueError, match="a header cannot be"):
            await app.send({**ACCEPT, "headers": [(b"a", b"b\r\nc: d")]})
        await app.send({**ACCEPT, "headers": [(b"a", b"b")], "subprotocol": "x"})
        with pytest.raises(RuntimeError, match=r"Expected .* got 'websocket\.accept'"):
            await app.send(ACCEPT)
        with pytest.raises(ValueError, match="1006 may not be"):
            await app.send({"type": "websocket.close", "code": 1006})
        with pytest.raises(ValueError, match="at most 123 fit"):
            await app.send({"type": "websocket.close", "reason": "é" * 62})
        await app.send({"type": "websocket.send", "bytes": b"b", "text": None})
        await app.send({"type": "websocket.close", "code": 3000, "reason": "é" * 61})
        for kind in ("websocket.send", "websocket.close"):
            with pytest.raises(RuntimeError, match="after the connection was closed"):
                await app.send({"type": kind, "text": "late"})
        assert (await app.receive())["code"] == 3000

    async def test() -> None:
        app = Script(play)
        async with (
            serving(app, lifespan="off") as url,
            connect(url, subprotocols=["x"]) as client,  # type: ignore[list-item]
        ):
            assert client.response is not None
            assert client.response.headers["a"] == "b"
            assert await client.recv() == b"b"
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert (client.close_code, client.close_reason) == (3000, "é" * 61)
            await app.ended.wait()

    run(test)


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


async def echo(app: Script) -> None:
    await app.send(ACCEPT)
    while (event := await app.receive())["type"] == "websocket.receive":
        await app.send({**event, "type": "websocket.send"})


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


def test_the_log_tells_of_handshakes_as_uvicorn_does(
    run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(app: Script) -> None:
        await app.send(ACCEPT if "yes" in app.scope["path"] else {"type": "websocket.close"})

    def told(implementation: Any) -> list[str]:
        async def test() -> None:
            async with serving(Script(play), lifespan="off", ws=implementation) as url:
                for path in ("yes?a=b%20c", "no"):
                    with suppress(InvalidStatus):
                        await connect(f"{url}/{path}")

        caplog.clear()
        with caplog.at_level(logging.INFO, "uvicorn.error"):
            run(test)
        return [
            one.getMessage().partition(" - ")[2]
            for one in caplog.records
            if "WebSocket" in one.getMessage()
        ]

    assert told(WebSocketProtocol) == told("websockets-sansio")
    assert told(WebSocketProtocol) == [
        '"WebSocket /api/v1/ws/yes?a=b%20c" [accepted]',
        '"WebSocket /api/v1/ws/no" 403',
    ]


def test_a_server_that_stops_says_so(run: Any) -> None:
    async def test() -> None:
        async with serving(Script(echo), lifespan="off") as url:
            client = await connect(url)
        await client.wait_closed()
        assert client.close_code == 1012

    run(test)


@pytest.mark.parametrize("data", [frame(1, b"early") + frame(8), bytes(80_000)], ids=["a", "b"])
def test_what_comes_before_the_answer_is_kept_within_bounds(run: Any, data: bytes) -> None:
    go = asyncio.Event()

    async def play(app: Script) -> None:
        await go.wait()
        with suppress(ClientDisconnected):
            await app.send(ACCEPT)
        app.seen.append((await app.receive()).get("text"))

    async def test() -> None:
        app = Script(play)
        async with serving(app, lifespan="off") as url:
            address = urlsplit(url)
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(HANDSHAKE.replace("\n", "\r\n").encode())
            await until(lambda: app.scope is not None)
            writer.write(data)
            socket: Any = server_socket(app.scope)
            await until(lambda: socket.received_bytes >= min(len(data), MAX_EARLY_BYTES + 1))
            go.set()
            received = b""
            with suppress(ConnectionResetError):
                received = await reader.read()
            await app.ended.wait()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        is_kept = len(data) <= MAX_EARLY_BYTES
        assert app.seen[1:] == ["early" if is_kept else None]
        assert (b" 101 " in received) == is_kept

    run(test)


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_either_of_uvicorns_http_implementations_hands_over(run: Any, http: str) -> None:
    async def test() -> None:
        async with (
            serving(Script(echo), lifespan="off", http=http) as url,
            connect(f"{url}?a=b") as client,
        ):
            await client.send("é")
            assert await client.recv() == "é"

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
