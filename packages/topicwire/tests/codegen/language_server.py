"""A language server as an editor drives it: JSON-RPC on its standard streams."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 120.0


@dataclass(slots=True)
class LanguageServer:
    """One server, started on one folder.

    Attributes:
        settings: answers the server's questions for its configuration, by section.
    """

    process: subprocess.Popen[bytes]
    settings: Mapping[str, Any]
    _answers: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)
    _last: int = 0

    def request(self, method: str, params: object) -> Any:
        """Ask, and return the answer's result."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            answer = self._answers.get(timeout=PATIENCE_S)
            if answer["id"] == self._last:
                assert "error" not in answer, answer
                return answer["result"]

    def notify(self, method: str, params: object) -> None:
        """Tell, and wait for nothing."""
        self._send({"method": method, "params": params})

    def open(self, path: Path, language: str = "python") -> Document:
        """Open a file as an editor does: from now on its text is the editor's."""
        text = path.read_text(encoding="utf-8")
        item = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return Document(self, path, text)

    def listen(self) -> None:
        """Read what the server says until it ends."""
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.partition(b":")[2])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if "method" not in message:
                self._answers.put(message)
            elif "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        return [self.settings.get(one.get("section", "")) for one in message["params"]["items"]]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self.process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream.flush()


@dataclass(frozen=True, slots=True)
class Document:
    """An open file. Places are given by the text before them, which stands there once."""

    server: LanguageServer
    path: Path
    text: str

    def _at(self, before: str) -> dict[str, Any]:
        assert self.text.count(before) == 1, f"{before!r} is there {self.text.count(before)} times"
        line = self.text[: self.text.index(before) + len(before)].split("\n")
        position = {"line": len(line) - 1, "character": len(line[-1])}
        return {"textDocument": {"uri": self.path.as_uri()}, "position": position}

    def hover(self, before: str) -> str:
        """What a person sees who points at what follows `before`."""
        found = self.server.request("textDocument/hover", self._at(before))
        return "" if found is None else str(found["contents"]["value"])

    def complete(self, before: str) -> dict[str, str]:
        """What is offered after `before`: by label, its documentation."""
        found = self.server.request("textDocument/completion", self._at(before))
        return {one["label"]: one for one in found["items"]}

    def document(self, item: Any) -> str:
        """What is shown beside one that `complete` offered."""
        resolved = self.server.request("completionItem/resolve", item)
        documentation = resolved.get("documentation", "")
        return str(documentation["value"] if isinstance(documentation, dict) else documentation)

    def signature(self, before: str) -> str:
        """The help for the call whose arguments follow `before`."""
        found = self.server.request("textDocument/signatureHelp", self._at(before))
        one = found["signatures"][found.get("activeSignature") or 0]
        documentation = one.get("documentation", "")
        return str(documentation["value"] if isinstance(documentation, dict) else documentation)

    def definition(self, before: str) -> tuple[Path, str]:
        """The file, and the line in it, that "go to definition" leads to."""
        found = self.server.request("textDocument/definition", self._at(before))
        (place,) = found
        path = Path(place["uri"].removeprefix("file://"))
        lines = path.read_text(encoding="utf-8").splitlines()
        return path, lines[place["range"]["start"]["line"]]


@contextmanager
def serving(
    command: list[str], folder: Path, settings: Mapping[str, Any]
) -> Iterator[LanguageServer]:
    """Start a language server on a folder; end it, as an editor does, afterwards."""
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        server = LanguageServer(process, settings)
        reading = threading.Thread(target=server.listen)
        reading.start()
        try:
            markup = {"contentFormat": ["markdown"], "documentationFormat": ["markdown"]}
            item = {"documentationFormat": ["markdown"], "resolveSupport": {"properties": []}}
            capabilities = {
                "textDocument": {
                    "hover": markup,
                    "completion": {"completionItem": item},
                    "signatureHelp": {"signatureInformation": markup},
                },
                "workspace": {"configuration": True, "workspaceFolders": True},
            }
            folders = [{"uri": folder.as_uri(), "name": folder.name}]
            server.request(
                "initialize",
                {
                    "processId": None,
                    "rootUri": folder.as_uri(),
                    "workspaceFolders": folders,
                    "capabilities": capabilities,
                },
            )
            server.notify("initialized", {})
            yield server
            server.request("shutdown", None)
            server.notify("exit", None)
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            reading.join(PATIENCE_S)
