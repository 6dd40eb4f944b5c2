"""One terminal for several servers: each line carries the name of who wrote it."""

from __future__ import annotations

import os
import sys
from typing import TextIO

_COLOURS = {"backend": "36", "frontend": "35", "dev": "32"}
_WIDTH = max(map(len, _COLOURS))


class Output:
    """Prints whole lines, in colour on a terminal."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self.coloured = stream.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """A word of `make dev` itself."""
        self.relay("dev", text)

    def relay(self, source: str, text: str) -> None:
        """What `source` wrote, each line behind its name."""
        label = f"{source:{_WIDTH}} |"
        if self.coloured:
            label = f"\x1b[{_COLOURS.get(source, '0')}m{label}\x1b[0m"
        for line in text.splitlines() or [""]:
            print(f"{label} {line}".rstrip(), file=self._stream)
        self._stream.flush()
