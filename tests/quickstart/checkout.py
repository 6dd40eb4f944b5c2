"""A copy of the repository to try the Quick Start in, and the processes that run there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0


class Checkout:
    """The repository's files as they are now, committed once, in a folder of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        listed = self._git_in(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        for name in filter(None, listed.split("\0")):
            source = ROOT / name
            if source.is_file():
                target = path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "As shipped")

    def git(self, *arguments: str) -> str:
        return self._git_in(self.path, *arguments)

    @staticmethod
    def _git_in(folder: Path, *arguments: str) -> str:
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        return subprocess.run(
            ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
        ).stdout

    def take_packages(self) -> None:
        """Node's packages as they are in the repository, which installing takes a minute for.

        What is in the folder, never the folder: where that is a link, `make` would install through
        it. Files of packages are linked where that can be: whoever changes one makes it anew.
        """
        source, packages = ROOT / "node_modules", self.path / "node_modules"
        packages.mkdir()
        command = ["cp", "-al", f"{source}/.", str(packages)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            subprocess.run(["cp", "-a", f"{source}/.", packages], check=True)
        for ours in packages.iterdir():  # what the set-up and Vite write in place
            if ours.name.startswith(".vite"):
                shutil.rmtree(ours)
            elif ours.is_file():
                ours.unlink()
                shutil.copy2(source / ours.name, ours)

    def changed(self) -> set[str]:
        """What `git status` shows, folders of new files opened up."""
        status = self.git("status", "--porcelain", "--untracked-files=all")
        return {line[3:] for line in status.splitlines()}

    def write(self, path: Path, text: str) -> None:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(self, commands: list[str], folder: str) -> str:
        """The commands, in one shell, as a reader of the specification types them."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
            cwd=self.path / folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{commands} in {folder} failed:\n{done.stdout}"
        return done.stdout

    @contextmanager
    def serving(self, target: str, folder: str, **variables: str) -> Iterator[Callable[[], str]]:
        """`make target` in the background; yields what reads its output so far.

        Ends it as Ctrl-C does, and requires that it stops.
        """
        log = self.path.parent / f"{self.path.name}-{folder.replace('/', '_')}-{target}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["make", target],
                cwd=self.path / folder,
                env=environment() | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield lambda: log.read_text(errors="replace")
            assert process.poll() is None, f"make {target} ended by itself:\n{log.read_text()}"
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise


def environment() -> dict[str, str]:
    """The caller's environment without what a surrounding `make` or virtual environment added."""
    dropped = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV", "PYTHONPATH", "ENABLED_MODULES"}
    return {name: value for name, value in os.environ.items() if name not in dropped}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetched(url: str, holds: Callable[[str], bool], log: Callable[[], str]) -> str:
    """The body of `url` once `holds` is true of it."""
    seen = "nothing"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - loopback
                seen = str(response.read(), "utf-8")
            if holds(seen):
                return seen
        except OSError as error:
            seen = repr(error)
        threading.Event().wait(0.2)  # another process's start: nothing to wait on but time
    message = f"{url} did not get there within {PATIENCE_S} s; last: {seen[:500]}\n{log()}"
    raise AssertionError(message)
