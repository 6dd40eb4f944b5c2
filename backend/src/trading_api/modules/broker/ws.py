"""Routes of an account's orders and positions."""

from typing import TYPE_CHECKING, TypeAlias

from topicwire import Client, Rejected
from trading_api.models import (
    AccountPosition,
    Order,
    OrderSubscriptionRequest,
    PositionSubscriptionRequest,
)
from trading_api.modules.broker.validation import known_account
from trading_api.shared.errors import RefusedError
from trading_api.shared.ws.generic_route import WsRouter
from trading_api.shared.ws.router_interface import WsRouterInterface

if TYPE_CHECKING:
    OrderWsRouter: TypeAlias = WsRouter[OrderSubscriptionRequest, Order]
    PositionWsRouter: TypeAlias = WsRouter[PositionSubscriptionRequest, AccountPosition]
else:
    from .ws_generated import OrderWsRouter, PositionWsRouter

order_router = OrderWsRouter(route="orders", tags=["broker"])
position_router = PositionWsRouter(route="positions", tags=["broker"])

orders_topic_builder = order_router.topic_builder
positions_topic_builder = position_router.topic_builder

ws_routers: list[WsRouterInterface] = [order_router, position_router]


def own_account(
    request: OrderSubscriptionRequest | PositionSubscriptionRequest, client: Client
) -> None:
    """Let a request for an account that exists pass.

    Raises:
        Rejected: There is no such account.
    """
    del client
    try:
        known_account(request.account_id)
    except RefusedError as error:
        raise Rejected(error.message, code="validation_error") from error
