"""How fast one client may send: a bucket of tokens, and a second one for what exceeds it."""

from __future__ import annotations

from enum import Enum, auto


class Pace(Enum):
    """What becomes of a command, by how fast it came after others."""

    FINE = auto()
    TOO_FAST = auto()
    """Answer `rate_limited`, and do nothing else."""

    FLOOD = auto()
    """Even the refused ones come too fast: close the connection."""


class TokenBucket:
    """Lets `burst` pass at once, and `rate_per_s` in the long run. It begins full.

    Args:
        rate_per_s: tokens that come back each second.
        burst: tokens it holds at most.
    """

    __slots__ = ("_burst", "_rate_per_s", "_seen_s", "_tokens")

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._tokens = self._burst
        self._seen_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Take one token. False, and nothing is taken, when there is none.

        Args:
            now_s: the time, which never goes back.
        """
        if self._seen_s is not None:
            back = (now_s - self._seen_s) * self._rate_per_s
            self._tokens = min(self._burst, self._tokens + back)
        self._seen_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class CommandRate:
    """The pace of one client's commands.

    Guarantee: a client within `rate_per_s` is never refused; one that sends up to twice as fast is
    refused what is too much, for ever; one that goes on faster than that is a flood.

    Args:
        rate_per_s: commands each second, in the long run.
        burst: commands at once; and refusals at once, before they are a flood.
    """

    __slots__ = ("_burst", "_rate_per_s", "_refused", "_taken")

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._taken = TokenBucket(rate_per_s, burst)
        # full until something is refused, which is seldom
        self._refused: TokenBucket | None = None
        self._rate_per_s = rate_per_s
        self._burst = burst

    def take(self, now_s: float) -> Pace:
        """Count one command that came at `now_s`."""
        if self._taken.take(now_s):
            return Pace.FINE
        if self._refused is None:
            self._refused = TokenBucket(self._rate_per_s, self._burst)
        return Pace.TOO_FAST if self._refused.take(now_s) else Pace.FLOOD
