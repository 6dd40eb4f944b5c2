"""What is written and removed: everything or nothing, and the same bytes every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    NO_ROUTERS,
    TEMPLATE_PATH,
    WS,
    WS_PATH,
    Sample,
)

from topicwire.codegen import output
from topicwire.codegen.generate import generate
from topicwire.codegen.output import OutputError, compare, locked, write

FILES = ["__init__.py", "_conformance.py", "tradewsrouter.py"]


def test_what_is_written(app: Sample) -> None:
    """checklist 6, checklist 24: although the module cannot be imported before."""
    planned = app.generate()
    assert [path.name for path in planned.changes.missing] == ["topicwire.json", *FILES]
    listed = ["generated/topicwire.json", *(f"{GENERATED}/{name}" for name in FILES)]
    assert sorted(app.generated()) == listed


def test_the_index_exports_every_router_sorted(app: Sample) -> None:
    app.declare(
        "B: TypeAlias = WsRouter[TradeRequest, Trade]",
        "A: TypeAlias = WsRouter[TradeRequest, Trade]",
    )
    app.generate()
    index = app.read(f"{GENERATED}/__init__.py")
    assert index.endswith(
        'from .a import A\nfrom .b import B\n\n__all__ = [\n    "A",\n    "B",\n]\n'
    )


def test_again_writes_nothing(app: Sample) -> None:
    app.generate()
    before = {path: (app.root / path).stat().st_mtime_ns for path in app.generated()}
    assert not app.generate().changes
    assert {path: (app.root / path).stat().st_mtime_ns for path in app.generated()} == before


@pytest.mark.parametrize("remove", [GENERATED, f"{GENERATED}/__init__.py", "generated"])
def test_what_was_deleted_comes_back_with_the_same_bytes(app: Sample, remove: str) -> None:
    """checklist 21, checklist 35"""
    app.write("src/acme/modules/broker/ws.py", WS)
    app.generate()
    before = app.generated()
    target = app.root / remove
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()
    app.generate()
    assert app.generated() == before


def test_the_same_bytes_in_another_folder_under_another_seed(app: Sample, tmp_path: Path) -> None:
    """checklist 21"""
    app.generate()
    expected = app.generated()
    other = Sample(tmp_path / "a" / "longer" / "path").populate()
    for seed in ("0", "1", "2"):
        subprocess.run(
            [sys.executable, "-m", "topicwire.cli", "generate"],
            cwd=other.root,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        assert other.generated() == expected
        shutil.rmtree(other.root / GENERATED)


def test_a_new_route_changes_its_own_files_alone(app: Sample) -> None:
    app.generate()
    before = app.files()
    app.write("src/acme/modules/broker/ws.py", WS.replace("TradeWs", "OrderWs"))
    app.generate()
    after = app.files()
    assert {path: after[path] for path in before} == before


def test_what_is_no_longer_declared_is_removed(app: Sample) -> None:
    app.declare(
        "A: TypeAlias = WsRouter[TradeRequest, Trade]",
        "B: TypeAlias = WsRouter[TradeRequest, Trade]",
    )
    app.generate()
    app.declare("A: TypeAlias = WsRouter[TradeRequest, Trade]")
    changes = app.generate().changes
    assert [path.name for path in changes.extra] == ["b.py"]
    assert f"{GENERATED}/b.py" not in app.generated()


@pytest.mark.parametrize("how", ["emptied", "deleted"])
def test_a_module_without_declarations_loses_its_folder(app: Sample, how: str) -> None:
    app.write("src/acme/modules/broker/ws.py", WS)
    app.generate()
    (app.root / GENERATED / "__pycache__").mkdir()
    app.write(f"{GENERATED}/__pycache__/tradewsrouter.cpython-311.pyc", "")
    if how == "emptied":
        app.write(WS_PATH, NO_ROUTERS)
    else:
        (app.root / WS_PATH).unlink()
    app.generate()
    assert not (app.root / GENERATED).exists()
    assert (app.root / "src/acme/modules/broker/ws_generated").exists()


def test_the_last_declaration_takes_everything_with_it(app: Sample) -> None:
    before = app.files()
    app.generate()
    app.write(WS_PATH, NO_ROUTERS)
    app.generate()
    assert app.files().keys() == before.keys()


def test_a_refused_input_leaves_the_old_output(app: Sample) -> None:
    """checklist 28"""
    app.generate()
    app.edit(WS_PATH, ", Trade]", ", Nothing]")
    app.write("src/acme/modules/broker/ws.py", WS)
    app.problems()  # asserts that no file changed


@pytest.mark.parametrize("method", ["write_bytes", "replace", "unlink"])
@pytest.mark.parametrize("failing", range(6))
def test_a_failing_disk_leaves_the_old_output(
    app: Sample, monkeypatch: pytest.MonkeyPatch, method: str, failing: int
) -> None:
    """checklist 28: whichever file cannot be written, replaced or removed."""
    app.declare(
        "A: TypeAlias = WsRouter[TradeRequest, Trade]",
        "B: TypeAlias = WsRouter[TradeRequest, Trade]",
    )
    app.write("src/acme/modules/broker/ws.py", WS)
    app.generate()
    app.declare(
        "A: TypeAlias = WsRouter[TradeRequest, list[Trade]]",
        "C: TypeAlias = WsRouter[TradeRequest, Trade]",
    )
    (app.root / "src/acme/modules/broker/ws.py").unlink()
    app.write("src/acme/modules/chat/ws.py", WS)
    before, folders = app.files(), app.folders()
    real, calls = getattr(Path, method), iter(range(1000))
    failed = False

    def fail(path: Path, *arguments: object, **options: object) -> object:
        nonlocal failed
        if not failed and next(calls) == failing:
            failed = True
            raise OSError(28, "No space left on device", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, method, fail)
    refused: OutputError | None = None
    try:
        app.generate()
    except OutputError as error:
        refused = error
    assert (refused is not None) == failed
    if refused is not None:
        assert "error: this cannot be written: No space left on device. Make room" in str(refused)
        assert app.files() == before
        assert app.folders() == folders
    monkeypatch.undo()
    assert not list((app.root / ".topicwire_cache").glob(".topicwire-staged-*"))
    app.generate()
    assert not app.plan().changes


def test_a_full_disk_is_noticed_before_anything_is_replaced(
    app: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """checklist 28: so nothing has to be written to put the files back."""
    app.generate()
    app.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    replaced: list[Path] = []

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, f"No space left on device for {len(content)} bytes", str(path))

    def replace(path: Path, target: Path) -> Path:
        replaced.append(target)
        return path

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError):
        app.generate()
    assert replaced == []


def test_an_interruption_leaves_the_old_output(
    app: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """checklist 28"""
    app.generate()
    app.declare("B: TypeAlias = WsRouter[TradeRequest, Trade]")
    before = app.files()

    real = output.remove_if_empty

    def interrupted(_: Path) -> None:
        monkeypatch.setattr(output, "remove_if_empty", real)
        raise KeyboardInterrupt

    changes = app.plan().changes
    monkeypatch.setattr(output, "remove_if_empty", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(app.config, changes)
    assert app.files() == before


def test_editors_files_in_the_folder_are_left_alone(app: Sample) -> None:
    app.generate()
    app.write(f"{GENERATED}/.tradewsrouter.py.swp", "x")
    assert not app.generate().changes


def test_two_generators_take_turns(app: Sample) -> None:
    code = (
        "from pathlib import Path; from topicwire.codegen.config import load_config; "
        "from topicwire.codegen.generate import generate; "
        "generate(load_config(Path.cwd())); print('done', flush=True)"
    )
    with locked(app.config):
        other = subprocess.Popen(
            [sys.executable, "-c", code], cwd=app.root, stdout=subprocess.PIPE, text=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1)
        assert not (app.root / GENERATED).exists()
    assert other.communicate(timeout=60)[0] == "done\n"
    assert (app.root / GENERATED).exists()


def test_nothing_of_the_cache_is_to_be_committed(app: Sample) -> None:
    app.generate()
    subprocess.run(["git", "init", "--quiet"], cwd=app.root, check=True)
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=app.root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert ".topicwire_cache" not in status
    assert GENERATED in status


NAMES = st.lists(
    st.from_regex(r"[A-Z][a-z]{2,8}WsRouter", fullmatch=True), unique_by=str.lower, max_size=4
)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(NAMES, min_size=1, max_size=4))
def test_the_disk_follows_the_declarations_whatever_they_were(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[str]]
) -> None:
    """checklist 21: the output depends on the last declarations alone."""
    app = Sample(tmp_path_factory.mktemp("app")).populate()
    for names in steps:
        app.declare(*(f"{name}: TypeAlias = WsRouter[TradeRequest, Trade]" for name in names))
        app.generate()
        expected = {f"{name.lower()}.py" for name in names}
        if names:
            expected |= {"__init__.py", "_conformance.py"}
        folder = app.root / GENERATED
        assert {path.name for path in folder.glob("*")} == expected
    after = app.generated()
    shutil.rmtree(app.root / GENERATED, ignore_errors=True)
    generate(app.config)
    assert app.generated() == after


def test_comparing_sees_missing_changed_and_extra(tmp_path: Path) -> None:
    same, changed, missing, extra = (tmp_path / name for name in ("s", "c", "m", "e"))
    for path in (same, changed, extra):
        path.write_text("old")
    changes = compare({same: "old", changed: "new", missing: "new"}, {same: "old", extra: "old"})
    assert (changes.missing, changes.changed, changes.extra) == ((missing,), (changed,), (extra,))


def test_line_ends_are_compared_too(app: Sample) -> None:
    app.generate()
    path = app.root / GENERATED / "tradewsrouter.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert [one.name for one in app.plan().changes.changed] == ["tradewsrouter.py"]
