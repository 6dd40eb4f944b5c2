"""`make check` refuses imports against docs/architecture.md, "Who may import whom"."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from scripts.repository import BIN, ROOT, tool_path

PACKAGES = ("packages/topicwire/src/topicwire", "backend/src/trading_api")

# Where, and what is written there: function-level and relative imports count too.
PLANTED = (
    ("topicwire/hub", "from topicwire.routing import operations"),
    ("topicwire/hub", "from ..backplane import memory"),
    ("topicwire/routing", "from ..hub import hub"),
    ("topicwire/routing", "from topicwire import core"),
    ("topicwire/backplane", "from topicwire.wire import frames"),
    ("topicwire/core", "import asyncio"),
    ("topicwire/wire", "from time import monotonic"),
    ("topicwire/wire", "from ..core import session"),
    ("topicwire/asgi", "def late():\n    from topicwire import testing"),
    ("topicwire/asgi", "from topicwire.codegen import model"),
    ("topicwire/core", "from topicwire import cli"),
    ("topicwire/asyncapi", "import topicwire.hub.hub"),
    ("topicwire/asgi", "import trading_api.main"),
    ("trading_api/modules/broker", "from ..datafeed import service"),
    ("trading_api/shared", "def late():\n    import trading_api.modules.broker"),
    ("trading_api/models", "from fastapi import FastAPI"),
    ("trading_api/models", "from ..shared import clock"),
)


def _lint_imports(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [BIN / "lint-imports", "--config", ROOT / ".importlinter", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Both packages, to plant imports in."""
    for package in PACKAGES:
        source = ROOT / package
        shutil.copytree(
            source, tmp_path / source.name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_the_code_as_it_is_passes(sources: Path) -> None:
    code, report = _lint_imports(sources)
    assert code == 0, report


def test_each_planted_import_is_named(sources: Path) -> None:
    for number, (folder, line) in enumerate(PLANTED):
        (sources / folder / f"planted_{number}.py").write_text(line + "\n")
    code, report = _lint_imports(sources)
    assert code == 1
    unnamed = [
        (folder, line)
        for number, (folder, line) in enumerate(PLANTED)
        if f"planted_{number} ->" not in report
    ]
    assert not unnamed, report


@pytest.mark.parametrize("name", ["topicwire/planted.py", "trading_api/planted.py"])
def test_a_part_without_a_place_in_the_layers_is_refused(sources: Path, name: str) -> None:
    (sources / name).write_text("")
    code, report = _lint_imports(sources)
    assert code == 1
    assert "planted" in report


LINT = """
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'

// Types are not needed to read imports, and planted files are in no TypeScript project.
const eslint = new ESLint({
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    { files: ['**/*.{ts,vue}'], languageOptions: { parserOptions: { projectService: false } } },
  ],
})
const found = []
for (const [filePath, code] of JSON.parse(process.argv[1])) {
  const [result] = await eslint.lintText(code, { filePath })
  const restricted = result.messages.filter((each) => each.ruleId === 'no-restricted-imports')
  found.push(restricted.map((each) => each.message))
}
console.log(JSON.stringify(found))
"""


def _lint_typescript(files: list[tuple[str, str]]) -> list[list[str]]:
    """What the import rules say of each (path, code)."""
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", LINT, json.dumps(files)],
        cwd=ROOT,
        env={**os.environ, "PATH": tool_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_the_page_imports_in_one_direction() -> None:
    layers = ["views", "components", "composables", "plugins", "clients"]
    files = [
        (f"frontend/src/{importer}/planted.ts", f"import {{ x }} from '{path}'\n")
        for importer in layers
        for imported in layers
        for path in (f"@/{imported}/x", f"../{imported}/x")
    ]
    found = _lint_typescript(files)
    for (path, code), messages in zip(files, found, strict=True):
        importer = path.split("/")[2]
        imported = code.split("/")[1]
        upwards = layers.index(imported) < layers.index(importer)
        assert bool(messages) == upwards, (path, code, messages)
        if upwards:
            assert f"{importer}/ must not import {imported}/" in messages[0]


def test_the_client_imports_its_own_files_alone() -> None:
    client = "packages/client/src/planted.ts"
    vue, node, own = _lint_typescript(
        [
            (client, "import { ref } from 'vue'\n"),
            (client, "import { readFile } from 'node:fs/promises'\n"),
            (client, "import { x } from './frames.ts'\n"),
        ]
    )
    assert "no dependencies at run time" in vue[0]
    assert "no dependencies at run time" in node[0]
    assert own == []
