"""`topicwire init`: a project with its first route, or the first route of a project."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.console import add_command, add_json, refusals, say, say_json, styled

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.scaffold.begin import Begun
    from topicwire.scaffold.project import NewProject


def add_init(commands: Commands) -> None:
    """Adds `topicwire init`."""
    parser = add_command(
        commands,
        "init",
        init,
        "begin a FastAPI project, or give one its first route",
        checks=False,
        in_project=False,
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="the project's (default: this one)"
    )
    parser.add_argument("--package", metavar="NAME", help="the application's package")
    parser.add_argument(
        "--page", action="store_true", help="with a page in TypeScript, in page/, for Vite"
    )
    add_json(parser)


def init(*, folder: Path, package: str | None, page: bool, as_json: bool) -> None:
    """Begin a FastAPI project in an empty folder, or give the project of a folder its first route.

    In a project that exists nothing is overwritten: it says what it changed, and prints what it
    found no safe place for. Where there is a [tool.topicwire] already, it does nothing.

    Example: `topicwire init --page`, and in a project: `topicwire init --package shop`.
    """
    with refusals("Nothing was written.", folder, as_json=as_json):
        from topicwire.scaffold.begin import begin  # noqa: PLC0415 - start-up time
        from topicwire.scaffold.project import plan_project  # noqa: PLC0415

        project = plan_project(folder, package, page=page)
        begun = None if project.there else begin(project)
    if as_json:
        say_json(_machine(project, begun))
    elif begun is None:
        say(f"{project.there} Nothing to do. `topicwire new route` adds a route.")
    else:
        _report(project, begun, page=page)


def _report(project: NewProject, begun: Begun, *, page: bool) -> None:
    shown = {_here(path): is_new for path, is_new in _files(project, begun).items()}
    generated = [_here(path) for path in begun.applied.generated]
    width = max(map(len, (*shown, *generated)))
    for path, is_new in sorted(shown.items()):
        say(f"{path.ljust(width)}   {styled('written' if is_new else 'changed', 'green')}")
    for path in sorted(generated):
        say(f"{path.ljust(width)}   {styled('generated', 'dim')}")
    left = [*project.left, *begun.route.left]
    if left:
        say("\nLeft to you:\n" + "\n".join(left))
    if project.is_new:
        say(f"\nServe it: python -m {project.package}")
    if page:
        say("Its page, in page/: npm install, then npm run build")
    say("Another route: topicwire new route")


def _machine(project: NewProject, begun: Begun | None) -> dict[str, object]:
    files = _files(project, begun) if begun else {}
    generated = begun.applied.generated if begun else ()

    def shown(paths: Iterable[Path]) -> list[str]:
        return [Path(os.path.relpath(one, project.root)).as_posix() for one in sorted(paths)]

    return {
        "ok": True,
        "there": project.there or None,
        "package": project.package,
        "new": project.is_new,
        "names": begun.route.names.fields() if begun else None,
        "written": shown(one for one, is_new in files.items() if is_new),
        "changed": shown(one for one, is_new in files.items() if not is_new),
        "generated": shown(generated),
        "left": [*project.left, *(begun.route.left if begun else ())],
        "serve": f"python -m {project.package}" if project.is_new else None,
    }


def _files(project: NewProject, begun: Begun) -> dict[Path, bool]:
    """Return every file that was written, and whether it is new."""
    rows = {path: path not in project.changed for path in project.files}
    return rows | {path: rows.get(path, is_new) for path, is_new in begun.applied.files.items()}


def _here(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()
