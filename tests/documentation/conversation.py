"""A printed WebSocket conversation: what the client sends (→) and what it then receives (←).

`…` stands for what differs from run to run: inside a string, `{…}` for an object, `,…` for
further members.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_STANDS_FOR = {'"…"': '"[^"]*"', "{…}": r"\{.*\}", ",…": ",.*"}


@dataclass(frozen=True)
class Line:
    """One message of the conversation."""

    is_sent: bool
    printed: str

    @property
    def type(self) -> str:
        match = re.match(r'\{"type":"([^"]+)"', self.printed)
        assert match is not None, self.printed
        return match[1]

    def matches(self, received: str) -> bool:
        pattern = re.escape(self.printed)
        for mark, meaning in _STANDS_FOR.items():
            pattern = pattern.replace(re.escape(mark), meaning)
        return re.fullmatch(pattern, compact(json.loads(received))) is not None


def compact(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def read(printed: str) -> list[Line]:
    lines = [line.partition(" ") for line in printed.splitlines() if line]
    return [Line(arrow == "→", message) for arrow, _, message in lines]
