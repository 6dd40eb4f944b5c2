"""TypeScript's server, as editors drive it: lines of JSON in, `Content-Length` messages out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]
SERVER = ROOT / "node_modules/typescript/lib/tsserver.js"


@dataclass(slots=True)
class TypeScriptServer:
    """One server."""

    process: subprocess.Popen[bytes]
    _last: int = 0

    def open(self, path: Path) -> None:
        """Open a file."""
        self._send("open", {"file": str(path)})

    def hover(self, path: Path, before: str) -> tuple[str, str]:
        """What a person sees who points at what follows `before`: the type, and its comment."""
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        lines = text[: text.index(before) + len(before)].split("\n")
        place = {"file": str(path), "line": len(lines), "offset": len(lines[-1]) + 1}
        found = self._ask("quickinfo", place)
        return found["displayString"], found["documentation"]

    def _ask(self, command: str, arguments: dict[str, Any]) -> Any:
        asked = self._send(command, arguments)
        while True:
            message = self._receive()
            if message.get("request_seq") == asked:
                assert message["success"], message
                return message["body"]

    def _send(self, command: str, arguments: dict[str, Any]) -> int:
        self._last += 1
        request = {"seq": self._last, "type": "request", "command": command, "arguments": arguments}
        stream = self.process.stdin
        assert stream is not None
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        return self._last

    def _receive(self) -> dict[str, Any]:
        stream = self.process.stdout
        assert stream is not None
        header = stream.readline()
        assert header, "tsserver has ended"
        stream.readline()
        message: dict[str, Any] = json.loads(stream.read(int(header.partition(b":")[2])))
        return message


@contextmanager
def typescript_server(folder: Path) -> Iterator[TypeScriptServer]:
    """Start TypeScript's server in a folder; end it afterwards."""
    command = ["node", str(SERVER), "--disableAutomaticTypingAcquisition"]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield TypeScriptServer(process)
        finally:
            process.kill()
