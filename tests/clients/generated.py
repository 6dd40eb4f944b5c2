"""Everything that is generated of a document, in a folder where a user's TypeScript imports it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.typescript_project import TypeScriptProject

from tests.clients.typescript import ROOT
from topicwire.asyncapi.document import dumps
from topicwire.codegen.typescript_validators import validator_files

_ESBUILD = ROOT / "node_modules/.bin/esbuild"


class GeneratedProject(TypeScriptProject):
    """Types, routes and validators; the runtime is this repository's, from its source."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        super().__init__(folder, document)
        for name, text in validator_files(json.loads(dumps(document))).items():
            self.write(f"ws-validators-generated/{name}", text)

    def bundle(self, entry: str, *options: str) -> str:
        """Return a module and all that it imports as one, for any platform."""
        command = (_ESBUILD, entry, "--bundle", "--format=esm", "--conditions=@topicwire/source")
        done = subprocess.run(
            [*command, "--log-level=warning", *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def run(self, entry: str, stdin: str = "", *arguments: str) -> Any:
        """Run a program of the test's own under Node. Returns the JSON that it prints."""
        text = self.bundle(entry, "--platform=node", "--external:ws")
        self.write("program.mjs", text)
        done = subprocess.run(
            ["node", "program.mjs", *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
