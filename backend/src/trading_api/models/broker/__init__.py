"""What the broker sends and is asked."""

from .orders import Order, OrderStatus, OrderSubscriptionRequest, OrderType, PlaceOrder, Side
from .positions import AccountPosition, PositionSubscriptionRequest

__all__ = [
    "AccountPosition",
    "Order",
    "OrderStatus",
    "OrderSubscriptionRequest",
    "OrderType",
    "PlaceOrder",
    "PositionSubscriptionRequest",
    "Side",
]
