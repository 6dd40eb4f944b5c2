"""`topicwire generate`: from an application's files to `{path: text}`, then to disk."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.conformance import CONFORMANCE_FILE, conformance_module
from topicwire.codegen.discover import discover
from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.format import format_python
from topicwire.codegen.manifest import kept, maker, manifest_text
from topicwire.codegen.model import Declaration
from topicwire.codegen.modules import ModuleIndex
from topicwire.codegen.output import Changes, compare, locked, write
from topicwire.codegen.python import (
    GeneratedModule,
    index_module,
    is_generated,
    router_module,
)
from topicwire.codegen.template import Template, read_template


@dataclass(frozen=True, slots=True)
class Plan:
    """What is declared, and what has to be on disk for it.

    Attributes:
        read: the files whose content decided it; so did which files there are below `src`, and
            the settings of the formatter.
    """

    declarations: Sequence[Declaration]
    changes: Changes
    read: frozenset[Path] = frozenset()

    def file_of(self, config: AppConfig, declaration: Declaration) -> Path:
        """The file that a declaration becomes."""
        return output_file(config, declaration)


def output_file(config: AppConfig, declaration: Declaration) -> Path:
    """The file that a declaration becomes."""
    return declaration.path.parent / config.output / declaration.file_name


def plan(config: AppConfig) -> Plan:
    """Reads everything and compares. Nothing is cached and nothing is written.

    Raises:
        GenerationError: an input is wrong, or somebody's own file lies where ours go.
        FormatError: the result is not Python.
    """
    index = ModuleIndex(config.src, config.root)
    template = read_template(config.template, index)
    declarations = discover(config, index, template)
    modules = render(config, template, declarations)
    formatted = format_python(config, {path: module.body for path, module in modules.items()})
    files = {path: f"{modules[path].head}\n{body}" for path, body in formatted.items()}
    others = kept(config)
    if declarations or others:
        files[config.manifest] = manifest_text(
            {**(_made_from(template) if declarations else {}), **others}
        )
    read = index.read | {config.template, *config.package_dir.glob(config.declarations)}
    return Plan(declarations, compare(files, owned_files(config)), read)


def render(
    config: AppConfig, template: Template, declarations: Sequence[Declaration]
) -> dict[Path, GeneratedModule]:
    """Every generated Python file.

    Raises:
        GenerationError: the template cannot be used with a declared type.
    """
    files: dict[Path, GeneratedModule] = {}
    problems: list[Problem] = []
    folders: dict[Path, list[Declaration]] = {}
    for declaration in declarations:
        file = output_file(config, declaration)
        folders.setdefault(file.parent, []).append(declaration)
        try:
            files[file] = router_module(config, template, declaration)
        except GenerationError as error:
            problems += error.problems
    if problems:
        raise GenerationError(problems)
    for folder, declared in folders.items():
        files[folder / "__init__.py"] = index_module(config, declared)
        conformance = conformance_module(config, template, declared)
        if conformance is not None:
            files[folder / CONFORMANCE_FILE] = conformance
    return dict(sorted(files.items()))


def generate(config: AppConfig) -> Plan:
    """Writes what `plan` says, one process at a time: all of it, or nothing.

    Raises:
        GenerationError, FormatError: see `plan`.
        OutputError: a file cannot be written; the files are as they were.
    """
    with locked(config):
        return generate_locked(config)


def generate_locked(config: AppConfig) -> Plan:
    """`generate`, for a caller that holds the lock."""
    planned = plan(config)
    write(config, planned.changes)
    return planned


def _made_from(template: Template) -> dict[str, str]:
    digest = f"{zlib.crc32(template.text.encode()):08x}"  # tells which input changed, no more
    return {"generator": maker(), "template": digest}


def owned_files(config: AppConfig) -> dict[Path, str]:
    """The generated files on disk.

    Raises:
        GenerationError: a file there does not say that it is generated.
    """
    owned: dict[Path, str] = {}
    problems: list[Problem] = []
    if config.manifest.is_file():
        owned[config.manifest] = config.manifest.read_text(encoding="utf-8", errors="replace")
    parent = Path(config.declarations).parent
    for folder in sorted(config.package_dir.glob(f"{parent.as_posix()}/{config.output}")):
        if not folder.is_dir():
            shown = config.shown(folder)
            message = f"this is not a folder, and {config.output}/ is where routers are generated."
            cure = "Move it elsewhere, or delete it."
            problems.append(Problem(shown, 0, 0, 0, message, cure=cure))
            continue
        for path in sorted(folder.iterdir()):
            if path.name == "__pycache__" or path.name.startswith("."):
                continue
            text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
            if is_generated(text):
                owned[path] = text
            else:
                problems.append(
                    Problem(
                        config.shown(path),
                        0,
                        0,
                        0,
                        f"this is not a generated file, and {config.output}/ is rewritten "
                        "by the generator.",
                        cure="Move it elsewhere, or delete it.",
                    )
                )
    if problems:
        raise GenerationError(problems)
    return owned
