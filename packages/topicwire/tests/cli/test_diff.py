"""`topicwire diff`, run as a user runs it."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests import forked
from packages.topicwire.tests.contractdiff.documents import Document, document_of
from pydantic import BaseModel

TOPICWIRE = Path(sys.executable).with_name("topicwire")


class Ask(BaseModel):
    symbol: str


class Asked(BaseModel):
    symbol: str
    depth: int


class Tick(BaseModel):
    price: float


class Tock(BaseModel):
    price: float
    size: int


def run(folder: Path, *arguments: str, code: int) -> str:
    done = forked.topicwire(folder, "diff", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code < 2 or "--json" in arguments else done.stderr


def write(folder: Path, name: str, document: object) -> None:
    (folder / name).write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "old.json", document_of({"ticks": (Ask, Tick)}))
    write(tmp_path, "more.json", document_of({"ticks": (Ask, Tock)}))
    write(tmp_path, "breaks.json", document_of({"ticks": (Asked, Tick)}))
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]  # quiet
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_nothing_changed(folder: Path) -> None:
    assert run(folder, "old.json", "old.json", code=0) == "No change.\n"


def test_what_breaks_is_exit_code_1_with_a_witness(folder: Path) -> None:
    lines = run(folder, "old.json", "breaks.json", code=1).splitlines()
    assert lines[0] == "ticks"
    assert lines[1] == (
        "  breaking    ticks.subscribe, ticks.unsubscribe payload.depth: required, integer "
        "[property-added]: an old client does not send it as the server demands"
    )
    assert lines[2].endswith(
        'old client sends {"type": "ticks.subscribe", "payload": {"symbol": ""}}'
    )
    assert "type-renamed" in lines[3]
    assert lines[-1] == "1 breaking, 0 compatible, 1 cosmetic"


def test_what_breaks_nobody_is_exit_code_0(folder: Path) -> None:
    text = run(folder, "old.json", "more.json", code=0)
    assert "ticks.update payload.payload.size: required, integer [property-added]" in text


def test_what_to_fail_on_is_a_choice(folder: Path) -> None:
    run(folder, "old.json", "more.json", "--fail-on", "compatible", code=1)
    run(folder, "old.json", "old.json", "--fail-on", "compatible", code=0)
    run(folder, "old.json", "breaks.json", "--fail-on", "never", code=0)


def test_json_for_machines(folder: Path) -> None:
    report: dict[str, Any] = json.loads(run(folder, "old.json", "breaks.json", "--json", code=1))
    assert list(report) == ["format", "ok", "old", "new", "summary", "changes"]
    assert (report["format"], report["ok"]) == (1, False)
    assert (report["old"], report["new"]) == ("old.json", "breaks.json")
    assert report["summary"] == {"breaking": 1, "compatible": 0, "cosmetic": 1}
    broken = next(one for one in report["changes"] if one["severity"] == "breaking")
    assert broken == {
        "severity": "breaking",
        "rule": "property-added",
        "certain": True,
        "route": "ticks",
        "messages": ["ticks.subscribe", "ticks.unsubscribe"],
        "direction": "to_server",
        "path": "payload.depth",
        "was": None,
        "now": "required, integer",
        "why": "an old client does not send it as the server demands",
        "witness": {
            "kind": "refused",
            "sender": "old client",
            "message": {"type": "ticks.subscribe", "payload": {"symbol": ""}},
        },
    }


def test_a_running_server_is_as_good_as_a_file(folder: Path, address: str) -> None:
    assert "depth" in run(folder, f"{address}/old.json", "breaks.json", code=1)
    assert "cannot be fetched" in run(folder, f"{address}/none.json", "old.json", code=2)


def broken_reference(document: Document) -> Document:
    document["channels"]["ticks"]["messages"]["ticks.update"] = {"$ref": "#/components/nowhere"}
    return document


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"openapi": "3.1.0"}, "This is not an AsyncAPI 3 document"),
        ({"asyncapi": "3.0.0", "channels": {}}, "was not written by Topicwire"),
        (broken_reference(document_of({"ticks": (Ask, Tick)})), "leads nowhere"),
        ({**document_of({"ticks": (Ask, Tick)}), "channels": []}, "#/channels: the official"),
        ({**document_of({"ticks": (Ask, Tick)}), "operations": {"a": 1}}, "#/operations/a: the"),
    ],
)
def test_a_foreign_document_is_refused_by_name(folder: Path, content: object, said: str) -> None:
    write(folder, "other.json", content)
    for pair in (("old.json", "other.json"), ("other.json", "old.json")):
        message = run(folder, *pair, code=2)
        assert "other.json: " in message
        assert said in message
    report = json.loads(run(folder, "old.json", "other.json", "--json", code=2))
    assert report["ok"] is False
    assert said in report["errors"][0]["message"]


def test_what_is_no_json_and_what_is_not_there(folder: Path) -> None:
    (folder / "torn.json").write_text('{"asyncapi"', encoding="utf-8")
    assert "torn.json: this is not JSON" in run(folder, "old.json", "torn.json", code=2)
    assert "cannot be read" in run(folder, "none.json", "old.json", code=2)


def test_help_has_an_example(folder: Path) -> None:
    done = subprocess.run([TOPICWIRE, "diff", "--help"], capture_output=True, text=True, check=True)
    assert "Example: `topicwire diff released.json generated/asyncapi.json`" in done.stdout
    assert "--fail-on" in done.stdout
    del folder
