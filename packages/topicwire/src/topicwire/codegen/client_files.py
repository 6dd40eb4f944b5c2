"""The files that lie where generated clients go, whoever has made them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from topicwire.codegen.config import TypeScriptConfig

# What tools leave in a package's folder: builds, and what was compiled.
_LEFT_BY_TOOLS: Final = ("__pycache__", "build", "dist")


def typescript_in(folders: TypeScriptConfig) -> Iterator[Path]:
    """Yield every TypeScript file where a client, or validators, may have been made."""
    for folder in {folders.types, folders.client}:
        yield from folder.glob("*.ts")
    if folders.validators is not None:
        yield from folders.validators.rglob("*.ts")


def files_in(folder: Path) -> Iterator[Path]:
    """Yield every file of a Python client's folder but what tools leave there."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name.endswith(".egg-info"):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and path.name not in _LEFT_BY_TOOLS:
            yield from files_in(path)
