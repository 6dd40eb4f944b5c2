"""The scope of ASGI that a handshake makes."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from uvicorn.config import Config
from uvicorn.protocols.utils import get_local_addr, get_remote_addr

from topicwire.asgi.websocket.handshake import Request


def websocket_scope(
    request: Request,
    transport: asyncio.Transport,
    client: tuple[str, int] | None,
    config: Config,
    state: dict[str, Any],
) -> dict[str, Any]:
    """Return the scope of a WebSocket.

    Args:
        request: what the client asks for.
        transport: knows the addresses.
        client: the client's, where it is known already.
        config: of the server.
        state: of the lifespan; the scope has a copy.
    """
    root_path = config.root_path
    path, query = path_of(request.target)
    is_tls = transport.get_extra_info("sslcontext") is not None
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss" if is_tls else "ws",
        "server": _local_address(transport),
        "client": client or get_remote_addr(transport),
        "root_path": root_path,
        "path": root_path + unquoted(path),
        "raw_path": (root_path + path).encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": request.headers,
        "subprotocols": request.subprotocols,
        "state": state.copy(),
        "extensions": {"websocket.http.response": {}},
    }


def _local_address(transport: asyncio.Transport) -> tuple[str, int | None] | None:
    try:
        return get_local_addr(transport)
    except OSError:  # the connection is lost already
        return None


def path_of(target: str) -> tuple[str, str]:
    """Return the path of a request's target as it came, and its query."""
    path, _, query = _origin_form(target).partition("?")
    return path, query


def unquoted(path: str) -> str:
    """Return a path as applications are given it."""
    return unquote(path) if "%" in path else path


def _origin_form(target: str) -> str:
    """Return the path and query of a request's target, which a proxy may give with its host."""
    if target.startswith("/"):
        return target
    _, _, rest = target.partition("://")
    _, slash, path = rest.partition("/")
    return slash + path if slash else "/"
