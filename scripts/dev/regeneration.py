"""Keeps what is generated in step with the source: `topicwire generate --watch`, and what it lacks.

The watcher makes routers, documents and the WebSocket client. The REST client is made here, from
the OpenAPI document, by a generator that needs Node.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.dev.output import Output
from scripts.dev.service import Command, signal_group
from scripts.generate.artifacts import chosen
from scripts.generate.lock import held_async
from scripts.repository import BACKEND, BIN, FRONTEND, tool_environment

_WORDS = (
    *(str(BIN / "topicwire"), "generate", "--watch", "--json"),
    *("--openapi", "generated/openapi.json"),
)
_OPENAPI = BACKEND / "generated/openapi.json"
_REST_CLIENT = FRONTEND / "src/clients/openapi-generated"
_LONGEST_LINE = 1 << 20
# A watcher that ends by itself was not ended by the source that it watches: it is started again.
_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the watcher said last.

    Attributes:
        number: counts them; 0 before the first.
        passed: all that is generated is as the source says, so the application can be started.
    """

    number: int = 0
    passed: bool = False


class Regeneration:
    """Runs the watcher; `latest` is what it said last, and `said` is called whenever that changes.

    A generation that fails leaves what is there as it was, so the servers go on with that.
    """

    def __init__(self, output: Output, said: Callable[[], None], *, typescript: bool) -> None:
        self._output = output
        self._said = said
        self._typescript = typescript
        self._client_of: bytes | None = None
        self.latest = Outcome()

    async def run(self) -> None:
        """Watch until this is cancelled."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *_WORDS,
                cwd=BACKEND,
                env=tool_environment(),
                stdout=PIPE,
                stderr=STDOUT,
                limit=_LONGEST_LINE,
                start_new_session=True,
            )
            try:
                await self._follow(process)
            finally:
                # It ends what it has started, and says so by its end.
                signal_group(process.pid, signal.SIGTERM)
                await process.wait()
            self._output.say(f"the generator ended by itself; it starts again in {_PAUSE_S:g} s")
            await asyncio.sleep(_PAUSE_S)

    async def _follow(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for in run
        while line := await process.stdout.readline():
            self.take(line.decode(errors="replace").rstrip("\r\n"))

    def take(self, line: str) -> None:
        """Take a line of the watcher: an event, or what something else printed."""
        event = _event(line)
        if event is None:
            self._output.say(line)
            return
        kind = event["event"]
        if kind == "failed":
            self._output.say("generating failed; the previous ones stay:")
        is_worth_a_line = kind != "generated" or event["written"] or event["removed"]
        if is_worth_a_line or event["cured"] or event.get("notes"):
            self._output.say(event["text"])
        if kind in ("generated", "failed"):
            self.latest = Outcome(self.latest.number + 1, passed=kind == "generated")
            self._said()

    async def rest_client(self) -> None:
        """Bring the REST client up to date if the document is not that of the last time."""
        with contextlib.suppress(OSError):
            document = _OPENAPI.read_bytes()
            if not self._typescript or (document == self._client_of and _REST_CLIENT.exists()):
                return
            if await self._rest_client():
                self._client_of = document

    async def _rest_client(self) -> bool:
        (artifact,) = chosen(["rest-client"])
        # `make generate` in another terminal writes the same files.
        async with held_async():
            command = Command(artifact.command, artifact.cwd, tool_environment())
            code, written = await command.output()
        if code != 0:
            self._output.say(f"generating {artifact.what} failed; the previous ones stay:")
            self._output.say(written.rstrip())
        return code == 0


def _event(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "event" in value else None
