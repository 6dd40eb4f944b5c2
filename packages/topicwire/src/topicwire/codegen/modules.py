"""First-party modules, read and never imported: what each binds, exports and defines."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from topicwire.codegen.errors import GenerationError
from topicwire.codegen.source import TYPE_STATEMENT, SourceFile, read_source

Kind = Literal["class", "alias", "function", "value", "import", "module"]


@dataclass(frozen=True, slots=True)
class Binding:
    """One module-level statement that binds a name.

    Attributes:
        module: for imports, the absolute module that is imported (from).
        name: for `from module import name`, the name; None for `import module`.
        explicit: the binding is part of the module's interface under strict type checking.
    """

    kind: Kind
    node: ast.stmt = field(repr=False)
    module: str = ""
    name: str | None = None
    explicit: bool = True
    value: ast.expr | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Module:
    """What one file says at module level, branches of `if` and `try` included."""

    name: str
    file: SourceFile
    bindings: Mapping[str, tuple[Binding, ...]]
    stars: tuple[str, ...]
    exported: frozenset[str] | None
    """`__all__`, when it is a plain list of strings."""

    @property
    def is_dynamic(self) -> bool:
        """It answers any attribute (a module-level `__getattr__`)."""
        return "__getattr__" in self.bindings

    def exports(self, name: str) -> bool:
        """Whether a strict type checker lets others import `name` from here."""
        if self.exported is not None and name in self.exported:
            return True
        return any(binding.explicit for binding in self.bindings.get(name, ()))


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
        self._external: dict[str, bool] = {}

    def is_first_party(self, module: str) -> bool:
        """Its top-level package lies below `src`."""
        top = self.src / module.partition(".")[0]
        return top.is_dir() or top.with_suffix(".py").is_file()

    def path(self, module: str) -> Path | None:
        """The file of a first-party module; for a folder without `__init__.py`, the folder."""
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
        loaded = self.load(module)
        if loaded is not None:
            found = self._bound(loaded, name, seen | {(module, name)})
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
            if binding.kind not in ("import", "module"):
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


def read_module(name: str, file: SourceFile) -> Module:
    """What a file binds at module level."""
    bindings: dict[str, list[Binding]] = {}
    stars: list[str] = []
    exported: list[str] | None = None
    for node in statements(file.tree.body):
        if isinstance(node, ast.ImportFrom):
            source = absolute(name, file, node)
            for alias in node.names:
                if alias.name == "*":
                    stars.append(source)
                    continue
                explicit = alias.asname == alias.name
                bindings.setdefault(alias.asname or alias.name, []).append(
                    Binding("import", node, source, alias.name, explicit=explicit)
                )
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                target = alias.name if alias.asname else bound
                bindings.setdefault(bound, []).append(
                    Binding("module", node, target, explicit=alias.asname == alias.name)
                )
        else:
            for bound, binding in _definitions(node):
                bindings.setdefault(bound, []).append(binding)
            exported = _exported(node, exported)
    return Module(
        name=name,
        file=file,
        bindings={bound: tuple(found) for bound, found in bindings.items()},
        stars=tuple(stars),
        exported=None if exported is None else frozenset(exported),
    )


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Module-level statements in order, those inside `if`, `try` and `with` included."""
    for node in body:
        if isinstance(node, ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
            for handler in node.handlers:
                yield from statements(handler.body)
            yield from statements(node.orelse)
            yield from statements(node.finalbody)
        elif isinstance(node, ast.With):
            yield from statements(node.body)
        else:
            yield node


def absolute(module: str, file: SourceFile, node: ast.ImportFrom) -> str:
    """The module that `from … import` reads, relative ones made absolute."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    dropped = node.level - (1 if file.path.name == "__init__.py" else 0)
    base = parts[: len(parts) - dropped] if dropped else parts
    return ".".join([*base, node.module] if node.module else base)


def _definitions(node: ast.stmt) -> Iterator[tuple[str, Binding]]:
    if isinstance(node, ast.ClassDef):
        yield node.name, Binding("class", node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, Binding("function", node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        kind: Kind = "alias" if _is_type_alias(node.annotation) else "value"
        yield node.target.id, Binding(kind, node, value=node.value)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            alias = type_statement_name(target)
            if alias is not None:
                yield alias, Binding("alias", node, value=node.value)
            elif isinstance(target, ast.Name):
                kind = "alias" if _looks_like_a_type(node.value) else "value"
                yield target.id, Binding(kind, node, value=node.value)
            elif isinstance(target, ast.Tuple):
                for element in target.elts:
                    if isinstance(element, ast.Name):
                        yield element.id, Binding("value", node)


def type_statement_name(target: ast.expr) -> str | None:
    """`X` of `type X = …` (parsed as `type.X = …`); None for anything else."""
    if isinstance(target, ast.Subscript):
        target = target.value
    if (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == TYPE_STATEMENT
    ):
        return target.attr
    return None


def _is_type_alias(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Constant):
        return str(annotation.value).rpartition(".")[2] == "TypeAlias"
    name = annotation.attr if isinstance(annotation, ast.Attribute) else annotation
    return name == "TypeAlias" or (isinstance(name, ast.Name) and name.id == "TypeAlias")


def _looks_like_a_type(value: ast.expr) -> bool:
    """`Trades = list[Trade]`, `Either = A | B`, `NewName = Old`, `Id = NewType("Id", str)`."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in (
            "NewType",
            "TypedDict",
            "NamedTuple",
            "create_model",
            "TypeVar",
            "Enum",
            "StrEnum",
            "IntEnum",
        )
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.BitOr)
    return isinstance(value, ast.Name | ast.Attribute | ast.Subscript)


def _exported(node: ast.stmt, so_far: list[str] | None) -> list[str] | None:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            listed = node.value
            if isinstance(listed, ast.List | ast.Tuple):
                names = [e.value for e in listed.elts if isinstance(e, ast.Constant)]
                return [*(so_far or []), *map(str, names)]
    return so_far
