"""The handshake, the log and the ends of calls on a real uvicorn, with either loop."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.asgi.websocket.script import ACCEPT, Script, echo, until
from packages.topicwire.tests.asgi.websocket.test_parser import frame
from packages.topicwire.tests.serving import serving
from uvicorn.protocols.utils import ClientDisconnected
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from topicwire.asgi.server_socket import server_socket
from topicwire.asgi.uvicorn import MAX_EARLY_BYTES, WebSocketProtocol

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
