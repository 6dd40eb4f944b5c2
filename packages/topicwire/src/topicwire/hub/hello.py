"""The first message of a connection."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from topicwire.settings import Settings
from topicwire.wire.frames import PROTOCOL_VERSION, Frame, json_bytes, message_frame

_SESSION: Final = "(session)"


def hello_frame(session: str, settings: Settings) -> Frame:
    """Return `hello`: who the client is to the server's logs, and what the server takes of it.

    Args:
        session: letters and digits alone.
        settings: of the app.
    """
    before, after = _around_session(settings)
    return Frame(b"%b%b%b" % (before, session.encode(), after))


@lru_cache(maxsize=16)
def _around_session(settings: Settings) -> tuple[bytes, bytes]:
    """Return what stands before the session and after it: the same for every client of an app."""
    limits = {
        "max_message_bytes": settings.max_message_bytes,
        "max_topics": settings.max_topics,
        "max_waiting_commands": settings.max_waiting_commands,
        "heartbeat_grace_s": settings.heartbeat_grace_s,
    }
    hello = {
        "version": PROTOCOL_VERSION,
        "session": _SESSION,
        "heartbeat_s": settings.heartbeat_s,
        "limits": limits,
    }
    before, _, after = message_frame("hello", json_bytes(hello)).data.partition(_SESSION.encode())
    return before, after
