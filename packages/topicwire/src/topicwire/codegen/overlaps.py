"""Whether two applications write to the same place, which would have each remove the other's files.

Folders of routers are found by a pattern, so places are compared as patterns: two overlap where a
path can match both, or where one can be below the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topicwire.codegen.config import AppConfig
    from topicwire.codegen.settings_lines import Key

_ANY = "**"
_TOKEN = re.compile(r"\[[^\]]+\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an application writes.

    Attributes:
        setting: that says so, below the application's table.
        parts: of the path, from the disk's root; each may be a pattern, as `Path.glob` has them.
        is_file: a file, so that nothing is below it.
    """

    setting: tuple[Key, ...]
    parts: tuple[str, ...]
    is_file: bool = False

    @property
    def named(self) -> str:
        """The setting, as it is written in its table."""
        return ".".join(map(str, self.setting))

    @property
    def shown(self) -> str:
        """The path."""
        return PurePosixPath(*self.parts).as_posix()


def places(config: AppConfig) -> Iterator[Place]:
    """Yield every place that an application's generators write to."""
    if config.package:
        pattern = (*PurePosixPath(config.declarations).parts[:-1], config.output)
        parts = (*map(_literal, config.package_dir.resolve().parts), *pattern)
        yield Place(("output",), parts)
    yield _place("asyncapi", config.asyncapi, is_file=True)
    yield _place("manifest", config.manifest, is_file=True)
    if config.typescript is not None:
        folders = config.typescript
        yield _place("typescript.types", folders.types)
        yield _place("typescript.client", folders.client)
        if folders.validators is not None:
            yield _place("typescript.validators", folders.validators)
    if config.python is not None:
        yield _place("python.folder", config.python.folder)


def overlap(one: Place, other: Place) -> bool:
    """Say whether one file could be of both, or one place is within the other."""
    if _match(one.parts, other.parts):
        return True
    return (not one.is_file and _match((*one.parts, _ANY), other.parts)) or (
        not other.is_file and _match(one.parts, (*other.parts, _ANY))
    )


def first_overlap(one: AppConfig, other: AppConfig) -> tuple[Place, Place] | None:
    """Return a place of each that overlap; None where none do."""
    mine = list(places(one))
    return next(
        ((place, theirs) for theirs in places(other) for place in mine if overlap(place, theirs)),
        None,
    )


def _place(setting: str, path: Path, *, is_file: bool = False) -> Place:
    return Place(tuple(setting.split(".")), tuple(map(_literal, path.resolve().parts)), is_file)


def _literal(part: str) -> str:
    """Return a pattern that this name alone matches."""
    return re.sub(r"([*?\[])", r"[\1]", part)


def _match(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether a path can match both patterns."""

    @cache
    def from_here(at: int, there: int) -> bool:
        if at == len(one) and there == len(other):
            return True
        if at < len(one) and one[at] == _ANY:
            return from_here(at + 1, there) or (there < len(other) and from_here(at, there + 1))
        if there < len(other) and other[there] == _ANY:
            return from_here(at, there + 1) or (at < len(one) and from_here(at + 1, there))
        if at == len(one) or there == len(other):
            return False
        return _names_match(one[at], other[there]) and from_here(at + 1, there + 1)

    return from_here(0, 0)


def _names_match(one: str, other: str) -> bool:
    """Say whether a name can match both patterns. Sets of characters may be taken for larger.

    Capitals are told apart by some disks alone, so they are not here.
    """
    mine, theirs = _TOKEN.findall(one.casefold()), _TOKEN.findall(other.casefold())

    @cache
    def from_here(at: int, there: int) -> bool:
        if at == len(mine) and there == len(theirs):
            return True
        if at < len(mine) and mine[at] == "*":
            return from_here(at + 1, there) or (there < len(theirs) and from_here(at, there + 1))
        if there < len(theirs) and theirs[there] == "*":
            return from_here(at, there + 1) or (at < len(mine) and from_here(at + 1, there))
        if at == len(mine) or there == len(theirs):
            return False
        return _signs_match(mine[at], theirs[there]) and from_here(at + 1, there + 1)

    return from_here(0, 0)


def _signs_match(one: str, other: str) -> bool:
    if "?" in (one, other):
        return True
    if len(one) == 1 and len(other) == 1:
        return one == other
    if len(one) > 1 and len(other) > 1:
        return one == other or not (_single(one) and _single(other))
    sign, several = (one, other) if len(one) == 1 else (other, one)
    return re.fullmatch(_as_regex(several), sign) is not None


def _single(several: str) -> bool:
    """A set of one sign, such as a name's own `*`."""
    return len(several) == 3  # noqa: PLR2004 - and its brackets


def _as_regex(several: str) -> str:
    inside = several[1:-1].replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
    return f"[{'^' + inside[1:] if inside.startswith('!') and inside != '!' else inside}]"
