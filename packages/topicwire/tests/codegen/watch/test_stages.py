"""Which outputs a change makes due."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from topicwire.codegen.watch.stages import STAGES, Snapshot, all_changed, changed, due

WS, MODEL, SERVICE, NEW, TOML, TOOL, OUT = map(
    Path, ("ws.py", "models.py", "service.py", "new.py", "pyproject.toml", "tool.py", "out.ts")
)
GOOD = Snapshot({WS: "1", MODEL: "1", SERVICE: "1"}, {TOML: "1"}, {TOOL: "1"}, {OUT: "1"})
READ = frozenset({WS, MODEL})

files = st.sampled_from([Path(f"{name}.py") for name in "abcdef"])
texts = st.dictionaries(files, st.sampled_from("xyz"))
snapshots = st.builds(Snapshot, texts, texts, texts, texts)
reads = st.frozensets(files)


def test_each_output_has_its_own_inputs() -> None:
    both = {"routers", "document"}
    for source, stages in ((WS, both), (MODEL, both), (SERVICE, {"document"})):
        assert due(GOOD, replace(GOOD, sources={**GOOD.sources, source: "2"}), READ) == stages
    more = {**GOOD.sources, NEW: "1"}
    fewer = {path: text for path, text in GOOD.sources.items() if path != SERVICE}
    for sources in (more, fewer):
        assert due(GOOD, replace(GOOD, sources=sources), READ) == both


def test_settings_the_tool_and_a_changed_output_make_all_due() -> None:
    assert due(None, GOOD, READ) == set(STAGES)
    for now in (
        replace(GOOD, settings={TOML: "2"}),
        replace(GOOD, tool={TOOL: "2"}),
        replace(GOOD, outputs={OUT: "2"}),
        replace(GOOD, outputs={}),
    ):
        assert due(GOOD, now, READ) == set(STAGES)


@given(snapshots, reads)
def test_nothing_is_due_where_nothing_changed(one: Snapshot, read: frozenset[Path]) -> None:
    assert due(one, replace(one), read) == frozenset()


@given(snapshots, snapshots, reads)
def test_whatever_changed_makes_something_due(
    good: Snapshot, now: Snapshot, read: frozenset[Path]
) -> None:
    assert bool(due(good, now, read)) == bool(all_changed(good, now))


@given(snapshots, texts, files, st.sampled_from("xyz"), reads)
def test_more_changes_never_make_less_due(
    good: Snapshot, sources: dict[Path, str], path: Path, text: str, read: frozenset[Path]
) -> None:
    now = replace(good, sources=sources)
    more = replace(good, sources={**sources, path: text})
    came_or_went = good.sources.keys() ^ sources.keys()
    if (
        changed(good.sources, sources) <= changed(good.sources, more.sources)
        and came_or_went <= good.sources.keys() ^ more.sources.keys()
    ):
        assert due(good, now, read) <= due(good, more, read)


@given(snapshots, texts, reads)
def test_what_decides_nothing_of_the_routers_leaves_them(
    good: Snapshot, sources: dict[Path, str], read: frozenset[Path]
) -> None:
    """Routers are due exactly when a file that was read differs, or one has come or gone."""
    now = replace(good, sources=sources)
    edited = changed(good.sources, sources)
    decisive = edited & read or good.sources.keys() ^ sources.keys()
    assert ("routers" in due(good, now, read)) == bool(decisive)


@given(snapshots, snapshots, snapshots)
def test_what_differs_is_found_from_either_side(
    one: Snapshot, other: Snapshot, third: Snapshot
) -> None:
    assert all_changed(one, other) == all_changed(other, one)
    assert all_changed(one, third) <= all_changed(one, other) | all_changed(other, third)
