"""What `make check` runs, and that the pre-commit hooks and CI run the same."""

from __future__ import annotations

import os
import re
import subprocess

import yaml
from scripts.checks import steps
from scripts.repository import ROOT

HOOKS = ROOT / ".pre-commit-config.yaml"


def test_every_check_of_the_issue_is_a_step() -> None:
    names = " ".join(step.name for step in steps.check())
    for what in ("mypy", "pyright", "tsc", "eslint", "prettier", "ruff format", "ruff lint"):
        assert what in names
    for what in ("black", "isort", "flake8", "import rules", "registry addresses", "fresh"):
        assert what in names


def test_names_are_unique_and_folders_exist() -> None:
    for plan in (steps.check(), steps.test(), steps.format_()):
        assert len({step.name for step in plan}) == len(plan)
        assert all(step.cwd.is_dir() for step in plan)


def test_pre_commit_hooks_together_run_every_check_but_the_type_checkers() -> None:
    """checklist 22: among them that regenerating changes nothing."""
    entries = re.findall(r"^ *entry: (.*)$", HOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    asked = [
        quoted or plain
        for entry in entries
        for quoted, plain in re.findall(r'--only (?:"([^"]+)"|(\S+))', entry)
    ]
    names = {step.name for step in steps.check()}
    assert all(any(part in name for name in names) for part in asked)
    left_out = {name for name in names if not any(part in name for part in asked)}
    typed = ("mypy", "pyright", "tsc")
    assert all(any(checker in name for checker in typed) for name in left_out), left_out
    remote = re.findall(r"^ *- repo: (.*)$", HOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert remote == ["local"]


def test_the_hooks_are_yaml_that_pre_commit_reads_and_their_programs_are_here() -> None:
    """checklist 15: one of them is the wrapper of the nine steps."""
    (repository,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))["repos"]
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert len(hooks) == len(repository["hooks"])
    for hook in hooks.values():
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False
        assert os.access(ROOT / hook["entry"].split()[0], os.X_OK)
    nine = hooks["routers"]
    assert nine["entry"] == "backend/scripts/generate-ws-routers.sh"
    backend = "backend/src/trading_api/"
    for path in ("models/market/bars.py", "modules/datafeed/ws.py", "shared/ws/generic_route.py"):
        assert re.search(nine["files"], backend + path)
    assert not re.search(nine["files"], "frontend/src/main.ts")


def test_ci_runs_check_and_test_by_one_script() -> None:
    script = ROOT / ".ci/run"
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert re.findall(r"^make (\w+)", text, re.MULTILINE) == ["check", "test"]
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert re.findall(r"- run: (.*)$", workflow, re.MULTILINE) == ["bash .ci/run"]
