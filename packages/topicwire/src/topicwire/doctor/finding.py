"""What a check finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from topicwire.codegen.config import AppConfig


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        check: the name of the check.
        where: a path, with its line where there is one; an address; or "".
        what: is wrong.
        cure: what to do.
    """

    check: str
    where: str
    what: str
    cure: str

    def __str__(self) -> str:
        """`where: what`, and the cure on a line of its own."""
        shown = f"{self.where}: {self.what}" if self.where else self.what
        return f"{shown}\n    {self.cure}"


class Check(Protocol):
    """Looks for one kind of fault."""

    def __call__(self, config: AppConfig, /) -> Iterator[Finding]:
        """Yield what is wrong; nothing where all is well."""
        ...
