"""`scripts/generate-ws-routers.sh` and `generate_ws_router.py`, on a copy of the backend."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2]
STEPS = [
    "Generate code",
    "Black formatting",
    "Import sorting (isort)",
    "Ruff formatting",
    "Auto-fix linter issues (ruff check --fix)",
    "Flake8 linting",
    "Ruff linting",
    "Type checking (mypy)",
    "Import verification",
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backend's sources in a folder of their own, with this environment's tools."""
    root = tmp_path_factory.mktemp("repository")
    shutil.copy(BACKEND.parent / "pyproject.toml", root)
    backend = root / "backend"
    ignored = shutil.ignore_patterns(".*cache*", ".venv", "__pycache__", "tests")
    shutil.copytree(BACKEND, backend, ignore=ignored)
    (backend / ".venv").symlink_to(BACKEND / ".venv")
    (root / "packages").symlink_to(BACKEND.parent / "packages")
    return backend


def run(backend: Path, *command: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [str(backend / "scripts" / command[0]), *command[1:]],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generated(backend: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(backend)): path.read_bytes()
        for path in sorted(backend.glob("src/trading_api/modules/*/ws_generated/*.py"))
    }


def test_nine_steps_from_nothing_give_the_committed_bytes(copied: Path) -> None:
    """checklist 15, checklist 19, checklist 21, checklist 23, checklist 35"""
    committed = generated(copied)
    assert "src/trading_api/modules/datafeed/ws_generated/barwsrouter.py" in committed
    for path in committed:
        (copied / path).unlink()
    said = run(copied, "generate-ws-routers.sh", cwd=Path("/"))
    assert re.findall(r"^\[\d/9\] (.*) \.\.\. ", said, re.MULTILINE) == STEPS
    assert generated(copied) == committed
    again = run(copied, "generate-ws-routers.sh", cwd=copied)
    assert again.count("... unchanged") == len(STEPS) - 1
    assert generated(copied) == committed


def test_the_script_without_the_steps(copied: Path) -> None:
    """checklist 15"""
    done = subprocess.run(
        [str(copied / ".venv/bin/python"), str(copied / "scripts/generate_ws_router.py")],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "BarsSubscriptionRequest → Bar" in done.stdout


def test_without_an_environment_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(BACKEND / "scripts/generate-ws-routers.sh", tmp_path / "scripts")
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run([script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Run 'make setup' first." in done.stderr
