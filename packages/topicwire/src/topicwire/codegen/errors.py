"""What a generator refuses: every refusal names a file, a line and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from topicwire.errors import TopicwireError


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that keeps the generator from running.

    Attributes:
        path: as shown to a person: relative to the folder of `pyproject.toml`.
        line: from 1; 0 when the problem is not in a line.
        column: from 0, in characters of `excerpt`.
        width: how many characters the carets underline.
        message: what is wrong.
        excerpt: the source line, or "".
        cure: what to do, or "".
    """

    path: str
    line: int
    column: int
    width: int
    message: str
    excerpt: str = ""
    cure: str = ""

    def __str__(self) -> str:
        """`path:line: error: message`, the line with carets, the cure."""
        where = f"{self.path}:{self.line}" if self.line else self.path
        shown = [f"{where}: error: {self.message}"]
        if self.excerpt:
            stripped = self.excerpt.lstrip()
            start = max(0, self.column - (len(self.excerpt) - len(stripped)))
            width = max(1, min(self.width, len(stripped) - start))
            shown += [f"    {stripped}", f"    {' ' * start}{'^' * width}"]
        shown += [f"    {line}" for line in self.cure.splitlines()]
        return "\n".join(shown)

    def fields(self) -> dict[str, str | int]:
        """It for machines: lines and columns from 1."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column + 1,
            "message": self.message,
            "excerpt": self.excerpt,
            "cure": self.cure,
        }


class GenerationError(TopicwireError, ValueError):
    """The inputs cannot be generated from. Nothing was written.

    Attributes:
        problems: all that were found, by file and line.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class ConfigError(TopicwireError, ValueError):
    """`[tool.topicwire]` is missing, or says something that cannot be used."""


class UnknownAppError(ConfigError):
    """There is no such application in `pyproject.toml`, or none is named and there are several."""


class SettingsError(ConfigError):
    """Lines of `pyproject.toml` say something that cannot be used.

    Attributes:
        root: the folder of that file.
        problems: all that were found, by line.
    """

    def __init__(self, root: Path, problems: Sequence[Problem]) -> None:
        self.root = root
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))
