"""What a module is: any class with `get_ws_routers`."""

from collections.abc import Sequence
from typing import Protocol

from topicwire.scaffold.skeleton.shared.ws.router_interface import WsRouterInterface


class Module(Protocol):
    """The Module Protocol: no base class, one method."""

    def get_ws_routers(self) -> Sequence[WsRouterInterface]:
        """Return the module's WebSocket routers, made for one app."""
        ...
