"""A new project, or the first route's surroundings in one that exists: `{path: text}`."""

from __future__ import annotations

import ast
import keyword
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from topicwire.codegen.version import GENERATOR_VERSION
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.existing import FastApiApp, add_call, find_app, find_package
from topicwire.scaffold.registry import MODULES

_SKELETON = "topicwire.scaffold.skeleton"
_WEBSOCKET = ("shared/__init__", "shared/module", "shared/ws/__init__", "shared/ws/generic_route",
              "shared/ws/router_interface", "modules/__init__", "ws_app")  # fmt: skip
_APPLICATION = ("__init__", "__main__", "app", "models/__init__")
_PAGE = ("package.json", "tsconfig.json", "vite.config.ts", "index.html", "src/main.ts",
         "src/plugins/wsAdapter.ts", "gitignore")  # fmt: skip

# What an empty folder may hold: nothing of it is ours to write.
_HARMLESS = re.compile(
    r"\.git|\.venv|venv|\.topicwire_cache|LICENSE.*|README.*|.*\.(whl|tgz)|\.idea|\.vscode"
)


@dataclass(frozen=True, slots=True)
class NewProject:
    """What `topicwire init` is to write before the first route.

    Attributes:
        root: the folder of `pyproject.toml`.
        package: the application's package.
        files: every file to be, with its text.
        changed: those of `files` that exist and are edited.
        left: what a person has to add.
        is_new: there was no project.
        there: why there is nothing to do, or "".
    """

    root: Path
    package: str
    files: Mapping[Path, str] = field(default_factory=dict)
    changed: tuple[Path, ...] = ()
    left: tuple[str, ...] = ()
    is_new: bool = False
    there: str = ""


def plan_project(folder: Path, package: str | None, *, page: bool) -> NewProject:
    """Work out what a folder needs for its first route.

    Args:
        folder: empty or absent for a new project; that of `pyproject.toml` otherwise.
        package: None to find it, or to name it after the folder.
        page: a page in TypeScript is wanted too.

    Raises:
        ScaffoldError: the folder is neither, or something of it is in the way.
    """
    root = folder.resolve()
    if package is not None and (not package.isidentifier() or keyword.iskeyword(package)):
        raise ScaffoldError(
            f"--package: {package!r} is no name of a Python package. Example: --package shop"
        )
    pyproject = root / "pyproject.toml"
    if pyproject.is_file():
        return _existing(root, pyproject, package, page=page)
    present = sorted(one.name for one in root.iterdir()) if root.is_dir() else []
    foreign = [name for name in present if not _HARMLESS.fullmatch(name)]
    if foreign or (root.exists() and not root.is_dir()):
        shown = ", ".join(foreign[:5]) or "it is a file"
        raise ScaffoldError(
            f"{folder} is neither empty nor a project: there is no pyproject.toml, and there is "
            f"{shown}. Run this in an empty folder, or where the pyproject.toml of your FastAPI "
            "project lies."
        )
    return _new(root, package or _package_name(root.name), page=page)


def _package_name(folder: str) -> str:
    name = re.sub(r"\W+", "_", folder).strip("_").lower()
    if not name.isidentifier() or keyword.iskeyword(name) or name in {"topicwire", "page"}:
        raise ScaffoldError(
            f"no package can be named after the folder {folder!r}. Name it: --package shop"
        )
    return name


def _new(root: Path, package: str, *, page: bool) -> NewProject:
    texts = {
        "pyproject.toml": _PYPROJECT.format(
            package=package, name=package.replace("_", "-"), version=GENERATOR_VERSION
        )
        + (_TYPESCRIPT if page else ""),
        ".gitignore": "__pycache__/\n.venv/\n.topicwire_cache/\n.mypy_cache/\n.ruff_cache/\n",
        f"{package}/py.typed": "",
        **{
            f"{package}/{name}.py": _skeleton(name, package)
            for name in (*_APPLICATION, *_WEBSOCKET)
        },
        **(_page() if page else {}),
    }
    written = {root / path: text for path, text in texts.items()}
    kept = [path for path in written if path.name == ".gitignore" and path.exists()]
    for path in kept:
        del written[path]
    return NewProject(root, package, written, is_new=True)


