"""Where the application keeps the settings of the tools that its generated code has to please."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import ConfigError

DEFAULT_LINE_LENGTH = 88  # Black's and Ruff's own
_INI_FILES = {
    "mypy": ("mypy.ini", ".mypy.ini"),
    "isort": (".isort.cfg",),
    "flake8": (".flake8",),
    "ruff": (".ruff.toml", "ruff.toml"),
}


def settings_file(config: AppConfig, tool: str) -> Path | None:
    """The nearest file with settings of a tool, from the application's folder upwards."""
    for folder in (config.base, *config.base.parents):
        for name in _INI_FILES.get(tool, ()):
            if (folder / name).is_file():
                return folder / name
        file = folder / "pyproject.toml"
        if file.is_file() and tool in tool_tables(file):
            return file
    return None


def settings_files(config: AppConfig) -> Iterator[Path]:
    """Every file that may change what a tool says about generated code."""
    names = ("pyproject.toml", "setup.cfg", "tox.ini", *sum(_INI_FILES.values(), ()))
    for folder in (config.base, *config.base.parents):
        for name in names:
            if (folder / name).is_file():
                yield folder / name


def ruff_options(config: AppConfig) -> list[str]:
    """None where the application has settings, which Ruff finds; otherwise settings that agree."""
    if settings_file(config, "ruff") is not None:
        return []
    package = config.package.partition(".")[0]
    return [
        "--isolated",
        "--config",
        f"line-length = {line_length(config)}",
        "--config",
        f"lint.isort.known-first-party = ['{package}']",
    ]


def line_length(config: AppConfig) -> int:
    """Ruff's line length, else Black's, else what both have by default."""
    for tool in ("ruff", "black"):
        file = settings_file(config, tool)
        if file is None:
            continue
        found = (_toml(file) if file.name != "pyproject.toml" else tool_tables(file)[tool]).get(
            "line-length"
        )
        if isinstance(found, int):
            return found
    return DEFAULT_LINE_LENGTH


def tool_tables(file: Path) -> dict[str, Any]:
    """The `[tool.*]` tables of a `pyproject.toml`.

    Raises:
        ConfigError: it is not TOML.
    """
    tables: dict[str, Any] = _toml(file).get("tool", {})
    return tables


@cache
def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: error: this is not TOML: {error}.") from error
