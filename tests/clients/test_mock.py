"""`topicwire mock`, the command: generated clients of both languages work against it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.client_python.generated_client import GeneratedClient

from tests.clients.generated import GeneratedProject
from tests.clients.typescript import ROOT

DOCUMENT = ROOT / "backend/generated/asyncapi.json"

PROGRAM = """
import { WebSocket } from 'ws'
import { createClient } from '@topicwire/client'
import { stream } from '@topicwire/client/stream'
import { validated } from '@topicwire/client/validation'
import { routeNames, type Routes } from './ws-client-generated/index.js'
import * as validators from './ws-validators-generated/index.js'
import type { Order, QuoteData } from './ws-types-generated/index.js'

declare const process: { argv: string[] }
declare const console: { log(text: string): void }

const ws = createClient<Routes>(routeNames, {
  url: process.argv[2] ?? '',
  webSocket: WebSocket,
  validate: validated({ ...validators }),
})
const quotes: QuoteData[] = []
for await (const quote of stream(ws.quotes, { symbol: 'IBM' })) {
  quotes.push(quote)
  if (quotes.length === 3) break
}
const orders: Order[] = []
for await (const order of stream(ws.orders, { account_id: 'A-1' })) {
  orders.push(order)
  if (orders.length === 3) break
}
ws.connection.close()
console.log(JSON.stringify({ quotes, orders }))
"""


@asynccontextmanager
async def mocked(*options: str) -> AsyncIterator[str]:
    """Run the command with the trading document. Gives the address that it prints."""
    command = ["-m", "topicwire.cli", "mock", str(DOCUMENT), "--port", "0", "--rate", "50"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = (await process.stdout.readline()).decode()
        assert line, (await process.stderr.read()).decode()
        if "--json" in options:
            yield json.loads(line)["WebSocket"]
        else:
            assert line.startswith("WebSocket  ws://127.0.0.1:")
            yield line.split()[1]
    finally:
        process.terminate()
        _, said = await process.communicate()
    assert b"Traceback" not in said, said.decode()


def test_the_command_refuses_what_it_cannot_serve(tmp_path: Path) -> None:
    other = tmp_path / "openapi.json"
    other.write_text('{"openapi": "3.1.0"}')
    for arguments, said in (
        ([str(other)], "not an AsyncAPI 3 document"),
        ([str(tmp_path / "none.json")], "cannot be read"),
        ([str(DOCUMENT), "--rate", "0"], "more than 0"),
        ([str(DOCUMENT), "--start", "yesterday"], "an ISO time"),
        ([str(DOCUMENT), "--port", "70000"], "Choose another --port"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "topicwire.cli", "mock", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


async def test_a_generated_typescript_client_works_against_a_mock(tmp_path: Path) -> None:
    """Its own validators accept all that comes; the same seed gives it the same again."""
    project = GeneratedProject(tmp_path, json.loads(DOCUMENT.read_text()))
    project.write("main.ts", PROGRAM)
    seen = []
    for _ in range(2):
        async with mocked("--seed", "11", "--json") as url:
            seen.append(await asyncio.to_thread(project.run, "main.ts", "", url))
    once, again = seen
    assert [one["symbol"] for one in once["quotes"]] == ["IBM"] * 3
    assert [one["account_id"] for one in once["orders"]] == ["A-1"] * 3
    assert once["orders"] == again["orders"]


async def test_a_generated_python_client_works_against_a_mock(tmp_path: Path) -> None:
    document = json.loads(DOCUMENT.read_text())
    made = GeneratedClient(tmp_path, document, "mocked_client")
    with made.imported() as package:
        module: Any = package
        async with mocked("--start", "2030-01-01") as url, module.GeneratedClient(url) as client:
            quotes = []
            async for quote in client.quotes(symbol="IBM"):
                quotes.append(quote)
                if len(quotes) == 3:
                    break
    assert {one.symbol for one in quotes} == {"IBM"}
    times = [one.time for one in quotes]
    assert times == sorted(times)
    assert times[0] > 1_893_456_000_000
