"""The same bytes to many sockets: a system call for each, or for many, and next to nothing else.

In C where that has been built (`_sending.c`), else in Python. In C, and on a Linux that allows
io_uring to the process, many sockets are one system call (`_batch.h`); with TOPICWIRE_IO_URING=0
in the environment it is not asked for. All do the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from os import environ, write
from time import monotonic_ns
from typing import Final

BETWEEN_LOOKS: Final = 32
"""So many are written to between two looks at the clock."""

CLOSED: Final = -1

_NONE: Final[Sequence[tuple[int, int]]] = ()


def write_each_in_python(  # noqa: PLR0917 - the loop's own: an object would cost more
    fds: array[int], berths: array[int], begin: int, end: int, data: bytes, until_ns: int
) -> tuple[int, Sequence[tuple[int, int]]]:
    """Write `data` to the descriptors at `berths[begin:end]`. Never blocks, never raises.

    Those that are to have it alike are many; the others, whose descriptor is CLOSED, or which have
    not taken all of it, are told of by `(index in berths, bytes taken)`, with CLOSED for none.

    Args:
        fds: the descriptors, by berth. Sockets that do not block.
        berths: whose.
        begin: the first of them; there is one.
        end: behind the last.
        data: what is written to each.
        until_ns: of `time.monotonic_ns`: when it is later it ends, after `BETWEEN_LOOKS` or more.

    Returns:
        Before which of them it has ended, and the others.
    """
    size = len(data)
    others: list[tuple[int, int]] | None = None
    reached = begin
    while reached < end:
        first, reached = reached, min(reached + BETWEEN_LOOKS, end)
        for index, berth in enumerate(berths[first:reached], first):
            fd = fds[berth]
            if fd != CLOSED:
                try:
                    taken = write(fd, data)
                except OSError:  # it takes nothing now, or never will: the server meets the same
                    taken = 0
                if taken == size:
                    continue
            else:
                taken = CLOSED
            if others is None:
                others = []
            others.append((index, taken))
        if reached < end and monotonic_ns() >= until_ns:
            break
    return reached, _NONE if others is None else others


write_each = write_each_in_python
with suppress(ImportError):  # there was no compiler
    _native = import_module("topicwire.hub._sending")
    write_each = _native.write_each
    if environ.get("TOPICWIRE_IO_URING") == "0":
        write_each = _native.write_one_by_one


def how_written() -> str:
    """Say in a few words how `write_each` does it, for a record of what was measured."""
    if write_each is write_each_in_python:
        return "in Python"
    is_batch = write_each is _native.write_each and _native.has_batches()
    return "in C, by io_uring" if is_batch else "in C, a system call for each"
