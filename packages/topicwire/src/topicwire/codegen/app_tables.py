"""`[[tool.topicwire.app]]` of `pyproject.toml`: the tables of several applications, told apart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from topicwire.codegen.errors import Problem, SettingsError
from topicwire.codegen.settings_lines import Key, line_of

NAME = "tool.topicwire.app"
OWN_KEYS = ("name", "root")
"""What an application's table has, and the table of a single application has not."""

_AT: tuple[Key, ...] = ("tool", "topicwire", "app")
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_AT_LINE = re.compile(r"at line (\d+)")
_HEADER = re.compile(r"\s*\[\[\s*tool\s*\.\s*topicwire\s*\.\s*app\s*\]\]")
_SETTING = re.compile(r"\s*(?:(?:tool\s*\.\s*)?topicwire\s*\.\s*)?app\s*=")
_TOGETHER = (
    "[tool.topicwire] is of a project with one application, [[tool.topicwire.app]] of one with "
    "several: both together are refused."
)
_EXAMPLES: Mapping[str, str] = {
    "name": 'what the command line and messages call it, such as `name = "trading"`',
    "root": (
        "the folder where its relative paths begin, as seen from this file, such as "
        '`root = "services/trading"`; `root = "."` for the folder of this file'
    ),
}


class AppTable(NamedTuple):
    """One application's table: checked is what only such a table has, `name` and `root`."""

    name: str
    base: Path
    settings: dict[str, Any]
    place: int


class Settings:
    """The text of a `pyproject.toml`, for problems that name lines of it."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._text = text

    def line(self, path: Sequence[Key]) -> int:
        """Return the line of a value, or of what is to hold it."""
        return line_of(self._text, path)

    def problem(self, path: Sequence[Key], message: str, cure: str = "") -> Problem:
        """Return a problem at the line of a value, or of what is to hold it."""
        return self.at_line(self.line(path), message, cure)

    def in_app(self, place: int, setting: Sequence[Key], message: str, cure: str = "") -> Problem:
        """Return a problem at a setting of one of the applications."""
        return self.problem((*_AT, place, *setting), message, cure)

    def app_line(self, place: int, setting: Sequence[Key] = ()) -> int:
        """Return the line of a setting of one of the applications."""
        return self.line((*_AT, place, *setting))

    def at_line(self, line: int, message: str, cure: str = "") -> Problem:
        """Return a problem at a line."""
        excerpt = self._text.splitlines()[line - 1]
        column = len(excerpt) - len(excerpt.lstrip())
        width = len(excerpt.strip())
        return Problem(self._file.name, line, column, width, message, excerpt, cure)

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Raise all that was found, if anything was.

        Raises:
            SettingsError: something was.
        """
        if problems:
            raise SettingsError(self._file.parent, problems)


def are_apps(value: object) -> bool:
    """Say whether `app` is of several applications: a list of tables, not a string."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def app_tables(settings: Settings, root: Path, table: Mapping[str, Any]) -> list[AppTable]:
    """Return the tables of several applications, by their names and folders.

    Args:
        settings: of the project.
        root: the folder of its `pyproject.toml`.
        table: `[tool.topicwire]`, whose `app` is a list of tables.

    Raises:
        SettingsError: there are settings of a single application beside them; one lacks its name
            or its folder, the folder is none, or the name is none or that of another.
    """
    problems = [
        settings.problem(
            ("tool", "topicwire", key),
            f"{_TOGETHER} This is a setting of [tool.topicwire].",
            f"Move `{key}` into the [[{NAME}]] of each application that it is of.",
        )
        for key in table
        if key != "app"
    ]
    found: list[AppTable] = []
    for place, one in enumerate(table["app"]):
        problems += _own_problems(settings, root, place, one, found)
        if not problems:
            rest = {key: value for key, value in one.items() if key not in OWN_KEYS}
            found.append(AppTable(one["name"], (root / one["root"]).resolve(), rest, place))
    settings.refuse(problems)
    return found


def _own_problems(
    settings: Settings, root: Path, place: int, one: Mapping[str, Any], before: list[AppTable]
) -> Iterator[Problem]:
    for key in OWN_KEYS:
        value = one.get(key)
        if value is None:
            message = f"this [[{NAME}]] lacks `{key}`."
            yield settings.in_app(place, (), message, f"Add {_EXAMPLES[key]}.")
        elif not isinstance(value, str) or not value:
            yield settings.in_app(
                place,
                (key,),
                f"{key} = {value!r}: it is to be a string.",
                f"Give {_EXAMPLES[key]}.",
            )
        elif key == "name":
            yield from _name_problems(settings, place, value, before)
        elif not (root / value).is_dir():
            yield settings.in_app(
                place,
                (key,),
                f"root = {value!r}: there is no folder {(root / value).as_posix()}.",
                f"Make it, or correct this: {_EXAMPLES[key]}.",
            )


def _name_problems(
    settings: Settings, place: int, name: str, before: list[AppTable]
) -> Iterator[Problem]:
    if not _NAMED.fullmatch(name):
        yield settings.in_app(
            place,
            ("name",),
            f"name = {name!r}: it is to be of letters, digits, `-` and `_`.",
            'It becomes the name of a folder, and is given to --app: such as `name = "trading"`.',
        )
    for other in before:
        if other.name.casefold() == name.casefold():  # some disks do not tell capitals apart
            line = settings.app_line(other.place, ("name",))
            yield settings.in_app(
                place,
                ("name",),
                f"name = {name!r}: so is the application at line {line} called.",
                "Give each application a name of its own.",
            )


def both_forms(text: str, error: tomllib.TOMLDecodeError) -> tuple[int, str, str] | None:
    """Return line, message and cure, where a file is not TOML since it has both forms.

    `app` is a string in one of them and a list in the other, so the parser refuses the second.
    """
    at = _AT_LINE.search(str(error))
    lines = text.splitlines(keepends=True)
    for line in {int(at[1]), int(at[1]) - 1} if at else ():
        if not 1 <= line <= len(lines):
            continue
        try:
            before = tomllib.loads("".join(lines[: line - 1]))
        except tomllib.TOMLDecodeError:
            continue
        known = before.get("tool", {}).get("topicwire", {}).get("app")
        if (isinstance(known, str) and _HEADER.match(lines[line - 1])) or (
            are_apps(known) and _SETTING.match(lines[line - 1])
        ):
            cure = (
                f"Begin a [[{NAME}]] for the application of [tool.topicwire] as well, and move its "
                "settings there."
            )
            return line, _TOGETHER, cure
    return None
