"""How a document says who may connect: `auth` messages, and what a handshake may carry."""

from __future__ import annotations

from typing import Any

from topicwire.asyncapi.draft07 import Schema
from topicwire.wire.frames import BEARER_SUBPROTOCOL


def auth_payloads() -> dict[str, Schema | None]:
    """Payloads of `auth` and its answer, where the server verifies tokens."""
    return {
        "auth": {
            "type": "object",
            "required": ["token"],
            "properties": {"token": {"type": "string"}},
        },
        "auth.response": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["status"],
                    "properties": {
                        "status": {"type": "string", "const": "ok"},
                        "expires_in_s": {
                            "type": "integer",
                            "minimum": 0,
                            "description": "Absent when the token does not expire.",
                        },
                    },
                },
                {
                    "type": "object",
                    "required": ["status", "code", "message"],
                    "properties": {
                        "status": {"type": "string", "const": "error"},
                        "code": {"$ref": "#/components/schemas/ErrorCode"},
                        "message": {"type": "string"},
                    },
                },
            ],
        },
    }


def security_schemes(cookie: str | None) -> dict[str, Any]:
    """Return how a client may say who it is.

    Args:
        cookie: the name of the one that does; None where none does.
    """
    schemes: dict[str, Any] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "The header `Authorization` of the handshake.",
        },
        "subprotocol": {
            "type": "httpApiKey",
            "name": "Sec-WebSocket-Protocol",
            "in": "header",
            "description": (
                f"For browsers, whose scripts can set no other header: `{BEARER_SUBPROTOCOL}` and "
                "the token in base64url without padding, offered after the subprotocol itself."
            ),
        },
    }
    if cookie is not None:
        schemes["cookie"] = {
            "type": "httpApiKey",
            "name": cookie,
            "in": "cookie",
            "description": "A session, for pages of the origins that the server allows.",
        }
    return schemes
