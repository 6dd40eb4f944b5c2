"""The opening handshake, from bytes to bytes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request as TheirRequest
from websockets.server import ServerProtocol

from topicwire.asgi.websocket.handshake import RefusedError, Request, refusal

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""Of RFC 6455, section 1.3, as is the answer to it."""
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

RIGHT = {
    "Host": "here",
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "WebSocket",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def request(
    *more: tuple[str, str], line: str = "GET /a?b HTTP/1.1", deflates: bool = True, **changed: str
) -> Request:
    """Return a right request, but for what is given."""
    headers = [*{**RIGHT, **{k.replace("_", "-"): v for k, v in changed.items()}}.items(), *more]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers if value != "-")
    return Request(f"{line}\r\n{lines}\r\n".encode("latin-1"), deflates=deflates)


def test_a_right_request_is_read_and_answered() -> None:
    asked = request(("X-One", " a "), ("X-One", "é"))
    assert (asked.target, asked.accept, asked.subprotocols, asked.deflate) == (
        *("/a?b", ACCEPT),
        *([], None),
    )
    assert asked.headers[0] == (b"host", b"here")
    assert asked.headers[-2:] == [(b"x-one", b"a"), (b"x-one", b"\xe9")]
    assert asked.response(None, [(b"date", b"now")]) == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\ndate: now\r\n\r\n" % ACCEPT
    )


def test_what_is_agreed_on_is_in_the_answer() -> None:
    asked = request(
        ("Sec-WebSocket-Protocol", "a, b"),
        ("sec-websocket-protocol", "c"),
        ("Sec-WebSocket-Extensions", "x-other, permessage-deflate; client_max_window_bits"),
    )
    assert asked.subprotocols == ["a", "b", "c"]
    answer = asked.response("b", [])
    assert b"\r\nSec-WebSocket-Protocol: b\r\n" in answer
    assert (
        b"\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        b"client_no_context_takeover\r\n"
    ) in answer


def test_where_compression_is_not_wanted_no_offer_is_read() -> None:
    asked = request(("Sec-WebSocket-Extensions", "permessage-deflate"), deflates=False)
    assert b"Extensions" not in asked.response(None, [])
    assert request(("Sec-WebSocket-Extensions", '"'), deflates=False).deflate is None


WRONG = [
    ({"line": "POST / HTTP/1.1"}, 405),
    ({"line": "GET / HTTP/1.0"}, 505),
    ({"line": "GET /"}, 400),
    ({"line": "GET /é HTTP/1.1"}, 400),
    ({"Host": "-"}, 400),
    ({"Connection": "keep-alive"}, 426),
    ({"Connection": "-"}, 426),
    ({"Upgrade": "h2c"}, 426),
    ({"Upgrade": "h2c, websocket"}, 426),
    ({"Sec_WebSocket_Key": "-"}, 400),
    ({"Sec_WebSocket_Key": "dGhl"}, 400),
    ({"Sec_WebSocket_Key": KEY[:-1]}, 400),
    ({"Sec_WebSocket_Key": f"{KEY}, {KEY}"}, 400),
    ({"Sec_WebSocket_Version": "8"}, 426),
    ({"Sec_WebSocket_Version": "-"}, 426),
    ({"Sec_WebSocket_Protocol": "a b"}, 400),
    ({"Sec_WebSocket_Extensions": "permessage-deflate;"}, 400),
    ({"Origin": "http://a, http://b"}, 400),
    ({"Content_Length": "1"}, 400),
    ({"Transfer_Encoding": "chunked"}, 400),
    ({"X Y": "1"}, 400),
]


@pytest.mark.parametrize(("changed", "status"), WRONG, ids=str)
def test_a_wrong_request_is_refused(changed: dict[str, Any], status: int) -> None:
    with pytest.raises(RefusedError) as refused:
        request(**changed)
    assert refused.value.status == status
    headers = dict(refused.value.headers)
    assert headers.get(b"allow") == (b"GET" if status == HTTPStatus.METHOD_NOT_ALLOWED else None)
    if "Version" in next(iter(changed)):
        assert headers[b"sec-websocket-version"] == b"13"
    elif status == HTTPStatus.UPGRADE_REQUIRED:
        assert headers == {b"upgrade": b"websocket"}


@pytest.mark.parametrize(("changed", "status"), [({}, 101), *WRONG], ids=str)
def test_websockets_refuses_no_more(changed: dict[str, str], status: int) -> None:
    """What is in order for websockets is so for us, but for what RFC 6455 has beyond it."""
    line = changed.get("line", "GET / HTTP/1.1").split(" ")
    if len(line) < 3 or not line[1].isascii() or "X Y" in changed:
        return  # it is told so while it reads them, not here
    headers = Headers()
    for name, value in {**RIGHT, **{k.replace("_", "-"): v for k, v in changed.items()}}.items():
        if name != "line" and value != "-":
            headers[name] = value
    theirs = ServerProtocol().accept(TheirRequest(line[1], headers, line[0], line[2]))
    beyond = {"Host", "Origin", "Content_Length", "Transfer_Encoding", "Sec_WebSocket_Extensions"}
    if not beyond & set(changed):
        assert (theirs.status_code == 101) == (status == 101)


@pytest.mark.parametrize(
    "header", [(b"a\r\nb", b"c"), (b"a", b"b\r\nc: d"), (b"a", b"\0"), (b"", b"a"), (b"a b", b"c")]
)
def test_a_header_that_would_be_two_is_not_sent(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="a header cannot be"):
        request().response(None, [header])
    with pytest.raises(ValueError, match="a header cannot be"):
        refusal(403, [header], b"")


def test_a_refusal_has_what_describes_its_body() -> None:
    assert refusal(403, [], b"no") == (
        b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nno"
    )
    given = [(b"content-type", b"a/b"), (b"content-length", b"2"), (b"connection", b"close")]
    assert refusal(599, given, b"no") == (
        b"HTTP/1.1 599 \r\ncontent-type: a/b\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"
    )
    assert refusal(204, [], b"no") == b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
