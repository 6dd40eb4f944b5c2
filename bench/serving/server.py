"""The server of the fan-out's bench, with and without what `topicwire serve` sets.

Options: `--settled` (the collector, as `topicwire serve` has it), `--by-asgi` (every message goes
through `send`, as where a middleware wraps it).
"""

from __future__ import annotations

import gc
import sys
import time
from collections import deque
from typing import Any, Final

from bench.fanout.servers import ours
from bench.fanout.servers.by_uvicorn import run

from topicwire.asgi.served import settled

EACH_TICK: Final = 500
KEPT: Final = 100_000

_book: deque[list[float]] = deque(maxlen=KEPT)
_is_busy = False


def publish(count: int, at: int) -> None:
    """Publish; an application that is busy makes some objects, too, of which it keeps the last."""
    if _is_busy:
        _book.extend([at + number / 7, number * 3.0] for number in range(EACH_TICK))
    ours.publish(count, at)


def busy() -> bool:
    """Let the application make objects with each tick from now on."""
    global _is_busy  # noqa: PLW0603 - a switch
    _is_busy = True
    return True


class Pauses:
    """How long the collector has held everything up, by what the thread itself has used."""

    def __init__(self) -> None:
        self._began = 0
        self.seen: list[int] = []
        gc.callbacks.append(self._called)

    def _called(self, phase: str, _: dict[str, Any]) -> None:
        now = time.thread_time_ns()
        if phase == "start":
            self._began = now
        else:
            self.seen.append(now - self._began)

    def taken(self) -> dict[str, float]:
        """Say what was seen since this was last asked, in ms."""
        seen, self.seen = self.seen, []
        return {
            "longest_ms": max(seen, default=0) / 1e6,
            "all_ms": sum(seen) / 1e6,
            "collections": len(seen),
        }


if __name__ == "__main__":
    pauses = Pauses()
    if "--by-asgi" in sys.argv[1:]:
        ours.adapter.endpoint.bypass = False
    run(
        settled(ours.app) if "--settled" in sys.argv[1:] else ours.app,
        publish,
        {"pauses": pauses.taken, "busy": busy},
        ws="topicwire.asgi.uvicorn:WebSocketProtocol",
        http="topicwire.asgi.uvicorn_http:HttpProtocol",
    )
