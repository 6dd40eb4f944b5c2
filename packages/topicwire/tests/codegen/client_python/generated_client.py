"""A generated client in a folder, checked as strictly as a user might, and imported from there."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from topicwire.asyncapi.document import dumps
from topicwire.codegen.client_python.package import Naming, generate

ROOT = Path(__file__).parents[5]
SOURCES = ROOT / "packages/topicwire/src"


class GeneratedClient:
    """The package `{package}` of a document, and files of a test's own beside it."""

    def __init__(self, folder: Path, document: dict[str, Any], package: str) -> None:
        self.folder = folder
        self.package = package
        self.files = generate(json.loads(dumps(document)), Naming(package, "GeneratedClient"))
        for name, text in self.files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def models(self) -> str:
        return self.files[f"{self.package}/models.py"]

    @property
    def routes(self) -> str:
        return self.files[f"{self.package}/routes.py"]

    def mypy(self) -> str:
        """Return what mypy says of all files, by a user's settings: without Pydantic's plugin."""
        self.write("mypy.ini", f"[mypy]\nstrict = true\nmypy_path = {SOURCES}\n")
        command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "."]
        return self._said(*command)

    def pyright(self) -> str:
        settings = {
            "include": ["."],
            "typeCheckingMode": "strict",
            "pythonVersion": "3.11",
            "extraPaths": [str(SOURCES)],
        }
        self.write("pyrightconfig.json", json.dumps(settings))
        pyright = ROOT / "node_modules/.bin/pyright"
        return self._said(str(pyright), "--pythonpath", sys.executable)

    def _said(self, *command: str) -> str:
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert run.returncode in {0, 1}, run.stderr
        return run.stdout

    @contextmanager
    def imported(self) -> Iterator[Any]:
        """Give the package as a module, as long as this lasts."""
        sys.path.insert(0, str(self.folder))
        try:
            importlib.invalidate_caches()
            yield importlib.import_module(self.package)
        finally:
            sys.path.remove(str(self.folder))
            for name in [one for one in sys.modules if one.split(".")[0] == self.package]:
                del sys.modules[name]
