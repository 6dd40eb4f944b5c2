"""The make targets, each from the folder that the specification names."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from scripts.repository import ROOT
from tests.quickstart.checkout import Checkout, environment
from tests.quickstart.specification import blocks

CLIENTS = "frontend/src/clients"
SPECIFICATION = ROOT / "backend/src/trading_api/shared/ws/WS-ROUTER-GENERATION.md"


@pytest.mark.parametrize(
    ("folder", "targets"),
    [
        (".", "setup dev test test-long soak bench profile check generate format build lock help"),
        ("backend", "generate-ws-routers generate dev test check help"),
        ("frontend", "generate-openapi-client generate-asyncapi-types dev build test help"),
    ],
)
def test_help_lists_every_target_with_a_line(folder: str, targets: str) -> None:
    for command in (["make", "help"], ["make"]):
        shown = subprocess.check_output(command, cwd=ROOT / folder, env=environment(), text=True)
        listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", shown, re.MULTILINE))
        assert " ".join(listed) == targets


@pytest.mark.parametrize(
    ("folder", "target"),
    [
        ("backend", "generate-ws-routers"),
        ("backend", "generate"),
        ("frontend", "generate-asyncapi-types"),
        ("frontend", "generate-openapi-client"),
        (".", "generate"),
    ],
)
def test_generating_again_changes_nothing(checkout: Checkout, folder: str, target: str) -> None:
    """checklist 19, 22: no difference and no new file, from the folders named."""
    checkout.run([f"make {target}", "git diff --exit-code"], folder)
    assert checkout.changed() == set()


def test_types_come_back_without_a_server(checkout: Checkout) -> None:
    """checklist 31: missing front-end types are one command away, and need no backend."""
    before = _contents(checkout)
    for folder in sorted((checkout.path / CLIENTS).glob("*-generated")):
        shutil.rmtree(folder)
    checkout.run(["make generate-asyncapi-types", "make generate-openapi-client"], "frontend")
    assert _contents(checkout) == before


def _contents(checkout: Checkout) -> dict[str, str]:
    folders = sorted((checkout.path / CLIENTS).glob("*-generated/*"))
    assert len(folders) >= 3
    return {str(path): path.read_text() for path in folders}


@pytest.mark.parametrize("folder", [".", "backend", "frontend"])
def test_the_tests_run_from_each_folder(checkout: Checkout, folder: str) -> None:
    """checklist 19: `make test` starts the right runner on the right files."""
    listed = {
        ".": ["make test ARGS='--list'"],
        "backend": ["make test ARGS='--collect-only -q'"],
        "frontend": ["make test ARGS='--passWithNoTests no-such-test'"],
    }
    shown = checkout.run(listed[folder], folder)
    expected = {".": "pytest", "backend": "tests collected", "frontend": "No test files found"}
    assert expected[folder] in shown


def test_the_second_run_installs_nothing(checkout: Checkout) -> None:
    checkout.run(["make generate"], ".")
    assert "set-up:" not in checkout.run(["make generate"], ".")


def _poetry_lines() -> list[str]:
    """Every `poetry run` command that the specification prints, on the paths that exist.

    docs/specification.md: the modular layout alone; `trading` is left for the Quick Start.
    """
    commands = [line for block in blocks(SPECIFICATION) for line in block.commands]
    return [
        line.replace(
            "trading_api/ws/generated/", "trading_api/modules/datafeed/ws_generated/"
        ).replace("import Trade;", "import Bar;")
        for line in commands
        if line.startswith("poetry run")
    ]


def test_poetry_lines_of_the_specification(checkout: Checkout) -> None:
    """checklist 20: they run as printed in backend/, and leave its environment as it was."""
    checkout.run(["scripts/python -m scripts.setup python poetry"], ".")
    stamp = checkout.path / "backend/.venv/.topicwire-stamp"
    before = stamp.stat().st_mtime_ns
    lines = _poetry_lines()
    assert len(lines) == 4
    for line in lines:
        shown = checkout.run([f'PATH="{checkout.path}/.tools/bin:$PATH"', line], "backend")
        if "print" in line:
            assert shown.splitlines()[-1] == "OK"
    assert stamp.stat().st_mtime_ns == before
    assert checkout.changed() == set()
