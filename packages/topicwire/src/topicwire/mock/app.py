"""The application that serves a document: our own routers on our own hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from topicwire.asgi.adapter import FastWSAdapter, Observer
from topicwire.identity.handshake import Handshake
from topicwire.mock.document import MockDocument, MockOperation, MockRoute, read
from topicwire.mock.payloads import answer_type, payload_type
from topicwire.mock.service import MockService, MockStates
from topicwire.mock.values import Values
from topicwire.replies import SubscriptionResponse
from topicwire.routing.delivery import (
    RouteDelivery,
    drop_oldest,
    latest,
    lossless,
    merge,
)
from topicwire.routing.operations import OperationRouter
from topicwire.routing.options import DEFAULT_REPLAY, RouteOptions
from topicwire.routing.router import WsRouter
from topicwire.settings import Settings
from topicwire.types import ANONYMOUS, Client, Principal, ReplayLimits
from topicwire.wire.topics import canonical_json

START_MS = 1_767_225_600_000
"""When the time of a mock begins, unless it is told another: 2026-01-01T00:00:00Z."""

_COMPUTED = "(computed)"


def mock_app(
    content: Any,
    *,
    seed: int = 0,
    rate_hz: float = 1.0,
    start_ms: int = START_MS,
    observe: Observer | None = None,
) -> Starlette:
    """Make an application that serves the routes of a document.

    Its WebSocket, the document and its page are where the document says. Any page may connect, and
    any token is good.

    Args:
        content: an AsyncAPI document that Topicwire wrote.
        seed: the same seed makes the same data.
        rate_hz: updates a second, of each topic.
        start_ms: the time before each topic's first update, ms since the Unix epoch.
        observe: sees every message: see `FastWSAdapter`.

    Raises:
        DocumentError: it cannot be served, or there is no value that one of its schemas allows.
    """
    document = read(content)
    adapter = FastWSAdapter(
        title=document.title,
        version=document.version,
        path=document.path,
        description="A mock: every value is made of the document's schemas.",
        logger_name="topicwire.mock",
        allowed_origins=["*"],
        authenticate=_AnyToken() if document.takes_tokens else None,
        observe=observe,
    )
    values = Values(document.content)
    for route in document.routes:
        kind = MockStates if route.declared.get("snapshot") == "service" else MockService
        service = kind(route, values, seed=seed, rate_hz=rate_hz, start_ms=start_ms)
        adapter.include_router(_router(route, service))
    app = Starlette(routes=list(_pages(document)))
    adapter.setup(app)
    return app


class _AnyToken:
    """Lets everybody in, with a token or without."""

    def authenticate(self, websocket: Handshake, /) -> Principal:
        del websocket
        return ANONYMOUS

    def authenticate_token(self, token: str, /) -> Principal:
        del token
        return ANONYMOUS


def _pages(document: MockDocument) -> list[Route]:
    """Return what stands before the adapter's own: the document as it was given."""

    def asyncapi_json(request: Request) -> JSONResponse:
        served = dict(document.content)
        server = {"host": request.url.netloc, "protocol": "ws"}
        served["servers"] = {name: {**one, **server} for name, one in served["servers"].items()}
        return JSONResponse(served, headers={"access-control-allow-origin": "*"})

    def root(request: Request) -> RedirectResponse:
        del request
        return RedirectResponse(f"{base}/asyncapi")

    base = document.path.rstrip("/")
    pages = [Route(f"{base}/asyncapi.json", asyncapi_json)]
    return pages if base == "" else [*pages, Route("/", root)]


def _router(route: MockRoute, service: MockService) -> OperationRouter:
    router = (
        OperationRouter(prefix=f"{route.name}.", tags=route.tags)
        if route.request is None
        else _subscribable(route, service)
    )
    for operation in route.operations:
        _register(router, operation, service)
    return router


