"""One update to everyone who is subscribed: encoded once, in one synchronous loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from topicwire.core.registry import Audience
from topicwire.hub.metrics import RouteMetrics
from topicwire.wire.frames import Frame, update_frame


class Receiver(Protocol):
    """A connection, as the fan-out sees it."""

    def push(self, frame: Frame) -> None:
        """Take a frame to be sent. Never blocks, never raises."""
        ...

    def push_backlog(self, frames: Iterable[bytes]) -> None:
        """Take frames that are sent however many wait already. Never blocks, never raises."""
        ...


def fan_out(
    audience: Audience[Receiver],
    prefix: bytes,
    seq: int,
    payload: bytes,
    *,
    at_s: float,
    metrics: RouteMetrics,
    keep: Callable[[int, bytes], None] | None = None,
) -> None:
    """Send one update, and `keep` it for those who come back.

    The cost depends on the topic's own subscribers, not on other topics or connections. A receiver
    that is too slow ends itself; its neighbours do not notice.
    """
    if keep is None and audience.is_empty:
        audience.skip(seq)
        return
    frame = update_frame(prefix, seq, payload, at_s)
    if keep is not None:
        keep(seq, frame.data)
    audience.advance(seq, frame)
    receivers = audience.members
    sent = len(receivers)
    metrics.updates_sent += sent
    metrics.bytes_sent += sent * frame.size
    for receiver in receivers:
        receiver.push(frame)
