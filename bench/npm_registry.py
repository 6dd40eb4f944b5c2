"""A package registry for npm on the loopback interface: what this repository has installed."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

MODULES = Path(__file__).resolve().parents[1] / "node_modules"
_TARBALLS = "/-/"


@contextmanager
def npm_registry() -> Iterator[str]:
    """Serve the installed packages, each in its installed version; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = unquote(self.path)
        if path.startswith(_TARBALLS):
            name = path.removeprefix(_TARBALLS).removesuffix(".tgz")
            self._answer(_tarball(MODULES / name), "application/octet-stream")
            return
        folder = MODULES / path.lstrip("/")
        if not (folder / "package.json").is_file():
            self.send_error(404)
            return
        self._answer(json.dumps(self._described(folder)).encode(), "application/json")

    def _described(self, folder: Path) -> dict[str, object]:
        manifest = json.loads((folder / "package.json").read_text("utf-8"))
        name, version = manifest["name"], manifest["version"]
        host = self.headers["host"]
        manifest["dist"] = {"tarball": f"http://{host}{_TARBALLS}{name}.tgz"}
        for unneeded in ("devDependencies", "scripts"):
            manifest.pop(unneeded, None)
        return {"name": name, "dist-tags": {"latest": version}, "versions": {version: manifest}}

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _tarball(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(folder.resolve(), arcname="package")
    return packed.getvalue()
