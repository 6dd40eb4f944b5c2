"""The client: one connection, and the routes that go over it."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import TypeAdapter
from typing_extensions import TypedDict, Unpack

from topicwire.client.backoff import Backoff, Reconnection
from topicwire.client.clock import Clock, LoopClock
from topicwire.client.codec import Codec, CodecName
from topicwire.client.connection import Connection
from topicwire.client.errors import ClientClosedError, ClientError
from topicwire.client.link import Status
from topicwire.client.login import Login, TokenSource
from topicwire.client.observers import Observers
from topicwire.client.route import Route
from topicwire.client.socket import Connector
from topicwire.errors import DeclarationError
from topicwire.wire.names import check_route_name

_TRequest = TypeVar("_TRequest")
_TData = TypeVar("_TData")

_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


class ClientOptions(TypedDict, total=False):
    """What may be said of a client; a class of clients passes it on with `Unpack`."""

    token: TokenSource | None
    """Who the client is: sent as a subprotocol, never in the address."""

    timeout_s: float
    """For an attempt to connect, and for answers, unless said otherwise. 10 s."""

    backoff: Backoff
    """Delays between attempts: up to 0.5 s at first, doubling up to 20 s."""

    connector: Connector | None
    """Makes sockets; `WebSocketConnector()` when there is none."""

    codec: CodecName
    """"msgpack": MessagePack in binary frames (`topicwire[msgpack]`), where the server has it, too;
    where not, and by default, "json". Nothing else differs."""

    clock: Clock
    """The event loop's, unless a test gives its own."""

    random: Callable[[], float]
    """Uniform in [0, 1), for the jitter."""


class Client:
    """Subscribes and asks, over one connection that heals itself.

        async with Client("wss://example.org/api/v1/ws", token=token) as client:
            trades = client.route("trades", TradeSubscriptionRequest, Trade)
            async for trade in trades.stream(TradeSubscriptionRequest(symbols=["AAPL"])):
                ...

    Guarantee: a listener of a lossless route gets every update once and in order, across
    reconnections, or is told of the gap. Entering it connects, in the background: what is asked
    meanwhile waits for the connection. Leaving it ends everything.

    Used in one event loop, from its thread.

    Args:
        url: of the server's WebSocket: `wss://host/path`; `https://` is read as `wss://`.
        options: `ClientOptions`.

    Raises:
        DeclarationError: the URL is none of a WebSocket, the token neither a string nor a
            function, or there is no such codec.
        ImportError: a library that an option needs is not installed.
    """

    def __init__(self, url: str, **options: Unpack[ClientOptions]) -> None:
        self._observers = Observers(url)
        self._connection = Connection(
            _websocket_url(url),
            connector=options.get("connector") or _default_connector(),
            clock=options.get("clock") or LoopClock(),
            reconnection=Reconnection(
                options.get("backoff") or Backoff(), options.get("random") or random.random
            ),
            login=Login(options.get("token")),
            codec=Codec(options.get("codec", "json")),
            timeout_s=options.get("timeout_s", 10.0),
            observer=self._observers,
        )

    @property
    def status(self) -> Status:
        """Whether there is a connection."""
        return self._connection.status

    def route(
        self,
        name: str,
        request: type[_TRequest] | TypeAdapter[_TRequest],
        data: type[_TData] | TypeAdapter[_TData],
    ) -> Route[_TRequest, _TData]:
        """Return a route of the server, bound to what it is asked and what it carries.

        Args:
            name: as the server's router has it.
            request: the model that subscriptions are made of.
            data: what updates carry.

        Raises:
            DeclarationError: a route cannot have this name.
        """
        check_route_name(name)
        return Route(self._connection, name, request, data)

    def on_status(self, callback: Callable[[Status], object]) -> Callable[[], None]:
        """Call `callback` with each new status. Returns what ends that."""
        return self._observers.on_status(callback)

    def on_error(self, callback: Callable[[ClientError], object]) -> Callable[[], None]:
        """Call `callback` with each error that no caller and no listener takes.

        Such as a client that is too slow, or a gap of a subscription without `on_gap`. Without any
        callback they are logged as warnings. Returns what ends that.
        """
        return self._observers.on_error(callback)

    async def authenticate(self, token: str) -> None:
        """Use this token from now on, on this connection and those to come.

        Raises:
            RefusedError: the server does not take it: the one before is used on.
            ClientError: as `Route.call`.
        """
        await self._connection.authenticate(token)

    async def __aenter__(self) -> Self:
        """Begin to connect. Does not wait for it: see `on_status` and `status`."""
        self._connection.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End every subscription and call with `ClientClosedError`, and the connection.

        Returns when nothing of it is left. Again: does nothing.
        """
        self._connection.close(ClientClosedError("The client was closed."))
        await self._connection.wait_closed()


def _websocket_url(url: str) -> str:
    parts = urlsplit(url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise DeclarationError(
            f"{url!r} is no address of a WebSocket: it begins with `ws://` or `wss://`, then a "
            "host, as in `wss://example.org/api/v1/ws`."
        )
    return urlunsplit(parts._replace(scheme=scheme))


def _default_connector() -> Connector:
    try:
        from topicwire.client.websocket import WebSocketConnector  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ImportError(
            "topicwire.client needs the `websockets` library: `pip install topicwire[client]`."
        ) from error
    return WebSocketConnector()
