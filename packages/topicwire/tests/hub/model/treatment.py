"""What a test does to one client, and which ends of its connection that explains."""

from __future__ import annotations

import math

from topicwire.close_codes import NO_SIGN_OF_LIFE, SLOW_CONSUMER
from topicwire.settings import Settings
from topicwire.testing.faults.app import FaultyLink

LOST = 1006
"""What a client sees of a connection that ends without a word."""


class Treatment:
    """Of one client, since it last had everything that had been sent to it.

    Whatever ends a connection must have a cause here: else the hub has ended it for nothing.

    Args:
        settings: what the hub allows a client.
        now_s: when it connected.
        is_legacy: it is not asked whether it is there.
        link: that a test may cut.

    Attributes:
        is_stalled: it does not read.
        is_late: it did not read for a while, so that what it sees may be old.
    """

    def __init__(
        self, settings: Settings, now_s: float, *, is_legacy: bool, link: FaultyLink | None = None
    ) -> None:
        self.is_stalled = False
        self.is_late = False
        self._settings = settings
        self._is_legacy = is_legacy
        self._link = link
        self._read_s = self._heard_s = now_s
        self._owed = 0
        self._owed_since_s: float | None = None
        self._is_too_late = False
        self._is_too_quiet = False

    def stall(self) -> None:
        """It stops reading."""
        self.is_stalled = self.is_late = True

    def read_again(self) -> None:
        """It reads, but what comes is old."""
        self.is_stalled = False

    def hurry(self) -> None:
        """It gets no turn to read."""
        self.is_late = True

    def speak(self, now_s: float) -> None:
        """It sends a message."""
        self._heard_s = now_s

    def owe(self, size: int, now_s: float) -> None:
        """It is to be sent at most `size` bytes."""
        self._owed += size
        if self._owed_since_s is None:
            self._owed_since_s = now_s

    def let_pass(self, now_s: float) -> None:
        """Time has passed, all at once: whatever it was allowed to do has not been done."""
        limits = self._settings
        asked_s = math.inf if self._is_legacy else self._heard_s + limits.heartbeat_s
        sent_s = asked_s if self._owed_since_s is None else min(self._owed_since_s, asked_s)
        blocked_s = now_s - max(sent_s, self._read_s)
        self._is_too_late |= self.is_late and blocked_s >= limits.send_timeout_s
        self._is_too_quiet |= self.is_stalled and now_s >= asked_s + limits.heartbeat_grace_s

    def catch_up(self, now_s: float, *, is_held_back: bool) -> None:
        """It has read, and answered, everything but what is held back behind a reply or a reset."""
        self.is_late = self._is_too_late = self._is_too_quiet = False
        self._read_s = self._heard_s = now_s
        if not is_held_back:
            self._owed, self._owed_since_s = 0, None

    def explanation(self, code: int, *, was_held_back: bool) -> str:
        """Say why its connection has ended with `code`. Fails where nothing was done to it."""
        if code == LOST and self._link is not None and self._link.is_cut:
            return "cut"
        if code == LOST and self._is_too_late:
            return "given up"
        if code == NO_SIGN_OF_LIFE and self._is_too_quiet:
            return "lost"
        # what was held back comes all at once, however promptly it is read
        is_behind = self.is_late or was_held_back
        if code == SLOW_CONSUMER and is_behind and self._owed >= self._settings.max_queue_bytes:
            return "slow"
        raise AssertionError(f"closed with {code}, and nothing was done to it: {vars(self)}")
