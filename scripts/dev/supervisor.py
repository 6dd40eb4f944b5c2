"""Starts the servers, and restarts or regenerates what a change touches."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.dev.output import Output
from scripts.dev.regeneration import Regeneration
from scripts.dev.service import Command, Service
from scripts.dev.settings import Settings
from scripts.dev.sources import Fingerprint, Sources
from scripts.repository import BACKEND, BIN, FRONTEND, ROOT, tool_path
from watchfiles import Change, DefaultFilter, awatch

BACKEND_SOURCES = Sources(
    folders=(BACKEND / "src", ROOT / "packages/topicwire/src"), files=(BACKEND / "pyproject.toml",)
)
# Vite follows the page's own source; these are what it must be started anew for, if it has ended.
FRONTEND_SOURCES = Sources(
    folders=(), files=tuple(FRONTEND / name for name in ("vite.config.ts", "package.json"))
)
_WATCHED = (BACKEND / "src", BACKEND / "pyproject.toml", ROOT / "packages/topicwire/src", FRONTEND)
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
        self._regeneration = Regeneration(output, typescript="frontend" in names)
        self._seen: Fingerprint | None = None
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
        watching = asyncio.create_task(_watch(changed))
        try:
            await self._refresh()
            self._output.say(f"ready in {time.monotonic() - started:.1f} s")
            self._announce()
            while True:
                await _first(watching, changed)
                changed.clear()
                await self._refresh()
        finally:
            watching.cancel()
            await asyncio.gather(*(service.stop() for service in services))

    async def _refresh(self) -> None:
        """Brings both servers to the files as they are now."""
        await asyncio.gather(self._refresh_backend(), self._refresh_frontend())

    async def _refresh_backend(self) -> None:
        sources = BACKEND_SOURCES.fingerprint()
        if self._backend is None:
            return
        if sources == self._seen:
            await self._revive(self._backend)
            return
        restarting = self._seen is not None
        built = await self._regeneration.application()
        # Of the sources as they were before, so that a change made meanwhile is seen as one; of
        # the routers as they are now, so that writing them is not.
        self._seen = Fingerprint(sources.written, BACKEND_SOURCES.fingerprint().generated)
        if not built:
            state = "goes on as it was" if self._backend.is_running else "is not running"
            self._output.say(f"the backend {state}: mend the above, the next save tries again")
            return
        if self._backend.is_running and self._seen == self._served:
            self._output.say("the source is again what the backend runs: no restart")
            return
        await self._backend.stop()
        if await self._backend.start() and restarting:
            self._output.say("backend restarted")
        self._served = self._seen if BACKEND_SOURCES.fingerprint() == self._seen else None
        await self._regeneration.clients()

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


class _Watched(DefaultFilter):
    """Sources: no caches, no installed packages, nothing that an editor leaves beside them."""

    def __call__(self, change: Change, path: str) -> bool:
        relative = Path(path).relative_to(ROOT)
        if relative.parts[0] == FRONTEND.name and len(relative.parts) > len(("frontend", "file")):
            return False
        return super().__call__(change, path)


async def _watch(changed: asyncio.Event) -> None:
    """Sets `changed` whenever a watched file was written, made, moved or removed."""
    async for _ in awatch(*_WATCHED, watch_filter=_Watched(), debounce=_SETTLE_MS, step=40):
        changed.set()


async def _first(watching: asyncio.Task[None], changed: asyncio.Event) -> None:
    """Waits for a change; a watcher that fails ends everything with its error."""
    waiting = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if watching.done():
        watching.result()
