"""Which pages may connect."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.serving import OURS, serving
from packages.topicwire.tests.trading import App, trades
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from topicwire import DeclarationError
from topicwire.asgi.origin import OriginCheck
from topicwire.close_codes import FORBIDDEN
from topicwire.identity import Handshake


def passes(host: str, *origins: str, allowed: tuple[str, ...] = ()) -> bool:
    headers = [(b"host", host.encode("latin-1"))]
    headers += [(b"origin", origin.encode("latin-1")) for origin in origins]
    check = OriginCheck(allowed, logging.getLogger("topicwire.test"))
    return check.passes(Handshake({"type": "websocket", "headers": headers}))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("app.example", "https://app.example"),
        ("app.example", "http://app.example"),
        ("app.example:443", "https://app.example"),
        ("app.example", "https://app.example:443"),
        ("APP.example", "https://app.EXAMPLE"),
        ("127.0.0.1:5173", "http://127.0.0.1:5173"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_host_s_own_pages_may(host: str, origin: str) -> None:
    assert passes(host, origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("app.example", "https://evil.example"),
        ("app.example", "https://app.example.evil.example"),
        ("app.example", "https://sub.app.example"),
        ("app.example", "https://app.example:8443"),
        ("app.example:8000", "http://app.example"),
        ("app.example", "https://app.example@evil.example"),
        ("app.example", "https://evil.example@app.example"),
        ("app.example", "https://app.example/path"),
        ("app.example", "null"),
        ("", "null"),
        ("", ""),
        ("app.example", ""),
        ("app.example", "file://"),
        ("app.example", "https://"),
        ("app.example", "https://[app.example"),
        ("app.example", "https://app.example:99999999"),
    ],
)
def test_no_other_page_may(host: str, origin: str) -> None:
    assert not passes(host, origin)


def test_two_origins_are_none() -> None:
    assert not passes("app.example", "https://app.example", "https://app.example")


def test_who_sends_no_origin_is_no_browser() -> None:
    assert passes("app.example")


def test_others_may_be_listed() -> None:
    listed = ("https://app.example", "http://localhost:3000", "null")
    assert passes("api.example", "https://app.example", allowed=listed)
    assert passes("api.example", "https://APP.example:443", allowed=listed)
    assert passes("api.example", "null", allowed=listed)
    assert passes("api.example", "https://api.example", allowed=listed)
    assert not passes("api.example", "http://app.example", allowed=listed)
    assert not passes("api.example", "http://localhost:3001", allowed=listed)
    assert passes("api.example", "anything", allowed=("*",))


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/path", "*.example", ""])
def test_what_is_listed_must_be_an_origin(origin: str) -> None:
    with pytest.raises(DeclarationError, match="a scheme, a host"):
        App(allowed_origins=[origin])
    with pytest.raises(DeclarationError, match="pass a list"):
        App(allowed_origins="https://app.example")


@given(st.text(), st.text())
def test_whatever_is_sent_it_is_an_answer(host: str, origin: str) -> None:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    check = OriginCheck((), logging.getLogger("topicwire.test"))
    assert check.passes(Handshake({"type": "websocket", "headers": headers})) in {True, False}


async def test_a_page_of_another_host_is_refused_and_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App(trades())
    foreign = Origin("https://evil.example")
    async with serving(app.asgi) as url:
        own = Origin(url.replace("ws://", "http://").removesuffix("/api/v1/ws"))
        async with connect_socket(url, origin=own, subprotocols=OURS) as socket:
            assert "hello" in str(await socket.recv())
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refusal:
                await connect_socket(url, origin=foreign)
            assert refusal.value.response.status_code == 403
        async with connect_socket(url, origin=foreign, subprotocols=OURS) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == FORBIDDEN
    assert caplog.text.count("list it in allowed_origins") == 1
    assert app.adapter.metrics.logins_refused == {"forbidden": 3}
    assert app.adapter.metrics.connections_accepted == 1
