"""One command of `make check` or `make test`, and how it is run."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from scripts.repository import ROOT, tool_environment


@dataclass(frozen=True, slots=True)
class Step:
    """A command that exits 0 when all is well."""

    name: str
    command: tuple[str, ...]
    cwd: Path = ROOT
    group: str = ""
    cure: str = ""  # what mends a failure, where a command can
    shown: str = ""  # a regular expression: lines worth printing on success too
    hidden: str = ""  # the same: lines of a failure that `cure` says better


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step."""

    step: Step
    exit_code: int
    output: str
    took_s: float

    @property
    def passed(self) -> bool:
        """Whether the command exited 0."""
        return self.exit_code == 0

    def worth_showing(self) -> list[str]:
        """The lines of the output that the step wants seen although it passed."""
        if not self.step.shown:
            return []
        return [line for line in self.output.splitlines() if re.search(self.step.shown, line)]

    def explanation(self) -> str:
        """What the command said, for a step that failed."""
        lines = self.output.rstrip().splitlines()
        hidden = self.step.hidden
        return "\n".join(line for line in lines if not (hidden and re.search(hidden, line)))


@dataclass(slots=True)
class Running:
    """The steps under way; a second thread may stop them all."""

    processes: set[subprocess.Popen[str]] = field(default_factory=set)

    def run(self, step: Step) -> Outcome:
        """Runs the step to its end."""
        environment = {**tool_environment(), "NO_COLOR": "1"}
        # Both together make Node warn on every start.
        environment.pop("FORCE_COLOR", None)
        # Every worker of a test run would compile every test anew.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                step.command,
                cwd=step.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # Ctrl-C reaches it through us alone, and once.
                start_new_session=True,
            )
        except OSError as error:
            return Outcome(step, 127, f"could not be started: {error}", 0.0)
        self.processes.add(process)
        output, _ = process.communicate()
        self.processes.discard(process)
        return Outcome(step, process.returncode, output, time.monotonic() - started)

    def stop(self) -> None:
        """Asks everything under way to end, as Ctrl-C does: tests then put their things away."""
        for process in tuple(self.processes):
            process.send_signal(signal.SIGINT)
