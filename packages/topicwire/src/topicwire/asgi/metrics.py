"""The endpoint that Prometheus reads, where an app asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from topicwire.errors import DeclarationError

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter


class MetricsEndpoint:
    """The endpoint of one adapter: its own metrics alone.

    Raises:
        DeclarationError: `path` does not begin with a slash, or the library is not installed.
    """

    def __init__(self, adapter: FastWSAdapter, path: str) -> None:
        if not path.startswith("/"):
            raise DeclarationError(f"metrics_path {path!r} must begin with a slash: '/{path}'.")
        try:
            from topicwire.metrics.prometheus import metrics_route  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise DeclarationError(
                f"metrics_path={path!r} needs prometheus-client: pip install topicwire[prometheus]."
            ) from error
        self._route = metrics_route(adapter, path)

    def mount(self, app: Starlette) -> None:
        """Serve it from `app`.

        Raises:
            DeclarationError: the path is taken, by another adapter perhaps.
        """
        path = self._route.path
        if any(isinstance(one, Route) and one.path == path for one in app.router.routes):
            raise DeclarationError(
                f"the application has a route at metrics_path={path!r} already. Give each adapter "
                "a path of its own, or register one TopicwireCollector(first, second)."
            )
        app.router.routes.append(self._route)
