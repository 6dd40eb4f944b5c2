"""Routes of the market's data."""

from typing import TYPE_CHECKING, TypeAlias

from topicwire import Client, Rejected
from trading_api.models import (
    Bar,
    BarsSubscriptionRequest,
    QuoteData,
    QuoteDataSubscriptionRequest,
)
from trading_api.shared.market import UnknownSymbolError, instrument
from trading_api.shared.ws.generic_route import WsRouter
from trading_api.shared.ws.router_interface import WsRouterInterface

if TYPE_CHECKING:
    BarWsRouter: TypeAlias = WsRouter[BarsSubscriptionRequest, Bar]
    QuoteWsRouter: TypeAlias = WsRouter[QuoteDataSubscriptionRequest, QuoteData]
else:
    from .ws_generated import BarWsRouter, QuoteWsRouter

bar_router = BarWsRouter(route="bars", tags=["datafeed"])
quote_router = QuoteWsRouter(route="quotes", tags=["datafeed"])

bars_topic_builder = bar_router.topic_builder
quotes_topic_builder = quote_router.topic_builder

ws_routers: list[WsRouterInterface] = [bar_router, quote_router]


def known_symbol(
    request: BarsSubscriptionRequest | QuoteDataSubscriptionRequest, client: Client
) -> None:
    """Let a request for a symbol of the market pass.

    Raises:
        Rejected: There is no such symbol; the client is told the nearest.
    """
    del client
    try:
        instrument(request.symbol)
    except UnknownSymbolError as error:
        raise Rejected(str(error), code="validation_error") from error
