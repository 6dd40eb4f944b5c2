"""The way to an endpoint past the layers that stand before it and do nothing to a WebSocket.

An application of Starlette's, or FastAPI's, hands a WebSocket through some six layers, all of them
coroutines, before its route is found; uvicorn puts another one in front. Most applications have
added nothing to these, and then the endpoint alone decides about a handshake.

Guarantee: where anything else stands in between, a middleware of the application's, a layer that is
not known, a proxy's word on who the client is, a route that asks for more than the path, telemetry,
there is no shortcut. The route is found by Starlette's own `matches`, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from starlette.applications import Starlette
from starlette.routing import Host, Match, Router, WebSocketRoute
from starlette.types import Scope

from topicwire.asgi.endpoint import Endpoint

MAX_PATHS: Final = 64
"""So many paths are remembered."""

_LAYERS: Final = frozenset(
    {
        ("starlette.middleware.errors", "ServerErrorMiddleware"),
        ("starlette.middleware.exceptions", "ExceptionMiddleware"),
        ("fastapi.middleware.asyncexitstack", "AsyncExitStackMiddleware"),
        ("fastapi.telemetry._asgi", "ExceptionTelemetryMiddleware"),
        ("fastapi._body_limit", "AppBodyLimitMiddleware"),
        ("fastapi._body_limit", "_BodyLimitExceptionMiddleware"),
        ("starlette.middleware.body_limit", "RequestBodyLimitMiddleware"),
    }
)
"""What Starlette and FastAPI put around every application: it waits for errors, or for bodies."""

_PROXY: Final = frozenset({("uvicorn.middleware.proxy_headers", "ProxyHeadersMiddleware")})
_APPLICATIONS: Final = frozenset(
    {("starlette.applications", "Starlette"), ("fastapi.applications", "FastAPI")}
)
_ROUTERS: Final = frozenset({("starlette.routing", "Router"), ("fastapi.routing", "APIRouter")})
_LIBRARIES: Final = frozenset({"starlette", "fastapi", "uvicorn"})
_ROUTES: Final = frozenset({"starlette.routing", "fastapi.routing"})


class Found(NamedTuple):
    """What a path leads to."""

    endpoint: Endpoint
    scope: Scope
    """What the layers would have added to the scope."""


class Shortcut:
    """Finds the endpoint of a path, where there is a shortcut to it.

    Args:
        application: as the server has loaded it.
    """

    __slots__ = ("_app", "_found", "_router", "_routes", "_stack")

    def __init__(self, application: Any) -> None:
        if _is_one_of(_PROXY, application):
            application = application.app
        self._app: Starlette | None = None
        if isinstance(application, Starlette) and _is_one_of(_APPLICATIONS, application):
            self._app = application
        self._stack: Any = None
        self._router: Router | None = None
        self._routes: list[Any] = []
        self._found: dict[tuple[str, str], Found | None] = {}

    def to(self, path: str, root_path: str) -> Found | None:
        """Return what `path` leads to; None where it is to go the whole way.

        Args:
            path: with the root path before it, as in a scope.
            root_path: of the server.
        """
        app = self._app
        if app is None or app.middleware_stack is None:
            return None
        if self._stack is not app.middleware_stack:
            self._stack = app.middleware_stack
            self._router = _router(app)
            self._found.clear()
        router = self._router
        if router is None or _observed(app):
            return None
        if self._routes != router.routes:  # compared one by one, by identity first
            self._routes = list(router.routes)
            self._found.clear()
        key = (path, root_path)
        try:
            return self._found[key]
        except KeyError:
            if len(self._found) >= MAX_PATHS:
                self._found.clear()
            found = self._found[key] = self._find(app, router, path, root_path)
            return found

    def _find(self, app: Starlette, router: Router, path: str, root_path: str) -> Found | None:
        asked = {"type": "websocket", "path": path, "root_path": root_path, "headers": []}
        if getattr(app, "root_path", ""):  # FastAPI's own takes the server's place
            asked["root_path"] = app.root_path  # type: ignore[attr-defined]
        for route in router.routes:
            if type(route).__module__ not in _ROUTES or isinstance(route, Host):
                return None
            match, more = route.matches(dict(asked))
            if match is Match.NONE:
                continue
            endpoint = getattr(route, "app", None)
            if type(route) is not WebSocketRoute or not isinstance(endpoint, Endpoint):
                return None
            scope = {"app": app, "router": router, "root_path": asked["root_path"], **more}
            if type(router) is Router:  # FastAPI's does not say it of what is Starlette's
                scope["route"] = route
            return Found(endpoint, scope)
        return None


def _router(app: Starlette) -> Router | None:
    """Return the application's router, where nothing but the usual stands before it."""
    layer: Any = app.middleware_stack
    while _is_one_of(_LAYERS, layer):
        layer = layer.app
    if layer is not app.router or not _is_one_of(_ROUTERS, layer):
        return None
    router: Router = layer
    own: Callable[..., Any] = router.app
    return router if router.middleware_stack == own else None


def _observed(app: Any) -> bool:
    """Say whether FastAPI tells somebody of each connection, as it does where telemetry is set."""
    telemetry = getattr(app, "_native_telemetry", None)
    return telemetry is not None and bool(telemetry.enabled())


def _is_one_of(known: frozenset[tuple[str, str]], one: object) -> bool:
    kind = type(one)
    # what traces an application may have put another function in the place of a class's own
    home = getattr(kind.__call__, "__module__", "")
    return (kind.__module__, kind.__qualname__) in known and home.partition(".")[0] in _LIBRARIES
