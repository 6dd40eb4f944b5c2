"""What a handshake says of its client."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from topicwire.identity import Handshake


def handshake(*headers: tuple[str, str], **scope: Any) -> Handshake:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return Handshake({"type": "websocket", "path": "/ws", "headers": raw, **scope})


def offered(token: bytes) -> list[str]:
    text = urlsafe_b64encode(token).decode().rstrip("=")
    return ["topicwire.v1+json", f"topicwire.bearer.{text}"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_in_the_authorization_header(scheme: str) -> None:
    assert handshake(("authorization", f"{scheme} a.b.c")).bearer == "a.b.c"


def test_another_scheme_is_no_bearer_token() -> None:
    assert handshake(("authorization", "Basic eDp5")).bearer is None
    assert handshake().bearer is None


@pytest.mark.parametrize("token", [b"a.b.c", b"ab", "é~?".encode(), b""])
def test_a_browser_offers_it_as_a_subprotocol(token: bytes) -> None:
    assert handshake(subprotocols=offered(token)).bearer == token.decode()


@pytest.mark.parametrize("text", ["!", "a", "_w", "é"])
def test_one_that_cannot_be_read_is_nobody_s(text: str) -> None:
    assert handshake(subprotocols=[f"topicwire.bearer.{text}"]).bearer == ""


def test_the_header_goes_before_the_subprotocol() -> None:
    both = handshake(("authorization", "Bearer header"), subprotocols=offered(b"other"))
    assert both.bearer == "header"


def test_nothing_can_be_read_from_the_url() -> None:
    """pitfall 25: a token in the URL ends in logs and histories, so it is nowhere to be found."""
    seen = handshake(query_string=b"token=secret&access_token=secret")
    assert seen.bearer is None
    assert dict(seen.query_params) == {}
    assert "secret" not in str(seen.url)


def test_cookies_are_there() -> None:
    assert handshake(("cookie", "session=x; other=y")).cookies["session"] == "x"
