"""Keeps what is generated in step with the source while the servers run."""

from __future__ import annotations

import asyncio
from pathlib import Path

from scripts.dev.output import Output
from scripts.dev.service import Command
from scripts.generate.artifacts import chosen
from scripts.generate.lock import held_async
from scripts.repository import BACKEND, FRONTEND, tool_environment

_DOCUMENTS = (BACKEND / "generated/asyncapi.json", BACKEND / "generated/openapi.json")
_CLIENTS = FRONTEND / "src/clients"


class Regeneration:
    """Runs the generators in making order and stops at the first failure.

    A generator that fails leaves what it wrote before as it was, so the servers go on with that.
    """

    def __init__(self, output: Output, *, typescript: bool) -> None:
        self._output = output
        self._typescript = typescript
        self._clients_of: tuple[bytes | None, ...] | None = None

    async def application(self) -> bool:
        """Brings routers and documents up to date; False, and the reason printed, when it cannot.

        Writing the documents builds the application: when this is True, the backend can start.
        """
        return await self._run("routers") and await self._run("documents")

    async def clients(self) -> bool:
        """Brings the TypeScript up to date if the documents are not those of the last time."""
        documents = tuple(map(_bytes, _DOCUMENTS))
        if not self._typescript or (documents == self._clients_of and _CLIENTS.exists()):
            return True
        if not await self._run("ws-client", "rest-client"):
            return False
        self._clients_of = documents
        return True

    async def _run(self, *names: str) -> bool:
        """Runs these side by side: none reads what another of them writes."""
        artifacts = chosen(names)
        environment = tool_environment()
        # `make generate` in another terminal writes the same files.
        async with held_async():
            results = await asyncio.gather(
                *(Command(each.command, each.cwd, environment).output() for each in artifacts)
            )
        passed = True
        for artifact, (code, written) in zip(artifacts, results, strict=True):
            if code != 0:
                passed = False
                self._output.say(f"generating {artifact.what} failed; the previous ones stay:")
                self._output.say(written.rstrip())
        return passed


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
