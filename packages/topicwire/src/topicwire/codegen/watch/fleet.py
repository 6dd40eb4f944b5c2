"""Follows every application of a project: one session for each, as many as there are now."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from watchfiles import awatch

from topicwire.codegen.config import app_names, load_configs, project_root
from topicwire.codegen.watch.report import Tell
from topicwire.codegen.watch.session import QUIET_MS, Session
from topicwire.errors import TopicwireError


class Fleet:
    """One watcher of all applications.

    Args:
        project: a folder of the project.
        tell: is called with whatever happens in any of them.
        openapi: where the OpenAPI document of the only application goes too.
    """

    def __init__(self, project: Path, tell: Tell, openapi: Path | None = None) -> None:
        self._project = project
        self._tell = tell
        self._openapi = openapi
        self._sessions: dict[str | None, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Follow changes until this is cancelled: those of which applications there are, too.

        Raises:
            ConfigError: there is nothing to watch: no settings can be read.
        """
        names = _names(self._project)
        changed = asyncio.create_task(self._settings_changed())
        try:
            while True:
                self._start(names)
                running = [*self._sessions.values(), changed]
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # a session that has ended is of an application that has gone
                if changed in done:
                    changed = asyncio.create_task(self._settings_changed())
                self._sessions = {
                    name: task for name, task in self._sessions.items() if not task.done()
                }
                try:
                    names = _names(self._project)
                except TopicwireError:  # those that run say so
                    names = ()
        finally:
            ending = (*self._sessions.values(), changed)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    def _start(self, names: Collection[str | None]) -> None:
        for name in names:
            if name not in self._sessions:
                session = Session(self._project, self._tell, self._openapi, name, is_of_all=True)
                self._sessions[name] = asyncio.create_task(session.run())

    async def _settings_changed(self) -> None:
        """Return when `pyproject.toml` has been written."""
        async for _ in awatch(
            project_root(self._project),
            watch_filter=lambda _, path: Path(path).name == "pyproject.toml",
            step=QUIET_MS,
            recursive=False,
        ):
            return


def _names(project: Path) -> Collection[str | None]:
    """Return the names of the applications; None is that of the only one."""
    load_configs(project)
    return app_names(project) or (None,)
