"""What a module is: any class with `get_ws_routers`."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from fastapi import APIRouter

from trading_api.shared.context import AppContext
from trading_api.shared.ws.router_interface import WsRouterInterface


@runtime_checkable
class Module(Protocol):
    """The Module Protocol: no base class, one method.

    A module may offer more, and is asked for nothing of it:

    - `name: str`; by default that of its package in `trading_api/modules`
    - `enabled: bool`; by default True
    - `bind(context)`, see `Bindable`
    - `get_api_routers()`, see `WithApi`; by default those of the package's `api`
    - `start()` and `stop()`, see `Running`
    """

    def get_ws_routers(self) -> Sequence[WsRouterInterface]:
        """The module's WebSocket routers, made for one app, with the service injected."""
        ...


@runtime_checkable
class Bindable(Protocol):
    """A module that uses the app's settings, clock or market."""

    def bind(self, context: AppContext) -> None:
        """Called once, before anything is asked of the module. Constructs no service."""
        ...


@runtime_checkable
class WithApi(Protocol):
    """A module with REST routes; they are served below `/api/v1/{name}`."""

    def get_api_routers(self) -> Sequence[APIRouter]:
        """The module's REST routers."""
        ...


@runtime_checkable
class Running(Protocol):
    """A module with work of its own, independent of subscribers."""

    async def start(self) -> None:
        """Called when the app starts."""
        ...

    async def stop(self) -> None:
        """Called when the app stops, in reverse order; also when another module failed to start."""
        ...
