"""`[tool.topicwire]` of `pyproject.toml`: where an application keeps what is read and written.

Several applications of one project have `[[tool.topicwire.app]]` instead, a table each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from topicwire.codegen.app_config import (
    CACHE_FOLDER,
    NAME,
    AppConfig,
    PythonConfig,
    TypeScriptConfig,
)
from topicwire.codegen.app_settings import (
    PYTHON_KEYS,
    TYPESCRIPT_KEYS,
    Fault,
    contradictions,
    made_config,
    table_faults,
)
from topicwire.codegen.app_tables import AppTable, Settings, app_tables, are_apps, both_forms
from topicwire.codegen.errors import ConfigError, Problem, UnknownAppError
from topicwire.codegen.overlaps import first_overlap

__all__ = [
    "CACHE_FOLDER",
    "AppConfig",
    "Chosen",
    "PythonConfig",
    "TypeScriptConfig",
    "app_names",
    "bare_config",
    "load_config",
    "load_configs",
    "project_root",
]

# An application of several that lacks these is left out by the commands that need them.
_LEAVES_OUT = frozenset({"app", "types", "client", "folder"})


class Chosen(NamedTuple):
    """The applications that a command is for."""

    configs: Sequence[AppConfig]
    left_out: Mapping[str, str]
    """Those that lack what the command needs, by name, and what that is."""


def load_config(
    start: Path, needs: Sequence[str] = ("package",), app: str | None = None
) -> AppConfig:
    """The nearest `pyproject.toml` with a `[tool.topicwire]`, from `start` upwards.

    Args:
        start: where to look first.
        needs: the settings without which the caller cannot do anything.
        app: which one, where there are several applications.

    Raises:
        ConfigError: there is none, it is not TOML, or a setting is missing, unknown or of a wrong
            type: all that is wrong, in one message. Or there are several applications, and `app`
            is none of them.
    """
    file, text, table = _found(start)
    if not _is_of_apps(table):
        _refuse_name(file, app)
        return _parse(file, table, needs)
    tables, configs = _several(Settings(file, text), file.parent, table)
    if app is None and len(configs) > 1:
        names = ", ".join(one.name for one in configs)
        raise UnknownAppError(
            f"{file}: error: there are {len(configs)} applications here: {names}. "
            f"Say which: --app {configs[0].name}."
        )
    place = _place_of(file, configs, app or configs[0].name)
    Settings(file, text).refuse(list(_lacking(Settings(file, text), tables[place], needs)))
    return configs[place]


def load_configs(
    start: Path, needs: Sequence[str] = ("package",), app: str | None = None
) -> Chosen:
    """Every application of the nearest `pyproject.toml` that has any, or the one of that name.

    Of several, those that have no `app`, `typescript` or `python` are left out where that is
    needed, unless all of them are.

    Raises:
        ConfigError: as `load_config`.
    """
    file, text, table = _found(start)
    if app is not None or not _is_of_apps(table):
        return Chosen([load_config(start, needs, app)], {})
    settings = Settings(file, text)
    tables, configs = _several(settings, file.parent, table)
    lacking = {one.name: _missing(one, needs) for one in tables}
    left_out = {
        name: ", ".join(f"`{key}`" for key in keys)
        for name, keys in lacking.items()
        if keys and _LEAVES_OUT.issuperset(keys)
    }
    is_for_none = len(left_out) == len(tables)
    wanted = [one for one in tables if is_for_none or one.name not in left_out]
    settings.refuse([fault for one in wanted for fault in _lacking(settings, one, needs)])
    return Chosen([one for one in configs if one.name not in left_out], left_out)


def app_names(start: Path) -> Sequence[str]:
    """Return the names of the applications; none where there is one without a name.

    Raises:
        ConfigError: as `load_config`.
    """
    file, text, table = _found(start)
    if not _is_of_apps(table):
        return ()
    return [one.name for one in app_tables(Settings(file, text), file.parent, table)]


def project_root(start: Path) -> Path:
    """Return the folder of the nearest `pyproject.toml` with a `[tool.topicwire]`.

    Raises:
        ConfigError: there is none.
    """
    return _found(start)[0].parent


def _found(start: Path) -> tuple[Path, str, Any]:
    start = start.resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        text, tables = _read(file)
        table = tables.get("tool", {}).get("topicwire")
        if table is not None:
            return file, text, table
    raise ConfigError(_nowhere(start))


def _is_of_apps(table: object) -> bool:
    return isinstance(table, dict) and are_apps(table.get("app"))


def _refuse_name(file: Path, app: str | None) -> None:
    if app is not None:
        raise UnknownAppError(
            f"{file}: error: --app {app}: this project has one application, which has no name. "
            "Leave --app out; several have [[tool.topicwire.app]] tables."
        )


def _place_of(file: Path, configs: Sequence[AppConfig], app: str) -> int:
    names = [one.name for one in configs]
    if app not in names:
        raise UnknownAppError(
            f"{file}: error: --app {app}: there is no application of this name. "
            f"There are: {', '.join(names)}."
        )
    return names.index(app)


def _several(
    settings: Settings, root: Path, table: Mapping[str, Any]
) -> tuple[list[AppTable], list[AppConfig]]:
    """Return the tables of all applications, and what they say, in their order."""
    tables = app_tables(settings, root, table)
    faults = [
        settings.in_app(one.place, fault.path, fault.text)
        for one in tables
        for fault in table_faults(f"{NAME}.app", one.settings, ())
    ]
    settings.refuse(faults)
    configs = [made_config(root, one.settings, one.name, one.base) for one in tables]
    faults = [
        settings.in_app(tables[place].place, fault.path, fault.text)
        for place, config in enumerate(configs)
        for fault in contradictions(config)
    ]
    settings.refuse(faults)
    for (at, one), (there, other) in combinations(enumerate(configs), 2):
        both = first_overlap(one, other)
        if both is not None:
            mine, theirs = both
            line = settings.app_line(tables[at].place, mine.setting)
            place = tables[there].place
            faults.append(
                settings.in_app(
                    place,
                    theirs.setting,
                    f"`{theirs.named}` of {other.name!r} is {other.shown(Path(theirs.shown))}, and "
                    f"`{mine.named}` of {one.name!r} (line {line}) is "
                    f"{one.shown(Path(mine.shown))}: each would overwrite or remove what the other "
                    "makes there.",
                    f"Give one of them a place that is not within the other: set `{theirs.named}`"
                    + (f" in the table of {other.name!r}." if "." not in theirs.named else "."),
                )
            )
    settings.refuse(faults)
    return tables, configs


def _missing(table: AppTable, needs: Sequence[str]) -> list[str]:
    inner = {
        **dict.fromkeys(TYPESCRIPT_KEYS, "typescript"),
        **dict.fromkeys(PYTHON_KEYS, "python"),
    }
    del inner["package"]  # the application's; the client's is not needed by anything
    return [
        key
        for key in needs
        if key not in (table.settings.get(inner[key], {}) if key in inner else table.settings)
    ]


def _lacking(settings: Settings, table: AppTable, needs: Sequence[str]) -> Iterator[Problem]:
    for fault in table_faults(f"{NAME}.app", table.settings, needs):
        yield settings.in_app(table.place, fault.path, fault.text)


def _nowhere(start: Path) -> str:
    """What to say where there are no settings: the likeliest cure first."""
    message = f"no pyproject.toml with a [{NAME}] table in {start} or above it."
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
        return "topicwire" in _read(file)[1].get("tool", {})
    except (ConfigError, OSError):
        return False


def bare_config(root: Path) -> AppConfig:
    """Return the configuration of a folder without an application: every default.

    Nothing but what is asked for is ever written there.
    """
    return replace(made_config(root.resolve(), {}), keeps_cache=False)


def _read(file: Path) -> tuple[str, dict[str, dict[str, object]]]:
    try:
        text = file.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: error: this is not TOML: {error}.") from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        both = both_forms(text, error)
        if both is not None:
            settings = Settings(file, text)
            settings.refuse([settings.at_line(*both)])
        raise ConfigError(f"{file}: error: this is not TOML: {error}.") from error


def _parse(file: Path, table: object, needs: Sequence[str]) -> AppConfig:
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [{NAME}] is to be a table, not {table!r}.")
    _refuse(file, table_faults(NAME, table, needs))
    config = made_config(file.parent, table)
    _refuse(file, contradictions(config))
    return config


def _refuse(file: Path, faults: Iterator[Fault]) -> None:
    texts = [f"{file}: {fault.text}" for fault in faults]
    if texts:
        raise ConfigError("\n".join(texts))
