"""What every command has alike: options, results to stdout, refusals to stderr, colour."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from topicwire.errors import TopicwireError

if TYPE_CHECKING:
    # argparse has no public name for what `add_subparsers` returns.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

DONE = 0
DOES_NOT_HOLD = 1
WRONG_INPUT = 2

# What commands import beyond what a server needs, by the extra that brings it.
_EXTRAS = {
    "jsonschema": "codegen",
    "jsonschema_rs": "codegen",
    "uvicorn": "uvicorn",
    "watchfiles": "codegen",
    "websockets": "uvicorn",
}
_CODES = {"red": "31", "green": "32", "dim": "2"}


def add_command(
    commands: Commands,
    name: str,
    run: Callable[..., None],
    summary: str,
    *,
    checks: bool = True,
    in_project: bool = True,
) -> argparse.ArgumentParser:
    """A command whose help is the docstring of what it runs.

    It has `--check` where it `checks` what it would write, and `--project` where it works
    `in_project`.
    """
    description = "\n".join(line.strip() for line in (run.__doc__ or "").splitlines())
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if checks:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; exit 1 and name what is stale"
        )
    if in_project:
        parser.add_argument(
            "-C",
            "--project",
            type=Path,
            default=Path(),
            metavar="FOLDER",
            help="of the application's pyproject.toml, or one below it (default: this one)",
        )
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Commands, name: str, metavar: str, summary: str, example: str) -> Commands:
    """A command that is nothing without a second word. Returns where those are added."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[:1].upper()}{summary[1:]}.",
        epilog=f"Example: `{example}`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser.add_subparsers(metavar=metavar, required=True)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds `--json`."""
    parser.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        help="print the result as JSON, for machines",
    )


def say(text: str, *, end: str = "\n") -> None:
    """Prints a result, at once."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def say_json(value: object) -> None:
    """Prints a result for machines: paths in it are relative to the project's folder."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def styled(text: str, style: str, *, err: bool = False) -> str:
    """The text in a colour, where the stream is a terminal and `NO_COLOR` is not set."""
    if not (sys.stderr if err else sys.stdout).isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def fail(message: str, code: int) -> NoReturn:
    """Prints to stderr and ends the command.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"{message}\n")
    raise SystemExit(code)


@contextmanager
def application_speaks() -> Iterator[None]:
    """While the application's code runs: what it prints is no result of the command's."""
    with redirect_stdout(sys.stderr):
        yield


def refuse(message: str, *, as_json: bool, app: str | None = None) -> NoReturn:
    """Says that usage or input is wrong, to a person or to a machine, and ends the command.

    Raises:
        SystemExit: always, with 2.
    """
    if as_json:
        say_json({**_of(app), "ok": False, "errors": [{"message": message}]})
        raise SystemExit(WRONG_INPUT)
    fail(message, WRONG_INPUT)


def shown_here(root: Path, shown: str) -> str:
    """A path that is relative to the application's folder, as one that a terminal here can open.

    Here is the current directory, or `TOPICWIRE_PATHS_FROM` where a program between the person and
    this one has changed it. Elsewhere than above or below the application nothing is changed.
    """
    here = Path(os.environ.get("TOPICWIRE_PATHS_FROM") or Path.cwd()).resolve()
    if root.is_relative_to(here) or here.is_relative_to(root):
        return Path(os.path.relpath(root / shown, here)).as_posix()
    return shown


@contextmanager
def refusals(
    closing: str = "", project: Path = Path(), *, as_json: bool = False, app: str | None = None
) -> Iterator[None]:
    """Errors of ours become a message and exit code 2, without a traceback.

    With `as_json` the message is `{"ok": false, "errors": [...]}`, an object for each error, with
    its `path`, `line` and `cure` where it is one of a file. It names the `app`, where `--app` does.
    """
    try:
        yield
    except TopicwireError as error:
        if as_json:
            say_json({**_of(app), "ok": False, "errors": _as_objects(error)})
            raise SystemExit(WRONG_INPUT) from None
        message = str(_located(error, project)).replace(
            " error: ", f" {styled('error:', 'red', err=True)} "
        )
        fail(f"{message}\n{closing}".rstrip("\n"), WRONG_INPUT)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        refuse(
            f"{error.name} is not installed in this environment, and this command needs it: "
            f"pip install 'topicwire[{extra}]'.",
            as_json=as_json,
            app=app,
        )


def _of(app: str | None) -> dict[str, str]:
    return {"app": app} if app else {}


def _as_objects(error: TopicwireError) -> list[dict[str, str | int]]:
    from topicwire.codegen.errors import (  # noqa: PLC0415 - start-up time
        GenerationError,
        SettingsError,
    )

    if isinstance(error, GenerationError | SettingsError):
        return [one.fields() for one in error.problems]
    return [{"message": str(error)}]


def _located(error: TopicwireError, project: Path) -> TopicwireError:
    from dataclasses import replace  # noqa: PLC0415 - start-up time

    from topicwire.codegen.config import project_root  # noqa: PLC0415 - start-up time
    from topicwire.codegen.errors import (  # noqa: PLC0415
        ConfigError,
        GenerationError,
        SettingsError,
    )

    if isinstance(error, SettingsError):
        shown = [replace(one, path=shown_here(error.root, one.path)) for one in error.problems]
        return SettingsError(error.root, shown)
    if not isinstance(error, GenerationError):
        return error
    try:
        root = project_root(project)
    except ConfigError:  # a document alone, or a project that was to begin and was taken back
        root = project.resolve()
    return GenerationError(
        [replace(problem, path=shown_here(root, problem.path)) for problem in error.problems]
    )
