"""A client in the same process: it speaks ASGI to the real application, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final, Literal, TypeAlias

from starlette.types import ASGIApp
from starlette.types import Message as AsgiMessage

from topicwire.types import MessageId
from topicwire.wire.bearer import bearer_subprotocol
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL
from topicwire.wire.packed import messages_of, packed

_PING: Final = '{"type":"ping"}'
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

CodecName: TypeAlias = Literal["json", "msgpack"]
_SUBPROTOCOLS: Final[Mapping[CodecName, str]] = {
    "json": SUBPROTOCOL,
    "msgpack": PACKED_SUBPROTOCOL,
}


class ConnectionEnded(ConnectionError):  # noqa: N818 - what happened, not a mistake
    """The server has ended the connection, and there is nothing more to receive.

    Attributes:
        code: the close code.
        reason: as the server gave it.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the server closed the connection: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class InProcessClient:
    """One connection to an ASGI application. Made by `connect`.

    Attributes:
        hello: the payload of the server's `hello`; None for a legacy client.
        auth: the payload of the answer to the first `auth`; None where none was sent.
        answers_pings: answer the server's pings, and show nothing of them, as clients do. Without
            it they are received as any message is, and nobody answers.
        timeout_s: how long a call waits before it fails: a guard against hanging, not a clock.
    """

    def __init__(self, *, timeout_s: float = 10.0, codec: CodecName = "json") -> None:
        self.hello: dict[str, Any] | None = None
        self.auth: dict[str, Any] | None = None
        self.answers_pings = True
        self.timeout_s = timeout_s
        self._packs = codec == "msgpack"
        self._to_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self._from_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self._pending: deque[dict[str, Any]] = deque()
        self._reads = asyncio.Event()
        self._reads.set()
        self._ids = count(1)
        self._ended: ConnectionEnded | None = None

    async def send(self, message: Mapping[str, Any] | str | bytes) -> None:
        """Send a message; a string or bytes are sent as they are, in a text or binary frame."""
        data = message
        if not isinstance(data, (str, bytes)):
            data = json.dumps(data)
            if self._packs:
                data = packed(data.encode())
        kind = "text" if isinstance(data, str) else "bytes"
        event: AsgiMessage = {"type": "websocket.receive", kind: data}
        await self._to_app.put(event)

    async def receive(self) -> dict[str, Any]:
        """Return the next message.

        Raises:
            ConnectionEnded: the server closed the connection.
            TimeoutError: nothing came.
        """
        while not self._pending:
            await self._read_frame()
        return self._pending.popleft()

    async def request(
        self,
        type_name: str,
        payload: object = None,
        *,
        message_id: MessageId | None = None,
        resume: object = None,
    ) -> dict[str, Any]:
        """Send a command and return its answer, a reply or an error.

        What arrives before the answer is kept for `receive`, in order. `resume` is sent beside the
        payload, unless it is None.
        """
        own = next(self._ids) if message_id is None else message_id
        message: dict[str, Any] = {"type": type_name, "id": own}
        if payload is not None:
            message["payload"] = payload
        if resume is not None:
            message["resume"] = resume
        await self.send(message)
        return await self._receive_answer(own)

    async def subscribe(
        self, route: str, request: object, *, resume: object = None
    ) -> dict[str, Any]:
        """Subscribe, from a position where `resume` says one; returns the payload of the answer."""
        answer = await self.request(f"{route}.subscribe", request, resume=resume)
        payload: dict[str, Any] = answer["payload"]
        return payload

    async def unsubscribe(self, route: str, request: object) -> dict[str, Any]:
        """Unsubscribe; returns the payload of the answer."""
        payload: dict[str, Any] = (await self.request(f"{route}.unsubscribe", request))["payload"]
        return payload

    async def settle(self) -> list[dict[str, Any]]:
        """Return all that the server had sent up to now, and nothing else was on its way."""
        await self.request("ping")
        settled = list(self._pending)
        self._pending.clear()
        return settled

    def stall(self) -> None:
        """Stop reading: the server's next send waits, as on a socket whose buffers are full."""
        self._reads.clear()

    def resume(self) -> None:
        """Read again."""
        self._reads.set()

    async def wait_closed(self) -> ConnectionEnded:
        """Wait until the server closes the connection. Returns with what code, and why."""
        while True:
            try:
                await self.receive()
            except ConnectionEnded as ended:
                return ended

    async def close(self, code: int = 1000) -> None:
        """Leave without a word, as a closed browser tab does."""
        self.resume()
        await self._to_app.put({"type": "websocket.disconnect", "code": code})

    # The application's side

    async def receive_asgi(self) -> AsgiMessage:
        """Give the application the next event."""
        return await self._to_app.get()

    async def send_asgi(self, message: AsgiMessage) -> None:
        """Take an event of the application."""
        if message["type"] == "websocket.send":
            await self._reads.wait()
            if "bytes" in message:
                lines = [_JSON.encode(one) for one in messages_of(message["bytes"])]
                message = {"type": "websocket.send", "text": "\n".join(lines)}
            if self.answers_pings and _PING in message["text"]:
                # on receipt, whatever the test does meanwhile
                others = [one for one in message["text"].split("\n") if one != _PING]
                await self.send({"type": "pong"})
                if not others:
                    return
                message = {**message, "text": "\n".join(others)}
        await self._from_app.put(message)

    async def accepted(self, *, signs_in: bool = False) -> str | None:
        """Wait for the handshake, and for the answer to a first `auth`. Returns the subprotocol."""
        event = await self._next_event()
        if event["type"] != "websocket.accept":
            raise self._end(event)
        if signs_in:
            self.auth = (await self.receive())["payload"]
        subprotocol: str | None = event.get("subprotocol")
        if subprotocol in _SUBPROTOCOLS.values():
            self.hello = (await self.receive())["payload"]
        return subprotocol

    async def _receive_answer(self, message_id: MessageId) -> dict[str, Any]:
        seen = 0
        while True:
            while seen < len(self._pending):
                if self._pending[seen].get("id") == message_id:
                    answer = self._pending[seen]
                    del self._pending[seen]
                    return answer
                seen += 1
            await self._read_frame()

    async def _read_frame(self) -> None:
        if self._ended is not None:
            raise self._ended
        event = await self._next_event()
        if event["type"] != "websocket.send":
            raise self._end(event)
        # with our subprotocol a frame may carry several messages, each on a line of its own
        self._pending.extend(json.loads(line) for line in event["text"].split("\n"))

    async def _next_event(self) -> AsgiMessage:
        async with asyncio.timeout(self.timeout_s):
            return await self._from_app.get()

    def _end(self, event: AsgiMessage) -> ConnectionEnded:
        self._ended = ConnectionEnded(event.get("code", 1006), event.get("reason") or "")
        return self._ended


