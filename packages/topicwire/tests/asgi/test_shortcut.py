"""A handshake that goes straight to the endpoint is answered as one that goes the whole way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from fastapi import FastAPI
from packages.topicwire.tests.asgi.raw_socket import raw_socket
from packages.topicwire.tests.serving import OURS, serving
from packages.topicwire.tests.trading import trades
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.message_logger import MessageLoggerMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from topicwire import FastWSAdapter, Principal, Rejected
from topicwire.asgi.shortcut import Shortcut
from topicwire.identity import Handshake

PATH = "/api/v1/ws"
HTTP = "topicwire.asgi.uvicorn_http:HttpProtocol"
SECRET: ContextVar[str] = ContextVar("secret", default="")


class Layer:
    """A middleware that does nothing, and counts for whom."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class OwnStarlette(Starlette):
    """An application that may do anything when it is called."""


async def nothing(_: Any) -> PlainTextResponse:
    return PlainTextResponse("")


def made(app: Starlette | None = None, **options: Any) -> Starlette:
    """An application with an adapter in it, as it is when it has been started."""
    app = app or Starlette()
    adapter = FastWSAdapter(title="Trading", version="1", **options)
    adapter.include_router(trades())
    adapter.setup(app, drain_on_sigterm=False)
    app.middleware_stack = app.build_middleware_stack()
    return app


def found(app: Any, path: str = PATH, root_path: str = "") -> bool:
    return Shortcut(app).to(path, root_path) is not None


# Where there is one


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
@pytest.mark.parametrize("wrap", [lambda app: app, ProxyHeadersMiddleware])
def test_a_plain_application_has_one(kind: type[Starlette], wrap: Callable[[Any], ASGIApp]) -> None:
    assert found(wrap(made(kind())))
    assert not found(wrap(made(kind())), "/elsewhere")


def test_routes_before_it_are_asked_in_their_order() -> None:
    app = Starlette(routes=[Route("/{any:path}", nothing), Mount("/files", app=Starlette())])
    shortcut = Shortcut(made(app))
    assert shortcut.to(PATH, "") is not None
    app.router.routes.insert(0, Mount("/api", app=Starlette()))
    assert shortcut.to(PATH, "") is None
    del app.router.routes[0]
    assert shortcut.to(PATH, "") is not None
    app.router.routes.insert(0, WebSocketRoute(PATH, nothing))
    assert shortcut.to(PATH, "") is None


def test_a_root_path_is_taken_off() -> None:
    assert found(made(), f"/below{PATH}", "/below")
    app = FastAPI()
    app.root_path = "/below"
    assert found(made(app), f"/below{PATH}")
    assert not found(made(), f"/below{PATH}")


def test_what_has_been_found_is_forgotten_when_there_are_many() -> None:
    shortcut = Shortcut(made())
    for number in range(200):
        assert shortcut.to(f"/{number}", "") is None
    assert shortcut.to(PATH, "") is not None
    assert len(shortcut._found) <= 64


@pytest.mark.parametrize(
    "application",
    [
        lambda: MessageLoggerMiddleware(made()),  # type: ignore[arg-type]
        lambda: Layer(made()),
        lambda: made(OwnStarlette()),
        lambda: nothing,
        Starlette,
        lambda: made(Starlette(routes=[Host("example.org", Starlette())])),
    ],
)
def test_there_is_none_past_what_is_not_known(application: Callable[[], Any]) -> None:
    assert not found(application())


def with_middleware(kind: type[Starlette], layer: Any, **options: Any) -> Starlette:
    app = kind()
    app.add_middleware(layer, **options)
    return made(app)


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
def test_there_is_none_past_a_middleware(kind: type[Starlette]) -> None:
    assert not found(with_middleware(kind, Layer))
    assert not found(with_middleware(kind, BaseHTTPMiddleware, dispatch=nothing))


def test_there_is_none_past_a_middleware_of_the_router_or_of_the_route() -> None:
    app = made()
    app.router.middleware_stack = Layer(app.router.app)
    assert not found(app)
    app = made()
    app.router.routes[-1].app = Layer(app.router.routes[-1].app)  # type: ignore[attr-defined]
    assert not found(app)


