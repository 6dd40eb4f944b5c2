"""scripts/python: the first Python that is new enough, or what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.repository import ROOT

NEW = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
OLD = """#!/bin/sh
case $1 in
--version) echo "Python 3.9.2" ;;
-c) exit 1 ;;
*) echo "the old one ran" ;;
esac
"""


def _run(
    programs: dict[str, str], folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """`scripts/python` on a machine that has these programs alone."""
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts/python", "-c", "print('it', 'ran')"],
        env={"PATH": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_runs_python3_with_the_arguments(tmp_path: Path) -> None:
    assert _run({"python3": NEW}, tmp_path).stdout == "it ran\n"


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13", "python3.14"])
def test_passes_over_one_that_is_too_old(tmp_path: Path, name: str) -> None:
    assert _run({"python3": OLD, name: NEW}, tmp_path).stdout == "it ran\n"


def test_says_what_it_saw_and_what_to_do_when_all_are_too_old(tmp_path: Path) -> None:
    done = _run({"python3": OLD}, tmp_path)
    assert done.returncode == 1
    assert "No Python 3.11 or newer found (python3: Python 3.9.2)." in done.stderr
    assert "apt-get install python3" in done.stderr
    assert "PYTHON=/path/to/python3.12 make" in done.stderr


def test_says_so_when_there_is_none(tmp_path: Path) -> None:
    assert "No Python 3.11 or newer found" in _run({}, tmp_path).stderr


def test_python_of_the_environment_is_the_only_candidate(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    chosen = _run({"mine": NEW}, elsewhere, PYTHON=str(elsewhere / "mine"))
    assert chosen.stdout == "it ran\n"
    refused = _run({"python3": NEW, "mine": OLD}, tmp_path, PYTHON=os.fspath(tmp_path / "mine"))
    assert refused.returncode == 1
    assert f"({tmp_path}/mine: Python 3.9.2)" in refused.stderr
