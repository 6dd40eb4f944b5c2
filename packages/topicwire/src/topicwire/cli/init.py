"""`topicwire init`: a project with its first route, or the first route of a project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.console import add_command, refusals, say, styled

if TYPE_CHECKING:
    from topicwire.cli.console import Commands


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


def init(*, folder: Path, package: str | None, page: bool) -> None:
    """Begin a FastAPI project in an empty folder, or give the project of a folder its first route.

    In a project that exists nothing is overwritten: it says what it changed, and prints what it
    found no safe place for. Where there is a [tool.topicwire] already, it does nothing.

    Example: `topicwire init --page`, and in a project: `topicwire init --package shop`.
    """
    with refusals("Nothing was written.", folder):
        from topicwire.scaffold.begin import begin  # noqa: PLC0415 - start-up time
        from topicwire.scaffold.project import plan_project  # noqa: PLC0415

        project = plan_project(folder, package, page=page)
        if project.there:
            say(f"{project.there} Nothing to do. `topicwire new route` adds a route.")
            return
        begun = begin(project)
    rows = {path: path not in project.changed for path in project.files}
    rows |= {path: rows.get(path, is_new) for path, is_new in begun.applied.files.items()}
    shown = {Path(os.path.relpath(path)).as_posix(): is_new for path, is_new in rows.items()}
    generated = [Path(os.path.relpath(path)).as_posix() for path in begun.applied.generated]
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
