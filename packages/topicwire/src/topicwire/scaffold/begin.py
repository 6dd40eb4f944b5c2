"""Writes a project and its first route, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.config import bare_config, load_config
from topicwire.codegen.output import replace, restore
from topicwire.scaffold.apply import Applied, apply
from topicwire.scaffold.project import NewProject
from topicwire.scaffold.route import NewRoute, RouteRequest, plan_route
from topicwire.scaffold.tidy import as_before, tidy

FIRST = RouteRequest(
    module="clock",
    name="ticks",
    request='zone:str="UTC"',
    payload="zone:str number:int time:datetime",
)
"""The first route of every project: it needs nothing, and something happens on it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What was done: the project's own files apart from those of its first route."""

    route: NewRoute
    applied: Applied


def begin(project: NewProject) -> Begun:
    """Write a project, its first route, and what is generated from it.

    Raises:
        TopicwireError: something refuses; the folder is as it was.
        OSError: a file cannot be written.
    """
    project.root.mkdir(parents=True, exist_ok=True)
    bare = bare_config(project.root)
    before = {path: path.read_bytes() if path.is_file() else None for path in project.files}
    folders = {parent for path in before for parent in path.parents if not parent.exists()}
    try:
        for path, text in project.files.items():
            replace(bare, path, as_before(text, before[path]))
        config = load_config(project.root)
        for path, text in project.files.items():
            was = before[path]
            laid_out = tidy(config, path, text, _text(was))
            replace(config, path, as_before(laid_out, was))
        route = plan_route(config, FIRST)
        return Begun(route, apply(config, route))
    except BaseException:
        restore(bare, before)
        for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
            _remove(folder)
        raise


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8-sig").replace("\r\n", "\n")


def _remove(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
