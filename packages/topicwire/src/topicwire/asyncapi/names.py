"""Names for the types of a document: short, stable, and valid in every language we write.

A name is made from the Python type alone (`Trade`, `Page[Trade]` becomes `PageTrade`). Types that
want one name all give way, and each is called after what holds it too: `market.Trade` becomes
`MarketTrade`, `news.Trade` `NewsTrade`. So names depend on which types there are and on nothing
else, not on the order in which routes come; and a name that stays never means another type: where
a second `Trade` comes, code that says `Trade` no longer compiles.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

_ID = re.compile(r":\d+(?=[\],]|$)")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_ROOT = re.compile(r"^(?P<path>[^\[]*)(?:\[(?P<arguments>.*)\])?$", re.DOTALL)
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"\w+(?:\.(?:<locals>\.)?\w+)*")
_IDENTIFIED = re.compile(rf"(?:^|(?<=[\[,]))({_NAME.pattern}):(\d+)(?=[\],]|$)")
_PLAIN = re.compile(r"[A-Za-z0-9_]")
# `Optional[Trade]` and `Trade | None` are one type, displayed differently from one Python to the
# next: only the members are kept.
_SILENT = {"Union", "Optional", "Literal", "locals"}
_SPOKEN: dict[str, str] = {"None": "Null", "NoneType": "Null"}
_HOLDS_NOTHING = {"locals", "__main__"}


class Argument(NamedTuple):
    """One name between the brackets of a generic."""

    name: str
    """As displayed: `Trade`, `Outer.Inner`."""

    path: str = ""
    """Module and qualified name, where it is known which type of that name it is."""


@dataclass(frozen=True, slots=True)
class TypeIdentity:
    """Which Python type a schema was made from."""

    path: str
    """Module and qualified name: `trading_api.models.market.trades.Trade`."""

    arguments: tuple[Argument, ...] = ()
    """What stands between the brackets of a generic, without its punctuation."""

    @classmethod
    def of(cls, core_ref: str, paths: Mapping[str, str] | None = None) -> TypeIdentity:
        """Read it from Pydantic's reference, `module.Name:id[Argument:id]`.

        Args:
            core_ref: the reference.
            paths: by the id in a reference, the path of the type: it tells which `Argument` it is.
        """
        ids = {name: (paths or {}).get(one, "") for name, one in _IDENTIFIED.findall(core_ref)}
        match = _ROOT.match(_ID.sub("", _ADDRESS.sub("", core_ref)))
        if match is None:  # the expression takes any text
            return cls(core_ref)
        words = _NAME.findall(_without_metadata(match["arguments"] or ""))
        arguments = (Argument(word, ids.get(word, "")) for word in words if word not in _SILENT)
        return cls(_ID.sub("", match["path"]), tuple(arguments))

    @property
    def class_name(self) -> str:
        """The last part of the path: `Trade`."""
        return self.path.rpartition(".")[2]

    def candidates(self) -> Iterator[tuple[int, str]]:
        """Yield names for it with their ranks, the best first.

        With each level one more of what holds the type is part of the name, then one more of what
        holds the arguments, then both.
        """
        base = _ascii(self.class_name) or "Type"
        plain = base + "".join(_argument(one, 0) for one in self.arguments)
        yield 0, plain
        own = _holders(self.path)
        depth = max(len(own), *(len(_holders(one.path)) for one in self.arguments), 0)
        for level in range(1, depth + 1):
            prefix = _prefix(own, level)
            yield 3 * level - 2, prefix + plain
            if self.arguments:
                held = base + "".join(_argument(one, level) for one in self.arguments)
                yield 3 * level - 1, held
                yield 3 * level, prefix + held


def distinct_names(
    types: Mapping[str, TypeIdentity], told_apart: Mapping[str, str], reserved: Collection[str]
) -> dict[str, str]:
    """Return a name for each type; no two are alike, and their order does not matter.

    A type gets its best name that is neither reserved nor as good, or better, for another type.
    Types that have none, such as two classes that one function makes, are told apart by a digest.

    Args:
        types: by any key.
        told_apart: by the key, what tells a type from others of the same identity.
        reserved: names that no type gets.
    """
    best = {key: next(one.candidates())[1] for key, one in types.items()}
    if len({*best.values(), *reserved}) == len(best) + len({*reserved}):
        return best
    wanted = {key: [*one.candidates()] for key, one in types.items()}
    ranks: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for key, candidates in wanted.items():
        for rank, name in candidates:
            ranks[name].setdefault(key, rank)

    def is_own(key: str, rank: int, name: str) -> bool:
        others = (other for one, other in ranks[name].items() if one != key)
        return name not in reserved and all(other > rank for other in others)

    return {
        key: next(
            (name for rank, name in candidates if is_own(key, rank, name)),
            f"{candidates[-1][1]}_{_digest(types[key], told_apart.get(key, ''))}",
        )
        for key, candidates in wanted.items()
    }


def sent_names(names: Collection[str], reserved: Collection[str]) -> dict[str, str]:
    """Return by the name of a type how it is called where a client sends it: `TradeInput`.

    A type that has that name of its own keeps it; then the other is `TradeInput2`.
    """
    taken = {*names, *reserved}

    def free(name: str) -> str:
        number, found = 2, f"{name}Input"
        while found in taken:
            number, found = number + 1, f"{name}Input{number}"
        return found

    return {name: free(name) for name in names}


def _digest(identity: TypeIdentity, told_apart: str) -> str:
    return hashlib.sha256(repr((identity, told_apart)).encode()).hexdigest()[:8]


def _argument(argument: Argument, level: int) -> str:
    words: list[str] = [word for word in _WORD.findall(argument.name) if word not in _SILENT]
    spoken = "".join(_pascal(_SPOKEN.get(word, word)) for word in words)
    return _prefix(_holders(argument.path), level) + spoken


def _holders(path: str) -> list[str]:
    return [part for part in _WORD.findall(path)[:-1] if part not in _HOLDS_NOTHING]


def _prefix(holders: list[str], level: int) -> str:
    return "".join(_pascal(one) for one in holders[-level:]) if level else ""


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
