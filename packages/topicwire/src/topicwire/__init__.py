"""Typed WebSocket routes, and the hub that delivers their updates.

Everything public is here. Names are imported when they are first used, so that the command line
starts without a server's modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter as FastWSAdapter
    from topicwire.errors import CommandError as CommandError
    from topicwire.errors import DeclarationError as DeclarationError
    from topicwire.errors import PublishError as PublishError
    from topicwire.errors import Rejected as Rejected
    from topicwire.errors import TopicwireError as TopicwireError
    from topicwire.integers import BigInt as BigInt
    from topicwire.replies import SubscriptionResponse as SubscriptionResponse
    from topicwire.routing.delivery import RouteDelivery as RouteDelivery
    from topicwire.routing.delivery import drop_oldest as drop_oldest
    from topicwire.routing.delivery import latest as latest
    from topicwire.routing.delivery import lossless as lossless
    from topicwire.routing.delivery import merge as merge
    from topicwire.routing.hooks import RequestHandler as RequestHandler
    from topicwire.routing.hooks import ask as ask
    from topicwire.routing.operations import Operation as Operation
    from topicwire.routing.operations import OperationRouter as OperationRouter
    from topicwire.routing.options import RouteOptions as RouteOptions
    from topicwire.routing.options import RouteSettings as RouteSettings
    from topicwire.routing.router import RouterOf as RouterOf
    from topicwire.routing.router import WsRouter as WsRouter
    from topicwire.routing.router import WsRouterInterface as WsRouterInterface
    from topicwire.routing.service import TopicService as TopicService
    from topicwire.routing.service import WsRouteService as WsRouteService
    from topicwire.routing.topic_builders import AnyTopicBuilder as AnyTopicBuilder
    from topicwire.routing.topic_builders import TopicBuilder as TopicBuilder
    from topicwire.routing.topic_builders import by_symbol as by_symbol
    from topicwire.routing.topic_builders import topic_builder_from as topic_builder_from
    from topicwire.routing.updates import SubscriptionUpdate as SubscriptionUpdate
    from topicwire.settings import Settings as Settings
    from topicwire.types import ANONYMOUS as ANONYMOUS
    from topicwire.types import Client as Client
    from topicwire.types import ErrorCode as ErrorCode
    from topicwire.types import Message as Message
    from topicwire.types import Position as Position
    from topicwire.types import Principal as Principal
    from topicwire.types import ReplayLimits as ReplayLimits
    from topicwire.types import Topics as Topics
    from topicwire.wire.topics import topic_request as topic_request

_HOMES = {
    "asgi.adapter": ("FastWSAdapter",),
    "errors": ("CommandError", "DeclarationError", "PublishError", "Rejected", "TopicwireError"),
    "integers": ("BigInt",),
    "replies": ("SubscriptionResponse",),
    "routing.delivery": ("RouteDelivery", "drop_oldest", "latest", "lossless", "merge"),
    "routing.hooks": ("RequestHandler", "ask"),
    "routing.operations": ("Operation", "OperationRouter"),
    "routing.options": ("RouteOptions", "RouteSettings"),
    "routing.router": ("RouterOf", "WsRouter", "WsRouterInterface"),
    "routing.service": ("TopicService", "WsRouteService"),
    "routing.topic_builders": (
        "AnyTopicBuilder",
        "TopicBuilder",
        "by_symbol",
        "topic_builder_from",
    ),
    "routing.updates": ("SubscriptionUpdate",),
    "settings": ("Settings",),
    "types": (
        "ANONYMOUS",
        "Client",
        "ErrorCode",
        "Message",
        "Position",
        "Principal",
        "ReplayLimits",
        "Topics",
    ),
    "wire.topics": ("topic_request",),
}
_HOME_OF = {name: f"topicwire.{home}" for home, names in _HOMES.items() for name in names}

__all__ = [
    "ANONYMOUS",
    "AnyTopicBuilder",
    "BigInt",
    "Client",
    "CommandError",
    "DeclarationError",
    "ErrorCode",
    "FastWSAdapter",
    "Message",
    "Operation",
    "OperationRouter",
    "Position",
    "Principal",
    "PublishError",
    "Rejected",
    "ReplayLimits",
    "RequestHandler",
    "RouteDelivery",
    "RouteOptions",
    "RouteSettings",
    "RouterOf",
    "Settings",
    "SubscriptionResponse",
    "SubscriptionUpdate",
    "TopicBuilder",
    "TopicService",
    "Topics",
    "TopicwireError",
    "WsRouteService",
    "WsRouter",
    "WsRouterInterface",
    "ask",
    "by_symbol",
    "drop_oldest",
    "latest",
    "lossless",
    "merge",
    "topic_builder_from",
    "topic_request",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'topicwire' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
