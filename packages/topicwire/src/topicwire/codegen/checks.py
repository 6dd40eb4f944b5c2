"""The nine steps that make generated code fit to commit: generate, format, lint, type, import.

The generator's output is already what the formatters make of it, so steps 2 to 5 have nothing to
do; a tool that changes it all the same is refused by name. A step that fails puts the files back
as they were before step 1. What passed once is not checked again until something that it depends
on changes: for steps 2 to 7 the file and the tools, for 8 and 9 all of the application's code.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.format import ruff_executable
from topicwire.codegen.generate import Plan, generate_locked, owned_files
from topicwire.codegen.output import locked, restore
from topicwire.codegen.stamps import Stamps
from topicwire.codegen.toolconfig import line_length, ruff_options, settings_file
from topicwire.errors import TopicwireError

Say = Callable[[str], object]
"""Prints a piece of a line at once."""

TOTAL = 9


class StepFailedError(TopicwireError, RuntimeError):
    """A step of the nine failed; the files are as they were before the first.

    Attributes:
        number: of the step, from 2.
        output: what the tool said.
    """

    def __init__(self, step: Step, output: str, cure: str) -> None:
        super().__init__(
            f"step {step.number} of {TOTAL}, {step.name}, failed:\n{output.strip()}\n"
            f"{cure}\nThe generated files are as they were before."
        )
        self.number = step.number
        self.output = output


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps 2 to 9.

    Attributes:
        tool: the module that is run, or "" for our own import check.
        rewrites: a formatter; it is to leave every byte as it is.
        whole: it looks at the whole application, not at each file by itself.
    """

    number: int
    name: str
    tool: str
    rewrites: bool = False
    whole: bool = False


STEPS = (
    Step(2, "Black formatting", "black", rewrites=True),
    Step(3, "Import sorting (isort)", "isort", rewrites=True),
    Step(4, "Ruff formatting", "ruff", rewrites=True),
    Step(5, "Auto-fix linter issues (ruff check --fix)", "ruff", rewrites=True),
    Step(6, "Flake8 linting", "flake8"),
    Step(7, "Ruff linting", "ruff"),
    Step(8, "Type checking (mypy)", "mypy", whole=True),
    Step(9, "Import verification", "", whole=True),
)


def verify(config: AppConfig, say: Say) -> Plan:
    """Runs the nine steps in order, one process at a time for an application.

    Raises:
        GenerationError, FormatError: step 1 failed; nothing was written.
        StepFailedError: a later step failed; what step 1 wrote was put back.
    """
    with locked(config):
        say(f"[1/{TOTAL}] Generate code ... ")
        before = {path: path.read_bytes() for path in owned_files(config)}
        planned = generate_locked(config)
        say(f"{len(planned.changes.written)} written, {len(planned.changes.extra)} removed\n")
        previous = dict.fromkeys(planned.changes.files, None) | before
        try:
            _check(config, planned, say)
        except BaseException:
            restore(config, previous)
            raise
    return planned


def _check(config: AppConfig, planned: Plan, say: Say) -> None:
    files = [path for path in planned.changes.files if path.suffix == ".py"]
    stamps = Stamps(config)
    for step in STEPS:
        say(f"[{step.number}/{TOTAL}] {step.name} ... ")
        due = stamps.due(str(step.number), files, whole=step.whole)
        if not due:
            say("unchanged\n" if files else "nothing to check\n")
            continue
        started = time.perf_counter()
        _run(config, step, due, planned)
        stamps.passed(str(step.number), due, whole=step.whole)
        count = f"{len(due)} file" + ("" if len(due) == 1 else "s")
        say(f"ok, {count}, {time.perf_counter() - started:.1f} s\n")


