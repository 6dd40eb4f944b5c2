"""Step 6: the list of modules that an application serves, where it has one."""

from __future__ import annotations

from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.source import read_source
from topicwire.scaffold.names import RouteNames
from topicwire.scaffold.syntax import add_lines_after_imports, add_to_sequence, binds, reparsed

MODULES = "MODULES"
"""What the list is called that `topicwire init` writes."""


def register(
    config: AppConfig, modules: Path, names: RouteNames, package: str
) -> dict[Path, str] | None:
    """Return the file with the list of modules, the new one in it.

    None where there is no such list: an application that finds its modules by itself has none.
    """
    path = modules / "__init__.py"
    if not path.is_file():
        return None
    file = read_source(path, config.shown(path))
    if binds(file, names.module_class):
        return {}
    text = add_to_sequence(file, MODULES, [names.module_class])
    if text is None:
        return None
    file = reparsed(file, text)
    line = f"from {package} import {names.module_class}"
    return {path: add_lines_after_imports(file, [line])}
