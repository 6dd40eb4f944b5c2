"""Every model of the API, REST and WebSocket. Pydantic alone."""

from .broker import (
    AccountPosition,
    Order,
    OrderStatus,
    OrderSubscriptionRequest,
    OrderType,
    PlaceOrder,
    PositionSubscriptionRequest,
    Side,
)
from .common import DegradedModule, Health, Problem, ProblemDetail, Version
from .market import (
    Bar,
    BarsSubscriptionRequest,
    DatafeedConfig,
    History,
    MarketAnchor,
    QuoteData,
    QuoteDataSubscriptionRequest,
    Resolution,
    SymbolInfo,
    SymbolMatch,
)

__all__ = [
    "AccountPosition",
    "Bar",
    "BarsSubscriptionRequest",
    "DatafeedConfig",
    "DegradedModule",
    "Health",
    "History",
    "MarketAnchor",
    "Order",
    "OrderStatus",
    "OrderSubscriptionRequest",
    "OrderType",
    "PlaceOrder",
    "PositionSubscriptionRequest",
    "Problem",
    "ProblemDetail",
    "QuoteData",
    "QuoteDataSubscriptionRequest",
    "Resolution",
    "Side",
    "SymbolInfo",
    "SymbolMatch",
    "Version",
]
