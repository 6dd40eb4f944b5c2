"""A folder with generated TypeScript, compiled as strictly as a user might."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.tsc import compiled

from topicwire.asyncapi.document import dumps
from topicwire.codegen.scalars import Scalar
from topicwire.codegen.typescript import Folders, TypeScriptFiles, generate

ROOT = Path(__file__).parents[4]
BIN = ROOT / "node_modules" / ".bin"

COMPILER_OPTIONS = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "noImplicitOverride": True,
    "noPropertyAccessFromIndexSignature": True,
    "verbatimModuleSyntax": True,
    "erasableSyntaxOnly": True,
    "isolatedDeclarations": True,
    "declaration": True,
    "noEmit": True,
    "target": "es2022",
    "lib": ["es2022", "dom"],
    "types": [],
    "customConditions": ["@topicwire/source"],
    "skipLibCheck": True,
}


def link_modules(folder: Path) -> None:
    """Give a project the installed packages, and the client of this tree."""
    folder.mkdir(parents=True)
    for one in (ROOT / "node_modules").iterdir():
        if one.name != "@topicwire":
            (folder / one.name).symlink_to(one)
    (folder / "@topicwire").mkdir()
    (folder / "@topicwire/client").symlink_to(ROOT / "packages/client")


class TypeScriptProject:
    """The generated files of a document, where users have them, and files of a test's own."""

    def __init__(
        self, folder: Path, document: dict[str, Any], scalars: Sequence[Scalar] = ()
    ) -> None:
        self.folder = folder
        folders = Folders(folder / "ws-types-generated", folder / "ws-client-generated")
        self.generated: TypeScriptFiles = generate(
            json.loads(dumps(document)), folders, scalars=scalars
        )
        self.write("ws-types-generated/index.ts", self.generated.types)
        self.write("ws-client-generated/index.ts", self.generated.client)
        if self.generated.codecs is not None:
            self.write("ws-client-generated/codecs.ts", self.generated.codecs)
        link_modules(folder / "node_modules")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def compile(self, resolution: str = "bundler", types: Sequence[str] = ()) -> str:
        """Run tsc over everything. Returns what it complains of; "" when it is content.

        Args:
            resolution: of modules.
            types: packages whose global types are known, such as `node`.
        """
        module = "preserve" if resolution == "bundler" else resolution
        options = {
            **COMPILER_OPTIONS,
            "types": [*types],
            "module": module,
            "moduleResolution": resolution,
        }
        config = {"compilerOptions": options, "include": ["**/*.ts"], "exclude": ["node_modules"]}
        self.write("tsconfig.json", json.dumps(config))
        self.write("package.json", '{"type": "module"}')
        return compiled(self.folder)


def run_node(script: Path, stdin: str) -> Any:
    """Return the JSON that a script of ours prints."""
    run = subprocess.run(
        ["node", script], input=stdin, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)
