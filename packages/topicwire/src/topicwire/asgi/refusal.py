"""How a client is told that it is not let in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Message as AsgiMessage
from starlette.types import Scope

from topicwire.asgi.transport import close_reason
from topicwire.close_codes import (
    FORBIDDEN,
    INTERNAL_ERROR,
    MESSAGE_TOO_BIG,
    RATE_LIMITED,
    UNAUTHENTICATED,
)
from topicwire.errors import CommandError

_CLOSE_CODES: Final = {
    "unauthenticated": UNAUTHENTICATED,
    "token_expired": UNAUTHENTICATED,
    "rate_limited": RATE_LIMITED,
    "too_large": MESSAGE_TOO_BIG,
    "timeout": INTERNAL_ERROR,
    "internal": INTERNAL_ERROR,
}
_STATUSES: Final = {
    UNAUTHENTICATED: 401,
    FORBIDDEN: 403,
    RATE_LIMITED: 429,
    INTERNAL_ERROR: 503,
    MESSAGE_TOO_BIG: 413,
}


def close_code(refusal: CommandError) -> int:
    """Return the close code for a refused login. A code of the application's own is forbidden."""
    return _CLOSE_CODES.get(refusal.code, FORBIDDEN)


async def refuse(
    scope: Scope,
    send: Callable[[AsgiMessage], Awaitable[None]],
    refusal: CommandError,
    subprotocol: str | None,
) -> None:
    """Answer a handshake that is refused, so that its client can learn of it.

    A browser's script sees nothing of a refused handshake, so one that speaks our subprotocol is
    accepted and closed at once. Any other client is refused by HTTP status, where the server can
    say one (the ASGI extension `websocket.http.response`), and otherwise with 403.

    Args:
        scope: of the connection.
        send: of the connection.
        refusal: why.
        subprotocol: of ours, which the client speaks; None of any other one.

    Raises:
        OSError: the client is gone.
    """
    code = close_code(refusal)
    if subprotocol is not None:
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        await send(
            {"type": "websocket.close", "code": code, "reason": close_reason(refusal.message)}
        )
    elif "websocket.http.response" in (scope.get("extensions") or {}):
        status = _STATUSES[code]
        headers = [(b"content-type", b"application/json")]
        if code == UNAUTHENTICATED:
            headers.append((b"www-authenticate", b"Bearer"))
        body = json.dumps({"code": refusal.code, "message": refusal.message}).encode()
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    else:
        await send(
            {"type": "websocket.close", "code": code, "reason": close_reason(refusal.message)}
        )
