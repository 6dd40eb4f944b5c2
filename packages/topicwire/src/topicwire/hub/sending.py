"""The same bytes to many sockets: a system call for each, and next to nothing else.

In C where that has been built (`_sending.c`), else in Python. Both do the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from os import write
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
    write_each = import_module("topicwire.hub._sending").write_each
