"""The clients of an application, from its document: `{path: text}`, nothing written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topicwire.asyncapi.json_lines import line_of
from topicwire.codegen.config import AppConfig, TypeScriptConfig
from topicwire.codegen.errors import ConfigError, GenerationError, Problem
from topicwire.codegen.typescript import CODECS_FILE, HEADER, INDEX, Folders, generate
from topicwire.codegen.typescript_members import AmbiguousUnionError
from topicwire.codegen.typescript_validators import validator_files

_LONG = 200


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """Where a document was read."""

    shown: str
    """The file as it is shown, or the address."""

    text: str | None
    """What was read; None where its lines say nothing to anybody."""

    def problem(self, error: AmbiguousUnionError) -> Problem:
        """Return the line that an error is in."""
        if self.text is None:
            return Problem(self.shown, 0, 0, 0, error.reason, cure=error.cure)
        line = line_of(self.text, error.path)
        excerpt = self.text.splitlines()[line - 1]
        if len(excerpt) > _LONG:  # a document without line breaks
            return Problem(self.shown, line, 0, 0, error.reason, cure=error.cure)
        column = len(excerpt) - len(excerpt.lstrip())
        width = len(excerpt.strip())
        return Problem(self.shown, line, column, width, error.reason, excerpt, error.cure)


def typescript_files(
    config: AppConfig, folders: TypeScriptConfig, document: Any, source: DocumentSource
) -> dict[Path, str]:
    """Return the TypeScript files of a document that was found to be right.

    Args:
        config: of the application, for what is shown.
        folders: where the files go, and what stands for formats.
        document: as parsed JSON.
        source: where the document was read.

    Raises:
        DocumentError: there are names in it that TypeScript has no room for.
        GenerationError: it has a place where a mapped scalar cannot be told from something else.
        ConfigError: a file that somebody wrote lies where one of them goes.
    """
    try:
        made = generate(document, Folders(folders.types, folders.client), scalars=folders.scalars)
    except AmbiguousUnionError as error:
        raise GenerationError([source.problem(error)]) from error
    files = {folders.types / INDEX: made.types, folders.client / INDEX: made.client}
    if made.codecs is not None:
        files[folders.client / CODECS_FILE] = made.codecs
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
