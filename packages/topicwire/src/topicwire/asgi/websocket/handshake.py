"""The opening handshake (RFC 6455, section 4.2), from bytes to bytes."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from topicwire.asgi.websocket.deflate import Deflate, OfferError, agree

Headers = Iterable[tuple[bytes, bytes]]

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16
_VERSION: Final = b"13"
_TOKENS: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_TOKEN: Final = re.compile(_TOKENS.pattern.encode())
_NO_LINES: Final = [b"", b""]
"""After the last header: the empty line, and nothing behind it."""

_IN_NAME: Final = bytes(one for one in range(128) if _TOKENS.fullmatch(chr(one)))
_NOT_IN_VALUE: Final = bytes((*range(9), *range(10, 32), 127))
_OPENS: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: "
)
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

_NAMES: Final = {
    written: name
    for name in (
        *(b"host", b"connection", b"upgrade", b"origin", b"user-agent", b"cookie", b"pragma"),
        *(b"cache-control", b"accept-encoding", b"accept-language", b"authorization"),
        *(b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-protocol"),
        *(b"sec-websocket-extensions", b"x-forwarded-for", b"x-forwarded-proto"),
    )
    for written in (name, name.title(), name.title().replace(b"Websocket", b"WebSocket"))
}
"""In lower case, by how they are mostly written; kept once for all connections."""

_ALIKE: Final = frozenset(
    {
        *(b"host", b"connection", b"upgrade", b"origin", b"user-agent", b"pragma"),
        *(b"cache-control", b"accept-encoding", b"accept-language", b"sec-websocket-version"),
        b"sec-websocket-extensions",
    }
)
"""Headers that many clients have with the same value, and that say nothing of one of them."""

_MAX_SEEN: Final = 256
_MAX_SEEN_BYTES: Final = 256

_SEEN: Final[dict[bytes, tuple[bytes, bytes]]] = {}
"""Such lines as they came, and what they say: read once, and kept once for all connections."""


class RefusedError(Exception):
    """The request opens no WebSocket.

    Attributes:
        status: of the answer.
        headers: of the answer, beside the usual ones.
    """

    def __init__(
        self, reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, headers: Headers = ()
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


class Request:
    """What a client asks for, that was found to be in order.

    Attributes:
        target: of the request line: a path, with or without a query.
        headers: in order, with names in lower case.
        subprotocols: that the client offers, in its order.
        accept: the answer to its key.
        deflate: the agreed permessage-deflate; None for none.
    """

    __slots__ = ("accept", "deflate", "headers", "subprotocols", "target")

    def __init__(self, data: bytes, *, deflates: bool) -> None:
        """Read and judge a request.

        Args:
            data: its line and headers, with the empty line after them.
            deflates: agree to permessage-deflate, where it is offered.

        Raises:
            RefusedError: it opens no WebSocket.
        """
        line, *lines = data.split(b"\r\n")
        try:
            method, target, protocol = line.split(b" ")
            self.target = target.decode("ascii")
        except ValueError:
            raise RefusedError("the request line cannot be read") from None
        if method != b"GET":
            reason = "the method is not GET"
            raise RefusedError(reason, HTTPStatus.METHOD_NOT_ALLOWED, [(b"allow", b"GET")])
        if protocol != b"HTTP/1.1":
            reason = "the protocol is not HTTP/1.1"
            raise RefusedError(reason, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        if lines[-2:] != _NO_LINES:
            raise RefusedError("a header cannot be read")
        del lines[-2:]
        # one look for all of them: the only such bytes are those that end the lines
        is_clean = len(data) - len(data.translate(None, _NOT_IN_VALUE)) == 2 * len(lines) + 4
        self.headers = headers = [
            _SEEN.get(one) or _header(one, is_clean=is_clean) for one in lines
        ]
        found = dict(headers)
        if len(found) != len(headers):
            found = _joined(headers)
        _check(found)
        self.accept = _accept(found.get(b"sec-websocket-key", b""))
        offered = found.get(b"sec-websocket-protocol")
        self.subprotocols = [] if offered is None else _subprotocols(offered)
        extensions = found.get(b"sec-websocket-extensions")
        self.deflate: Deflate | None = None
        if deflates and extensions is not None:
            try:
                self.deflate = agree(extensions.decode("latin-1"))
            except OfferError:
                raise RefusedError("Sec-WebSocket-Extensions cannot be read") from None

    def response(self, subprotocol: str | None, headers: Headers, lines: bytes = b"") -> bytes:
        """Return the answer that opens the WebSocket.

        Args:
            subprotocol: which of the offered ones is spoken.
            headers: that are sent too.
            lines: others, from `header_lines`.

        Raises:
            ValueError: a header's name or value cannot be one.
        """
        own = b"" if not subprotocol else _subprotocol_line(subprotocol)
        if self.deflate is not None:
            own += header_lines([(b"Sec-WebSocket-Extensions", self.deflate.answer.encode())])
        if headers:
            own += header_lines(headers)
        return b"%b%b\r\n%b%b\r\n" % (_OPENS, self.accept, own, lines)


def refusal(status: int, headers: Headers, body: bytes) -> bytes:
    """Return an HTTP answer after which the connection is closed.

    Args:
        status: of HTTP, 200 to 599.
        headers: in place of which nothing is put; `Connection` and what describes the body are
            added where they are missing.
        body: the whole of it.

    Raises:
        ValueError: a header's name or value cannot be one.
    """
    given = list(headers)
    names = {name.lower() for name, _ in given}
    usual = [(b"Connection", b"close")]
    if status not in _WITHOUT_BODY:
        usual.append((b"Content-Length", b"%d" % len(body)))
        usual.append((b"Content-Type", b"text/plain; charset=utf-8"))
    else:
        body = b""
    missing = [one for one in usual if one[0].lower() not in names]
    return _head(status, [*given, *missing]) + body


def _head(status: int, headers: Headers) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase.encode()
    except ValueError:  # not every number has a name
        phrase = b""
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, phrase, header_lines(headers))


@lru_cache(maxsize=64)
def _subprotocol_line(subprotocol: str) -> bytes:
    return header_lines([(b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1"))])


def header_lines(headers: Headers) -> bytes:
    """Return headers as they are sent.

    Raises:
        ValueError: a header's name or value cannot be one.
    """
    lines: list[bytes] = []
    for name, value in headers:
        if not name or name.translate(None, _IN_NAME) or _has_forbidden(value):
            raise ValueError(f"a header cannot be {name!r}: {value!r}")
        lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join(lines)


def _header(line: bytes, *, is_clean: bool) -> tuple[bytes, bytes]:
    written, colon, value = line.partition(b":")
    name = _NAMES.get(written)
    if name is None:
        name = written.lower()
        name = _NAMES.get(name, name)
        if not name or name.translate(None, _IN_NAME):
            raise RefusedError("a header cannot be read")
    if not colon or not (is_clean or not _has_forbidden(value)):
        raise RefusedError("a header cannot be read")
    header = (name, value.strip(b" \t"))
    if name in _ALIKE and len(line) <= _MAX_SEEN_BYTES:
        if len(_SEEN) >= _MAX_SEEN:
            _SEEN.clear()
        _SEEN[line] = header
    return header


def _has_forbidden(value: bytes) -> bool:
    return len(value.translate(None, _NOT_IN_VALUE)) != len(value)


def _joined(headers: Headers) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = value if name not in found else b"%b, %b" % (found[name], value)
    return found


def _check(found: dict[bytes, bytes]) -> None:
    connection, upgrade = found.get(b"connection", b""), found.get(b"upgrade", b"")
    if connection != b"Upgrade" and b"upgrade" not in _list(connection):
        raise _upgrade_required("Connection has no upgrade")
    if upgrade != b"websocket" and _list(upgrade) != [b"websocket"]:
        raise _upgrade_required("Upgrade is not websocket")
    if not found.get(b"host") or b"," in found[b"host"]:
        raise RefusedError("there is not one Host")
    if b"," in found.get(b"origin", b""):  # RFC 6454, section 7.3
        raise RefusedError("there is more than one Origin")
    if found.get(b"sec-websocket-version") != _VERSION:
        raise RefusedError(
            "Sec-WebSocket-Version is not 13",
            HTTPStatus.UPGRADE_REQUIRED,
            [(b"sec-websocket-version", _VERSION), (b"upgrade", b"websocket")],
        )
    if found.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in found:
        raise RefusedError("a handshake has no body")


def _upgrade_required(reason: str) -> RefusedError:
    return RefusedError(
        f"{reason}: this is for WebSocket clients",
        HTTPStatus.UPGRADE_REQUIRED,
        [(b"upgrade", b"websocket")],
    )


def _list(value: bytes) -> list[bytes]:
    return [one for part in value.lower().split(b",") if (one := part.strip(b" \t"))]


def _accept(key: bytes) -> bytes:
    try:
        is_key = len(binascii.a2b_base64(key, strict_mode=True)) == _KEY_BYTES
    except binascii.Error:
        is_key = False
    if not is_key:
        raise RefusedError("there is not one Sec-WebSocket-Key of 16 bytes in base64")
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    return binascii.b2a_base64(digest, newline=False)


def _subprotocols(value: bytes) -> list[str]:
    if _TOKEN.fullmatch(value):  # most clients offer one
        return [value.decode("ascii")]
    offered = [one for part in value.decode("latin-1").split(",") if (one := part.strip(" \t"))]
    if not all(map(_TOKENS.fullmatch, offered)):
        raise RefusedError("Sec-WebSocket-Protocol cannot be read")
    return offered
