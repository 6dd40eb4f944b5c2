"""Imports an application as it is to be: generated files from memory, the rest from its source.

For a process that imports it once and ends. Compiled files are not read and not written: Python
tells a stale one by the second of its source's date, and a person may save twice in a second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

Compile = Callable[[bytes, str], CodeType]
"""From a file's content and its path."""


class _Loader(SourceFileLoader):
    """Loads from memory what is staged, and all else from its source."""

    def __init__(self, name: str, path: str, staged: bytes | None, compiled: Compile) -> None:
        super().__init__(name, path)
        self._staged = staged
        self._compiled = compiled

    def get_data(self, path: str) -> bytes:
        """Return the file's content."""
        return super().get_data(path) if self._staged is None else self._staged

    def path_stats(self, path: str) -> Mapping[str, int]:
        """Say nothing: without a date, no compiled file is looked for.

        Raises:
            OSError: always.
        """
        raise OSError(path)

    def get_code(self, fullname: str) -> CodeType | None:
        """Return what the source compiles to."""
        path = self.get_filename(fullname)
        return self._compiled(self.get_data(path), path)


class StagedImports(MetaPathFinder):
    """Finds the modules below `src`.

    Args:
        src: the folder that holds the packages.
        files: what is generated, or None where it is to be taken from the disk.
        compiled: compiles a file's content.
    """

    def __init__(self, src: Path, files: Mapping[Path, str] | None, compiled: Compile) -> None:
        self._src = src
        self._folder = str(src)
        self._compiled = compiled
        self._staged = {_module(src, path): path for path in files or {} if path.suffix == ".py"}
        self._texts = {path: text.encode() for path, text in (files or {}).items()}

    def install(self) -> None:
        """Let every import of this process look here first."""
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module below `src`; None for any other."""
        staged = self._staged.get(fullname)
        if staged is not None:
            spec = self._spec(fullname, staged, None)
            if spec is not None and staged.stem == "__init__":
                # Only what is staged is in it, whatever lies in its folder still.
                spec.submodule_search_locations = []
            return spec
        # Most modules are of packages elsewhere, and are found once, by whoever is asked next.
        below = [one for one in (sys.path if path is None else path) if self._may_be_below(one)]
        if not below or (path is None and PathFinder.find_spec(fullname, below, target) is None):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or not isinstance(found.loader, SourceFileLoader) or not found.origin:
            return None
        file = Path(found.origin)
        if not file.is_relative_to(self._src) or "site-packages" in file.parts:
            return None
        return self._spec(fullname, file, found.submodule_search_locations)

    def _may_be_below(self, folder: str) -> bool:
        folder = folder or str(Path.cwd())
        return folder == self._folder or folder.startswith(f"{self._folder}{os.sep}")

    def _spec(self, name: str, path: Path, inside: list[str] | None) -> ModuleSpec | None:
        loader = _Loader(name, str(path), self._texts.get(path), self._compiled)
        return spec_from_file_location(name, path, loader=loader, submodule_search_locations=inside)


def compiled(content: bytes, path: str) -> CodeType:
    """Return what a file's content compiles to, whatever lies in `__pycache__`."""
    return compile(content, path, "exec", dont_inherit=True)


def _module(src: Path, path: Path) -> str:
    parts = path.relative_to(src).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
