"""A topic that is silent for longer than its route promises: socket alive, data dead.

The server only counts and logs it. Clients judge for themselves, by when they received something.
"""

from __future__ import annotations

from topicwire.hub.clock import Timer
from topicwire.hub.route import Route
from topicwire.hub.surroundings import Surroundings


class Silence:
    """Watches how long ago a topic's last update was, while somebody wants the topic.

    An update costs a look at the clock: one alarm at a time serves them all.

    Args:
        hub: whose clock and log it is.
        route: what promises, and counts.
        topic: its key, for the log.
    """

    __slots__ = (
        "_after_s",
        "_alarm",
        "_clock",
        "_heard_s",
        "_is_stale",
        "_logger",
        "_metrics",
        "_topic",
        "is_watched",
    )

    def __init__(self, hub: Surroundings, route: Route, topic: str) -> None:
        self._topic = topic
        self._after_s = route.stale_after_s
        self._clock = hub.clock
        self._metrics = route.metrics
        self._logger = hub.logger
        self._heard_s = 0.0
        self._is_stale = False
        self.is_watched = False
        """Each update is to be noted."""
        self._alarm: Timer | None = None

    def begin(self) -> None:
        """Watch from now on, where the route promises anything."""
        if self._after_s is not None and not self.is_watched:
            self.is_watched = True
            self._heard_s = self._clock.now_s()
            self._arm(self._after_s)

    def heard(self) -> None:
        """Note an update, while it is watched."""
        self._heard_s = self._clock.now_s()
        if self._is_stale and self._after_s is not None:
            self._is_stale = False
            self._metrics.topics_stale -= 1
            self._arm(self._after_s)

    def end(self) -> None:
        """Watch no longer: nobody wants the topic."""
        self.is_watched = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._is_stale:
            self._is_stale = False
            self._metrics.topics_stale -= 1

    def _arm(self, delay_s: float) -> None:
        self._alarm = self._clock.call_later(delay_s, self._look)

    def _look(self) -> None:
        self._alarm = None
        after_s = self._after_s or 0.0
        left_s = self._heard_s + after_s - self._clock.now_s()
        if left_s > 0:
            self._arm(left_s)
            return
        self._is_stale = True
        self._metrics.topics_stale += 1
        self._logger.warning(
            "%s is stale: its route promises an update every %g s, and none has come",
            self._topic,
            after_s,
            extra={"topic": self._topic},
        )
