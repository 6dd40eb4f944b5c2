"""Who is told of what belongs to no single subscription or call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from topicwire.client.errors import ClientError
from topicwire.client.handles import guard, logger
from topicwire.client.link import Status


class Observers:
    """The callbacks of one client, in the order in which they came.

    Args:
        whose: the client, for logs.
    """

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._of_status: dict[object, Callable[[Status], object]] = {}
        self._of_errors: dict[object, Callable[[ClientError], object]] = {}

    def on_status(self, callback: Callable[[Status], object]) -> Callable[[], None]:
        """Add a callback. Returns what ends it."""
        return _add(self._of_status, callback)

    def on_error(self, callback: Callable[[ClientError], object]) -> Callable[[], None]:
        """Add a callback. Returns what ends it."""
        return _add(self._of_errors, callback)

    def status_changed(self, status: Status) -> None:
        """The connection has another status."""
        for callback in [*self._of_status.values()]:
            guard("on_status", self._whose, callback, status)

    def failed(self, error: ClientError) -> None:
        """Something failed, and nobody else takes it."""
        for callback in [*self._of_errors.values()]:
            guard("on_error", self._whose, callback, error)
        if not self._of_errors:
            logger.warning("%s", error, extra={"whose": self._whose, "code": error.code})


def _add(callbacks: dict[object, Any], callback: Callable[..., object]) -> Callable[[], None]:
    # a key of its own for each, so that ending one leaves another of the same callback
    key = object()
    callbacks[key] = callback

    def end() -> None:
        callbacks.pop(key, None)

    return end