@asynccontextmanager
async def connect(
    app: ASGIApp,
    path: str = "/api/v1/ws",
    *,
    legacy: bool = False,
    codec: CodecName = "json",
    headers: Mapping[str, str] | None = None,
    token: str | None = None,
    auth: str | None = None,
    address: str = "in-process",
    timeout_s: float = 10.0,
) -> AsyncIterator[InProcessClient]:
    """Connect to an ASGI application in this process; leave, and wait for its end, afterwards.

        async with connect(app) as client:
            reply = await client.subscribe("trades", {"symbols": ["AAPL"]})
            update = await client.receive()

    Args:
        app: the whole application, or an adapter's `endpoint`.
        path: where its WebSocket is, and perhaps a query.
        legacy: offer no subprotocol.
        codec: which of them to offer; what is sent and received by `InProcessClient` is the same.
        headers: of the handshake.
        token: offered as a browser does, as a subprotocol.
        auth: a token to send as the first message.
        address: that the client connects from.
        timeout_s: the client's, for the handshake too: a guard against hanging, in real seconds.

    Raises:
        ConnectionEnded: the client was refused.
        TimeoutError: nothing answered.
    """
    client = InProcessClient(timeout_s=timeout_s, codec=codec)
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "root_path": "",
        "query_string": path.partition("?")[2].encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
        "client": (address, 0),
        "server": ("in-process", 0),
        "subprotocols": [
            *([] if legacy else [_SUBPROTOCOLS[codec]]),
            *([] if token is None else [bearer_subprotocol(token)]),
        ],
        "state": {},
        "extensions": {},
    }
    await client._to_app.put({"type": "websocket.connect"})  # noqa: SLF001 - its own module
    if auth is not None:
        await client.send({"type": "auth", "payload": {"token": auth}})

    async def serve() -> None:
        try:
            await app(scope, client.receive_asgi, client.send_asgi)
        finally:
            await client._from_app.put({"type": "websocket.close", "code": 1006})  # noqa: SLF001

    served = asyncio.get_running_loop().create_task(serve())
    try:
        await client.accepted(signs_in=auth is not None)
        yield client
    finally:
        await client.close()
        await served
