"""Stamps and the lock of the set-up."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts.setup import stamp
from scripts.setup.stamp import Stamp


def test_current_only_after_write_and_only_for_the_same_inputs(tmp_path: Path) -> None:
    lock, file = tmp_path / "lock", tmp_path / "installed/stamp"
    lock.write_text("one==1")
    assert not Stamp(file, lock).is_current()
    Stamp(file, lock).write()
    assert Stamp(file, lock).is_current()
    lock.write_text("one==2")
    assert not Stamp(file, lock).is_current()


def test_gone_with_the_folder_it_speaks_of(tmp_path: Path) -> None:
    made = Stamp(tmp_path / "installed/stamp", "inputs")
    made.write()
    shutil.rmtree(tmp_path / "installed")
    assert not made.is_current()


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_inputs_never_share_a_stamp(
    tmp_path_factory: pytest.TempPathFactory, one: list[str], other: list[str]
) -> None:
    """Also where joining them gives the same text: ("ab", "c") and ("a", "bc")."""
    file = tmp_path_factory.mktemp("stamp") / "stamp"
    Stamp(file, *one).write()
    assert Stamp(file, *other).is_current() == (one == other)


def test_a_second_set_up_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamp, "TOOLS", tmp_path / ".tools")
    order: list[str] = []
    second_tries = threading.Event()

    def second() -> None:
        second_tries.set()
        with stamp.one_at_a_time():
            order.append("second")

    waiting = threading.Thread(target=second)
    with stamp.one_at_a_time():
        waiting.start()
        second_tries.wait()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
