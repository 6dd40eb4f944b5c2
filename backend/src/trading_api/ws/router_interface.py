"""An older name of `trading_api.shared.ws.router_interface`."""

from trading_api.shared.ws.router_interface import *  # noqa: F403 - the one line this module is for
