"""First-party modules, read and never imported: where a name comes from, and what it is."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from topicwire.codegen.bindings import Module, read_module
from topicwire.codegen.errors import GenerationError
from topicwire.codegen.source import read_source


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name turned out to be.

    Attributes:
        source: the module to import it from; it exports the name explicitly where one does.
        module: the module that defines it.
    """

    kind: Literal["class", "alias", "function", "value", "module", "external"]
    source: str
    module: str
    name: str
    node: ast.stmt | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that `module` does not have, or a module that does not exist."""

    module: str
    name: str | None


class ModuleIndex:
    """Reads modules below `src` on demand, each once."""

    def __init__(self, src: Path, root: Path) -> None:
        self.src = src
        self._root = root
        self._modules: dict[str, Module | None] = {}
        self._paths: dict[str, Path | None] = {}
        self._external: dict[str, bool] = {}

    @property
    def read(self) -> frozenset[Path]:
        """The files that were read so far."""
        return frozenset(
            path
            for name, module in self._modules.items()
            if module is not None and (path := self.path(name)) is not None
        )

    def is_first_party(self, module: str) -> bool:
        """Its top-level package lies below `src`."""
        return self.path(module.partition(".")[0]) is not None

    def path(self, module: str) -> Path | None:
        """The file of a first-party module; for a folder without `__init__.py`, the folder."""
        if module not in self._paths:
            self._paths[module] = self._located(module)
        return self._paths[module]

    def _located(self, module: str) -> Path | None:
        base = self.src.joinpath(*module.split("."))
        for candidate in (base / "__init__.py", base.with_name(base.name + ".py")):
            if candidate.is_file():
                return candidate
        return base if base.is_dir() else None

    def exists(self, module: str) -> bool:
        """Whether a module can be imported, as far as can be told without importing anything."""
        if self.is_first_party(module):
            return self.path(module) is not None
        top = module.partition(".")[0]
        if top not in self._external:
            self._external[top] = (
                top in sys.stdlib_module_names or importlib.util.find_spec(top) is not None
            )
        return self._external[top]

    def name_of(self, path: Path) -> str:
        """The module name of a file below `src`."""
        parts = list(path.relative_to(self.src).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        return ".".join(parts)

    def load(self, module: str) -> Module | None:
        """What the module says; None when it is not a first-party file.

        Raises:
            GenerationError: the file is not Python.
        """
        if module not in self._modules:
            path = self.path(module)
            if path is None or path.is_dir():
                self._modules[module] = None
            else:
                self._modules[module] = read_module(module, read_source(path, self.shown(path)))
        return self._modules[module]

    def shown(self, path: Path) -> str:
        """A path relative to the application's folder."""
        try:
            return path.relative_to(self._root).as_posix()
        except ValueError:
            return path.as_posix()

    def find(self, module: str, name: str | None) -> Definition | Missing:
        """What `from module import name` gives (`import module` when `name` is None)."""
        return self._find(module, name, frozenset())

    def _find(
        self, module: str, name: str | None, seen: frozenset[tuple[str, str]]
    ) -> Definition | Missing:
        if not self.exists(module):
            return Missing(module, None)
        if name is None:
            return Definition("module", module, module, "")
        if not self.is_first_party(module):
            return Definition("external", module, module, name)
        if (module, name) in seen:
            return Missing(module, name)
        return self._attribute(module, name, seen | {(module, name)})

    def _attribute(
        self, module: str, name: str, seen: frozenset[tuple[str, str]]
    ) -> Definition | Missing:
        loaded = self.load(module)
        found = self._bound(loaded, name, seen) if loaded is not None else None
        if found is not None:
            return found
        submodule = f"{module}.{name}"
        if self.path(submodule) is not None:
            return Definition("module", submodule, submodule, "")
        if loaded is not None and loaded.is_dynamic:
            return Definition("external", module, module, name)
        return Missing(module, name)

    def _bound(
        self, module: Module, name: str, seen: frozenset[tuple[str, str]]
    ) -> Definition | Missing | None:
        missing: Missing | None = None
        for binding in module.bindings.get(name, ()):
            if binding.kind is not None:
                return Definition(binding.kind, module.name, module.name, name, binding.node)
            found = self._find(binding.module, binding.name, seen)
            if isinstance(found, Definition):
                return self._as_seen_from(module, name, found)
            missing = missing or found
        for star in module.stars:
            if not self.is_first_party(star):
                continue
            if self._star_exports(star, name, seen):
                found = self._find(star, name, seen)
                if isinstance(found, Definition):
                    return Definition(found.kind, star, found.module, found.name, found.node)
        return missing

    def _as_seen_from(self, module: Module, name: str, found: Definition) -> Definition:
        if found.kind == "module" or not module.exports(name):
            return found
        return Definition(found.kind, module.name, found.module, name, found.node)

    def _star_exports(self, module: str, name: str, seen: frozenset[tuple[str, str]]) -> bool:
        loaded = self.load(module)
        if loaded is None or (module, name) in seen:
            return False
        if loaded.exported is not None:
            return name in loaded.exported
        return not name.startswith("_")

    def names(self, module: str) -> frozenset[str]:
        """The public names of a first-party module, star imports followed."""
        return frozenset(self._names(module, frozenset()))

    def _names(self, module: str, seen: frozenset[str]) -> Iterator[str]:
        loaded = self.load(module) if self.is_first_party(module) else None
        if loaded is None or module in seen:
            return
        if loaded.exported is not None:
            yield from loaded.exported
        yield from (name for name in loaded.bindings if not name.startswith("_"))
        for star in loaded.stars:
            yield from self._names(star, seen | {module})

    def below(self, package: str) -> Iterator[str]:
        """Every module of a package, by path; generated and hidden folders left out."""
        folder = self.src.joinpath(*package.split("."))
        if not folder.is_dir():
            return
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(self.src).parts
            if not any(part.startswith(".") or part == "__pycache__" for part in parts):
                yield self.name_of(path)

    def defining(self, package: str, name: str) -> list[str]:
        """The modules of a package that define a class (or alias) of that name."""
        found: list[str] = []
        for module in self.below(package):
            path = self.path(module)
            if path is None or name not in path.read_text(encoding="utf-8", errors="replace"):
                continue
            try:
                loaded = self.load(module)
            except GenerationError:
                continue
            bindings = loaded.bindings.get(name, ()) if loaded is not None else ()
            if any(binding.kind in ("class", "alias") for binding in bindings):
                found.append(module)
        return found
