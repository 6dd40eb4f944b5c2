"""A route of the server, typed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from topicwire.client.effects import Gap, UpdateInfo
from topicwire.client.errors import ClientClosedError, ClientError, InvalidDataError
from topicwire.client.handles import Listener
from topicwire.client.stream import Inbox, UpdateStream
from topicwire.wire.exact import exact_json
from topicwire.wire.names import check_operation_name
from topicwire.wire.requests import request_json
from topicwire.wire.topics import canonical_json

if TYPE_CHECKING:
    from topicwire.client.connection import Connection

_TRequest = TypeVar("_TRequest")
_TData = TypeVar("_TData")
_TReply = TypeVar("_TReply")


class Subscription:
    """One listener of a route, accepted by the server. It outlives reconnections.

    Attributes:
        topics: what the server sends it; one, unless the route gives several.
        stale_topics: those that have promised a rate and are silent, or whose producer died.
    """

    def __init__(self, connection: Connection) -> None:
        self.topics: tuple[str, ...] = ()
        self.stale_topics: frozenset[str] = frozenset()
        self._connection = connection
        self._token: int | None = None

    async def unsubscribe(self) -> None:
        """From the call on the listener is not called any more.

        Returns when the server has confirmed, or at once where other listeners stay or there is no
        connection. Again, or when it is over: does nothing.
        """
        token, self._token = self._token, None
        if token is not None:
            await self._connection.leave(token).answer


class Route(Generic[_TRequest, _TData]):
    """Subscribes to a route, and calls its operations. Made by `Client.route`.

    Equal requests share one subscription on the wire, whoever asks. A listener that comes later to
    a route with snapshots is given the present state first, and all that follows it; where updates
    are changes the server is asked for it, and accepts the listener by its answer.

    Args:
        connection: the client's.
        name: as the server's router has it.
        request: the model that subscriptions are made of.
        data: what updates carry: a model, anything else that Pydantic validates, or its
            `TypeAdapter`.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        request: type[_TRequest] | TypeAdapter[_TRequest],
        data: type[_TData] | TypeAdapter[_TData],
    ) -> None:
        self.name = name
        self._connection = connection
        self._request = _adapter(request)
        self._decode: Callable[[Any], _TData] = _Decoder(_adapter(data), f"{name}.update")

    async def subscribe(
        self,
        request: _TRequest,
        on_update: Callable[[_TData, UpdateInfo], object],
        *,
        on_error: Callable[[ClientError], object] | None = None,
        on_gap: Callable[[Gap], object] | None = None,
        on_stale: Callable[[str, bool], object] | None = None,
        timeout_s: float | None = None,
    ) -> Subscription:
        """Call `on_update` with every update, once and in order, until `unsubscribe`.

        Returns when the server has accepted; updates may come just before. Callbacks run on the
        event loop: what they raise is logged and harms no other, and while one runs nothing else
        does.

        Args:
            request: what to subscribe to.
            on_update: called with the data and where it stands.
            on_error: told once when the subscription has ended, though neither it nor the client
                was asked to. It is not retried. Without it the client's `on_error` callbacks are
                told.
            on_gap: told, before anything that comes after it, that updates were missed for good or
                the numbering began anew: what was built from earlier ones is to be thrown away.
                The subscription goes on. Without it the client's `on_error` callbacks are told of a
                lossless route's.
            on_stale: told that a topic has become stale (True) or is fresh again: it had promised
                a rate and is silent, or its producer died and the server starts it again.
            timeout_s: to be accepted; the client's when there is none.

        Raises:
            RefusedError: the server refuses; `code` says why. It is not retried.
            OfflineError: there was no connection within the time allowed.
            RequestTimeoutError: no answer came within the time allowed.
            ServerRefusesError: the server will not have this client.
            ClientClosedError: the client was left.
            TopicKeyError: the request has no JSON.
        """
        for name, callback in (
            ("on_update", on_update),
            ("on_error", on_error),
            ("on_gap", on_gap),
            ("on_stale", on_stale),
        ):
            _check_plain(name, callback)
        subscription = Subscription(self._connection)

        def stale(topic: str, is_stale: bool) -> None:  # noqa: FBT001 - as a callback is called
            others = subscription.stale_topics - {topic}
            subscription.stale_topics = others | {topic} if is_stale else others
            if on_stale is not None:
                on_stale(topic, is_stale)

        def ended(error: ClientError) -> None:
            if on_error is not None and not isinstance(error, ClientClosedError):
                on_error(error)

        listener = Listener(
            self.name, self._decode, on_update, ended if on_error else None, on_gap, stale
        )
        handle = self._connection.subscribe(self.name, self._params(request), listener, timeout_s)
        try:
            accepted = await handle.answer
        except asyncio.CancelledError:
            self._connection.leave(handle.token)
            raise
        subscription.topics = tuple(accepted["topics"])
        subscription._token = handle.token  # noqa: SLF001 - made here, for the caller
        return subscription

    def stream(
        self,
        request: _TRequest,
        *,
        max_buffered: int = 1_000,
        on_gap: Callable[[Gap], object] | None = None,
        on_stale: Callable[[str, bool], object] | None = None,
        timeout_s: float | None = None,
    ) -> UpdateStream[_TData]:
        """Return the updates as a loop: `async for trade in route.stream(request)`.

        Subscribes at once. Every update once and in order, or an error, which the loop raises.
        Leaving the loop unsubscribes.

        Args:
            request: what to subscribe to.
            max_buffered: how many updates may wait to be read; one more ends the stream with
                `TooSlowError`.
            on_gap: told as soon as updates were missed for good; those that still wait to be read
                came before. The stream goes on. Without it that of a lossless route ends
                with `GapError`.
            on_stale: as for `subscribe`.
            timeout_s: to be accepted; the client's when there is none.

        Raises:
            ClientClosedError: the client is not entered, or was left.
            TopicKeyError: the request has no JSON.
        """
        _check_plain("on_gap", on_gap)
        _check_plain("on_stale", on_stale)
        inbox: Inbox[_TData] = Inbox(self.name, max_buffered)
        listener = Listener(
            self.name, self._decode, inbox.take, inbox.finish, on_gap or inbox.gap, on_stale
        )
        connection = self._connection
        handle = connection.subscribe(self.name, self._params(request), listener, timeout_s)
        token = handle.token

        def leave() -> None:
            connection.leave(token)

        inbox.leave = leave
        if inbox.is_over:  # a listener that comes late is told at once, perhaps too much
            leave()
        handle.answer.add_done_callback(inbox.answered)
        return UpdateStream(inbox)

    async def call(
        self,
        operation: str,
        payload: object,
        reply: type[_TReply] | TypeAdapter[_TReply],
        *,
        timeout_s: float | None = None,
    ) -> _TReply:
        """Ask an operation of the route, and return its reply.

        Args:
            operation: its name, without the route's.
            payload: a model, or anything else that Pydantic serializes; None to send none.
            reply: what the reply is validated as.
            timeout_s: for the answer; the client's when there is none.

        Raises:
            RefusedError: the server's error; `code` says which.
            OfflineError: there was no connection within the time allowed; nothing was sent.
            RequestTimeoutError: no answer came; it may have been carried out.
            DisconnectedError: the connection was lost; it may have been carried out.
            InvalidDataError: the reply is not a `reply`.
            DeclarationError: an operation cannot have this name.
            InexactError: the payload has NaN, an infinity or an integer beyond 2^53 - 1 in it.
        """
        check_operation_name(operation)
        text = None if payload is None else encoded(payload)
        return await ask(self._connection, f"{self.name}.{operation}", text, reply, timeout_s)

    def _params(self, request: _TRequest) -> str:
        return canonical_json(request_json(request))


