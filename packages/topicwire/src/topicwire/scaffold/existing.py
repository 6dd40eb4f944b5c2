"""What a FastAPI project that exists has: its package, and the application in it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topicwire.codegen.errors import GenerationError
from topicwire.codegen.source import SourceFile, read_source
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.syntax import add_lines_after_imports, reparsed

_NOT_PACKAGES = frozenset({"tests", "test", "docs", "scripts", "node_modules", "page", "frontend"})


@dataclass(frozen=True, slots=True)
class FastApiApp:
    """`variable = FastAPI(...)` at the top level of a file."""

    file: SourceFile
    node: ast.stmt
    variable: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path


def find_package(root: Path, settings: Mapping[str, Any], package: str | None) -> tuple[str, str]:
    """Return the folder that holds the application's package, relative to `root`, and its name.

    Raises:
        ScaffoldError: there is none, there are several, or it is no FastAPI application's.
    """
    found = {
        one.name: source
        for source in ("src", ".")
        for one in sorted((root / source).glob("*"))
        if (one / "__init__.py").is_file() and one.name not in _NOT_PACKAGES
    }
    poetry = settings.get("tool", {}).get("poetry", {})
    project = str(settings.get("project", poetry).get("name", "")).replace("-", "_").lower()
    if package is None and project in found:
        package = project
    if package is None and len(found) == 1:
        package = next(iter(found))
    if package is None or package not in found:
        seen = f"Seen: {', '.join(found)}." if found else "Seen: none."
        raise ScaffoldError(
            f"{root} has no package that is clearly the application's: a folder with an "
            f"__init__.py, here or in src/. {seen} Name it: --package NAME"
        )
    folder = root / found[package]
    if not any("fastapi" in one.read_text("utf-8") for one in (folder / package).rglob("*.py")):
        raise ScaffoldError(
            f"no file of {package} imports fastapi: this command gives FastAPI projects their "
            "first route. For another application of Starlette's, see the README of topicwire."
        )
    return found[package], package


def find_app(root: Path, package: Path) -> FastApiApp | None:
    """Return the one FastAPI application that is made at the top level of a file; None if none.

    Several, or one that a function makes, is for a person to say.
    """
    found: list[FastApiApp] = []
    for path in sorted(package.resolve().rglob("*.py")):
        if "FastAPI(" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        try:
            file = read_source(path, path.relative_to(root).as_posix())
        except GenerationError:
            continue  # a file that is not Python is not the application
        for node in file.tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", 0)]
            if (
                isinstance(value, ast.Call)
                and ast.unparse(value.func).rpartition(".")[2] == "FastAPI"
                and isinstance(targets[0], ast.Name)
            ):
                found.append(FastApiApp(file, node, targets[0].id))
    return found[0] if len(found) == 1 else None


def add_call(app: FastApiApp, package: str) -> str:
    """Return the application's file with the two lines that serve the WebSocket."""
    file = app.file
    end = file.text.find("\n", file.span(app.node)[1])
    at = len(file.text) if end < 0 else end
    text = f"{file.text[:at]}\nadd_websocket({app.variable}){file.text[at:] or chr(10)}"
    line = f"from {package}.ws_app import add_websocket"
    return add_lines_after_imports(reparsed(file, text), [line])
