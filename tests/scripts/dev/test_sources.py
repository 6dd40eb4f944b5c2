"""A change is a change of content, and what people write is told from what is generated."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts.dev.sources import Sources


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "src/module/ws_generated").mkdir(parents=True)
    (tmp_path / "src/module/ws.py").write_text("A = 1\n")
    (tmp_path / "src/module/ws_generated/router.py").write_text("B = 1\n")
    (tmp_path / "settings.toml").write_text("c = 1\n")
    return Sources((tmp_path / "src",), (tmp_path / "settings.toml",))


def _add(path: Path) -> None:
    (path / "src/module/added.py").write_text("")


def _edit(path: Path) -> None:
    (path / "src/module/ws.py").write_text("A = 2\n")


def _remove(path: Path) -> None:
    (path / "src/module/ws.py").unlink()


def _rename(path: Path) -> None:
    (path / "src/module/ws.py").rename(path / "src/module/sw.py")


def _settings(path: Path) -> None:
    (path / "settings.toml").write_text("c = 2\n")


def _settings_removed(path: Path) -> None:
    (path / "settings.toml").unlink()


@pytest.mark.parametrize("change", [_add, _edit, _remove, _rename, _settings, _settings_removed])
def test_what_people_write(
    sources: Sources, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    before = sources.fingerprint()
    change(tmp_path)
    after = sources.fingerprint()
    assert after.written != before.written
    assert after.generated == before.generated


def test_what_is_generated(sources: Sources, tmp_path: Path) -> None:
    before = sources.fingerprint()
    (tmp_path / "src/module/ws_generated/router.py").write_text("B = 2\n")
    after = sources.fingerprint()
    assert after.written == before.written
    assert after.generated != before.generated


def test_the_same_content_written_again_is_no_change(sources: Sources, tmp_path: Path) -> None:
    before = sources.fingerprint()
    (tmp_path / "src/module/ws.py").write_text("A = 1\n")
    os.utime(tmp_path / "src/module/ws_generated/router.py", (0, 0))
    (tmp_path / "src/module/notes.txt").write_text("not a source")
    assert sources.fingerprint() == before
