"""The template of every WebSocket route of this application.

`WsRouter[Request, Data]` is a route as it stands. `topicwire generate` also copies the class
into `ws_generated/` of each module, with the two types written out. Whatever is changed here, a
text or a further operation, is in every route after the next run.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Generic, TypeVar

from typing_extensions import Unpack

from topicwire import (
    AnyTopicBuilder,
    Client,
    OperationRouter,
    RequestHandler,
    RouteOptions,
    SubscriptionResponse,
    TopicBuilder,
    Topics,
    TopicService,
    ask,
)

__all__ = [
    "AnyTopicBuilder",
    "Client",
    "Enum",
    "OperationRouter",
    "RequestHandler",
    "RouteOptions",
    "Sequence",
    "SubscriptionResponse",
    "TopicBuilder",
    "TopicService",
    "Topics",
    "Unpack",
    "WsRouter",
    "ask",
]

_TRequest = TypeVar("_TRequest")
_TData = TypeVar("_TData")


class WsRouter(OperationRouter, Generic[_TRequest, _TData]):
    """A route to subscribe to: a request names topics, and each topic has updates.

    Args:
        route: its name, the first part of every message type. Needed at the latest when an app
            includes the router.
        tags: group the route in the AsyncAPI document.
        service: feeds the topics: started for the first subscriber, stopped after the last.
            Without one the updates come from `publish` alone.
        topic_builder: from a request to one topic or several. By default each request is a topic
            of its own.
        subscribe_request_handler: looks at a request before it is subscribed to, and may refuse.
        unsubscribe_request_handler: the same before it is unsubscribed.
        options: of the delivery: linger, replay, snapshot and the rest of `RouteOptions`.
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
            if client.subscription:
                topic = client.subscription[0]
                return SubscriptionResponse(status="ok", message="Already subscribed", topic=topic)
            refusal = await ask(subscribe_request_handler, payload, client)
            if refusal is not None:
                return refusal
            topics = self.topic_builder.topics(payload)
            client.subscribe(*topics)
            return SubscriptionResponse(status="ok", message="Subscribed", topic=topics[0])

        @self.send("unsubscribe", reply="unsubscribe.response")
        async def send_unsubscribe(payload: _TRequest, client: Client) -> SubscriptionResponse:
            """Unsubscribe, with the request that was subscribed: no update follows the reply."""
            refusal = await ask(unsubscribe_request_handler, payload, client)
            if refusal is not None:
                return refusal
            topics = client.unsubscribe()
            return SubscriptionResponse(status="ok", message="Unsubscribed", topic=topics[0])

        @self.recv("update")
        def recv_update(payload: _TData) -> None:
            """One update of a topic."""

    def publish(self, topic: Topics, data: _TData) -> None:
        """Send `data` to everyone who is subscribed to `topic`, or to each of several topics.

        From anywhere on the event loop. Returns at once: a slow client is never waited for, and
        nobody's being subscribed is no error.

        Raises:
            PublishError: no app includes this router, or `data` is not what the route declares.
        """
        self._publish(topic, data)
