"""The clients of an application, from its document: `{path: text}`, nothing written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from topicwire.codegen.config import AppConfig, TypeScriptConfig
from topicwire.codegen.errors import ConfigError
from topicwire.codegen.typescript import HEADER, INDEX, generate, import_path
from topicwire.codegen.typescript_validators import validator_files


def typescript_files(
    config: AppConfig, folders: TypeScriptConfig, document: Any
) -> dict[Path, str]:
    """Return the TypeScript files of a document that was found to be right.

    Raises:
        DocumentError: there are names in it that TypeScript has no room for.
        ConfigError: a file that somebody wrote lies where one of them goes.
    """
    made = generate(document, types_from_client=import_path(folders.client, folders.types))
    files = {folders.types / INDEX: made.types, folders.client / INDEX: made.client}
    if folders.validators is not None:
        modules = validator_files(document)
        files |= {folders.validators / name: text for name, text in modules.items()}
    for path in files:
        if path.is_file() and not _is_ours(path):
            shown = Path(os.path.relpath(path, config.root)).as_posix()
            raise ConfigError(
                f"{shown} was not generated: it lacks the header {HEADER!r}. Move it away, or "
                "choose another folder in [tool.topicwire.typescript]."
            )
    return files


def owned_typescript(files: Iterable[Path]) -> dict[Path, str]:
    """What was generated into the folders of `files` before, wanted still or not."""
    return {
        path: path.read_bytes().decode(errors="replace")
        for folder in {path.parent for path in files}
        for path in sorted(folder.glob("*.ts"))
        if path.is_file() and _is_ours(path)
    }


def _is_ours(path: Path) -> bool:
    return path.read_bytes().startswith(HEADER.encode())


def modules_found(folders: TypeScriptConfig) -> dict[Path, str]:
    """Return the validators that are on disk: those that are declared no more are to be removed."""
    if folders.validators is None:
        return {}
    return owned_typescript(folders.validators.rglob("*.ts"))