def _existing(root: Path, pyproject: Path, package: str | None, *, page: bool) -> NewProject:
    text = pyproject.read_text(encoding="utf-8")
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScaffoldError(f"{pyproject}: error: this is not TOML: {error}.") from error
    table = settings.get("tool", {}).get("topicwire")
    if table is not None:
        name = str(table.get("package", "")) if isinstance(table, dict) else ""
        return NewProject(root, name, there="pyproject.toml has a [tool.topicwire] already.")
    source, found = find_package(root, settings, package)
    folder = root / source / found
    modules = _free_folder(folder)
    app = find_app(root, folder)
    written = dict(_surroundings(folder, found, modules))
    named = f"{_dotted(root / source, app)}:{app.variable}" if app else f"{found}.ws_app:websocket"
    addition = _table(source, found, modules, named) + (_TYPESCRIPT if page else "")
    written[pyproject] = f"{text.rstrip()}\n\n{addition}"
    if page:
        written.update({root / path: one for path, one in _page().items()})
        taken = [path for path in written if path.is_relative_to(root / "page") and path.exists()]
        if taken:
            raise ScaffoldError(f"{taken[0]} exists. Leave --page out, or move it away.")
    changed, left = [pyproject], list(_dependencies(settings))
    if app is not None:
        written[app.path] = add_call(app, found)
        changed.append(app.path)
    else:
        left += [
            "in the file that makes your FastAPI application, after it is made:",
            f"    from {found}.ws_app import add_websocket",
            "    add_websocket(app)",
        ]
    return NewProject(root, found, written, tuple(changed), tuple(left))


def _free_folder(package: Path) -> str:
    for name in ("modules", "live"):
        init = package / name / "__init__.py"
        if not (package / f"{name}.py").exists() and (
            not (package / name).exists()
            or (init.is_file() and MODULES in init.read_text(encoding="utf-8"))
        ):
            return name
    raise ScaffoldError(
        f"{package} has both a `modules` and a `live`, and the routes need a folder of their own. "
        "Rename one of the two."
    )


def _surroundings(folder: Path, package: str, modules: str) -> Iterator[tuple[Path, str]]:
    if (folder / "shared.py").exists():
        raise ScaffoldError(
            f"{folder / 'shared.py'} is in the way of a folder `shared/`. Make it "
            "`shared/__init__.py`: whatever imports it goes on to work."
        )
    for name in _WEBSOCKET:
        path = folder / f"{name.replace('modules/', f'{modules}/')}.py"
        if not path.exists():
            text = _skeleton(name, package)
            yield path, text.replace(f"{package}.modules", f"{package}.{modules}")
        elif path.name != "__init__.py":
            raise ScaffoldError(f"{path} exists, and is somebody's work. Move it away first.")


def _dependencies(settings: Mapping[str, Any]) -> Iterator[str]:
    listed = settings.get("project", {}).get("dependencies", [])
    if not any(str(one).replace(" ", "").startswith("topicwire") for one in listed):
        yield f'in your dependencies: "topicwire[codegen,uvicorn]>={GENERATOR_VERSION}"'


def _dotted(source: Path, app: FastApiApp) -> str:
    parts = app.path.relative_to(source.resolve()).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _table(source: str, package: str, modules: str, app: str) -> str:
    lines = ["[tool.topicwire]", f'src = "{source}"', f'package = "{package}"', f'app = "{app}"']
    if modules != "modules":
        lines.append(f'declarations = "{modules}/*/ws.py"')
    return "\n".join(lines) + "\n"


def _skeleton(name: str, package: str) -> str:
    text = files(_SKELETON).joinpath(f"{name}.py").read_text(encoding="utf-8")
    ast.parse(text)
    title = package.replace("_", " ").strip().capitalize()
    return text.replace(_SKELETON, package).replace("Topicwire application", title)


def _page() -> dict[str, str]:
    texts = {}
    for name in _PAGE:
        text = files("topicwire.scaffold").joinpath("page", name).read_text(encoding="utf-8")
        if name == "package.json":
            text = re.sub(r'"(@topicwire/client)": "[^"]*"', rf'"\1": "{GENERATOR_VERSION}"', text)
        texts[f"page/{name.replace('gitignore', '.gitignore')}"] = text
    return texts


_PYPROJECT = """\
[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
  "fastapi>=0.120",
  "topicwire[codegen,uvicorn]>={version}",
]

[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]

[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = ["B", "E", "F", "I", "RUF", "UP"]

[tool.mypy]
strict = true
plugins = ["pydantic.mypy"]

[tool.topicwire]
src = "."
package = "{package}"
app = "{package}.app:app"
"""

_TYPESCRIPT = """
[tool.topicwire.typescript]
types = "page/src/clients/ws-types-generated"
client = "page/src/clients/ws-client-generated"
"""
