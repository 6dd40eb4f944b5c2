"""Starts the servers, and restarts or regenerates what a change touches."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence

from scripts.dev.output import Output
from scripts.dev.regeneration import Regeneration
from scripts.dev.service import Command, Service
from scripts.dev.settings import Settings
from scripts.dev.sources import Fingerprint, Sources
from scripts.repository import BACKEND, BIN, FRONTEND, ROOT, tool_path
from watchfiles import awatch

BACKEND_SOURCES = Sources(
    folders=(BACKEND / "src", ROOT / "packages/topicwire/src"), files=(BACKEND / "pyproject.toml",)
)
# Vite follows the page's own source; these are what it must be started anew for, if it has ended.
FRONTEND_SOURCES = Sources(
    folders=(), files=tuple(FRONTEND / name for name in ("vite.config.ts", "package.json"))
)
# An editor or a generator writes several files at once: they make one change.
_SETTLE_MS = 120


class Supervisor:
    """Keeps the chosen servers (`backend`, `frontend`) running until it is cancelled."""

    def __init__(self, names: Sequence[str], settings: Settings, output: Output) -> None:
        self._output = output
        self._settings = settings
        # Something is to be done: a source was written, or a server that ended is to come back.
        self._changed = asyncio.Event()
        self._backend: Service | None = None
        self._frontend: Service | None = None
        if "backend" in names:
            command = _backend_command(settings, output)
            self._backend = Service("backend", command, settings.backend, output, self._changed.set)
        if "frontend" in names:
            command = _frontend_command(settings, output)
            self._frontend = Service(
                "frontend", command, settings.frontend, output, self._changed.set
            )
        self._regeneration = Regeneration(output, self._changed.set, typescript="frontend" in names)
        # The last of what the generator said that the backend was brought to.
        self._seen = 0
        # What the running backend was started from; None when a change came while it started.
        self._served: Fingerprint | None = None
        self._page: Fingerprint | None = None

    async def run(self) -> None:
        """Generates, starts, says where to look, then follows changes.

        Raises:
            SettingsError: A port is taken; nothing was started.
        """
        services = [service for service in (self._backend, self._frontend) if service]
        for service in services:
            service.address.require_free()
        started = time.monotonic()
        changed = self._changed
        # Watched from before the first start: what changes meanwhile is not missed.
        tasks = [asyncio.create_task(_watch(changed))]
        if self._backend:
            tasks.append(asyncio.create_task(self._regeneration.run()))
        try:
            await self._refresh_frontend()
            if self._backend:
                await self._generated(tasks)
            self._output.say(f"ready in {time.monotonic() - started:.1f} s")
            self._announce()
            while True:
                await _first(tasks, changed)
                changed.clear()
                await self._refresh()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(
                *tasks, *(service.stop() for service in services), return_exceptions=True
            )

    async def _generated(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Return when the generator has said something, and the backend is as that says."""
        while self._regeneration.latest.number == 0:
            await _first(tasks, self._changed)
            self._changed.clear()
        await self._refresh_backend()

    async def _refresh(self) -> None:
        """Brings both servers to the files as they are now."""
        await asyncio.gather(self._refresh_backend(), self._refresh_frontend())

    async def _refresh_backend(self) -> None:
        if self._backend is None:
            return
        latest = self._regeneration.latest
        if latest.number == self._seen:
            await self._revive(self._backend)
            return
        restarting = self._seen > 0
        self._seen = latest.number
        if not latest.passed:
            state = "goes on as it was" if self._backend.is_running else "is not running"
            self._output.say(f"the backend {state}: mend the above, the next save tries again")
            return
        sources = BACKEND_SOURCES.fingerprint()
        if self._backend.is_running and sources == self._served:
            self._output.say("the source is again what the backend runs: no restart")
            return
        await self._backend.stop()
        if await self._backend.start() and restarting:
            self._output.say("backend restarted")
        self._served = sources if BACKEND_SOURCES.fingerprint() == sources else None
        await self._regeneration.rest_client()

    async def _refresh_frontend(self) -> None:
        sources = FRONTEND_SOURCES.fingerprint()
        if self._frontend is None:
            return
        if sources == self._page:
            await self._revive(self._frontend)
            return
        self._page = sources
        # A running Vite restarts itself when its settings change.
        if not self._frontend.is_running:
            await self._frontend.stop()
            await self._frontend.start()

    async def _revive(self, service: Service) -> None:
        if await service.revive():
            self._output.say(f"{service.name} restarted")

    def _announce(self) -> None:
        """The addresses of what runs."""
        lines: list[tuple[str, str]] = []
        if self._frontend:
            lines.append(("page", self._settings.frontend.url + "/"))
        if self._backend:
            api = self._settings.backend.url
            lines.append(("REST interface", f"{api}/api/v1/docs"))
            lines.append(("WebSocket interface", f"{api}/api/v1/ws/asyncapi"))
        self._output.say("")
        for what, url in lines:
            self._output.say(f"  {what:20} {url}")
        self._output.say("")
        self._output.say("changed content regenerates and restarts what it touches, a new date not")
        self._output.say("Ctrl-C stops everything")


def _backend_command(settings: Settings, output: Output) -> Command:
    words = (
        str(BIN / "python"),
        *("-m", "trading_api"),
        # Sockets that browsers keep open must not hold up a restart.
        *("--timeout-graceful-shutdown", "2"),
        "--use-colors" if output.coloured else "--no-use-colors",
    )
    environment = {
        **os.environ,
        "HOST": settings.backend.host,
        "BACKEND_PORT": str(settings.backend.port),
        "PYTHONUNBUFFERED": "1",
    }
    return Command(words, BACKEND, environment)


def _frontend_command(settings: Settings, output: Output) -> Command:
    environment = {
        **os.environ,
        "PATH": tool_path(),
        "FRONTEND_HOST": settings.frontend.host,
        "FRONTEND_PORT": str(settings.frontend.port),
        "BACKEND_URL": settings.backend.reachable_url,
    }
    if output.coloured:
        environment["FORCE_COLOR"] = "1"
    words = ("node", str(ROOT / "node_modules/vite/bin/vite.js"), "--clearScreen", "false")
    return Command(words, FRONTEND, environment)


async def _watch(changed: asyncio.Event) -> None:
    """Set `changed` whenever a file that Vite is started from may have changed."""
    async for _ in awatch(FRONTEND, recursive=False, debounce=_SETTLE_MS, step=40):
        changed.set()


async def _first(tasks: Sequence[asyncio.Task[None]], changed: asyncio.Event) -> None:
    """Wait for a change; a task that fails ends everything with its error."""
    waiting = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    for task in tasks:
        if task.done():
            task.result()
