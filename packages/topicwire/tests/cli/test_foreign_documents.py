"""Client generators are given all kinds of documents: each is taken, or refused by what it is."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.corpus.routes import adapter_of
from pydantic import BaseModel

from topicwire.asyncapi.document import build, dumps
from topicwire.cli import main

LANGUAGES = {
    "typescript": ("--types", "out/types", "--client", "out/client"),
    "python": ("--folder", "out"),
}
MADE = {"typescript": "out/client/index.ts", "python": "out/acme_client/routes.py"}


class Ask(BaseModel):
    symbol: str


class Tick(BaseModel):
    price: float


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        dumps(build(adapter_of({"ticks": (Ask, Tick)}, title="Acme")))
    )
    return made


class Here:
    """The command line, run in a folder of the test's own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def run(self, language: str, source: str) -> tuple[int, str]:
        code = 0
        try:
            main(["client", language, "--document", source, *LANGUAGES[language]])
        except SystemExit as exit_:
            code = int(str(exit_.code))
        out, err = self._capsys.readouterr()
        return code, out + err

    def names(self) -> list[str]:
        return sorted(one.name for one in self.folder.iterdir())


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    monkeypatch.chdir(tmp_path)
    return Here(tmp_path, capsys)


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    content = document()
    change(content)
    return json.dumps(content).encode()


REFUSED: dict[str, tuple[bytes, str]] = {
    "broken": (b'{"asyncapi": "3.1.0",', "this is not JSON"),
    "empty": (b"", "this is not JSON"),
    "binary": (b"\xff\xfe\x00", "this is not JSON"),
    "deep": (b"[" * 100_000, "this is not JSON"),
    "not a number": (b'{"asyncapi": NaN}', "this is not JSON (NaN is no JSON)"),
    "page": (b"<!doctype html><title>Docs</title>", "this is a page (HTML)"),
    "list": (b"[]", "there is no object at its top"),
    "other": (b'{"name": "acme"}', "there is no `asyncapi: 3.x` at its top"),
    "openapi": (b'{"openapi": "3.1.0"}', "it is of OpenAPI"),
    "older": (b'{"asyncapi": "2.6.0", "channels": {}}', "it is of AsyncAPI 2.6.0"),
    "foreign": (
        b'{"asyncapi": "3.0.0", "info": {}, "channels": {}}',
        "was not written by Topicwire",
    ),
    "newer protocol": (
        _changed(lambda one: one.update({"x-topicwire": {"subprotocol": "topicwire.v2+json"}})),
        "it is of the protocol 'topicwire.v2+json'",
    ),
    "newer AsyncAPI": (
        _changed(lambda one: one.update(asyncapi="3.2.0")),
        "it is of AsyncAPI 3.2.0, and this version knows AsyncAPI 3.1",
    ),
    "no channels": (_changed(lambda one: one.update(channels=[])), "#/channels"),
    "dangling": (
        _changed(lambda one: one["components"]["schemas"].pop("Tick")),
        "#/components/schemas/Tick",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_document_of_ours_is_refused_by_what_it_is(
    here: Here, kind: str, language: str
) -> None:
    """checklist 31"""
    content, said = REFUSED[kind]
    (here.folder / "given.json").write_bytes(content)
    code, told = here.run(language, "given.json")
    assert code == 2, told
    assert told.startswith("given.json: ")
    assert said in told
    assert "Nothing was written." in told
    assert here.names() == ["given.json"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_that_has_none_is_refused(here: Here, language: str) -> None:
    with serving({"/asyncapi.json": dumps(document()).encode()}) as address:
        for path in ("/gone.json", "/cut.json"):
            code, told = here.run(language, address + path)
            assert code == 2, told
            assert f"{address}{path}: the AsyncAPI document cannot be fetched" in told
            assert "`topicwire spec`" in told
        assert here.names() == []
        code, told = here.run(language, f"{address}/asyncapi.json")
        assert code == 0, told
        assert (here.folder / MADE[language]).is_file()
    for nowhere in (address, "http://", "http://host:port/", "http://[/"):
        code, told = here.run(language, nowhere)
        assert code == 2, told
        assert "cannot be fetched" in told
    code, told = here.run(language, str(here.folder))
    assert code == 2
    assert "cannot be read" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_but_the_client_is_left_behind(here: Here, language: str) -> None:
    (here.folder / "asyncapi.json").write_text(dumps(document()))
    code, told = here.run(language, "asyncapi.json")
    assert code == 0, told
    assert here.names() == ["asyncapi.json", "out"]
    files = [one.name for one in (here.folder / "out").rglob("*") if one.is_file()]
    expected = {
        "typescript": ["index.ts", "index.ts"],
        "python": ["__init__.py", "models.py", "py.typed", "pyproject.toml", "routes.py"],
    }
    assert sorted(files) == expected[language]


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[str]:
    """Serve these files on a free port; `/cut.json` ends in the middle."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            self.send_response(404 if content is None and self.path != "/cut.json" else 200)
            self.send_header("Content-Length", str(len(content or b"") or 9))
            self.end_headers()
            self.wfile.write(content or b"{")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            del format, args

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
