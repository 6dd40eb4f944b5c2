"""A test that hangs ends the run, and the run fails: nobody waits for it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from scripts.checks.steps import LONG_TEST_TIMEOUT_S

SETTINGS = Path(__file__).parents[1] / "pyproject.toml"

HANGS = {
    "a thread": "import threading\n\ndef test_hangs():\n    threading.Event().wait()\n",
    "the event loop": "from asyncio import *\n\ndef test_hangs():\n    run(Event().wait())\n",
    "a loop": "def test_hangs():\n    while True:\n        pass\n",
}


@pytest.mark.parametrize("what", HANGS)
def test_a_test_that_hangs_fails_the_run(what: str, tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGS[what])
    sooner = ("-o", "faulthandler_timeout=0.5", "-p", "no:cacheprovider")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", SETTINGS, "--rootdir", tmp_path, *sooner, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Timeout (0:00:00.500000)!" in run.stderr
    assert "in test_hangs" in run.stderr, "where it hangs is said"


def test_a_slow_machine_has_time() -> None:
    quick_s = tomllib.loads(SETTINGS.read_text())["tool"]["pytest"]["faulthandler_timeout"]
    assert 180 <= quick_s < LONG_TEST_TIMEOUT_S
