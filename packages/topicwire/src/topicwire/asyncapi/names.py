"""Names for the types of a document: short, stable, and valid in every language we write.

A name is made from the Python type alone (`Trade`, `Page[Trade]` becomes `PageTrade`). When two
types want one name, the first that the document uses keeps it and the other is called after its
module too (`market.Trade` becomes `MarketTrade`), so that a route added at the end renames
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ID = re.compile(r":\d+(?=[\],]|$)")
_ROOT = re.compile(r"^(?P<path>[^\[]*)(?:\[(?P<arguments>.*)\])?$", re.DOTALL)
_WORD = re.compile(r"\w+")
_PLAIN = re.compile(r"[A-Za-z0-9_]")
# `Optional[Trade]` and `Trade | None` are one type, displayed differently from one Python to the
# next: only the members are kept.
_SILENT = {"Union", "Optional", "Literal"}
_SPOKEN: dict[str, str] = {"None": "Null", "NoneType": "Null"}


@dataclass(frozen=True, slots=True)
class TypeIdentity:
    """Which Python type a schema was made from."""

    path: str
    """Module and qualified name: `trading_api.models.market.trades.Trade`."""

    arguments: str
    """What stands between the brackets of a generic: `Trade`, or nothing."""

    @classmethod
    def of(cls, core_ref: str) -> TypeIdentity:
        """Read it from Pydantic's reference, `module.Name:id[Argument:id]`."""
        match = _ROOT.match(_ID.sub("", core_ref))
        if match is None:  # the expression takes any text
            return cls(core_ref, "")
        return cls(_ID.sub("", match["path"]), match["arguments"] or "")

    @property
    def class_name(self) -> str:
        """The last part of the path: `Trade`."""
        return self.path.rpartition(".")[2]

    def candidates(self) -> Iterator[str]:
        """Yield names for it, the best first, without end."""
        words = _argument_words(self.arguments)
        base = "".join([_ascii(self.class_name), *words]) or "Type"
        yield base
        owners = [
            part for part in _WORD.findall(self.path)[:-1] if part not in {"locals", "__main__"}
        ]
        prefix = ""
        for owner in reversed(owners):
            prefix = _pascal(owner) + prefix
            yield prefix + base
        number = 2
        while True:
            yield f"{prefix}{base}{number}"
            number += 1


def _argument_words(arguments: str) -> list[str]:
    return [
        _pascal(_SPOKEN.get(word, word))
        for word in map(str, _WORD.findall(_without_metadata(arguments)))
        if word not in _SILENT
    ]


def _without_metadata(arguments: str) -> str:
    """Reduce `Annotated[int, Gt(gt=1)]` to `int`: what is in the metadata names nothing."""
    head, annotated, rest = arguments.partition("Annotated[")
    if not annotated:
        return arguments
    depth, end, first = 1, len(rest), len(rest)
    for index, character in enumerate(rest):
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 1:
            first = min(first, index)
        if depth == 0:
            end = index
            break
    return head + rest[: min(first, end)] + _without_metadata(rest[end + 1 :])


def _pascal(word: str) -> str:
    return "".join(_ascii(part[:1].upper() + part[1:]) for part in word.split("_") if part)


def _ascii(word: str) -> str:
    """A key of `components` is made of ASCII letters, digits, `.`, `-` and `_`."""
    return "".join(c if _PLAIN.fullmatch(c) else f"_{ord(c):x}" for c in word)
