"""One application's table of `pyproject.toml`: what is wrong with it, and what it says."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from topicwire.codegen.app_config import NAME, AppConfig, PythonConfig, TypeScriptConfig
from topicwire.codegen.app_tables import OWN_KEYS
from topicwire.codegen.scalars import made_scalars, scalar_faults
from topicwire.codegen.settings_lines import Key

DEFAULTS: Mapping[str, str] = {
    "src": "src",
    "package": "",
    "declarations": "modules/*/ws.py",
    "template": "shared/ws/generic_route.py",
    "output": "ws_generated",
    "app": "",
    "asyncapi": "generated/asyncapi.json",
    "manifest": "generated/topicwire.json",
    "command": "topicwire generate",
}
TYPESCRIPT_KEYS = ("types", "client", "validators", "scalars")
_OPTIONAL = frozenset({"validators", "scalars"})
_SCALARS = "scalars"
PYTHON_KEYS = ("folder", "package", "class")

_EXAMPLES: Mapping[str, str] = {
    "package": 'the package that holds your modules, such as `package = "trading_api"`',
    "app": '`module:factory` or `module:app`, such as `app = "trading_api.main:app"`',
    "types": 'a folder, such as `types = "../frontend/src/clients/ws-types-generated"`',
    "client": 'a folder, such as `client = "../frontend/src/clients/ws-client-generated"`',
    "folder": 'where the package is written, such as `folder = "../clients/python"`',
}


class Fault(NamedTuple):
    """What is wrong with a table: where in it, and what."""

    path: tuple[Key, ...]
    text: str


def table_faults(name: str, table: Mapping[str, Any], needs: Sequence[str]) -> Iterator[Fault]:
    """Yield what is wrong with an application's table, those below it included."""
    shown = f"[{name}]" if name == NAME else f"[[{name}]]"
    for inner in ("typescript", "python"):
        if not isinstance(table.get(inner, {}), dict):
            text = f"[{name}.{inner}] is to be a table, not {table[inner]!r}."
            yield Fault((inner,), text)
            return
    typescript = dict(table.get("typescript", {}))
    scalars = typescript.pop(_SCALARS, {})
    rest = {key: value for key, value in table.items() if key not in {"typescript", "python"}}
    of_typescript = set(TYPESCRIPT_KEYS) - _OPTIONAL
    needed = set(needs) | (of_typescript if "typescript" in table else set())
    needs_folder = "python" in table or "folder" in needed
    known = tuple(DEFAULTS) if name == NAME else (*OWN_KEYS, *DEFAULTS)
    yield from _faults(shown, (), rest, known, needed - of_typescript)
    inside: tuple[Key, ...] = ("typescript",)
    shown = f"[{name}.typescript]"
    yield from _faults(shown, inside, typescript, TYPESCRIPT_KEYS, needed & of_typescript)
    for text in scalar_faults(f"{name}.typescript.{_SCALARS}", scalars):
        yield Fault((*inside, _SCALARS), text)
    python = table.get("python", {})
    folder = {"folder"} if needs_folder else set[str]()
    yield from _faults(f"[{name}.python]", ("python",), python, PYTHON_KEYS, folder)


def _faults(
    shown: str,
    inside: tuple[Key, ...],
    table: Mapping[str, object],
    known: Sequence[str],
    needed: Collection[str],
) -> Iterator[Fault]:
    for key, value in table.items():
        if key not in known:
            text = f"{shown} has an unknown setting {key!r}. Known: {', '.join(known)}."
            yield Fault((*inside, key), text)
        elif not isinstance(value, str) or not value:
            yield Fault((*inside, key), f"{shown} {key} = {value!r}: it is to be a string.")
    for key in known:
        if key in needed and key not in table:
            yield Fault(inside, f"{shown} lacks `{key}`: {_EXAMPLES[key]}.")


def contradictions(config: AppConfig) -> Iterator[Fault]:
    """Yield what the settings of an application say that cannot be, at where they say it."""
    shown = f"[[{NAME}.app]]" if config.name else f"[{NAME}]"
    if config.package and not config.package_dir.is_dir():
        text = (
            f"{shown} names the package {config.package!r}, but there is no "
            f"folder {config.shown(config.package_dir)}. Set `src` and `package`."
        )
        yield Fault(("package",), text)
    if not config.output.isidentifier():
        text = (
            f"{shown} output = {config.output!r}: it becomes a Python package, "
            "so it is to be an identifier, such as `ws_generated`."
        )
        yield Fault(("output",), text)
    if config.name and config.package and not config.template.is_relative_to(config.src):
        text = (
            f"{shown} template = {config.shown(config.template)}: it is a module that generated "
            f"routers import, so it is to be below {config.shown(config.src)} (`src`). "
            "Applications that share one have a `src` in common."
        )
        yield Fault(("template",), text)


def made_config(
    root: Path, table: Mapping[str, Any], name: str = "", base: Path | None = None
) -> AppConfig:
    """Return what a table without faults says."""
    base = base or root
    values = {**DEFAULTS, **{key: one for key, one in table.items() if isinstance(one, str)}}
    if name and "command" not in table:
        values["command"] = f"{DEFAULTS['command']} --app {name}"

    def placed(value: str) -> Path:
        # Of several applications `../` is the usual thing, and two are compared by their paths.
        return Path(os.path.normpath(base / value)) if name else base / value

    src = placed(values["src"])
    package = src.joinpath(*values["package"].split("."))
    return AppConfig(
        root=root,
        base=base,
        src=src,
        package=values["package"],
        declarations=values["declarations"],
        template=Path(os.path.normpath(package / values["template"])),
        output=values["output"],
        app=values["app"],
        asyncapi=placed(values["asyncapi"]),
        manifest=placed(values["manifest"]),
        command=values["command"],
        typescript=_typescript(base, table["typescript"]) if table.get("typescript") else None,
        python=_python(base, table["python"]) if table.get("python") else None,
        name=name,
    )


def _typescript(base: Path, table: Mapping[str, Any]) -> TypeScriptConfig | None:
    if not table.keys() - {_SCALARS}:
        return None
    return TypeScriptConfig(
        types=(base / table["types"]).resolve(),
        client=(base / table["client"]).resolve(),
        validators=(base / table["validators"]).resolve() if "validators" in table else None,
        scalars=made_scalars(table.get(_SCALARS, {}), base),
    )


def _python(base: Path, table: Mapping[str, str]) -> PythonConfig:
    folder = (base / table["folder"]).resolve()
    return PythonConfig(folder, table.get("package"), table.get("class"))
