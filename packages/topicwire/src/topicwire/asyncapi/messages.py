"""The envelopes of the wire protocol as schemas: what stands around a payload.

One function for each shape of message in docs/protocol.md, section 2. Unknown keys are ignored
by both sides, so no envelope forbids further properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from topicwire.asyncapi.draft07 import Schema
from topicwire.types import MAX_EPOCH_CHARACTERS, MAX_SEQ, ErrorCode

ID_REF = {"$ref": "#/components/schemas/MessageId"}
CORRELATION_REF = {"$ref": "#/components/correlationIds/id"}

CORRELATION_IDS = {
    "id": {
        "description": "The client's own number or name for a request, echoed in the reply.",
        "location": "$message.payload#/id",
    }
}


RESUME = {
    "description": (
        "Where to go on from, after a connection was lost: the position reached; by topic, "
        "where the subscription has several. null is the same as leaving it out."
    ),
    "anyOf": [
        {"$ref": "#/components/schemas/ResumePosition"},
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"$ref": "#/components/schemas/ResumePosition"},
        },
        {"type": "null"},
    ],
}


def shared_schemas() -> dict[str, Schema]:
    """Schemas of the protocol itself, which every document has."""
    return {
        "ErrorCode": {
            "description": (
                "Stable names of what went wrong. A newer server may send one not listed here."
            ),
            "anyOf": [
                {"type": "string", "enum": list(get_args(ErrorCode))},
                {"type": "string"},
            ],
        },
        "MessageId": {
            "description": (
                "Chosen by the client, echoed in the reply; unique as far as the client cares."
            ),
            "anyOf": [
                {"type": "string", "maxLength": 64},
                {"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1},
            ],
        },
        "ResumePosition": {
            "description": "A place in a topic's numbering: `seq` updates into the life `epoch`.",
            "type": "object",
            "required": ["epoch", "seq"],
            "properties": {
                "epoch": {"type": "string", "maxLength": MAX_EPOCH_CHARACTERS},
                "seq": {"type": "integer", "minimum": 0, "maximum": MAX_SEQ},
            },
        },
    }


def envelope(type_name: str, payload: Any, *, correlated: bool, resumes: bool = False) -> Schema:
    """`{type, payload, id?, resume?}`; without `payload` where there is none to describe."""
    properties: dict[str, Any] = {"type": {"type": "string", "const": type_name}}
    if correlated:
        properties["id"] = ID_REF
    if resumes:
        properties["resume"] = RESUME
    required = ["type"]
    if payload is not None:
        properties["payload"] = payload
        required.append("payload")
    return {"type": "object", "required": required, "properties": properties}


def update_payload(data: Any, *, sourced: bool = False) -> Schema:
    """`{topic, seq, payload, snapshot?, source?}`: an update of a topic, or its state at `seq`.

    Args:
        data: of the update.
        sourced: the route has wildcard patterns, whose updates say of which topic they are.
    """
    source = {
        "source": {
            "type": "string",
            "description": "Where `topic` is a wildcard pattern: the topic that the update is of.",
        }
    }
    return {
        "type": "object",
        "required": ["topic", "seq", "payload"],
        "properties": {
            "topic": {"type": "string", "description": "The topic that the reply named."},
            "seq": {
                "type": "integer",
                "minimum": 0,
                "description": "The server's number of this update within its topic.",
            },
            "payload": data,
            "snapshot": {
                "type": "boolean",
                "const": True,
                "description": "It is the topic's state after `seq` updates, and no update itself.",
            },
            **(source if sourced else {}),
        },
    }


def closed_payload() -> Schema:
    """`{topic, code, message, retry}`: a topic has ended for its subscriber, or is interrupted."""
    return {
        "type": "object",
        "required": ["topic", "code", "message", "retry"],
        "properties": {
            "topic": {"type": "string", "description": "The topic that the reply named."},
            "code": {"$ref": "#/components/schemas/ErrorCode"},
            "message": {"type": "string"},
            "retry": {
                "type": "boolean",
                "description": (
                    "true: the topic is interrupted, and the subscription is kept. false: the "
                    "subscription has ended."
                ),
            },
        },
    }


def reset_payload() -> Schema:
    """`{topic, epoch, seq, reason, snapshot?}`: where a topic goes on, whatever came before."""
    return {
        "type": "object",
        "required": ["topic", "epoch", "seq", "reason"],
        "properties": {
            "topic": {"type": "string", "description": "The topic that the reply named."},
            "epoch": {
                "type": "string",
                "description": (
                    "Names the life of the topic's numbering. The same as before: nothing is "
                    "missing."
                ),
            },
            "seq": {
                "type": "integer",
                "minimum": 0,
                "description": "The updates after this one follow.",
            },
            "reason": {"type": "string", "description": "Why, as a stable name."},
            "snapshot": {
                "type": "boolean",
                "const": True,
                "description": "The topic's present state follows.",
            },
        },
    }


CONNECTION = "connection"
"""The channel of what belongs to no route."""

CONNECTION_OPERATIONS: Mapping[str, tuple[str, str, str | None]] = {
    "error": ("send", "error", None),
    "hello": ("send", "hello", None),
    "closing": ("send", "closing", None),
    # Either side may ask whether the other is alive.
    "ping": ("receive", "ping", "pong"),
    "heartbeat": ("send", "ping", "pong"),
    "auth": ("receive", "auth", "auth.response"),
}
"""By name: what the server does, with which message, and the answer.

`auth` is there where the server takes tokens.
"""

CORRELATED = frozenset({"error", "ping", "pong", "auth", "auth.response"})
"""Messages of the connection that carry an id."""


def connection_payloads() -> dict[str, Schema | None]:
    """Payloads of the messages that belong to the connection and to no route."""
    return {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"$ref": "#/components/schemas/ErrorCode"},
                "message": {"type": "string"},
                "details": {
                    "description": "What is wrong where: never a value that was sent.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["path", "message", "kind"],
                        "properties": {
                            "path": {"type": "string"},
                            "message": {"type": "string"},
                            "kind": {"type": "string"},
                        },
                    },
                },
            },
        },
        "hello": {
            "type": "object",
            "required": ["version", "session", "heartbeat_s", "limits"],
            "properties": {
                "version": {"type": "integer", "description": "Of the protocol."},
                "session": {"type": "string", "description": "Names this connection in logs."},
                "heartbeat_s": {
                    "type": "number",
                    "description": (
                        "A connection that is quiet for so many seconds is sent a ping; one on "
                        "which nothing comes for longer than this and `heartbeat_grace_s` is lost."
                    ),
                },
                "limits": {
                    "description": "What the server takes from one connection.",
                    "type": "object",
                    "additionalProperties": {"type": "number"},
                },
            },
        },
        "closing": {
            "type": "object",
            "required": ["reason", "retry_after_ms"],
            "properties": {
                "reason": {"type": "string"},
                "retry_after_ms": {
                    "type": "integer",
                    "minimum": 0,
                    "description": (
                        "When to connect again. Each client is told another time, so that they do "
                        "not all come back at once."
                    ),
                },
            },
        },
        "ping": None,
        "pong": None,
    }
