"""What a route can do: named operations, each with its payload, its reply and its handler."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, TypeVar

from typing_extensions import Unpack

from topicwire.errors import DeclarationError, NotIncludedError, RouterInUseError
from topicwire.replies import SubscriptionResponse
from topicwire.routing.annotations import MISSING, read_handler
from topicwire.routing.concrete import ConcreteGeneric
from topicwire.routing.options import RouteOptions, settle
from topicwire.routing.service import TopicService, check_service
from topicwire.routing.updates import SubscriptionUpdate
from topicwire.types import Topics
from topicwire.wire.names import check_operation_name, check_route_name

UPDATE: Final = "update"
"""The operation whose payload is the data of a topic."""

SUBSCRIBE: Final = "subscribe"
"""The operation that a client may send with `resume`."""

_Handler = TypeVar("_Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that travels: a command of the client, or what the server sends.

    Attributes:
        name: without the route: `subscribe` is `trades.subscribe` on the wire.
        direction: from the client's view: it sends a command, and receives updates.
        payload_type: anything a Pydantic `TypeAdapter` takes, None for no payload. Of `update` it
            is the data: the envelope `{topic, seq, payload}` is the protocol's.
        reply: the name of the reply, without the route; None where there is none.
        reply_type: the reply's payload.
        handler: the decorated function.
        summary: the first line of the handler's docstring.
        description: the rest of it.
        deprecated: shown in the document and in the clients.
        payload_name, client_name: the handler's parameters, None where it does not have them.
    """

    name: str
    direction: Literal["send", "recv"]
    payload_type: Any | None
    reply: str | None
    reply_type: Any | None
    handler: Callable[..., Any]
    summary: str
    description: str
    deprecated: bool = False
    payload_name: str | None = None
    client_name: str | None = None


class Outlet(Protocol):
    """Where a router's updates go: the route as its app knows it."""

    @property
    def app(self) -> str:
        """The title of the app."""
        ...

    def publish(self, topic: str, data: Any) -> None:
        """Send `data` to the subscribers of `topic`."""
        ...


class UpdatesQueue:
    """A way in for code that holds a `SubscriptionUpdate`: the same path and order as `publish`.

    Nothing waits in it. What is put is published before `put` returns.
    """

    def __init__(self, publish: Callable[[Topics, Any], None]) -> None:
        self._publish = publish

    def put_nowait(self, update: SubscriptionUpdate[Any]) -> None:
        """Publish `update`. Raises what `publish` raises."""
        self._publish(update.topic, update.payload)

    async def put(self, update: SubscriptionUpdate[Any]) -> None:
        """Publish `update`. Raises what `publish` raises."""
        self._publish(update.topic, update.payload)


class OperationRouter(ConcreteGeneric):
    """A route: its name, its operations, and where its updates go.

    Operations are named from the client's view: what the client may `send`, and what it will
    `recv`. Registering a name again replaces the operation, on this instance alone.

    Args:
        prefix: the route and a dot, `trades.`; `.` alone for a route that is named later.
        tags: group the route in the AsyncAPI document.
        service: feeds the topics; None where updates come from `publish` alone.
        options: of the delivery: see `RouteOptions`.

    Raises:
        DeclarationError: the name cannot be one of a route, the service lacks a method, or an
            option is wrong or cannot hold.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[str | Enum] | None = None,
        service: TopicService[Any] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        self.route = prefix.removesuffix(".")
        if self.route:
            check_route_name(self.route)
        if service is not None:
            check_service(service, self.route)
        self.service = service
        self.settings = settle(self.route, service, options)
        self.tags = [str(tag.value) if isinstance(tag, Enum) else tag for tag in tags or ()]
        self._operations: dict[str, Operation] = {}
        self._outlet: Outlet | None = None
        self.updates_queue = UpdatesQueue(self._publish)

    @property
    def prefix(self) -> str:
        """What every message type of this route begins with: the route and a dot."""
        return f"{self.route}."

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations by name, in the order in which they were first registered."""
        return MappingProxyType(self._operations)

    def send(
        self, name: str, *, reply: str | None = None, deprecated: bool = False
    ) -> Callable[[_Handler], _Handler]:
        """Register what the client may send, and the handler that serves it.

        The handler, a plain function or a coroutine, takes the payload and the `client: Client`,
        either or none, by annotation. What it returns is the payload of the reply.

        Args:
            name: of the operation: `preview` is `orders.preview` on the wire.
            reply: of the reply: `preview.response`; None for a command that is not answered.
            deprecated: shown in the document and in the clients.

        Raises:
            DeclarationError: the name or the handler's annotations cannot be used.
        """

        def register(handler: _Handler) -> _Handler:
            self._register("send", name, reply, handler, deprecated=deprecated)
            return handler

        return register

    def recv(self, name: str, *, deprecated: bool = False) -> Callable[[_Handler], _Handler]:
        """Register what the client receives. The function describes it, and is never called.

        Args:
            name: of the operation: `update` is `trades.update` on the wire.
            deprecated: shown in the document and in the clients.

        Raises:
            DeclarationError: the name or the function's annotations cannot be used.
        """

        def register(handler: _Handler) -> _Handler:
            self._register("recv", name, None, handler, deprecated=deprecated)
            return handler

        return register

    def attach(self, outlet: Outlet) -> None:
        """Let `outlet` carry the updates of this router. Called by `include_router`.

        Raises:
            DeclarationError: the route has no name.
            RouterInUseError: another app carries them already.
        """
        check_route_name(self.route)
        if self._outlet is not None:
            raise RouterInUseError(self.route, self._outlet.app)
        self._outlet = outlet

    def _publish(self, topic: Topics, data: Any) -> None:
        outlet = self._outlet
        if outlet is None:
            raise NotIncludedError(self.route)
        if isinstance(topic, str):
            outlet.publish(topic, data)
        else:
            for one in topic:
                outlet.publish(one, data)

    def _register(
        self,
        direction: Literal["send", "recv"],
        name: str,
        reply: str | None,
        handler: Callable[..., Any],
        *,
        deprecated: bool,
    ) -> None:
        check_operation_name(name)
        types = read_handler(handler, self._type_arguments)
        described = types.payload
        if direction == "recv" and types.payload_name is None and types.returns is not MISSING:
            described = None if types.returns is type(None) else types.returns
        summary, _, description = (inspect.getdoc(handler) or "").partition("\n")
        self._operations[name] = Operation(
            name=name,
            direction=direction,
            payload_type=described,
            reply=reply,
            reply_type=None if reply is None else _reply_type(name, types.returns, handler),
            handler=handler,
            summary=summary.strip(),
            description=description.strip(),
            deprecated=deprecated,
            payload_name=types.payload_name,
            client_name=types.client_name,
        )


def _reply_type(name: str, annotation: Any, handler: Callable[..., Any]) -> Any:
    if annotation is type(None):
        return None
    if annotation is MISSING:
        if name in {"subscribe", "unsubscribe"}:
            return SubscriptionResponse
        raise DeclarationError(
            f"{handler.__qualname__} replies, but has no return annotation: `-> OrderPreview`, "
            "say. The document and the clients are made from it."
        )
    if isinstance(annotation, type) and issubclass(annotation, SubscriptionResponse):
        inherited = SubscriptionResponse.model_fields
        for field, info in annotation.model_fields.items():
            if field not in inherited and info.is_required():
                raise DeclarationError(
                    f"{annotation.__name__}.{field} needs a default: the server answers with this "
                    "type by itself when a subscription fails, and does not know the field."
                )
    return annotation
