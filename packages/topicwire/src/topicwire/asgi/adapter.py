"""`FastWSAdapter`: the routes of one application, served on one WebSocket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, ClassVar, TypeAlias

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from topicwire.asgi import docs
from topicwire.asgi.commands import RouteCommands
from topicwire.asgi.door import Door
from topicwire.asgi.endpoint import Endpoint
from topicwire.asgi.explain import explain
from topicwire.asgi.metrics import MetricsEndpoint
from topicwire.asgi.sigterm import draining_on_sigterm
from topicwire.asgi.workers import require_one_worker
from topicwire.asyncapi.document import build
from topicwire.backplane.memory import MemoryBackplane
from topicwire.errors import DeclarationError
from topicwire.hub.clock import Clock, LoopClock
from topicwire.hub.drain import STOPPING
from topicwire.hub.hub import Hub
from topicwire.hub.metrics import Metrics
from topicwire.hub.route import Command, Route
from topicwire.identity.authenticator import Authenticate, Authenticator
from topicwire.routing.router import WsRouterInterface
from topicwire.settings import Settings
from topicwire.types import Direction, TopicId
from topicwire.wire.codec import CarriedTypes

Observer: TypeAlias = Callable[["FastWSAdapter", Direction, str], None]
"""`(adapter, direction, message)`, one whole message a call."""


class FastWSAdapter:
    """The routes of one application, served on one WebSocket. Independent of every other adapter.

    Args:
        title: of the application, in the AsyncAPI document.
        version: of the application, in the document.
        path: where clients connect; the document is at `path/asyncapi.json`, its page at
            `path/asyncapi`.
        description: of the application, in the document.
        settings: limits.
        logger_name: the logger of everything that concerns this app. At DEBUG it has a line for
            each subscription (topic, connection) and for each publish (topic, subscribers).
        clock: for lingers, timeouts and retention; tests pass their own.
        authenticate: says who a client is, before its socket is accepted: a function that takes the
            handshake, or an `Authenticator`, which also verifies the tokens of `auth` messages.
            None lets everybody in, as `ANONYMOUS`.
        allowed_origins: whose pages may connect beside those of the host itself,
            `["https://app.example"]`; `["*"]` for all. Clients that are no browsers have none.
        observe: sees every message that is sent, and every one of a client that is accepted. When
            it raises, that is logged once, and the connection goes on.
        metrics_path: where Prometheus reads what is counted, `/metrics` say; by default nowhere. It
            asks for no password: keep it from the public where the app is deployed.
        bypass_middleware: what a middleware sees that wraps `send` or `receive`. None: every
            message, and a line in the log tells of it once, for each costs more then. False: every
            message. True: the handshake, and the end of one that is refused; messages go straight
            between the hub and the server's socket. Where nothing is wrapped, or the server gives
            no socket, None and True are the same.

    Raises:
        DeclarationError: a path does not begin with a slash, `authenticate` cannot be called, one
            of the origins is none, or `metrics_path` is given and the extra
            `topicwire[prometheus]` is not installed.
    """

    observers: ClassVar[list[Observer]] = []
    """Observers of every adapter. For test suites: see `topicwire.testing.conformance`."""

    def __init__(
        self,
        *,
        title: str,
        version: str,
        path: str = "/api/v1/ws",
        description: str = "",
        settings: Settings | None = None,
        logger_name: str = "topicwire",
        clock: Clock | None = None,
        authenticate: Authenticate | Authenticator | None = None,
        allowed_origins: Sequence[str] = (),
        observe: Observer | None = None,
        metrics_path: str | None = None,
        bypass_middleware: bool | None = None,
    ) -> None:
        if not path.startswith("/"):
            raise DeclarationError(f"the path {path!r} must begin with a slash: '/{path}'.")
        self.title = title
        self.version = version
        self.path = path.rstrip("/") or "/"
        self.description = description
        self.settings = settings or Settings()
        self.logger_name = logger_name
        """As it was given. Read by `topicwire doctor`."""
        self.metrics_path = metrics_path
        """As it was given. Read by `topicwire doctor`."""
        self._metrics = None if metrics_path is None else MetricsEndpoint(self, metrics_path)
        self._observe = observe
        self._failed_observers: list[Observer] = []
        clock = clock or LoopClock()
        self._hub = Hub(
            self.settings,
            logger=logging.getLogger(logger_name),
            clock=clock,
            backplane=MemoryBackplane(
                clock.now_s,
                retention_s=self.settings.retention_s,
                max_retained=self.settings.max_retained_topics,
            ),
            explain=explain,
        )
        self._carried = CarriedTypes()
        self._routes: dict[str, RouteCommands] = {}
        self._table: Mapping[str, Command] = {}
        self.authenticate = authenticate
        """As it was given. Read by the document."""
        door = Door(self._hub, authenticate, allowed_origins, self._hub.logger)
        self.endpoint = Endpoint(
            self._hub, door, self._commands, self._observer, bypass=bypass_middleware
        )
        """The WebSocket endpoint, a plain ASGI application: `setup` mounts it."""

    @property
    def routers(self) -> Sequence[WsRouterInterface]:
        """The routers, in the order in which they were included."""
        return tuple(route.router for route in self._routes.values())

    @property
    def metrics(self) -> Metrics:
        """What has been counted so far."""
        return self._hub.metrics

    @property
    def takes_tokens(self) -> bool:
        """Whether clients may send `auth`: there is an `Authenticator` to verify their tokens."""
        return isinstance(self.authenticate, Authenticator)

    def include_router(self, router: WsRouterInterface) -> None:
        """Serve a route.

        Raises:
            DeclarationError: it is a class, it has no name, its name is taken, or Pydantic cannot
                handle one of its types.
            RouterInUseError: another app includes this instance.
        """
        if isinstance(router, type):
            raise DeclarationError(
                f"include_router was given the class {router.__name__}, not an instance: make one, "
                f'`{router.__name__}(route="trades")`.'
            )
        name = router.route
        taken = self._routes.get(name)
        if taken is not None:
            what = "this router" if taken.router is router else "another router of that name"
            raise DeclarationError(
                f"the route {name!r} is included twice in the app {self.title!r}: {what} is "
                "included already. Include each route once, or name this one differently."
            )
        route = RouteCommands(router, self._carried)
        allowed, wanted = self.settings.max_queue_bytes, route.route.max_queue_bytes
        if wanted is not None and wanted > allowed:
            raise DeclarationError(
                f"the route {name!r} says lossless(max_queue_bytes={wanted}), and the app "
                f"{self.title!r} lets {allowed} bytes wait for a client, all routes together. Say "
                "less, or raise Settings.max_queue_bytes."
            )
        router.attach(_Outlet(self.title, self._hub, route.route))
        self._routes[name] = route
        self._hub.metrics.include(name, route.route.metrics)

    def setup(self, app: Starlette, *, drain_on_sigterm: bool = True) -> None:
        """Serve this adapter from `app`, any Starlette or FastAPI application.

        Adds the WebSocket endpoint, the document and its page, and itself to the tuple
        `app.state.topicwire`. When the application shuts down, the producers are stopped. Where the
        server runs several worker processes it does not start (`SeveralWorkersError`).

        Args:
            app: gets routes and a lifespan.
            drain_on_sigterm: SIGTERM begins a drain, and whoever handled the signal before, the
                server, is called when it is over: servers close sockets before the application
                learns that it is to stop. A second SIGTERM goes to the server at once. The handler
                is put in place while the application runs, and only where it can be: in the main
                thread, for a server that takes signals by `signal.signal`, as uvicorn does.

        Raises:
            DeclarationError: something else is at `metrics_path`.
        """
        # where `topicwire spec` finds it, and whoever has the application alone
        app.state.topicwire = (*getattr(app.state, "topicwire", ()), self)
        app.router.routes.extend(docs.routes(self, self.path))
        if self._metrics is not None:
            self._metrics.mount(app)
        app.router.routes.append(WebSocketRoute(self.path, self.endpoint, name="topicwire"))
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(scope_app: Any) -> AsyncIterator[Any]:
            require_one_worker()
            async with inner(scope_app) as state:
                self._hub.drain.reopen()
                terminating = (
                    draining_on_sigterm(self._hub.begin_drain, self._hub.logger)
                    if drain_on_sigterm
                    else nullcontext()
                )
                with terminating:
                    try:
                        yield state
                    finally:
                        await self.close()

        app.router.lifespan_context = lifespan

    async def drain(self, *, reason: str = STOPPING, timeout_s: float | None = None) -> None:
        """End every connection in good order, then stop every producer.

        Clients are told `closing`, each with a time of its own to come back; commands that they
        sent before are answered, later ones are `draining`; what waits for them is sent; then they
        are closed with 1001. One that does not take what waits is given up when the time is over,
        and holds up nobody. Who connects from now on is told the same, until the application is
        started anew. Calling it again waits for the same drain.

        Args:
            reason: what clients are told.
            timeout_s: for what waits to be sent; `Settings.drain_timeout_s` by default.
        """
        await asyncio.shield(self._hub.begin_drain(reason, timeout_s))
        await self.close()

    def revoke(
        self,
        subject: str,
        *,
        route: str | None = None,
        topics: Callable[[str], bool] | None = None,
        reason: str = "Access was revoked",
    ) -> int:
        """Take from a principal what it holds, on every connection that it has, at once.

        With neither `route` nor `topics` all of its connections are closed with 4003. Otherwise
        the subscriptions that have such a topic end, each told by `closed`, and the rest goes on.
        What is under way is authorized again. Change what `authenticate` and `authorize` go by
        first: this takes what is held, and they refuse it from then on.

        A subscription to a pattern has the pattern as its topic: it is not asked about the topics
        that the pattern matches, and goes on to receive them all. Name the pattern too.

        Args:
            subject: of the principal; "" for those who are `ANONYMOUS`.
            route: whose topics are affected; None for every route's.
            topics: says of each topic whether it is; None for all of them.
            reason: is told to the client.

        Returns how many connections were affected.

        Raises:
            WrongLoopError: called outside the thread of the event loop.
        """
        if route is None and topics is None:
            return self._hub.revoke(subject, None, reason)

        def affects(topic: TopicId) -> bool:
            return route in {None, topic.route} and (topics is None or topics(topic.key))

        return self._hub.revoke(subject, affects, reason)

    async def close(self) -> None:
        """End every connection and stop every producer. `setup` has it called at shutdown."""
        await self._hub.close()

    def asyncapi(self) -> dict[str, Any]:
        """Return the AsyncAPI document of the included routes."""
        return build(self)

    def _commands(self) -> Mapping[str, Command]:
        # one table for all connections; operations may still be registered after the first
        if any([route.refresh() for route in self._routes.values()]):  # noqa: C419 - refresh all
            self._table = {
                command.type: command
                for route in self._routes.values()
                for command in route.commands
            }
        return self._table

    def _observer(self) -> Callable[[Direction, str], None] | None:
        observers = [*self.observers, *([self._observe] if self._observe else [])]
        if not observers:
            return None

        def observe(direction: Direction, message: str) -> None:
            for observer in observers:
                try:
                    observer(self, direction, message)
                except Exception as error:  # noqa: BLE001 - who looks on disturbs nobody
                    self._log_observer(observer, error)

        return observe

    def _log_observer(self, observer: Observer, error: Exception) -> None:
        if observer not in self._failed_observers:
            self._failed_observers.append(observer)
            self._hub.logger.error(
                "an observer of %s failed; this is not said again", self.title, exc_info=error
            )


class _Outlet:
    """A router's way to the hub of its app."""

    __slots__ = ("_hub", "_route", "app")

    def __init__(self, app: str, hub: Hub, route: Route) -> None:
        self.app = app
        self._hub = hub
        self._route = route

    def publish(self, topic: str, data: Any) -> None:
        self._hub.publish(self._route, topic, data)
