"""What the market sends and is asked."""

from .bars import Bar, BarsSubscriptionRequest, History, Resolution
from .quotes import QuoteData, QuoteDataSubscriptionRequest
from .symbols import DatafeedConfig, MarketAnchor, SymbolInfo, SymbolMatch

__all__ = [
    "Bar",
    "BarsSubscriptionRequest",
    "DatafeedConfig",
    "History",
    "MarketAnchor",
    "QuoteData",
    "QuoteDataSubscriptionRequest",
    "Resolution",
    "SymbolInfo",
    "SymbolMatch",
]
