"""An application's own answer to a handshake that it refuses."""

from __future__ import annotations

from typing import Any, Final

from topicwire.asgi.websocket.handshake import refusal

_STATUSES: Final = range(200, 600)


class Denial:
    """The events of ASGI's `websocket.http.response`, until the last of them.

    Args:
        message: the first one, `websocket.http.response.start`.

    Attributes:
        status: of HTTP.
        headers: as they were given.

    Raises:
        RuntimeError: it has no valid status.
        ValueError: a header's name or value cannot be one.
    """

    __slots__ = ("_parts", "headers", "status")

    def __init__(self, message: Any) -> None:
        self.status: int = message["status"]
        if self.status not in _STATUSES:
            raise RuntimeError(f"Invalid HTTP status code '{self.status}' in response.")
        self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers") or ()]
        self._parts: list[bytes] = []
        refusal(self.status, self.headers, b"")  # to be told of a wrong header now

    def add(self, message: Any) -> bool:
        """Take the next event. Returns whether it was the last.

        Raises:
            RuntimeError: it is another one than may follow.
        """
        if message["type"] != "websocket.http.response.body":
            raise RuntimeError(
                "Expected ASGI message 'websocket.http.response.body', "
                f"but got '{message['type']}'."
            )
        self._parts.append(message.get("body", b""))
        return not message.get("more_body", False)

    @property
    def body(self) -> bytes:
        """What has come."""
        return b"".join(self._parts)
