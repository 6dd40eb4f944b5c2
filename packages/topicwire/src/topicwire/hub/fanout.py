"""One update to everyone who is subscribed: encoded once, then pushed to each or put on the wave.

Those whose socket the server gives ride the wave of the topic, which reaches them with the next
turn of the event loop (`core.waves`). To all others it is pushed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Protocol, TypeAlias

from topicwire.core.policies import Policy
from topicwire.core.registry import Audience
from topicwire.core.updates import Outcome, Update
from topicwire.core.wave import Rider
from topicwire.hub.metrics import RouteMetrics
from topicwire.wire.frames import Frame, update_frame


class Receiver(Rider, Protocol):
    """A connection, as the fan-out sees it."""

    def push(self, frame: Frame) -> None:
        """Take a frame to be sent. Never blocks, never raises."""
        ...

    def take(self, frame: Frame, max_bytes: int | None = None) -> None:
        """Take a frame that a wave brought, as `push` or `push_within`."""
        ...

    def push_backlog(self, frames: Iterable[bytes]) -> None:
        """Take frames that are sent however many wait already. Never blocks, never raises."""
        ...

    def push_states(self, frames: Iterable[bytes]) -> None:
        """Take states that nobody asked for, as `push_backlog`, up to one for each topic."""
        ...

    def push_within(self, frame: Frame, max_bytes: int) -> None:
        """Take a frame of a route that lets at most `max_bytes` wait. Never blocks or raises."""
        ...

    def push_update(self, update: Update, policy: Policy) -> Outcome:
        """Take an update whose route does not promise every one. Never blocks, never raises."""
        ...

    def take_update(self, update: Update, policy: Policy) -> Outcome:
        """Take an update that a wave brought, as `push_update`."""
        ...

    def seal(self, topic: Hashable) -> None:
        """Let nothing replace what waits of `topic`."""
        ...


Keep: TypeAlias = Callable[[int, bytes, float, bytes], None]
"""`(seq, frame, at_s, mark)`: keeps an update for those who come back."""


def fan_out(
    audience: Audience[Receiver],
    prefix: bytes,
    seq: int,
    payload: bytes,
    *,
    at_s: float,
    metrics: RouteMetrics,
    keep: Keep | None = None,
    max_bytes: int | None = None,
) -> None:
    """Send one update, and `keep` it for those who come back.

    Where the route lets less wait for a client than the app does, `max_bytes` says how much.

    The cost depends on the topic's own subscribers, not on other topics or connections. A receiver
    that is too slow ends itself; its neighbours do not notice.
    """
    if keep is None and audience.is_empty:
        audience.skip(seq)
        return
    frame = update_frame(prefix, seq, payload, at_s)
    if keep is not None:
        keep(seq, frame.data, at_s, b"")
    sent = audience.advance(seq, frame)
    metrics.updates_sent += sent
    metrics.bytes_sent += sent * frame.size
    wave = audience.wave
    if wave is not None and wave.members:
        wave.add(frame)
        if len(wave.members) == sent:
            return
    if max_bytes is None:
        for receiver in audience.single:
            receiver.push(frame)
    else:
        for receiver in audience.single:
            receiver.push_within(frame, max_bytes)
