"""Reads the code blocks of the specification's text, by heading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^(#{2,4}) (.+)$")
_FENCE = re.compile(r"^```(\w*)$")
_PATH_COMMENT = re.compile(r"^(?:#|//) ((?:backend|frontend)/\S+)")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language and its text, a newline at its end."""

    heading: str
    language: str
    text: str

    @property
    def path(self) -> Path:
        """The file that the block's first line names."""
        match = _PATH_COMMENT.match(self.text)
        if match is None:
            msg = f"the block under {self.heading!r} names no file in its first line: {self.text!r}"
            raise ValueError(msg)
        return Path(match[1])

    @property
    def commands(self) -> list[str]:
        """The commands of a shell block, without its comments and empty lines."""
        lines = (line.strip() for line in self.text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]


def blocks(document: Path) -> list[Block]:
    """Every fenced block of a Markdown file, in order, with the heading it stands under."""
    found: list[Block] = []
    heading, lines = "", list[str]()
    language: str | None = None
    for line in document.read_text(encoding="utf-8").splitlines():
        fence = _FENCE.match(line)
        if language is not None:
            if line == "```":
                found.append(Block(heading, language, "\n".join(lines) + "\n"))
                language, lines = None, []
            else:
                lines.append(line)
        elif fence:
            language = fence[1]
        elif match := _HEADING.match(line):
            heading = match[2]
    return found


def under(document: Path, heading: str) -> list[Block]:
    """The blocks under the first heading that starts with `heading`."""
    every = blocks(document)
    name = next((b.heading for b in every if b.heading.startswith(heading)), None)
    if name is None:
        msg = f"{document.name} has no block under a heading that starts with {heading!r}"
        raise ValueError(msg)
    return [block for block in every if block.heading == name]
