"""An older name of `trading_api.shared.ws.router_interface`."""

from trading_api.shared.ws.router_interface import WsRouterInterface, WsRouteService

__all__ = ["WsRouteService", "WsRouterInterface"]
