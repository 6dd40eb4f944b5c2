"""Which outputs a change makes due: pure, by content alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Stage = Literal["routers", "document", "clients"]
STAGES: tuple[Stage, ...] = ("routers", "document", "clients")
"""In the order of their making. Clients are also made whenever the document's text is another."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that outputs are made from, and the outputs themselves: digests by path.

    Attributes:
        sources: the Python that people write, below `src`.
        settings: `pyproject.toml`, and the settings of the formatter.
        tool: Topicwire itself.
        outputs: what is generated, as it is on disk; no digest for what is missing.
    """

    sources: Mapping[Path, str] = field(default_factory=dict)
    settings: Mapping[Path, str] = field(default_factory=dict)
    tool: Mapping[Path, str] = field(default_factory=dict)
    outputs: Mapping[Path, str] = field(default_factory=dict)


def due(good: Snapshot | None, now: Snapshot, read: Collection[Path]) -> frozenset[Stage]:
    """Return what has to be made again.

    Args:
        good: as everything was when all outputs were last right; None: never yet.
        now: as everything is.
        read: the sources whose content decided what the routers are.
    """
    if good is None:
        return frozenset(STAGES)
    if (good.settings, good.tool, good.outputs) != (now.settings, now.tool, now.outputs):
        return frozenset(STAGES)
    edited = changed(good.sources, now.sources)
    if not edited:
        return frozenset()
    # A file that comes or goes may be what a name is looked for in.
    decisive = set(read) | (good.sources.keys() ^ now.sources.keys())
    return frozenset({"routers", "document"} if edited & decisive else {"document"})


def changed(before: Mapping[Path, str], after: Mapping[Path, str]) -> frozenset[Path]:
    """Return the paths that are in one alone, or have another digest in each."""
    return frozenset(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def all_changed(before: Snapshot, after: Snapshot) -> frozenset[Path]:
    """Return every path that differs, whatever it is."""
    return (
        changed(before.sources, after.sources)
        | changed(before.settings, after.settings)
        | changed(before.tool, after.tool)
        | changed(before.outputs, after.outputs)
    )