def test_there_is_none_past_what_traces_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    app = made()
    assert found(app)

    async def traced(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError((self, scope, receive, send))

    monkeypatch.setattr(Starlette, "__call__", traced)
    assert not found(app)


def test_there_is_none_where_fastapi_tells_of_each_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = made(FastAPI())
    shortcut = Shortcut(app)
    assert shortcut.to(PATH, "") is not None
    monkeypatch.setattr(app._native_telemetry, "enabled", lambda: True)  # type: ignore[attr-defined]
    assert shortcut.to(PATH, "") is None


# That nobody can tell


def sync(handshake: Handshake) -> Principal | None:
    name = handshake.bearer
    if name == "raise":
        raise ValueError("a fault of the application's")
    if name == "refuse":
        raise Rejected("not you")
    SECRET.set(f"of {name}")
    return Principal(name) if name else None


async def waiting(handshake: Handshake) -> Principal | None:
    async with asyncio.timeout(60):
        await asyncio.sleep(0)
        return sync(handshake)


async def at_once(handshake: Handshake) -> Principal | None:
    async with asyncio.timeout(60):  # wants a task, whether or not there is anything to wait for
        return await passed_on(handshake)


async def passed_on(handshake: Handshake) -> Principal | None:
    return sync(handshake)


def later(handshake: Handshake) -> Any:
    return waiting(handshake)


async def outcome(url: str, name: str, *, legacy: bool) -> Any:
    """How a client fares: refused, closed, or subscribed."""
    headers = {"Authorization": f"Bearer {name}"} if name else {}
    offered = None if legacy else OURS
    try:
        async with connect(url, subprotocols=offered, additional_headers=headers) as socket:
            await socket.send(
                json.dumps({"type": "trades.subscribe", "payload": {"symbol": "AAPL"}})
            )
            lines = [str(await socket.recv()) for _ in range(1 if legacy else 2)]
            response = dict(socket.response.headers) if socket.response else {}
            response.pop("date", None)
            assert response.pop("sec-websocket-accept")
            return [json.loads(line)["type"] for line in lines], socket.subprotocol, response
    except InvalidStatus as refused:
        return refused.response.status_code, refused.response.body
    except ConnectionClosed as closed:
        return closed.rcvd


@pytest.mark.parametrize("authenticate", [None, sync, waiting, at_once, later])
async def test_it_ends_as_the_whole_way_does(authenticate: Any) -> None:
    straight, whole = made(authenticate=authenticate), Starlette()
    whole.add_middleware(Layer)
    async with (
        serving(straight, http=HTTP) as one,
        serving(made(whole, authenticate=authenticate), http=HTTP) as other,
    ):
        for name in ("ann", "", "refuse", "raise"):
            for legacy in (False, True):
                seen = await outcome(one, name, legacy=legacy)
                assert seen == await outcome(other, name, legacy=legacy), name
    assert SECRET.get() == ""


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
async def test_who_authenticates_sees_the_same_scope(kind: type[Starlette]) -> None:
    scopes: list[dict[str, Any]] = []

    def authenticate(handshake: Handshake) -> Principal:
        assert handshake.headers["x-mine"] == "yes"
        assert handshake.cookies == {"a": "b"}
        assert "query_string" in handshake
        assert handshake["query_string"] == b""
        scopes.append(dict(handshake.scope))
        assert handshake.host == scopes[-1]["client"][0]
        assert handshake.url.path == PATH
        return Principal("ann")

    for layers in ([], [Layer]):
        app = kind()
        for layer in layers:
            app.add_middleware(layer)
        headers = {"X-Mine": "yes", "Cookie": "a=b"}
        async with (
            serving(made(app, authenticate=authenticate), http=HTTP) as url,
            connect(f"{url}?token=secret", additional_headers=headers),
        ):
            pass
    straight, whole = scopes
    for scope in scopes:
        for name in ("extensions", "headers", "client", "server", "app", "router"):
            assert scope.pop(name)
        assert ("route" in scope) is (kind is Starlette)
        scope.pop("route", None)
        scope.pop("starlette.exception_handlers", None)
        for name in [name for name in scope if name.startswith("fastapi")]:
            del scope[name]
        assert scope.pop("endpoint").__class__.__name__ == "Endpoint"
    assert straight == whole


async def test_a_proxys_word_is_heard() -> None:
    hosts: list[str | None] = []

    def authenticate(handshake: Handshake) -> Principal:
        hosts.append(handshake.host)
        return Principal("ann")

    async with serving(made(authenticate=authenticate), http=HTTP, forwarded_allow_ips="*") as url:
        for headers in ({}, {"X-Forwarded-For": "203.0.113.7"}):
            async with connect(url, additional_headers=headers):
                pass
    assert hosts == ["127.0.0.1", "203.0.113.7"]


async def test_a_handshake_that_is_kept_tells_its_scope_later() -> None:
    kept: list[Handshake] = []

    def authenticate(handshake: Handshake) -> Principal:
        kept.append(handshake)
        return Principal("ann")

    async with (
        serving(made(authenticate=authenticate), http=HTTP) as url,
        connect(url, additional_headers={"X-Mine": "yes"}),
    ):
        pass
    assert kept[0].headers["x-mine"] == "yes"
    assert kept[0]["path"] == PATH


# What it is for


@pytest.mark.parametrize("authenticate", [None, lambda _: Principal("ann")])
async def test_the_answer_and_hello_leave_together_and_no_task_is_made(authenticate: Any) -> None:
    app = made(authenticate=authenticate)
    async with serving(app, http=HTTP) as url:
        before = len(asyncio.all_tasks())
        async with raw_socket(url) as raw:
            assert b'{"type":"hello"' in raw.received  # with one read
            assert len(asyncio.all_tasks()) == before
