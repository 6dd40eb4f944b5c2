"""The first message of a connection."""

from __future__ import annotations

from topicwire.settings import Settings
from topicwire.wire.frames import PROTOCOL_VERSION, Frame, json_bytes, message_frame


def hello_frame(session: str, settings: Settings) -> Frame:
    """Return `hello`: who the client is to the server's logs, and what the server takes of it."""
    limits = {
        "max_message_bytes": settings.max_message_bytes,
        "max_topics": settings.max_topics,
        "max_waiting_commands": settings.max_waiting_commands,
        "heartbeat_grace_s": settings.heartbeat_grace_s,
    }
    hello = {
        "version": PROTOCOL_VERSION,
        "session": session,
        "heartbeat_s": settings.heartbeat_s,
        "limits": limits,
    }
    return message_frame("hello", json_bytes(hello))
