"""Follows the files: what a change makes due is made and written, everything or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from watchfiles import awatch

from topicwire.codegen.client_python.folder import owned_files as client_files
from topicwire.codegen.clients import modules_found, owned_typescript
from topicwire.codegen.config import AppConfig, load_config
from topicwire.codegen.errors import GenerationError, Problem, UnknownAppError
from topicwire.codegen.generate import owned_files
from topicwire.codegen.output import Changes, compare, locked, write
from topicwire.codegen.typescript import INDEX
from topicwire.codegen.watch.build import Request, Result
from topicwire.codegen.watch.builder import Builder
from topicwire.codegen.watch.report import (
    Failed,
    Generated,
    Left,
    Tell,
    Waiting,
    Watching,
    state_file,
    write_state,
)
from topicwire.codegen.watch.sources import (
    TOOL,
    digest,
    git_at_work,
    git_lock,
    may_matter,
    snapshot,
    source_folder,
)
from topicwire.codegen.watch.stages import Snapshot, Stage, all_changed, due
from topicwire.errors import TopicwireError

# Editors and git write several files at once: they make one change. It is over when nothing was
# written for so long, or has gone on for the longest time.
QUIET_MS = 40
LONGEST_BURST_MS = 1500
# How long a generation may go on when something was saved meanwhile. Then it is ended: half of
# a file that was saved may well be an endless loop.
GRACE_S = 2.0
# After how long it is told that a generation still runs.
LONG_S = 15.0
# How long git's lock is waited for.
GIT_S = 10.0
GIT_POLL_MS = 200


class Session:
    """One watcher of one application.

    Args:
        project: a folder of the application.
        tell: is called with whatever happens, in order.
        openapi: where the OpenAPI document goes too.
        app: which of several applications.
        is_of_all: others are watched as well: where this one is no more, it ends.
    """

    def __init__(
        self,
        project: Path,
        tell: Tell,
        openapi: Path | None = None,
        app: str | None = None,
        *,
        is_of_all: bool = False,
    ) -> None:
        self._app = app
        self._is_of_all = is_of_all
        self._project = project
        self._tell = tell
        self._openapi = openapi
        self._builder = Builder()
        self._changed = asyncio.Event()
        self._outputs: frozenset[Path] = frozenset()
        self._good: Snapshot | None = None  # as everything was when all outputs were right
        self._tried: Snapshot | None = None  # the last that was looked at
        self._read: frozenset[Path] = frozenset()
        self._document = ""
        self._notes: Sequence[str] = ()
        self._is_failing = False
        self._is_interrupted = False  # what was last looked at was not built to the end
        self._is_blind = False
        self._unusable = ""  # why the settings cannot be used

    async def run(self) -> None:
        """Generate what is due, then follow changes until this is cancelled, or has nothing to do.

        Raises:
            ConfigError: there is nothing to watch: no settings can be read.
        """
        config = load_config(self._project, app=self._app)
        told: AppConfig | None = None
        try:
            await self._builder.warm_up()
            while True:
                if config != told:
                    self._tell(Watching(config, _makes(config)))
                    told = config
                self._is_blind, self._unusable = False, ""
                config = await self._follow(config)
        except UnknownAppError:
            if not self._is_of_all:
                raise
        finally:
            await self._builder.close()
            state_file(config).unlink(missing_ok=True)
        self._tell(Left(config))

    async def _follow(self, config: AppConfig) -> AppConfig:
        """Watch by these settings until there are others; return those."""
        roots = _folders(config, self._outputs)
        async with _watching(roots, self._changed) as watchers:
            self._changed.set()
            while True:
                await self._changed.wait()
                for watcher in watchers:
                    if watcher.done():
                        watcher.result()  # nothing is seen any more: its error ends it all
                await _git_is_done(config)
                self._changed.clear()
                now = self._settings(config)
                if now is None:
                    continue
                if now != config or self._is_blind:
                    return now
                await self._refresh(config)
                if _folders(config, self._outputs) != roots:
                    return config  # a folder has come or gone

    def _settings(self, before: AppConfig) -> AppConfig | None:
        """Return the settings as they are; None, and it is told, when they cannot be used."""
        try:
            return load_config(self._project, app=self._app)
        except TopicwireError as error:
            if isinstance(error, UnknownAppError) and self._is_of_all:
                raise
            if str(error) != self._unusable:
                self._unusable = str(error)
                self._fail(before, [], [Problem("", 0, 0, 0, str(error))], 0.0)
            self._is_interrupted = True  # what follows is to be looked at, whatever it is
            self._is_blind = True  # the package's folder may have gone, and its watcher with it
            return None

    async def _refresh(self, config: AppConfig) -> None:
        started = time.monotonic()
        before = git_at_work(config.root)
        now = await asyncio.to_thread(snapshot, config, self._outputs)
        if git_at_work(config.root) != before:
            self._changed.set()  # it may have been seen in the midst of what git writes
            return
        if now == self._tried and not self._is_interrupted:
            return  # another date, or what we have written ourselves
        changed = all_changed(self._tried, now) if self._tried else frozenset()
        if self._tried is not None and self._tried.tool != now.tool:
            await self._builder.close()  # what it has imported is of the past
        self._tried = now
        stages = due(self._good, now, self._read)
        result = Result(document=self._document)
        if stages:
            sources = source_folder(config)
            request = Request(
                self._project, sources, stages, self._openapi, self._document, self._app
            )
            built = await self._built(config, request)
            self._is_interrupted = built is None
            if built is None:
                return
            result = built
        changes = Changes({}, (), (), ())
        if not result.problems:
            try:
                changes = await asyncio.to_thread(_write, config, result)
            except (TopicwireError, OSError) as error:
                result = replace(result, problems=_problems(error))
        took_s = time.monotonic() - started
        if result.problems:
            self._fail(config, sorted(changed), result.problems, took_s)
            return
        self._succeed(config, now, result)
        cured, self._is_failing = self._is_failing, False
        write_state(config, ())
        if stages or cured:
            done = Generated(
                config,
                sorted(changed),
                changes.written,
                changes.extra,
                took_s,
                cured,
                self._news(stages, result),
            )
            self._tell(done)

    def _news(self, stages: Collection[Stage], result: Result) -> Sequence[str]:
        """Return the notes where they are others than before."""
        if "document" not in stages or result.notes == self._notes:
            return ()
        self._notes = result.notes
        return self._notes

    async def _built(self, config: AppConfig, request: Request) -> Result | None:
        """Build; None when it was ended because something was saved, and it did not end itself."""
        building = asyncio.create_task(self._builder.build(request))
        saved = asyncio.create_task(self._changed.wait())
        try:
            either = {building, saved}
            first = asyncio.FIRST_COMPLETED
            done, _ = await asyncio.wait(either, timeout=LONG_S, return_when=first)
            if not done:
                self._tell(Waiting(config, LONG_S))
                await asyncio.wait(either, return_when=first)
            if not building.done():
                await asyncio.wait({building}, timeout=GRACE_S)
            return building.result() if building.done() else None
        finally:
            for task in (building, saved):
                task.cancel()
            await asyncio.gather(building, saved, return_exceptions=True)

    def _succeed(self, config: AppConfig, now: Snapshot, result: Result) -> None:
        if result.read is not None:
            self._read = frozenset(map(Path, result.read))
        self._document = result.document
        made = {Path(path): digest(text.encode()) for path, text in result.files.items()}
        kept = {
            path: known
            for path, known in now.outputs.items()
            if result.routers is None or path.parent.name != config.output
        }
        # As they were written, not as they are on disk: whatever has happened to them since is
        # a change.
        outputs = {**kept, **made}
        self._outputs = frozenset(outputs)
        self._good = self._tried = replace(now, outputs=outputs)

    def _fail(
        self,
        config: AppConfig,
        changed: Sequence[Path],
        problems: Sequence[Problem],
        took_s: float,
    ) -> None:
        self._is_failing = True
        write_state(config, problems)
        self._tell(Failed(config, changed, problems, took_s))


def _makes(config: AppConfig) -> list[str]:
    return [
        "routers",
        *(["the document"] if config.app else []),
        *(["TypeScript"] if config.app and config.typescript else []),
        *(["the Python client"] if config.app and config.python else []),
    ]


def _problems(error: Exception) -> Sequence[Problem]:
    if isinstance(error, GenerationError):
        return error.problems
    return [Problem("", 0, 0, 0, str(error))]


def _write(config: AppConfig, result: Result) -> Changes:
    files = {Path(path): text for path, text in result.files.items()}
    with locked(config):
        owned = owned_files(config) if result.routers is not None else {}
        if config.typescript is not None and config.typescript.types / INDEX in files:
            beside = {config.typescript.types, config.typescript.client}
            owned |= owned_typescript(path for path in files if path.parent in beside)
            owned |= modules_found(config.typescript)
        if config.python is not None and config.python.folder / "pyproject.toml" in files:
            folder = config.python.folder
            shown = Path(os.path.relpath(folder, config.root)).as_posix()
            wanted = [path for path in files if path.is_relative_to(folder)]
            owned |= client_files(folder, shown, wanted)
        changes = compare(files, owned)
        write(config, changes)
    return changes


def _folders(config: AppConfig, outputs: Iterable[Path]) -> tuple[frozenset[Path], frozenset[Path]]:
    """Return what is watched with all below it, and what is watched alone."""
    deep = frozenset({source_folder(config), TOOL})
    beside = {path.parent for path in outputs}
    # A file that an editor replaces is no longer the file that was watched: its folder is.
    flat = {config.root, *beside, config.base, *config.root.parents, *config.base.parents}
    return deep, frozenset(
        one
        for one in flat
        if one.is_dir()
        and not any(one.is_relative_to(root) for root in deep)
        and (
            one in {config.root, config.base} or one in beside or (one / "pyproject.toml").is_file()
        )
    )


@asynccontextmanager
async def _watching(
    folders: tuple[frozenset[Path], frozenset[Path]], changed: asyncio.Event
) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Set `changed` after each burst of changes in these folders, from now on, or of its end."""
    tasks = [
        asyncio.create_task(_watch(roots, changed, is_deep=is_deep))
        for roots, is_deep in zip(folders, (True, False), strict=True)
        if roots
    ]
    for task in tasks:
        task.add_done_callback(lambda _: changed.set())
    await asyncio.sleep(0)  # each begins to watch in its first step
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(roots: frozenset[Path], changed: asyncio.Event, *, is_deep: bool) -> None:
    async for _ in awatch(
        *roots,
        watch_filter=lambda _, path: may_matter(path, roots),
        debounce=LONGEST_BURST_MS,
        step=QUIET_MS,
        recursive=is_deep,
    ):
        changed.set()


async def _git_is_done(config: AppConfig) -> None:
    """Return when git does not rewrite the working tree: its many files are one change."""
    lock = git_lock(config.root)
    if lock is None or not lock.exists():
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GIT_S):
            # Asked now and then as well: it may go between this look at it and the first event.
            asked = awatch(
                lock.parent,
                recursive=False,
                step=QUIET_MS,
                rust_timeout=GIT_POLL_MS,
                yield_on_timeout=True,
            )
            async for _ in asked:
                if not lock.exists():
                    return
