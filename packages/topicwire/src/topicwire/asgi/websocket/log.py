"""What uvicorn's log is told of a WebSocket, in uvicorn's words."""

from __future__ import annotations

import logging
from typing import Any, Final

from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.utils import (
    get_client_addr,
    get_path_with_query_string,
    get_remote_addr,
)

LOGGER: Final = logging.getLogger("uvicorn.error")


def log_answer(scope: Any, outcome: str) -> None:
    """Tell how a handshake was answered; None for a scope is one that was not made."""
    if scope is not None and LOGGER.isEnabledFor(logging.INFO):
        address, path = get_client_addr(scope), get_path_with_query_string(scope)
        LOGGER.info('%s - "WebSocket %s" %s', address, path, outcome)


def trace(transport: Any, what: str) -> None:
    """Tell what has become of a connection."""
    if LOGGER.isEnabledFor(TRACE_LOG_LEVEL):
        client = get_remote_addr(transport)
        prefix = "" if client is None else f"{client[0]}:{client[1]} - "
        LOGGER.log(TRACE_LOG_LEVEL, "%sWebSocket connection %s", prefix, what)
