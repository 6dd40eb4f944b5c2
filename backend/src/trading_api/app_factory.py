"""Puts the application together: every enabled module's routes, REST and WebSocket, in one app."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from topicwire import FastWSAdapter
from trading_api import __version__
from trading_api.models import DegradedModule, Health, Version
from trading_api.modules.broker import BrokerModule
from trading_api.modules.datafeed import DatafeedModule
from trading_api.shared.clock import Clock, SystemClock
from trading_api.shared.config import Settings
from trading_api.shared.context import AppContext
from trading_api.shared.docs import install_docs
from trading_api.shared.errors import install_problem_handlers
from trading_api.shared.module_registry import RegisteredModule, registry

API_PREFIX = "/api/v1"
_TITLE = "Trading API"


def create_app(
    enabled_modules: list[str] | None = None,
    *,
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> tuple[FastAPI, FastWSAdapter]:
    """Make an app that shares nothing with any other: its own modules, services and market.

    Opens no file and no socket, and starts no task: that begins when the app is served.

    Args:
        enabled_modules: The modules to serve, by name; None: those of the settings, or all.
        settings: None: read from the environment.
        clock: None: the machine's.

    Returns:
        The app to serve, and the adapter that serves its WebSocket at `/api/v1/ws`.

    Raises:
        ConfigError: A setting cannot be used; `UnknownModuleError`: no module has that name.
    """
    settings = settings or Settings.from_environment()
    context = AppContext(settings, clock or SystemClock())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for module in modules:
                running.push_async_callback(module.stop)
                await module.start()
            yield

    api_app = FastAPI(
        title=_TITLE,
        version=__version__,
        description="Market data of a simulated market, and a paper broker on it.",
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # served below: FastAPI's own page loads from another host
        redoc_url=None,
    )
    install_docs(api_app, f"{API_PREFIX}/docs")
    install_problem_handlers(api_app)
    ws_app = FastWSAdapter(
        title=_TITLE,
        version=__version__,
        description="Live data of a simulated market, orders and positions of a paper broker.",
        path=f"{API_PREFIX}/ws",
        logger_name="trading_api.ws",
    )

    # The modules of `modules/` are found by themselves; those that are listed here must be there.
    registry.begin()
    registry.register(DatafeedModule())
    registry.register(BrokerModule())

    registry.choose(settings.enabled_modules if enabled_modules is None else enabled_modules)

    modules = registry.get_enabled_modules()
    for module in modules:
        module.bind(context)
        for api_router in module.get_api_routers():
            api_app.include_router(api_router, prefix=f"{API_PREFIX}/{module.name}")
        for ws_router in module.get_ws_routers():
            ws_app.include_router(ws_router)

    api_app.include_router(_own_routes(modules, registry.get_skipped()), prefix=API_PREFIX)
    ws_app.setup(api_app)
    return api_app, ws_app


def _own_routes(modules: list[RegisteredModule], skipped: dict[str, str]) -> APIRouter:
    router = APIRouter(tags=["app"])
    names = [module.name for module in modules]
    faults = [(module.name, fault) for module in modules for fault in module.faults]
    faults += [(name, f"is skipped: {reason}") for name, reason in skipped.items()]
    degraded = [DegradedModule(name=name, reason=reason) for name, reason in faults]

    @router.get("/health")
    async def get_health() -> Health:
        """Answer that the app is served, and with which modules."""
        status: Literal["ok", "degraded"] = "degraded" if degraded else "ok"
        return Health(status=status, modules=names, degraded=degraded)

    @router.get("/version")
    async def get_version() -> Version:
        """Answer which release this is."""
        return Version(name=_TITLE, version=__version__, api="v1")

    return router


def _operation_id(route: APIRoute) -> str:
    """The handler's name: what the generated clients call it."""
    return route.name
