"""`WsRouter`, and the shapes by which functions and checkers know any router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from typing_extensions import Unpack

from topicwire.replies import SubscriptionResponse
from topicwire.routing.hooks import RequestHandler, ask
from topicwire.routing.operations import (
    Operation,
    OperationRouter,
    Outlet,
)
from topicwire.routing.options import RouteOptions, RouteSettings
from topicwire.routing.service import TopicService
from topicwire.routing.topic_builders import AnyTopicBuilder, TopicBuilder
from topicwire.types import Client, Topics

_TRequest = TypeVar("_TRequest")
_TData = TypeVar("_TData")
_TRequest_contra = TypeVar("_TRequest_contra", contravariant=True)
_TData_contra = TypeVar("_TData_contra", contravariant=True)


class WsRouter(OperationRouter, Generic[_TRequest, _TData]):
    """A route to subscribe to, without a template of your own: `WsRouter[Request, Data](...)`.

    An app that wants other texts or more operations on every route writes such a class itself, and
    generates concrete ones from it. Both are served alike.

    Args:
        route: its name, the first part of every message type.
        tags: group the route in the AsyncAPI document.
        service: feeds the topics; without one, updates come from `publish` alone.
        topic_builder: from a request to one topic or several; by default one topic a request.
        subscribe_request_handler: looks at a request before it is subscribed to, and may refuse.
        unsubscribe_request_handler: the same before it is unsubscribed.
        options: of the delivery: see `RouteOptions`.
    """

    def __init__(
        self,
        *,
        route: str = "",
        tags: Sequence[str | Enum] | None = None,
        service: TopicService[_TData] | None = None,
        topic_builder: AnyTopicBuilder[_TRequest] | None = None,
        subscribe_request_handler: RequestHandler[_TRequest] | None = None,
        unsubscribe_request_handler: RequestHandler[_TRequest] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        super().__init__(prefix=f"{route}.", tags=tags, service=service, **options)
        self.topic_builder: TopicBuilder[_TRequest] = TopicBuilder(route, topic_builder)

        @self.send("subscribe", reply="subscribe.response")
        async def send_subscribe(payload: _TRequest, client: Client) -> SubscriptionResponse:
            """Subscribe: the reply names the topic, and its updates follow."""
            if held := client.subscription:
                return SubscriptionResponse(
                    status="ok", message="Already subscribed", topic=held[0]
                )
            if refusal := await ask(subscribe_request_handler, payload, client):
                return refusal
            topics = self.topic_builder.topics(payload)
            client.subscribe(*topics)
            return SubscriptionResponse(status="ok", message="Subscribed", topic=topics[0])

        @self.send("unsubscribe", reply="unsubscribe.response")
        async def send_unsubscribe(payload: _TRequest, client: Client) -> SubscriptionResponse:
            """Unsubscribe, with the request that was subscribed: no update follows the reply."""
            if refusal := await ask(unsubscribe_request_handler, payload, client):
                return refusal
            topics = client.unsubscribe()
            return SubscriptionResponse(status="ok", message="Unsubscribed", topic=topics[0])

        @self.recv("update")
        def recv_update(payload: _TData) -> None:
            """One update of a topic."""

    def publish(self, topic: Topics, data: _TData) -> None:
        """Send `data` to everyone who is subscribed to `topic`, or to each of several topics.

        Never waits for a slow client and never raises for one. Updates of one topic arrive in the
        order in which they are published.

        Raises:
            NotIncludedError: no app includes this router.
            InvalidUpdateError: `data` is not what the route declares.
            UpdateTooLargeError: its encoding is larger than the app allows.
            WrongThreadError: called outside the thread of the event loop.
        """
        self._publish(topic, data)


class WsRouterInterface(Protocol):
    """Any router, whatever its types: what an app includes."""

    @property
    def route(self) -> str:
        """The route's name."""
        ...

    @property
    def tags(self) -> list[str]:
        """Tags of the AsyncAPI document."""
        ...

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations by name."""
        ...

    @property
    def service(self) -> TopicService[Any] | None:
        """What feeds the topics."""
        ...

    @property
    def settings(self) -> RouteSettings:
        """What the route declares of its delivery."""
        ...

    def attach(self, outlet: Outlet) -> None:
        """Let `outlet` carry the updates. Called by `include_router`."""
        ...


class RouterOf(Protocol[_TRequest_contra, _TData_contra]):
    """A router of these two types, plain generic or generated: what a function may ask for.

    Under the `TYPE_CHECKING` guard a checker sees the generic alias and never the generated class;
    a function that takes `RouterOf[Request, Data]` accepts both and refuses wrong types of either.
    """

    @property
    def route(self) -> str:
        """The route's name."""
        ...

    @property
    def topic_builder(self) -> TopicBuilder[_TRequest_contra]:
        """From a request to its topics."""
        ...

    def publish(self, topic: Topics, data: _TData_contra) -> None:
        """Send `data` to the subscribers of `topic`."""
        ...
