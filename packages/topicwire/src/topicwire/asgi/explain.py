"""What a client is told about the exceptions that web applications raise by habit."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException, WebSocketException

from topicwire.errors import CommandError
from topicwire.types import ErrorCode

_BY_CLOSE_CODE: Final[dict[int, ErrorCode]] = {
    1003: "validation_error",
    1007: "validation_error",
    1008: "forbidden",
    1009: "too_large",
    1013: "rate_limited",
    3000: "unauthenticated",
    3003: "forbidden",
    4001: "unauthenticated",
    4003: "forbidden",
    4029: "rate_limited",
}
_BY_STATUS: Final[dict[int, ErrorCode]] = {
    400: "validation_error",
    401: "unauthenticated",
    403: "forbidden",
    404: "validation_error",
    408: "timeout",
    413: "too_large",
    422: "validation_error",
    429: "rate_limited",
    504: "timeout",
}


def explain(error: Exception) -> CommandError | None:
    """Return the command's failure that `error` stands for; None when it is a fault of ours.

    The reason of a `WebSocketException` and the detail of an `HTTPException` are written for
    clients, so they are told. The connection lives on: only the command has failed.
    """
    if isinstance(error, WebSocketException):
        code = _BY_CLOSE_CODE.get(error.code, "internal")
        return CommandError(error.reason or "Refused", code=code)
    if isinstance(error, HTTPException):
        code = _BY_STATUS.get(error.status_code, "internal")
        return CommandError(str(error.detail) or "Refused", code=code)
    return None
