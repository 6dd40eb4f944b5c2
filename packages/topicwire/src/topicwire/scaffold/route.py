"""A new route as the files to write: `{path: text}`, nothing touched yet."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from topicwire.codegen.config import AppConfig
from topicwire.codegen.discover import declaring_files, discover
from topicwire.codegen.modules import ModuleIndex
from topicwire.codegen.source import SourceFile, read_source
from topicwire.codegen.template import read_template
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.fields import Field, read_fields
from topicwire.scaffold.models import exports_module, models_module
from topicwire.scaffold.module import (
    Imports,
    more_declarations,
    more_module,
    new_declarations,
    new_module,
    service_module,
)
from topicwire.scaffold.names import RouteNames, check_field_name, route_names
from topicwire.scaffold.registry import register
from topicwire.scaffold.samples import samples
from topicwire.scaffold.syntax import add_lines_after_imports, add_to_sequence, binds, reparsed
from topicwire.scaffold.tidy import tidy

_TYPES = 2  # of a template: what is asked for, and what is sent


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """What a person asks for.

    Attributes:
        module: the folder in `modules/`.
        name: of the route.
        request: its fields, as typed.
        payload: its fields, as typed.
        model: the class of an update; None for the route's singular.
        models: the package below `models/` that gets the file; None for the module's name.
        with_service: a service with sample values is written too.
    """

    module: str
    name: str
    request: str
    payload: str
    model: str | None = None
    models: str | None = None
    with_service: bool = True


@dataclass(frozen=True, slots=True)
class NewRoute:
    """What is to be written for a route.

    Attributes:
        files: every file to be, with its text.
        left: what a person has to add, a line each: there was no safe place.
        notes: what is worth knowing.
        there: where the route is declared already: nothing is to be done then.
    """

    names: RouteNames
    request: tuple[Field, ...]
    payload: tuple[Field, ...]
    files: Mapping[Path, str]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    there: str | None = None


def plan_route(config: AppConfig, wanted: RouteRequest) -> NewRoute:
    """Work out a route's files.

    Raises:
        ScaffoldError: a name, a field or the application's layout does not allow it.
        GenerationError: a file that it touches is not Python, or the declarations that are there
            are wrong.
    """
    names = route_names(wanted.name, wanted.module, wanted.model)
    index = ModuleIndex(config.src, config.root)
    template = read_template(config.template, index)
    if len(template.parameters) != _TYPES:
        raise ScaffoldError(
            f"{template.shown}: {template.class_name} takes {len(template.parameters)} types, and "
            "this command writes routes of two: the request and the payload. Write this route by "
            "hand, after one that is there."
        )
    there = _declared(config, index, names)
    fields = _read(config, index, wanted)
    if there:
        return NewRoute(names, *fields, files={}, there=there)
    return _Writer(config, index, names, wanted, fields).plan()


def _read(
    config: AppConfig, index: ModuleIndex, wanted: RouteRequest
) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    def resolve(name: str) -> str | None:
        for module in index.defining(config.package, name):
            if f".{config.output}." not in f"{module}.":
                return module
        return None

    request = read_fields("--request", wanted.request, resolve)
    payload = read_fields("--payload", wanted.payload, resolve)
    if not payload:
        raise ScaffoldError(
            "--payload: an update without a field says nothing. Example: "
            "--payload 'symbol:str price:float'"
        )
    return request, payload


def _declared(config: AppConfig, index: ModuleIndex, names: RouteNames) -> str | None:
    """Return where the route is, if the module has it.

    Raises:
        ScaffoldError: another module has it, or the module has the class for another route.
    """
    mine = _modules_folder(config) / names.module
    routers = {
        one.name: one for one in discover(config, index, read_template(config.template, index))
    }
    for path in declaring_files(config):
        file = read_source(path, config.shown(path))
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and _routed(node) == names.route:
                where = f"{file.shown}:{node.lineno}"
                if path.parent == mine:
                    return where
                raise ScaffoldError(
                    f"--name: the route {names.route!r} is there already, in another module: "
                    f"{where}. Routes of one application have different names."
                )
    known = routers.get(names.router_class)
    if known is not None and known.path.parent == mine:
        raise ScaffoldError(
            f"{known.shown}:{known.line}: {names.router_class} is declared already, for another "
            f"route. Call the class of the updates otherwise: --model {names.model}Update"
        )
    return None


def _routed(node: ast.Call) -> str | None:
    for keyword in node.keywords:
        if keyword.arg == "route" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return None


def _modules_folder(config: AppConfig) -> Path:
    parts = PurePosixPath(config.declarations).parts
    if parts.count("*") != 1 or any("*" in part for part in parts if part != "*"):
        raise ScaffoldError(
            f"{config.table} declarations = {config.declarations!r}: this command writes "
            "`modules/*/ws.py` and its like, with one folder for each module. Write this route by "
            "hand, after one that is there."
        )
    at = parts.index("*")
    if len(parts) != at + 2:
        raise ScaffoldError(
            f"{config.table} declarations = {config.declarations!r}: the declaring file is to "
            "lie in the module's folder itself. Write this route by hand."
        )
    return config.package_dir.joinpath(*parts[:at])


class _Writer:
    def __init__(
        self,
        config: AppConfig,
        index: ModuleIndex,
        names: RouteNames,
        wanted: RouteRequest,
        fields: tuple[tuple[Field, ...], tuple[Field, ...]],
    ) -> None:
        self.config = config
        self.names = names
        self.wanted = wanted
        self.request, self.payload = fields
        self.modules = _modules_folder(config)
        self.folder = self.modules / names.module
        self.declaring = self.folder / PurePosixPath(config.declarations).name
        self.files: dict[Path, str] = {}
        self.left: list[str] = []
        self.notes: list[str] = []
        self.models_home, self.models_from = self._models_home()
        template = index.name_of(config.template)
        interface = f"{template.rpartition('.')[0]}.router_interface"
        offered = index.load(interface)
        has_all = offered is not None and all(
            offered.exports(one) for one in ("WsRouterInterface", "WsRouteService")
        )
        self.where = Imports(
            models=self.models_from,
            template=template,
            router="WsRouter",
            interface=interface if has_all else "topicwire",
            module=index.name_of(self.folder / "__init__.py"),
            declaring=self.declaring.stem,
            generated=config.output,
        )

    def plan(self) -> NewRoute:
        self._models()
        self._exports()
        service = self._service()
        self._declarations()
        self._module(service)
        registered = register(self.config, self.modules, self.names, self.where.module)
        if registered is not None:
            self.files.update(registered)
        texts = {
            path: tidy(self.config, path, text, _text(path)) for path, text in self.files.items()
        }
        changed = {path: text for path, text in texts.items() if _text(path) != text}
        return NewRoute(
            self.names,
            self.request,
            self.payload,
            changed,
            tuple(self.left),
            tuple(self.notes),
        )

    def _models_home(self) -> tuple[Path, str]:
        """Return the models' file, and the module that other code has them from."""
        group = self.wanted.models or self.names.module
        if check_field_name(group):
            raise ScaffoldError(
                f"--models: {group!r} cannot be the name of a package. Example: --models market"
            )
        package = self.config.package_dir / "models"
        if package.with_suffix(".py").is_file():  # one file for all models: it is left as it is
            home = self.folder / f"{self.names.file}_models.py"
            return home, self._dotted(home)
        if (package / f"{group}.py").is_file():
            raise ScaffoldError(
                f"--models: {self.config.shown(package / f'{group}.py')} is a file, and the "
                "models go into a folder of that name. Choose another: --models market"
            )
        return package / group / f"{self.names.file}.py", self._dotted(package / group)

    def _dotted(self, path: Path) -> str:
        return ".".join(path.relative_to(self.config.src).with_suffix("").parts)

    def _models(self) -> None:
        home = self.models_home
        if home.exists():
            raise ScaffoldError(
                f"{self.config.shown(home)} exists, and is somebody's work. Choose another place "
                "for the models (--models), or another name for the route (--name)."
            )
        text = models_module(self.names, self.request, self.payload, self._dotted(home))
        self.files[home] = text

    def _exports(self) -> None:
        home, names = self.models_home, [self.names.model, self.names.request]
        package = self.config.package_dir / "models"
        if not home.is_relative_to(package):
            return
        group = home.parent
        self._export(group / "__init__.py", f".{home.stem}", names, f"Models of {group.name}.")
        self._export(package / "__init__.py", f".{group.name}", names, "Every model.")

    def _export(self, path: Path, relative: str, names: Sequence[str], docstring: str) -> None:
        text = _text(path)
        if text is None:
            self.files[path] = exports_module(docstring, relative, names)
            return
        file = read_source(path, self.config.shown(path))
        taken = [name for name in names if binds(file, name)]
        if taken:
            raise ScaffoldError(
                f"{file.shown} has a {taken[0]} already, of something else. Call the class of "
                f"the updates otherwise: --model {self.names.model}Update"
            )
        listed = add_to_sequence(file, "__all__", [f'"{name}"' for name in sorted(names)])
        if listed is not None:
            file = reparsed(file, listed)
            line = f"from {relative} import {', '.join(sorted(names))}"
        elif file.text.strip():
            line = f"from {relative} import " + ", ".join(
                f"{one} as {one}" for one in sorted(names)
            )
        else:
            self.files[path] = exports_module(docstring, relative, names)
            return
        self.files[path] = add_lines_after_imports(file, [line])

    def _service(self) -> str | None:
        """Write the service where one is wanted and possible; return its module."""
        if not self.wanted.with_service:
            return None
        made = samples(self.request, self.payload)
        if made is None:
            self.notes.append(
                "No service was written: there are no sample values for one of the payload's "
                f"types. Until there is one, updates come from {self.names.router}.publish(...)."
            )
            return None
        path = self.folder / "service.py"
        if path.exists():
            path = self.folder / f"{self.names.file}_service.py"
        if path.exists():
            raise ScaffoldError(
                f"{self.config.shown(path)} exists, and is somebody's work. Move it away, or say "
                "--no-service."
            )
        self.files[path] = service_module(self.names, self.where, made, self.request)
        return self._dotted(path)

    def _declarations(self) -> None:
        path = self.declaring
        if not path.is_file():
            self.files[path] = new_declarations(self.names, self.where)
            return
        file = read_source(path, self.config.shown(path))
        self.files[path], left = more_declarations(file, self.names, self.where)
        self.left += left

    def _module(self, service: str | None) -> None:
        path = self.folder / "__init__.py"
        file = read_source(path, self.config.shown(path)) if path.is_file() else None
        if file is None or not _says_something(file):
            self.files[path] = new_module(self.names, self.where, with_service=service is not None)
            return
        self.files[path], left = more_module(file, self.names, self.where, service)
        self.left += left


def _says_something(file: SourceFile) -> bool:
    """Whether there is more in a file than its docstring."""
    return any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in file.tree.body
    )


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
