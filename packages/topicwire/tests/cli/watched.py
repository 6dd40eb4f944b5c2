"""An application that is watched by `topicwire generate --watch`, in a process of its own."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.sample import Sample

PATIENCE_S = 120.0
STATE = ".topicwire_cache/watch.json"


class Watched(Sample):
    """An application with a watcher on it, and what the watcher has said."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    @contextmanager
    def watching(self, *options: str) -> Iterator[None]:
        """A watcher, until the end of the block. It is told to end, and must."""
        process = subprocess.Popen(
            [sys.executable, "-m", "topicwire.cli", "generate", "--watch", *options],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.process = process
        self._lines = queue.Queue()
        reading = threading.Thread(target=self._read, args=(process, self._lines))
        reading.start()
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            finally:
                process.kill()
                reading.join()

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                lines.put(line.rstrip("\n"))
        lines.put(None)

    def line(self) -> str:
        """What it says next."""
        line = self._lines.get(timeout=PATIENCE_S)
        assert line is not None, "the watcher has ended"
        return line

    def rest(self) -> list[str]:
        """What it says until its end."""
        return list(iter(lambda: self._lines.get(timeout=PATIENCE_S), None))

    def event(self) -> dict[str, Any]:
        """What it says next, with --json."""
        event: dict[str, Any] = json.loads(self.line())
        return event

    def writes(self, path: str) -> dict[str, Any]:
        """The event that says that it wrote this; others before it do not matter."""
        while path not in (event := self.event()).get("written", ()):
            pass
        return event

    def is_quiet(self) -> bool:
        """Whether it has said nothing more."""
        return self._lines.empty()

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.read(STATE))
        return state

    def replaced(self, path: str, text: str) -> None:
        """Writes as editors do: another file that takes the place of this one."""
        file = self.root / path
        staged = file.with_name(f".{file.name}.tmp")
        staged.write_text(text, encoding="utf-8")
        staged.replace(file)

    def generated(self) -> dict[str, bytes]:
        clients = ("page/", "python/")
        made = {path: text for path, text in self.files().items() if path.startswith(clients)}
        return super().generated() | made
