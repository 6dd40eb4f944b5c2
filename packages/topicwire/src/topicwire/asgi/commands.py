"""A router's operations as the commands that the hub serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from topicwire.asgi.conflation import conflation
from topicwire.core.patterns import PatternIndex
from topicwire.hub.route import Command, Route
from topicwire.replies import SubscriptionResponse
from topicwire.routing.delivery import Lossless
from topicwire.routing.operations import SUBSCRIBE, UPDATE, Operation
from topicwire.routing.router import WsRouterInterface
from topicwire.routing.service import reads_later
from topicwire.routing.topic_builders import check_request_type
from topicwire.types import Client
from topicwire.wire.codec import CarriedTypes, JsonEncoder, PayloadDecoder
from topicwire.wire.requests import canonical_request


class RouteCommands:
    """One included router: its validators and serializers are bound here, once.

    Args:
        router: it.
        carried: what is known of the app's types.

    Raises:
        DeclarationError: Pydantic cannot handle a type of an operation, a request's JSON does
            not identify it, or the updates have no field that the delivery names.
    """

    def __init__(self, router: WsRouterInterface, carried: CarriedTypes) -> None:
        self.router = router
        self._carried = carried
        self._identifying: list[Any] = []
        update = router.operations.get(UPDATE)
        data_type = Any if update is None else update.payload_type
        settings = router.settings
        where = f"{router.route}.{UPDATE}"
        encode = JsonEncoder(data_type, where, carried)
        delivery = settings.delivery
        self.route = Route(
            name=router.route,
            encode=encode,
            service=router.service,
            linger_s=settings.linger_s,
            replay=settings.replay,
            get_snapshot=getattr(router.service, "get_snapshot", None),
            reads_later=reads_later(router.service),
            stale_after_s=settings.stale_after_s,
            keeps_last=settings.snapshot == "last",
            full_state=settings.sends_states,
            outlives_producer=settings.updates_from == "application",
            authorize=settings.authorize,
            patterns=PatternIndex() if settings.wildcards else None,
            conflation=conflation(delivery, data_type, encode, where),
            max_queue_bytes=delivery.max_queue_bytes if isinstance(delivery, Lossless) else None,
        )
        self._bound: dict[str, tuple[Operation, Command]] = {}
        self._bound_from: Mapping[str, Operation] | None = None
        self._is_served = False
        for name, operation in self._sent().items():
            self._bound[name] = (operation, self._bind(operation))

    @property
    def commands(self) -> Iterable[Command]:
        """What clients may send."""
        return [command for _, command in self._bound.values()]

    def refresh(self) -> bool:
        """Bind operations that were registered since the last call. True if anything is new."""
        if self._bound_from == self.router.operations:  # asked for each connection
            return False
        operations = {**self.router.operations}
        is_new = not self._is_served
        self._is_served = True
        for name, operation in self._sent().items():
            bound = self._bound.get(name)
            if bound is None or bound[0] is not operation:
                self._bound[name] = (operation, self._bind(operation))
                is_new = True
        self._bound_from = operations
        return is_new

    def _sent(self) -> dict[str, Operation]:
        operations = self.router.operations
        return {name: one for name, one in operations.items() if one.direction == "send"}

    def _bind(self, operation: Operation) -> Command:
        route = self.route.name
        reply = None if operation.reply is None else f"{route}.{operation.reply}"
        reply_type = operation.reply_type
        encode_reply = (
            None if reply_type is None else JsonEncoder(reply_type, str(reply), self._carried)
        )
        has_status = isinstance(reply_type, type) and issubclass(reply_type, SubscriptionResponse)
        where = f"{route}.{operation.name}"
        decode = PayloadDecoder(operation.payload_type, where, self._carried)
        # It may subscribe, and the request's JSON is the subscription's identity.
        if has_status and operation.payload_type not in self._identifying:
            check_request_type(operation.payload_type, where)
            self._identifying.append(operation.payload_type)
        return Command(
            type=where,
            route=self.route,
            decode=decode,
            handle=_caller(operation),
            canonical=canonical_request,
            reply_type=reply,
            encode_reply=encode_reply,
            response=encode_reply.checked if encode_reply is not None and has_status else None,
            can_resume=operation.name == SUBSCRIBE,
        )


def _caller(operation: Operation) -> Callable[[Any, Client], Any]:
    handler, payload_name, client_name = (
        operation.handler,
        operation.payload_name,
        operation.client_name,
    )

    def call(payload: Any, client: Client) -> Any:
        arguments: dict[str, Any] = {}
        if payload_name is not None:
            arguments[payload_name] = payload
        if client_name is not None:
            arguments[client_name] = client
        return handler(**arguments)

    return call
