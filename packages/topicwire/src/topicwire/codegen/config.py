"""`[tool.topicwire]` of `pyproject.toml`: where an application keeps what is read and written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.errors import ConfigError

_DEFAULTS: Mapping[str, str] = {
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
_TYPESCRIPT_KEYS = ("types", "client")


@dataclass(frozen=True, slots=True)
class TypeScriptConfig:
    """`[tool.topicwire.typescript]`. Both are absolute folders."""

    types: Path
    client: Path


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What `[tool.topicwire]` says, with every path made absolute.

    Attributes:
        root: the folder of `pyproject.toml`.
        src: the folder that holds `package`; what is below it is first-party.
        package: the application's package, such as `trading_api`.
        declarations: a glob below the package's folder.
        template: the file with the generic router class.
        output: the folder beside each declaring file.
        app: `module:function` that returns `(api_app, ws_app)` or an adapter; "" when not set.
        asyncapi: where the document is exported to.
        manifest: the one file that says which version of the generator made the output.
        command: how generated files say they are made again.
        typescript: None when not set.
    """

    root: Path
    src: Path
    package: str
    declarations: str
    template: Path
    output: str
    app: str
    asyncapi: Path
    manifest: Path
    command: str
    typescript: TypeScriptConfig | None = None

    @property
    def package_dir(self) -> Path:
        """The folder of the package."""
        return self.src.joinpath(*self.package.split("."))

    @property
    def cache_dir(self) -> Path:
        """For locks, staged files and stamps. Nothing in it is needed or committed."""
        return self.root / ".topicwire_cache"

    def shown(self, path: Path) -> str:
        """A path as it is printed: relative to `root`, with forward slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()


def load_config(start: Path) -> AppConfig:
    """The nearest `pyproject.toml` with a `[tool.topicwire]`, from `start` upwards.

    Raises:
        ConfigError: there is none, it is not TOML, or a setting is unknown or of a wrong type.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        table = _read(file).get("tool", {}).get("topicwire")
        if table is not None:
            return _parse(file, table)
    raise ConfigError(
        f"no pyproject.toml with a [tool.topicwire] table in {start} or above it. "
        "Run this in the application's folder (`cd backend`), or name it: --project backend."
    )


def _read(file: Path) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: error: this is not TOML: {error}.") from error


def _parse(file: Path, table: object) -> AppConfig:
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [tool.topicwire] is to be a table, not {table!r}.")
    typescript = table.get("typescript")
    rest = {key: value for key, value in table.items() if key != "typescript"}
    values = dict(_DEFAULTS) | _strings(file, "tool.topicwire", rest, tuple(_DEFAULTS))
    if not values["package"]:
        raise ConfigError(
            f"{file}: [tool.topicwire] lacks `package`: the package that holds your modules, "
            'such as `package = "trading_api"`.'
        )
    root = file.parent
    src = root / values["src"]
    config = AppConfig(
        root=root,
        src=src,
        package=values["package"],
        declarations=values["declarations"],
        template=src.joinpath(*values["package"].split("."), values["template"]),
        output=values["output"],
        app=values["app"],
        asyncapi=root / values["asyncapi"],
        manifest=root / values["manifest"],
        command=values["command"],
        typescript=_typescript(file, root, typescript),
    )
    if not config.package_dir.is_dir():
        raise ConfigError(
            f"{file}: [tool.topicwire] names the package {config.package!r}, but there is no "
            f"folder {config.shown(config.package_dir)}. Set `src` and `package`."
        )
    if not config.output.isidentifier():
        raise ConfigError(
            f"{file}: [tool.topicwire] output = {config.output!r}: it becomes a Python package, "
            "so it is to be an identifier, such as `ws_generated`."
        )
    return config


def _typescript(file: Path, root: Path, table: object) -> TypeScriptConfig | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [tool.topicwire.typescript] is to be a table, not {table!r}.")
    values = _strings(file, "tool.topicwire.typescript", table, _TYPESCRIPT_KEYS)
    for key in _TYPESCRIPT_KEYS:
        if key not in values:
            raise ConfigError(f"{file}: [tool.topicwire.typescript] lacks `{key}`: a folder.")
    return TypeScriptConfig(
        types=(root / values["types"]).resolve(), client=(root / values["client"]).resolve()
    )


def _strings(
    file: Path, name: str, table: Mapping[str, object], allowed: tuple[str, ...]
) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in table.items():
        if key not in allowed:
            raise ConfigError(
                f"{file}: [{name}] has an unknown setting {key!r}. Known: {', '.join(allowed)}."
            )
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{file}: [{name}] {key} = {value!r}: it is to be a string.")
        values[key] = value
    return values
