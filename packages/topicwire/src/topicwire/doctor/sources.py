"""Faults that the application's files show, without importing any of them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.discover import declaring_files
from topicwire.codegen.errors import GenerationError
from topicwire.codegen.generate import plan
from topicwire.codegen.modules import ModuleIndex
from topicwire.codegen.source import SourceFile, read_source
from topicwire.codegen.stale import stale_reasons
from topicwire.codegen.version import GENERATOR_VERSION
from topicwire.doctor.finding import Finding
from topicwire.errors import TopicwireError

_CLIENT = "@topicwire/client"


def declarations(config: AppConfig) -> Iterator[Finding]:
    """Declarations that cannot be generated from: a missing export, `__T` in a template."""
    try:
        plan(config)
    except GenerationError as error:
        for problem in error.problems:
            where = f"{problem.path}:{problem.line}" if problem.line else problem.path
            yield Finding("declarations", where, problem.message, problem.cure.replace("\n", " "))
    except TopicwireError as error:
        yield Finding("declarations", "", str(error), "See the message.")


def fresh_routers(config: AppConfig) -> Iterator[Finding]:
    """Generated routers that are not what declarations and template give."""
    try:
        planned = plan(config)
    except TopicwireError:
        return  # `declarations` says why
    for reason in stale_reasons(config, planned):
        yield Finding("fresh routers", reason.path, reason.what, f"Run: {config.command}")


def packages(config: AppConfig) -> Iterator[Finding]:
    """Folders between the package and its declaring files that lack their `__init__.py`."""
    folders: set[Path] = set()
    for path in (*declaring_files(config), config.template):
        for parent in path.parents:
            if parent == config.src or not parent.is_relative_to(config.src):
                break
            folders.add(parent)
    for folder in sorted(folders):
        if not (folder / "__init__.py").is_file():
            yield Finding(
                "packages",
                config.shown(folder),
                "has no __init__.py, so it is no package of the application.",
                "Write one. A module's has the class with get_ws_routers(): `topicwire new route` "
                "writes it.",
            )


def models_exported(config: AppConfig) -> Iterator[Finding]:
    """Models of a route that the package of models does not export."""
    index = ModuleIndex(config.src, config.root)
    package = f"{config.package}.models"
    loaded = index.load(package)
    if loaded is None:
        return
    try:
        declared = plan(config).declarations
    except TopicwireError:
        return  # `declarations` says why
    for one in declared:
        for reference in (ref for argument in one.arguments for ref in argument.references):
            is_model = reference.module.startswith(f"{package}.") or reference.module == package
            if is_model and not loaded.exports(reference.name):
                path = index.path(package)
                shown = config.shown(path) if path is not None else package
                relative = reference.module.removeprefix(package)
                yield Finding(
                    "models exported",
                    shown,
                    f"{one.shown}:{one.line} uses {reference.name}, which is not exported here.",
                    f"Add `from {relative} import {reference.name}`, and {reference.name!r} to "
                    "__all__.",
                )


def router_imports(config: AppConfig) -> Iterator[Finding]:
    """Routers that are imported from another place than the declaring module's own output."""
    for path in declaring_files(config):
        try:
            file = read_source(path, config.shown(path))
        except GenerationError:
            continue  # `declarations` says why
        own = ".".join((*path.parent.relative_to(config.src).parts, config.output))
        for node in ast.walk(file.tree):
            module = _imported(file, node, config)
            if module is None or not isinstance(node, ast.ImportFrom):
                continue
            if f".{config.output}" in f".{module}" and not f"{module}.".startswith(f"{own}."):
                names = ", ".join(alias.name for alias in node.names)
                yield Finding(
                    "router imports",
                    f"{file.shown}:{node.lineno}",
                    f"imports {names} from {module}, and this file's routers are in {own}.",
                    f"Write: from .{config.output} import {names}",
                )


def _imported(file: SourceFile, node: ast.AST, config: AppConfig) -> str | None:
    if not isinstance(node, ast.ImportFrom):
        return None
    if node.level == 0:
        return node.module
    parts = file.path.relative_to(config.src).parts[: -node.level]
    return ".".join((*parts, *([node.module] if node.module else [])))


def client_version(config: AppConfig) -> Iterator[Finding]:
    """A page whose @topicwire/client is of another version than topicwire."""
    if config.typescript is None:
        return
    for folder in config.typescript.client.parents:
        manifest = folder / "package.json"
        if not manifest.is_file():
            continue
        installed = _installed(folder)
        if installed is None:
            content = _json(manifest)
            wanted = {**content.get("dependencies", {}), **content.get("devDependencies", {})}
            if _CLIENT not in wanted:
                yield Finding(
                    "client version",
                    config.shown(manifest),
                    f"does not list {_CLIENT}, which the generated client imports.",
                    f"In its folder, run: npm install {_CLIENT}@{GENERATOR_VERSION}",
                )
        elif installed != GENERATOR_VERSION:
            yield Finding(
                "client version",
                config.shown(manifest),
                f"{_CLIENT} {installed} is installed, and topicwire is {GENERATOR_VERSION}.",
                f"In its folder, run: npm install {_CLIENT}@{GENERATOR_VERSION}",
            )
        return


def _installed(folder: Path) -> str | None:
    """Return the version that a page in `folder` would get, as Node looks for it."""
    for place in (folder, *folder.parents):
        manifest = place / "node_modules" / _CLIENT / "package.json"
        if manifest.is_file():
            return str(_json(manifest).get("version"))
    return None


def _json(path: Path) -> dict[str, dict[str, str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
