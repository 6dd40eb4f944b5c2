"""What the modules of this application write their routes with."""

from topicwire import (
    Client,
    Rejected,
    RouterOf,
    SubscriptionResponse,
    SubscriptionUpdate,
    WsRouterInterface,
    WsRouteService,
    by_symbol,
    topic_builder_from,
    topic_request,
)

__all__ = [
    "Client",
    "Rejected",
    "RouterOf",
    "SubscriptionResponse",
    "SubscriptionUpdate",
    "WsRouteService",
    "WsRouterInterface",
    "by_symbol",
    "topic_builder_from",
    "topic_request",
]
