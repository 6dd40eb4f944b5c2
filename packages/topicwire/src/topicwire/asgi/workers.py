"""How many processes a server runs the application in, and why it may be one alone."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Final

from topicwire.errors import TopicwireError

REASON: Final = (
    "each process has a hub of its own, so an update that is published in one reaches the clients "
    "of that one alone, and a client that comes back to another finds its position unknown"
)
"""Why there may be one process alone, for as long as hubs do not speak with each other."""


class SeveralWorkersError(TopicwireError, RuntimeError):
    """The server runs the application in several processes.

    Attributes:
        workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        super().__init__(
            f"this application is served by {workers} worker processes, and can be by 1: {REASON}. "
            "Start one (`--workers 1`, or no WEB_CONCURRENCY); asyncio keeps one core busy."
        )


def require_one_worker() -> None:
    """See to it that the server runs the application in this process alone, as far as it shows.

    Raises:
        SeveralWorkersError: it does not.
    """
    workers = server_workers()
    if workers > 1:
        raise SeveralWorkersError(workers)


def server_workers() -> int:
    """Return how many worker processes the server was told to run; 1 where that cannot be told.

    ASGI has no word for it. But whoever runs the event loop is further out on the stack: uvicorn,
    hypercorn, gunicorn, and granian where it forks, have their settings there. In a worker process
    of gunicorn there may be a uvicorn, which was told to run one: so all of them are asked.
    """
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - documented, and the only way
    most = 1
    while frame is not None:
        server = frame.f_globals.get("__name__", "").partition(".")[0]
        for place in _SERVERS.get(server, ()):
            workers = _at(frame.f_locals, place)
            if isinstance(workers, int):
                most = max(most, workers)
        frame = frame.f_back
    return most


_SERVERS: Final = {
    "uvicorn": ("config.workers", "self.config.workers"),
    "hypercorn": ("config.workers",),
    "granian": ("self.workers",),
    "gunicorn": ("self.num_workers",),
}
"""By the package of a server: variables of its frames that have the number."""


def _at(variables: dict[str, Any], place: str) -> Any:
    name, *attributes = place.split(".")
    found = variables.get(name)
    for attribute in attributes:
        found = getattr(found, attribute, None)
    return found
