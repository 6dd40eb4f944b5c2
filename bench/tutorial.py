"""How long the tutorial takes: every command of docs/tutorial.md, timed.

`python -m bench.tutorial` runs them in an empty folder and writes `results/tutorial.json`. It fails
when the machine's time is two minutes or more. Nothing is fetched: what the packages need comes
from this repository's environments, which stand in for the indexes. `tests/tutorial` runs the same.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shlex
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError

from bench.npm_registry import npm_registry

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs/tutorial.md"
RESULTS = ROOT / "bench/results/tutorial.json"
BOUND_S = 120.0
PATIENCE_S = 120.0
_SERVES = ("python -m shop", "topicwire mock ")


@dataclass(frozen=True)
class Server:
    """A server that a command runs. Call it with a path to have what is there."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def __call__(self, path: str) -> str:
        """Return what is at a path, as soon as the server answers."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(self.address + path, timeout=5) as response:  # noqa: S310
                    return str(response.read(), "utf-8")
            except HTTPError as error:
                raise AssertionError(f"{self.address}{path}: {error}") from error
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = self.log.read_text()
                    raise AssertionError(f"{self.address}{path}: {error}\n{said}") from error
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.1)  # its start: nothing to wait on but time


@dataclass
class Walk:
    """A shell in which the tutorial's commands are run one after the other, as a reader would.

    Attributes:
        folder: everything is below it; `HOME` too.
        registry: the address where npm finds packages.
        seconds: what each command took, in order.
    """

    folder: Path
    registry: str
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The empty folder of the tutorial."""
        return self.folder / "project"

    def environment(self) -> dict[str, str]:
        """A reader's environment, without an index to ask."""
        dropped = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return kept | {
            "HOME": str(self.folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # which means: without isolation
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "npm_config_registry": self.registry,
            "npm_config_audit": "false",
            "npm_config_fund": "false",
            "npm_config_update_notifier": "false",
            "PORT": "0",
        }

    def run(self, command: str) -> str:
        """Run one command in the shell of those before, and return what it said."""
        here = self.folder / "shell"
        cwd = ROOT if not self._is_in_project(command) else self.project
        state = here.read_text() if here.is_file() else ""
        script = f"{state}\ncd {shlex.quote(str(cwd))}\n{command}\n"
        started = time.perf_counter()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.seconds[command] = time.perf_counter() - started
        if done.returncode:
            raise AssertionError(f"{command} failed:\n{done.stdout}{done.stderr}")
        if "=" in command.split(maxsplit=1)[0] or command.startswith(". "):
            here.write_text(f"{state}\n{self._again(command)}\n")
        if " -m venv " in command:
            self._lend_python()
        return done.stdout

    @contextmanager
    def serving(self, command: str) -> Iterator[Server]:
        """Run a command that serves until it is ended; yields what it serves."""
        port = _free_port()
        state = (self.folder / "shell").read_text()
        place = f"cd {shlex.quote(str(self.project))}"
        full = f"{state}\n{place}\nexec {command}" + (
            f" --port {port}" if "mock" in command else ""
        )
        log = self.folder / "server.log"
        started = time.perf_counter()
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-eu", "-c", full],
                env=self.environment() | {"PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

        fetch = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            fetch("/api/v1/ws/asyncapi.json")
            self.seconds[command] = time.perf_counter() - started
            yield fetch
        finally:
            process.terminate()
            process.wait(30)

    def _is_in_project(self, command: str) -> bool:
        return not command.startswith(("DIST=", "pip wheel", "npm pack"))

    def _again(self, command: str) -> str:
        """A command that later ones need: `.` for an environment, an assignment."""
        if command.startswith(". "):
            return f". {shlex.quote(str(self.project / command[2:]))}"
        return command

    def _lend_python(self) -> None:
        """Let the new environment see what is installed here; not the packages of this repository.

        They are installed in place, by a `.pth` file that a path so added does not read.
        """
        lent = Path(sysconfig.get_paths()["purelib"])
        [site] = self.project.glob(".venv/lib/python*/site-packages")
        (site / "lent.pth").write_text(f"{lent}\n")


def commands() -> list[str]:
    """Every command of the tutorial, continued lines joined."""
    found: list[str] = []
    inside = False
    for line in TUTORIAL.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```bash"
        elif inside and found and found[-1].endswith("\\"):
            found[-1] = f"{found[-1][:-1].rstrip()} {line.strip()}"
        elif inside and line.strip():
            found.append(line.strip())
    return found


def serves(command: str) -> bool:
    """Whether a command serves until it is ended."""
    return command.startswith(_SERVES)


def _free_port() -> int:
    import socket  # noqa: PLC0415 - for this alone

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Runs, writes the record, and fails when the bound does not hold."""
    with TemporaryDirectory() as folder, npm_registry() as registry:
        walk = Walk(Path(folder).resolve(), registry)
        walk.project.mkdir()
        for command in commands():
            if serves(command):
                with walk.serving(command) as fetch:
                    fetch("/api/v1/ws/asyncapi")
            else:
                walk.run(command)
    total = sum(walk.seconds.values())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    record = {
        "total_s": round(total, 1),
        "processor_s": round(used.ru_utime + used.ru_stime, 1),
        "bound_s": BOUND_S,
        "commands": {command: round(took, 2) for command, took in walk.seconds.items()},
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
    }
    RESULTS.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{total:.1f} s for {len(walk.seconds)} commands")
    if total >= BOUND_S:
        sys.exit(f"{total:.1f} s are more than {BOUND_S:g} s")


if __name__ == "__main__":
    main()
