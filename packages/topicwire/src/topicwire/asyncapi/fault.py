"""What a rule finds: a place in a document, what is wrong there, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_AGAIN = "Export the document again with `topicwire spec`; do not edit it by hand."


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what to do about it."""

    where: str
    """A JSON pointer into the document: `#/operations/trades.subscribe/reply`."""

    what: str
    cure: str = _AGAIN

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.cure}"


Document = Mapping[str, Any]
Rule = Callable[[Document], Iterator[Fault]]
