"""Commands for each of a project's applications, one after the other, or for one by `--app`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topicwire.cli.console import DONE, WRONG_INPUT, refusals, refuse, say, say_json, styled

if TYPE_CHECKING:
    import argparse

    from topicwire.codegen.config import AppConfig


def add_app(parser: argparse.ArgumentParser, without: str = "for all of them") -> None:
    """Adds `--app`; the help says what happens `without` it."""
    parser.add_argument(
        "--app",
        metavar="NAME",
        help=f"one of several applications ([[tool.topicwire.app]]); without it {without}",
    )


def in_apps(
    project: Path,
    needs: Sequence[str],
    run: Callable[[str], None],
    *,
    app: str | None,
    as_json: bool,
    of_one: Mapping[str, object] | None = None,
) -> bool:
    """Run a command for each of several applications, as `--app` does for each of them.

    What is wrong with one keeps none of the others from its turn. What it says stands below the
    application's name; with `as_json` it is one object for all: `{"ok": …, "apps": [...]}`.

    Args:
        project: a folder of the project.
        needs: the settings without which an application is left out.
        run: is called with each name.
        app: what `--app` says.
        as_json: as `--json` says.
        of_one: the options that are of one application, with what is given for them.

    Returns:
        False where there is nothing to do here: the project has one application, or `app` says
        which.

    Raises:
        SystemExit: with the highest exit code of them, unless it is 0; or the settings are wrong.
    """
    if app is not None:
        return False
    with refusals("", project, as_json=as_json):
        from topicwire.codegen.config import app_names, load_configs  # noqa: PLC0415

        if not app_names(project):
            return False
        chosen = load_configs(project, needs)
    names = [one.name for one in chosen.configs]
    given = [option for option, value in (of_one or {}).items() if value]
    if given:
        refuse(
            f"{given[0]} is of one application, and there are {len(names)} here: "
            f"{', '.join(names)}. Say which: --app {names[0]}.",
            as_json=as_json,
        )
    for name, lacks in chosen.left_out.items():
        note = f"{name} is left out: its [[tool.topicwire.app]] has no {lacks}."
        sys.stderr.write(f"{styled('note:', 'dim', err=True)} {note}\n")
    codes = []
    results = []
    for name in names:
        if as_json:
            code, text = _captured(run, name)
            results.append(_result(name, code, text))
        else:
            say(styled(f"[{name}]", "dim"))
            code = _ended(run, name)
        codes.append(code)
    code = max(codes)
    if as_json:
        say_json({"ok": code == DONE, "apps": results})
    if code != DONE:
        raise SystemExit(code)
    return True


def in_process(command: Sequence[str], project: Path) -> Callable[[str], None]:
    """Return what runs a command for an application in a process of its own.

    That imports the application, and two may have modules of one name.
    """

    def run(name: str) -> None:
        import subprocess  # noqa: PLC0415 - start-up time

        arguments = [*command, "--project", str(project), "--app", name]
        done = subprocess.run(  # noqa: S603 - our own command line
            # -P: as in the installed program, the current folder is no place to import from.
            [sys.executable, "-P", "-m", "topicwire.cli", *arguments],
            stdout=None if sys.stdout is sys.__stdout__ else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.stdout is not None:
            say(done.stdout, end="")
        if done.returncode:
            raise SystemExit(done.returncode if done.returncode > 0 else WRONG_INPUT)

    return run


def named(config: AppConfig) -> dict[str, str]:
    """Return what a result for machines says of which application it is."""
    return {"app": config.name} if config.name else {}


def nothing_written(app: str | None) -> str:
    """Return how a refusal of a command ends that writes."""
    return f"Nothing of {app} was written." if app else "Nothing was written."


def _ended(run: Callable[[str], None], name: str) -> int:
    try:
        run(name)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else WRONG_INPUT
    return DONE


def _captured(run: Callable[[str], None], name: str) -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as said:
        code = _ended(run, name)
    return code, said.getvalue()


def _result(name: str, code: int, text: str) -> dict[str, Any]:
    try:
        result = json.loads(text)
    except ValueError:  # its process ended before it could say anything
        message = f"The command ended with exit code {code}; the standard error says why."
        result = {"ok": False, "errors": [{"message": message}]}
    return {"app": name, **result}
