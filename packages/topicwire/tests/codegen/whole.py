"""A sample application with all that is generated: routers, document, TypeScript."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from packages.topicwire.tests import forked
from packages.topicwire.tests.codegen.sample import Sample
from packages.topicwire.tests.codegen.tsc import compiled
from packages.topicwire.tests.codegen.typescript_project import BIN, COMPILER_OPTIONS, ROOT

SETTINGS = """\
[tool.topicwire]
package = "acme"
app = "acme.main:app"

[tool.topicwire.typescript]
types = "page/ws-types-generated"
client = "page/ws-client-generated"

[tool.ruff]
line-length = 100

[tool.black]
line-length = 100

[tool.isort]
profile = "black"
line_length = 100

[tool.pyright]
include = ["src"]
extraPaths = ["src"]
"""
MAIN = """\
from fastapi import FastAPI

from acme.modules.trading.ws import trade_router
from topicwire import FastWSAdapter

app = FastAPI(title="Acme")
ws = FastWSAdapter(title="Acme", version="1")
ws.include_router(trade_router)
ws.setup(app)
"""
SERVE = """\
import asyncio, sys, uvicorn
from acme.main import app

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)

async def main():
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is done with it
    server.should_exit = True
    await serving

asyncio.run(main())
"""
GENERATORS = (("generate",), ("spec",), ("client", "typescript"))


class Whole(Sample):
    """`populate` writes the sources alone, `make` all that is generated from them."""

    def populate(self) -> Whole:
        super().populate()
        self.write("pyproject.toml", SETTINGS)
        self.write("src/acme/modules/trading/__init__.py", "")
        self.write("src/acme/main.py", MAIN)
        return self

    def topicwire(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return forked.topicwire(self.root, *arguments)

    def make(self) -> Whole:
        """Run every generator, in order."""
        for command in GENERATORS:
            done = self.topicwire(*command)
            assert done.returncode == 0, done.stdout + done.stderr
        return self

    def tsc(self) -> str:
        """Compile the page. Returns what the compiler complains of."""
        options = {**COMPILER_OPTIONS, "module": "preserve", "moduleResolution": "bundler"}
        self.write("page/tsconfig.json", json.dumps({"compilerOptions": options}))
        self.write("page/package.json", '{"type": "module"}')
        modules = self.root / "page/node_modules"
        if not modules.exists():
            modules.symlink_to(ROOT / "node_modules")
        return compiled(self.root / "page")

    def node(self, script: str, *arguments: str) -> str:
        """Bundle a script of the page, run it, and return what it prints."""
        bundled = self.root / "page/bundled.mjs"
        options = ("--bundle", "--platform=node", "--format=esm", "--external:ws")
        source = ("--conditions=@topicwire/source", "--log-level=error")
        command = [str(BIN / "esbuild"), f"page/{script}", f"--outfile={bundled}"]
        subprocess.run([*command, *options, *source], cwd=self.root, check=True)
        done = subprocess.run(
            ["node", bundled, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(self, code: str, *arguments: str) -> str:
        """Run a program beside the generated Python client, and return what it prints."""
        done = forked.python(self.root / "python", code, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve it by a real uvicorn in a process of its own. Gives the WebSocket's address."""
        environment = {**os.environ, "PYTHONPATH": f"{self.root / 'src'}{os.pathsep}{self._path()}"}
        with subprocess.Popen(
            [sys.executable, "-c", SERVE],
            cwd=self.root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            port = process.stdout.readline().strip()
            assert port, "the server did not start"
            try:
                yield f"ws://127.0.0.1:{port}/api/v1/ws"
            finally:
                process.stdin.close()
                process.wait(60)

    @staticmethod
    def _path() -> str:
        return os.environ.get("PYTHONPATH", "")