async def ask(
    connection: Connection,
    type_name: str,
    payload: str | None,
    reply: type[_TReply] | TypeAdapter[_TReply],
    timeout_s: float | None,
) -> _TReply:
    """Ask an operation by the type of its messages; `Route.call` says the rest.

    The payload is JSON; None for a message without one.
    """
    decode = _Decoder(_adapter(reply), f"{type_name}.response")
    handle = connection.call(type_name, payload, timeout_s)
    try:
        answer = await handle.answer
    except asyncio.CancelledError:
        connection.leave(handle.token)
        raise
    data: _TReply = decode(answer)
    return data


def encoded(payload: object) -> str:
    """Return a payload as JSON, exactly.

    Raises:
        InexactError: it has NaN, an infinity, or an integer beyond 2^53 - 1 in it.
    """
    return exact_json(payload, "The request").decode()


class _Decoder(Generic[_TData]):
    """From JSON values to a type, by the rules that hold for JSON text."""

    def __init__(self, adapter: TypeAdapter[_TData], where: str) -> None:
        self._validate = adapter.validator.validate_json
        self._where = where

    def __call__(self, value: Any) -> _TData:
        try:
            data: _TData = self._validate(to_json(value))
        except ValidationError as error:
            raise self._invalid(error) from None
        except Exception as error:
            raise InvalidDataError(
                f"{self._where}: a validator of the model raised {type(error).__name__}.",
                type=self._where,
            ) from error
        return data

    def _invalid(self, error: ValidationError) -> InvalidDataError:
        # never a value, nor Pydantic's own texts, some of which quote it
        faults = [
            {"path": ".".join(map(str, fault["loc"])), "kind": fault["type"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = faults[0]
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        return InvalidDataError(
            f"{self._where}: `{first['path']}` is not what {error.title} takes ({first['kind']})"
            f"{more}. The server's models are of another version: generate the client again.",
            type=self._where,
            details=faults,
        )


def _adapter(of: Any) -> TypeAdapter[Any]:
    return of if isinstance(of, TypeAdapter) else TypeAdapter(of)


def _check_plain(name: str, callback: object) -> None:
    if inspect.iscoroutinefunction(callback):
        raise TypeError(
            f"{name} is a coroutine function, and callbacks are plain functions: what they await "
            "would hold up every other update. Use `async for ... in route.stream(request)`, or "
            "start a task in the callback."
        )
