"""A folder with generated TypeScript, compiled as strictly as a user might."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.tsc import compiled

from topicwire.asyncapi.document import dumps
from topicwire.codegen.typescript import TypeScriptFiles, generate

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


class TypeScriptProject:
    """The two generated files of a document, where users have them, and files of a test's own."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        self.folder = folder
        self.generated: TypeScriptFiles = generate(json.loads(dumps(document)))
        self.write("ws-types-generated/index.ts", self.generated.types)
        self.write("ws-client-generated/index.ts", self.generated.client)
        (folder / "node_modules").symlink_to(ROOT / "node_modules")

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
