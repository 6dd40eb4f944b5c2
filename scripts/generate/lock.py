"""One generation at a time: `make dev` regenerates while someone runs `make generate`."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TextIO

from scripts.repository import TOOLS

LOCK = TOOLS / "generate.lock"
_POLL_S = 0.1


@contextmanager
def held() -> Generator[None]:
    """Waits until no other generation runs, and holds back others until its `with` ends."""
    with _opened() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def held_async() -> AsyncGenerator[None]:
    """As `held`, for a task that may be cancelled while it waits."""
    with _opened() as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_POLL_S)
        yield


def _opened() -> TextIO:
    LOCK.parent.mkdir(exist_ok=True)
    return LOCK.open("w")


def main() -> None:
    """`python -m scripts.generate.lock COMMAND ...`: becomes the command, which holds the lock."""
    lock = _opened()
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock.fileno(), True)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - its arguments are the Makefile's


if __name__ == "__main__":
    main()
