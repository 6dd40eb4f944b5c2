"""The folder of a generated client: the files that go there, and that nobody else's are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from topicwire.codegen.client_files import files_in
from topicwire.codegen.client_python.package import generate, naming
from topicwire.codegen.client_python.source import HEADER
from topicwire.codegen.config import PythonConfig
from topicwire.codegen.errors import ConfigError


def configured_files(python: PythonConfig, document: Any) -> dict[Path, str]:
    """Return the files of the client that the settings ask for, of a document found to be right.

    Raises:
        ConfigError: a name that the settings or the document's title give is none in Python.
        FormatError: Ruff is not installed.
    """
    texts = generate(document, naming(document, python.package, python.client))
    return {python.folder / path: text for path, text in texts.items()}


def owned_files(folder: Path, shown: str, files: Iterable[Path]) -> dict[Path, str]:
    """Return the generated files that are there, with their texts.

    Args:
        folder: of the package's pyproject.toml; it need not exist.
        shown: the same, for messages.
        files: what is to be there: none of them may be somebody's work.

    Raises:
        ConfigError: a file was not generated: it is named, and nothing was changed.
    """
    found: dict[Path, str] = {}
    foreign = []
    for path in sorted({*files_in(folder), *(one for one in files if one.is_file())}):
        text = path.read_bytes().decode(errors="replace")
        if text.startswith(HEADER):
            found[path] = text
        else:
            foreign.append(path)
    if foreign:
        names = ", ".join(f"{shown}/{path.relative_to(folder).as_posix()}" for path in foreign)
        raise ConfigError(
            f"{names}: not generated: {'it lacks' if len(foreign) == 1 else 'they lack'} the "
            f"header {HEADER.strip()!r}. Move {'it' if len(foreign) == 1 else 'them'} away, or "
            "choose another folder for the client: everything in it is written by the generator."
        )
    return found
