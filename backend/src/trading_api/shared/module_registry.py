"""The modules of the app that is being made."""

import logging
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from fastapi import APIRouter

from trading_api.shared.context import AppContext
from trading_api.shared.errors import ConfigError
from trading_api.shared.module_discovery import PACKAGE, discover
from trading_api.shared.module_interface import Bindable, Module, Running, WithApi
from trading_api.shared.ws.router_interface import WsRouterInterface

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class UnknownModuleError(ConfigError):
    """A module is asked for that is not there, or cannot be used."""

    def __init__(self, name: str, known: Iterable[str], reason: str = "") -> None:
        self.name = name
        self.known = tuple(known)
        near = get_close_matches(name, self.known, n=1)
        told = reason or (f"did you mean {near[0]!r}?" if near else "")
        super().__init__(
            f"module {name!r} cannot be enabled: enabled_modules and ENABLED_MODULES take "
            f"{', '.join(self.known) or 'none'}. {told}".rstrip()
        )


class RegisteredModule:
    """A module with its defaults filled in."""

    def __init__(self, module: Module, *, discovered: bool = False) -> None:
        self.module = module
        self.discovered = discovered
        self.served = False
        """An app has taken it: it is no other app's."""
        self.faults: list[str] = []
        """What it goes without, and why: it was found, and failed when it was asked for that."""
        self.package = _package_of(module)
        self.name = _name_of(module, self.package)

    @property
    def enabled(self) -> bool:
        """False when the module says so itself."""
        return bool(getattr(self.module, "enabled", True))

    def bind(self, context: AppContext) -> None:
        """Give the module what the app offers, if it wants it."""
        module = self.module
        if isinstance(module, Bindable):
            missing = "has none of what the app offers: bind()"
            self._tried(missing, lambda: module.bind(context), None)

    def get_ws_routers(self) -> Sequence[WsRouterInterface]:
        """The module's WebSocket routers."""
        missing = "serves no WebSocket routes: get_ws_routers()"
        return self._tried(missing, self.module.get_ws_routers, ())

    def get_api_routers(self) -> Sequence[APIRouter]:
        """The module's REST routers, or those of its package's `api`."""
        if isinstance(self.module, WithApi):
            missing = "serves no REST routes: get_api_routers()"
            return self._tried(missing, self.module.get_api_routers, ())
        return self._tried(f"serves no REST routes: {self.package}.api", self._api, ())

    async def start(self) -> None:
        """Start the module's own work, if it has any."""
        if isinstance(self.module, Running):
            await self.module.start()

    async def stop(self) -> None:
        """Stop it."""
        if isinstance(self.module, Running):
            await self.module.stop()

    def _api(self) -> Sequence[APIRouter]:
        if self.package is None or find_spec(f"{self.package}.api") is None:
            return ()
        api = import_module(f"{self.package}.api")
        offered = getattr(api, "api_routers", None) or [getattr(api, "router", None)]
        return [router for router in offered if isinstance(router, APIRouter)]

    def _tried(self, missing: str, give: Callable[[], _T], without: _T) -> _T:
        """What the module gives.

        One that was found, not registered by hand, and fails here, is logged and does without: it
        is somebody's unfinished work, and the rest of the app goes on.
        """
        try:
            return give()
        except Exception as error:
            if not self.discovered:
                raise
            fault = f"{missing} raised {type(error).__name__}: {error}"
            logger.exception("module %s %s", self.name, fault)
            self.faults.append(fault)
            return without


class ModuleRegistry:
    """Modules by name, and which of them are on.

    An instance serves one app. `begin` drops those that an earlier app has taken and finds the
    modules of `trading_api/modules` anew, so that two apps in one process share nothing.
    """

    def __init__(self, package: str = PACKAGE) -> None:
        self._package = package
        self._modules: dict[str, RegisteredModule] = {}
        self._skipped: dict[str, str] = {}
        self._chosen: tuple[str, ...] | None = None

    def begin(self) -> None:
        """Prepare for another app."""
        kept = {name: m for name, m in self._modules.items() if not m.served and not m.discovered}
        found = discover(self._package)
        self._skipped = {f.name: f.reason for f in found if f.module is None}
        self._modules = {
            f.name: RegisteredModule(f.module, discovered=True)
            for f in found
            if f.module is not None
        }
        self._modules |= kept
        self._chosen = None

    def register(self, module: Module) -> None:
        """Add a module. One of the same name, found or registered before, is replaced.

        Raises:
            TypeError: It has no `get_ws_routers` method, or is a class and not an instance.
        """
        if isinstance(module, type):
            raise TypeError(f"register takes an instance: registry.register({module.__name__}())")
        if not callable(getattr(module, "get_ws_routers", None)):
            raise TypeError(
                f"{type(module).__name__} is no module: it has no method get_ws_routers(), which "
                "returns the list of its WebSocket routers"
            )
        registered = RegisteredModule(module)
        self._modules.pop(registered.name, None)
        self._modules[registered.name] = registered

    def choose(self, names: Iterable[str] | None) -> None:
        """Enable these modules alone; None enables all.

        Raises:
            UnknownModuleError: One of them is not known, or was skipped; the message says why.
        """
        self._chosen = None if names is None else tuple(names)
        for name in self._chosen or ():
            if name not in self._modules:
                raise UnknownModuleError(name, self._modules, self._skipped.get(name, ""))

    def get_skipped(self) -> dict[str, str]:
        """The folders that would be modules of this app but cannot be used, and why."""
        return {} if self._chosen is not None else dict(self._skipped)

    def get_enabled_modules(self) -> list[RegisteredModule]:
        """The modules that are on: in order of registration, then those that were found, by name.

        From now on they are taken.
        """
        enabled = [
            module
            for name, module in self._modules.items()
            if module.enabled and (self._chosen is None or name in self._chosen)
        ]
        enabled.sort(key=lambda module: module.discovered)
        for module in self._modules.values():
            module.served = True
        return enabled


def _package_of(module: Module) -> str | None:
    name = type(module).__module__
    parts = name.split(".")
    depth = PACKAGE.count(".") + 2
    return ".".join(parts[:depth]) if name.startswith(f"{PACKAGE}.") else None


def _name_of(module: Any, package: str | None) -> str:
    given = getattr(module, "name", None)
    if isinstance(given, str) and given:
        return given
    if package is not None:
        return package.rpartition(".")[2]
    return type(module).__name__.removesuffix("Module").lower() or type(module).__name__


registry = ModuleRegistry()
"""The registry that `create_app` fills and reads."""
