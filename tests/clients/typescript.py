"""The TypeScript client in a process of its own, driven by lines of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DRIVER = ROOT / "packages/client/test/driver.ts"


@dataclass(frozen=True)
class Driver:
    """The driver as a module for Node, and what its client prefers to speak."""

    path: Path
    codec: str = "json"


class TypeScriptClient:
    """What it is told to do, and what it tells: `packages/client/test/driver.ts` has both."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin = process.stdin
        self._stdout = process.stdout

    def do(self, *command: str) -> None:
        """Send a command."""
        self._stdin.write(json.dumps(command).encode() + b"\n")

    async def until(self, *event: object) -> list[list[Any]]:
        """Return what it tells up to this event, which comes last."""
        told: list[list[Any]] = []
        async with asyncio.timeout(30):
            while not told or told[-1] != list(event):
                line = await self._stdout.readline()
                assert line, f"the client has ended; it told {told}"
                told.append(json.loads(line))
        return told

    async def subscribe(self, listener: str, symbol: str) -> list[list[Any]]:
        """Subscribe, and wait until it is accepted."""
        self.do("subscribe", listener, symbol)
        return await self.until("done", "subscribe", listener)


def bundle(folder: Path) -> Path:
    """Write the driver as one module for Node."""
    bundled = folder / "driver.mjs"
    esbuild = ROOT / "node_modules/.bin/esbuild"
    options = ("--bundle", "--platform=node", "--format=esm", "--external:ws", "--log-level=error")
    source = "--conditions=@topicwire/source"  # the package need not be built
    subprocess.run([esbuild, DRIVER, f"--outfile={bundled}", source, *options], check=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return bundled


@asynccontextmanager
async def typescript_client(
    driver: Driver, url: str, *tokens: str
) -> AsyncIterator[TypeScriptClient]:
    """Run the driver. What it says to stderr is the test's."""
    environment = {**os.environ, "TOPICWIRE_CODEC": driver.codec}
    process = await asyncio.create_subprocess_exec(
        "node",
        driver.path,
        url,
        *tokens,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        yield TypeScriptClient(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(30):
            assert await process.wait() == 0
