"""`[tool.topicwire]` of `pyproject.toml`: where an application keeps what is read and written."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from topicwire.codegen.errors import ConfigError
from topicwire.codegen.scalars import Scalar, made_scalars, scalar_faults

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
_NAME = "tool.topicwire"
_TYPESCRIPT_NAME = f"{_NAME}.typescript"
_PYTHON_NAME = f"{_NAME}.python"


@dataclass(frozen=True, slots=True)
class TypeScriptConfig:
    """`[tool.topicwire.typescript]`: absolute folders.

    Attributes:
        types: of the types.
        client: of the map of routes.
        validators: of the validators of what is received; None where none are wanted.
        scalars: types that stand for formats, instead of those of the wire.
    """

    types: Path
    client: Path
    validators: Path | None = None
    scalars: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonConfig:
    """`[tool.topicwire.python]`: the generated Python client."""

    folder: Path
    """Absolute: of the package's own pyproject.toml."""

    package: str | None
    """None: after the document's title."""

    client: str | None
    """The name of its class; None: after the title, too."""


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What `[tool.topicwire]` says, with every path made absolute.

    Attributes:
        root: the folder of `pyproject.toml`.
        src: the folder that holds `package`; what is below it is first-party.
        package: the application's package, such as `trading_api`; "" when not set.
        declarations: a glob below the package's folder.
        template: the file with the generic router class.
        output: the folder beside each declaring file.
        app: `module:factory`, or `module:app` of an application that is there; "" when not set.
        asyncapi: where the document is exported to.
        manifest: the one file that says which version of the generator made the output.
        command: how generated files say they are made again.
        typescript: None when not set.
        python: None when not set.
        keeps_cache: there is an application's folder that may hold `cache_dir`.
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
    python: PythonConfig | None = None
    keeps_cache: bool = True

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


def load_config(start: Path, needs: Sequence[str] = ("package",)) -> AppConfig:
    """The nearest `pyproject.toml` with a `[tool.topicwire]`, from `start` upwards.

    Args:
        start: where to look first.
        needs: the settings without which the caller cannot do anything.

    Raises:
        ConfigError: there is none, it is not TOML, or a setting is missing, unknown or of a wrong
            type: all that is wrong, in one message.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        table = _read(file).get("tool", {}).get("topicwire")
        if table is not None:
            return _parse(file, table, needs)
    raise ConfigError(_nowhere(start))


def _nowhere(start: Path) -> str:
    """What to say where there are no settings: the likeliest cure first."""
    message = f"no pyproject.toml with a [{_NAME}] table in {start} or above it."
    below = [one.parent.name for one in sorted(start.glob("*/pyproject.toml")) if _has_table(one)]
    if below:
        return (
            f"{message} There is one in {below[0]}/: `cd {below[0]}`, or name it: "
            f"--project {below[0]}."
        )
    if (start / "pyproject.toml").is_file():
        return f"{message} `topicwire init` gives the project here its settings and a first route."
    return (
        f"{message} Run this in the application's folder, or name it: --project FOLDER. A new one "
        "begins with `topicwire init`."
    )


def _has_table(file: Path) -> bool:
    try:
        return "topicwire" in _read(file).get("tool", {})
    except (ConfigError, OSError):
        return False


def bare_config(root: Path) -> AppConfig:
    """Return the configuration of a folder without an application: every default.

    Nothing but what is asked for is ever written there.
    """
    return replace(_made(root.resolve(), DEFAULTS, None, None), keeps_cache=False)


def _read(file: Path) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: error: this is not TOML: {error}.") from error


def _parse(file: Path, table: object, needs: Sequence[str]) -> AppConfig:
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [{_NAME}] is to be a table, not {table!r}.")
    typescript = table.get("typescript", {})
    if not isinstance(typescript, dict):
        raise ConfigError(f"{file}: [{_TYPESCRIPT_NAME}] is to be a table, not {typescript!r}.")
    scalars = typescript.get(_SCALARS, {})
    typescript = {key: value for key, value in typescript.items() if key != _SCALARS}
    python = table.get("python", {})
    if not isinstance(python, dict):
        raise ConfigError(f"{file}: [{_PYTHON_NAME}] is to be a table, not {python!r}.")
    rest = {key: value for key, value in table.items() if key not in {"typescript", "python"}}
    of_typescript = set(TYPESCRIPT_KEYS) - _OPTIONAL
    needed = set(needs) | (of_typescript if "typescript" in table else set())
    needs_folder = "python" in table or "folder" in needed
    faults = [
        *_faults(_NAME, rest, tuple(DEFAULTS), needed - of_typescript),
        *_faults(_TYPESCRIPT_NAME, typescript, TYPESCRIPT_KEYS, needed & of_typescript),
        *scalar_faults(f"{_TYPESCRIPT_NAME}.{_SCALARS}", scalars),
        *_faults(_PYTHON_NAME, python, PYTHON_KEYS, {"folder"} if needs_folder else set()),
    ]
    _refuse(file, faults)
    config = _made(file.parent, {**DEFAULTS, **rest}, typescript or None, python or None)
    if config.typescript is not None:
        mapped = made_scalars(scalars, config.root)
        config = replace(config, typescript=replace(config.typescript, scalars=mapped))
    _refuse(file, list(_contradictions(config)))
    return config


def _refuse(file: Path, faults: Sequence[str]) -> None:
    if faults:
        raise ConfigError("\n".join(f"{file}: {fault}" for fault in faults))


def _faults(
    name: str, table: Mapping[str, object], known: Sequence[str], needed: Collection[str]
) -> Iterator[str]:
    for key, value in table.items():
        if key not in known:
            yield f"[{name}] has an unknown setting {key!r}. Known: {', '.join(known)}."
        elif not isinstance(value, str) or not value:
            yield f"[{name}] {key} = {value!r}: it is to be a string."
    for key in known:
        if key in needed and key not in table:
            yield f"[{name}] lacks `{key}`: {_EXAMPLES[key]}."


def _contradictions(config: AppConfig) -> Iterator[str]:
    if config.package and not config.package_dir.is_dir():
        yield (
            f"[{_NAME}] names the package {config.package!r}, but there is no "
            f"folder {config.shown(config.package_dir)}. Set `src` and `package`."
        )
    if not config.output.isidentifier():
        yield (
            f"[{_NAME}] output = {config.output!r}: it becomes a Python package, "
            "so it is to be an identifier, such as `ws_generated`."
        )


def _made(
    root: Path,
    values: Mapping[str, str],
    typescript: Mapping[str, str] | None,
    python: Mapping[str, str] | None,
) -> AppConfig:
    src = root / values["src"]
    folders = None
    if typescript is not None:
        folders = TypeScriptConfig(
            types=(root / typescript["types"]).resolve(),
            client=(root / typescript["client"]).resolve(),
            validators=(
                (root / typescript["validators"]).resolve() if "validators" in typescript else None
            ),
        )
    client = None
    if python is not None:
        folder = (root / python["folder"]).resolve()
        client = PythonConfig(folder, python.get("package"), python.get("class"))
    return AppConfig(
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
        typescript=folders,
        python=client,
    )