def _run(config: AppConfig, step: Step, files: Sequence[Path], planned: Plan) -> None:
    if step.tool and step.tool != "ruff" and importlib.util.find_spec(step.tool) is None:
        raise StepFailedError(
            step,
            f"{step.tool} is not installed in the environment of {sys.executable}.",
            f"Install it there: pip install {step.tool}",
        )
    command, cwd = _command(config, step, files, planned)
    environment = {**os.environ, "MYPYPATH": _joined("MYPYPATH", config.src)}
    environment["PYTHONPATH"] = _joined("PYTHONPATH", config.src)
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    if done.returncode:
        raise StepFailedError(step, output, _cure(step))
    if step.rewrites:
        _refuse_rewriting(config, step, files, planned.changes.files)


def _joined(variable: str, first: Path) -> str:
    rest = os.environ.get(variable)
    return f"{first}{os.pathsep}{rest}" if rest else str(first)


def _command(
    config: AppConfig, step: Step, files: Sequence[Path], planned: Plan
) -> tuple[list[str], Path]:
    listed = [str(path) for path in files]
    python = [sys.executable, "-m", step.tool]
    length = str(line_length(config))
    if not step.tool:
        names = [
            f"{one.module.rpartition('.')[0]}.{config.output}:{one.name}"
            for one in planned.declarations
        ]
        return [sys.executable, "-m", "topicwire.codegen.verify_imports", *names], config.root
    if step.tool == "ruff":
        # What cannot be fixed is step 7's to say.
        fix = ["check", "--fix", "--exit-zero"]
        lint = ["check", "--output-format=concise"]
        action = {4: ["format"], 5: fix, 7: lint}[step.number]
        quiet = ["--quiet", "--no-cache", "--no-force-exclude"]
        return [ruff_executable(), *action, *quiet, *ruff_options(config), *listed], config.root
    if step.tool == "mypy":
        return _mypy(config, python, listed)
    own = settings_file(config, step.tool)
    if step.tool == "black":
        return [*python, "--quiet", *([] if own else ["--line-length", length]), *listed], (
            config.root
        )
    if step.tool == "isort":
        options = [] if own else ["--profile", "black", "--line-length", length]
        return [*python, "--quiet", "--src", str(config.src), *options, *listed], config.root
    options = (
        ["--config", str(own)]
        if own
        else ["--max-line-length", length, "--extend-ignore", "E203,E701,E704"]
    )
    return [*python, *options, *listed], config.root


def _mypy(config: AppConfig, python: list[str], listed: list[str]) -> tuple[list[str], Path]:
    """Runs mypy where its settings lie: it reads paths in them relative to where it runs."""
    own = settings_file(config, "mypy")
    options = [
        "--strict",
        "--explicit-package-bases",  # a module's folder may lack its __init__.py still
        "--namespace-packages",
        "--follow-imports=silent",  # what is checked is the generated code alone
        "--no-error-summary",
        f"--cache-dir={config.cache_dir / 'mypy'}",
        f"--config-file={own or ''}",
    ]
    return [*python, *options, *listed], own.parent if own else config.root


def _refuse_rewriting(
    config: AppConfig, step: Step, files: Sequence[Path], wanted: Mapping[Path, str]
) -> None:
    for path in files:
        text = path.read_text(encoding="utf-8")
        if text == wanted[path]:
            continue
        lines = difflib.unified_diff(
            wanted[path].splitlines(), text.splitlines(), "generated", step.tool, lineterm="", n=1
        )
        raise StepFailedError(
            step,
            f"{step.tool} would change {config.shown(path)}:\n" + "\n".join(lines),
            "Generated code is formatted by the settings of Ruff. Let those of "
            f"{step.tool} agree: the line length, and which packages are first-party.",
        )


def _cure(step: Step) -> str:
    if step.tool == "mypy":
        return "Correct the types in ws.py or in the template; generated files are not edited."
    if not step.tool:
        return "Correct what the traceback names: generated routers import models and template."
    return "Correct the template: generated files are not edited."


def step_names() -> tuple[str, ...]:
    """All nine, in order."""
    return ("Generate code", *(step.name for step in STEPS))
