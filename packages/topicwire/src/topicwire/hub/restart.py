"""The pause before a topic whose producer died is started again."""

from __future__ import annotations

import random
from collections.abc import Callable

from topicwire.core.restart import RestartPauses
from topicwire.hub.clock import Clock, Timer
from topicwire.settings import Settings


class Restart:
    """Calls when it is time, once for each time that it is armed.

    Args:
        clock: whose time it is.
        settings: how long the pauses are.
        due: called when a pause is over.
    """

    __slots__ = ("_clock", "_due", "_pauses", "_timer")

    def __init__(self, clock: Clock, settings: Settings, due: Callable[[], None]) -> None:
        longest_s = settings.max_restart_backoff_s
        self._clock = clock
        self._due = due
        self._pauses = RestartPauses(settings.restart_backoff_s, longest_s, longest_s)
        self._timer: Timer | None = None

    def began(self) -> None:
        """Note that the producer runs."""
        self._pauses.began(self._clock.now_s())

    def ended(self) -> None:
        """Note that it runs no longer."""
        self._pauses.ended(self._clock.now_s())

    def arm(self) -> None:
        """Call after a pause."""
        # spreads what died together; it guards nothing
        pause_s = self._pauses.next_s(random.random())  # noqa: S311
        self._timer = self._clock.call_later(pause_s, self._elapsed)

    def disarm(self) -> None:
        """Do not call."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _elapsed(self) -> None:
        self._timer = None
        self._due()
