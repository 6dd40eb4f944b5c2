"""SIGTERM begins a drain; the server learns of it when the drain is over."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_EVENT_LOOPS: Final = ("asyncio", "uvloop")


@contextmanager
def draining_on_sigterm(
    begin: Callable[[], asyncio.Task[None]], logger: logging.Logger
) -> Iterator[None]:
    """Within, SIGTERM calls `begin`, and whoever handled the signal is called after that.

    A second SIGTERM is handed over at once. Where the signal cannot be had, nothing is changed:
    outside the main thread; where it is ignored; and where a server takes it by the event loop's
    `add_signal_handler`, which delivers it whatever else handles it.

    Args:
        begin: begins the drain; the task ends with it.
        logger: told why the signal cannot be had.
    """
    if threading.current_thread() is not threading.main_thread():
        logger.debug("SIGTERM does not drain: the application runs outside the main thread")
        yield
        return
    previous = signal.getsignal(signal.SIGTERM)
    if previous in {None, signal.SIG_IGN} or _is_a_loops(previous):
        logger.debug("SIGTERM does not drain: its handler cannot be wrapped: %r", previous)
        yield
        return
    handler = _Handler(begin, previous)
    signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        handler.is_over = True
        # another app of this process may have wrapped ours: then it goes on handing over to us
        if signal.getsignal(signal.SIGTERM) is handler:
            signal.signal(signal.SIGTERM, previous)


def _is_a_loops(handler: Any) -> bool:
    return str(getattr(handler, "__module__", "")).partition(".")[0] in _EVENT_LOOPS


class _Handler:
    def __init__(self, begin: Callable[[], asyncio.Task[None]], previous: Any) -> None:
        self.is_over = False
        self._begin = begin
        self._previous = previous
        self._loop = asyncio.get_running_loop()
        self._has_begun = False
        self._is_handed_over = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.is_over or self._has_begun:
            self._hand_over(number, frame)
            return
        self._has_begun = True
        # the handler runs between any two instructions of the main thread
        self._loop.call_soon_threadsafe(self._drain, number)

    def _drain(self, number: int) -> None:
        self._begin().add_done_callback(lambda _: self._drained(number))

    def _drained(self, number: int) -> None:
        if not self._is_handed_over:
            self._hand_over(number, None)

    def _hand_over(self, number: int, frame: FrameType | None) -> None:
        self._is_handed_over = True
        if callable(self._previous):
            self._previous(number, frame)
        else:  # SIG_DFL: the end of the process
            signal.signal(number, self._previous)
            signal.raise_signal(number)