def _subscribable(route: MockRoute, service: MockService) -> OperationRouter:
    values = service.values
    service.next(service.new("probe", {}))  # a schema without a value is told now, not later
    request = payload_type(route.request, values)
    router = WsRouter[request, Any](  # type: ignore[valid-type]  # a type that is made here
        route=route.name,
        tags=route.tags,
        service=service,
        topic_builder=service.segments if route.declared.get("wildcards") else None,
        **_options(route),
    )
    extra = values.make(route.answer, service.new("answer", {}), f"{route.name}.subscribe.response")
    answer = answer_type(route.answer, values, extra)
    if answer is not SubscriptionResponse:
        for name in ("subscribe", "unsubscribe"):
            handler = router.operations[name].handler
            router.send(name, reply=f"{name}.response")(_answering(handler, request, answer))
    return router


def _answering(
    handler: Callable[..., Awaitable[SubscriptionResponse]],
    request: Any,
    answer: type[SubscriptionResponse],
) -> Callable[..., Awaitable[SubscriptionResponse]]:
    """Return a handler that answers with the app's own type."""

    async def answering(payload: Any, client: Client) -> SubscriptionResponse:
        plain = await handler(payload=payload, client=client)
        return answer(**plain.model_dump(exclude_unset=True))

    answering.__annotations__ = {"payload": request, "client": Client, "return": answer}
    answering.__doc__ = handler.__doc__
    return answering


def _register(router: OperationRouter, operation: MockOperation, service: MockService) -> None:
    name, values = f"{router.route}.{operation.name}", service.values
    where = f"{name} (reply)"
    asked = None if operation.request is None else payload_type(operation.request, values)
    calls = service.new(name, {})
    if operation.answer is not None:
        values.make(operation.answer, service.new("probe", {}), where)

    def answer(payload: Any) -> Any:
        if operation.answer is None:
            return None
        calls.request = payload if isinstance(payload, Mapping) else {}
        calls.advance()
        return values.make(operation.answer, calls, where)

    def with_payload(payload: Any) -> Any:
        return answer(payload)

    def without_payload() -> Any:
        return answer(None)

    handler: Callable[..., Any] = without_payload if asked is None else with_payload
    returned = Any if operation.answer is not None else None
    handler.__annotations__ = {"return": returned} | ({} if asked is None else {"payload": asked})
    router.send(operation.name, reply=operation.reply)(handler)


def _options(route: MockRoute) -> RouteOptions:
    declared = route.declared
    options = RouteOptions(delivery=_delivery(declared.get("delivery", {})))
    kept = declared.get("replay")
    if "lingerS" in declared:
        options["linger_s"] = float(declared["lingerS"])
    elif kept is not None:
        options["updates_from"] = "application"
    replay = None
    if kept is not None:
        replay = ReplayLimits(kept["maxUpdates"], kept["maxAgeS"], kept["maxBytes"])
    if replay != DEFAULT_REPLAY:
        options["replay"] = replay
    if declared.get("snapshot") == "last":
        options["snapshot"] = "last"
    if "staleAfterS" in declared:
        options["stale_after_s"] = float(declared["staleAfterS"])
    if declared.get("wildcards"):
        options["wildcards"] = True
    return options


def _delivery(declared: Mapping[str, Any]) -> RouteDelivery:
    """Return the declared policy. What only the app's own functions know is passed over."""
    rate = declared.get("maxRateHz")
    match declared.get("policy"):
        case "latest":
            key, marked = declared.get("key"), declared.get("lossless")
            return latest(
                key=canonical_json if key == _COMPUTED else key,
                lossless=_never if marked == _COMPUTED else marked,
                max_rate_hz=rate,
            )
        case "drop_oldest":
            return drop_oldest(int(declared.get("maxQueue", 100)), rate)
        case "merge":
            return merge(_newer, rate)
        case _:
            most = declared.get("maxQueueBytes")
            return lossless(
                max_queue_bytes=None if most is None else min(most, Settings().max_queue_bytes)
            )


def _never(data: Any) -> bool:
    del data
    return False


def _newer(older: Any, newer: Any) -> Any:
    del older
    return newer


__all__ = ["START_MS", "mock_app"]
