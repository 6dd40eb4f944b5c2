"""What the modules write their routes with."""

from topicwire import Client, Rejected, WsRouterInterface, WsRouteService, topic_request

__all__ = ["Client", "Rejected", "WsRouteService", "WsRouterInterface", "topic_request"]
