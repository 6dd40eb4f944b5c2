"""A test that hangs ends the run, and the run fails: nobody waits for it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from scripts.checks.steps import LONG_TEST_TIMEOUT_S, SIDE_BY_SIDE

SETTINGS = Path(__file__).parents[1] / "pyproject.toml"

HANGS = {
    "a thread": "import threading\n\ndef test_hangs():\n    threading.Event().wait()\n",
    "the event loop": "from asyncio import *\n\ndef test_hangs():\n    run(Event().wait())\n",
    "a loop": "def test_hangs():\n    while True:\n        pass\n",
}


def _run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    sooner = ("-o", "faulthandler_timeout=0.5", "-p", "no:cacheprovider")
    command = (sys.executable, "-m", "pytest", "-c", SETTINGS, "--rootdir", folder)
    return subprocess.run(
        [*command, *sooner, *options, folder],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("what", HANGS)
def test_a_test_that_hangs_fails_the_run(what: str, tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGS[what])
    run = _run(tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Timeout (0:00:00.500000)!" in run.stderr
    assert "in test_hangs" in run.stderr, "where it hangs is said"


def test_it_fails_the_run_of_several_processes_too(tmp_path: Path) -> None:
    """The others are run to their end, so that one run tells everything that is wrong."""
    (tmp_path / "test_hanging.py").write_text(HANGS["a thread"])
    (tmp_path / "test_others.py").write_text("def test_a(): pass\n\ndef test_b(): pass\n")
    run = _run(tmp_path, *SIDE_BY_SIDE, "--numprocesses=2")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Timeout (0:00:00.500000)!" in run.stderr
    assert "in test_hangs" in run.stderr, "where it hangs is said"
    assert "crashed while running 'test_hanging.py::test_hangs'" in run.stdout
    assert "1 failed, 2 passed" in run.stdout


def test_a_slow_machine_has_time() -> None:
    quick_s = tomllib.loads(SETTINGS.read_text())["tool"]["pytest"]["faulthandler_timeout"]
    assert 180 <= quick_s < LONG_TEST_TIMEOUT_S
