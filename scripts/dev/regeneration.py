"""Keeps what is generated in step with the source while the servers run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from scripts.dev.output import Output
from scripts.dev.service import Command
from scripts.dev.sources import GENERATED
from scripts.generate.artifacts import chosen
from scripts.generate.lock import held_async
from scripts.repository import BACKEND, FRONTEND, ROOT, tool_environment

_PACKAGE = BACKEND / "src/trading_api"
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
        before = _generated()
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
        for line in told(before, _generated()):
            self._output.say(line)
        return passed


def told(before: Mapping[Path, bytes], after: Mapping[Path, bytes]) -> list[str]:
    """A line for each document, client and folder of routers that was written or removed."""
    changed = [path for path in after if before.get(path) != after[path]]
    lines: dict[str, list[str]] = {}
    for path in sorted(changed):
        if path.parent.name != GENERATED:
            lines[f"wrote {path.relative_to(ROOT)}"] = []
            continue
        names = lines.setdefault(f"wrote {path.parent.relative_to(_PACKAGE)}", [])
        names += re.findall(r"^class (\w+)", after[path].decode(errors="replace"), re.MULTILINE)
    shown = [f"{line} ({', '.join(names)})" if names else line for line, names in lines.items()]
    gone = sorted(path.relative_to(ROOT) for path in before.keys() - after.keys())
    return shown + [f"removed {path}" for path in gone]


def _generated() -> dict[Path, bytes]:
    """Everything that is generated, as it is now."""
    routers = _PACKAGE.glob(f"modules/*/{GENERATED}/*.py")
    clients = (path for path in _CLIENTS.rglob("*") if path.is_file())
    contents = {path: _bytes(path) for path in (*routers, *_DOCUMENTS, *clients)}
    return {path: content for path, content in contents.items() if content is not None}


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
