"""What lies where documents and clients are written, or read, and is not what it should be.

Refused by name with exit code 2, never with a traceback; everything stays as it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.whole import Whole

from topicwire.cli import main

DOCUMENT = "generated/asyncapi.json"
TYPES = "page/ws-types-generated"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Whole(tmp_path_factory.mktemp("made") / "app").populate().make().root


@pytest.fixture
def app(made: Path, tmp_path: Path) -> Whole:
    shutil.copytree(made, tmp_path / "app")
    return Whole(tmp_path / "app")


def refused(app: Whole, capsys: pytest.CaptureFixture[str], *command: str) -> str:
    before = app.files()
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*command, "--project", str(app.root)])
    assert ended.value.code == 2
    assert app.files() == before
    said = capsys.readouterr().err
    assert "Nothing was written." in said
    return said


def bytes_at(path: str, content: bytes) -> Callable[[Whole], None]:
    def change(app: Whole) -> None:
        (app.root / path).write_bytes(content)

    return change


def folder_at(path: str) -> Callable[[Whole], None]:
    def change(app: Whole) -> None:
        (app.root / path).unlink()
        (app.root / path).mkdir()

    return change


def file_at(path: str) -> Callable[[Whole], None]:
    def change(app: Whole) -> None:
        shutil.rmtree(app.root / path)
        app.write(path, "mine")

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (file_at(TYPES), f"{TYPES}: error: this cannot be written: File exists."),
        (folder_at(f"{TYPES}/index.ts"), f"{TYPES}/index.ts: error: this cannot be written"),
        (bytes_at(f"{TYPES}/index.ts", b"\xff\xfe\x00"), f"{TYPES}/index.ts was not generated"),
        (bytes_at(f"{TYPES}/index.ts", b""), f"{TYPES}/index.ts was not generated"),
        (folder_at(DOCUMENT), "the AsyncAPI document cannot be read (Is a directory)"),
        (bytes_at(DOCUMENT, b""), "this is not JSON"),
        (bytes_at(DOCUMENT, b"\xff\xfe\x00"), "this is not JSON"),
        (bytes_at(DOCUMENT, b"[]"), "not an AsyncAPI 3 document"),
        (bytes_at(DOCUMENT, b"[" * 100_000), f"{DOCUMENT}: "),
        (
            bytes_at(DOCUMENT, b'{"asyncapi": "3.1.0", "x-topicwire": 3, "channels": []}'),
            f"{DOCUMENT}: ",
        ),
    ],
)
def test_a_client_is_not_written_over_it_or_from_it(
    app: Whole,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Whole], None],
    message: str,
) -> None:
    """checklist 31"""
    change(app)
    assert message in refused(app, capsys, "client", "typescript")


def test_a_document_is_not_written_where_a_folder_is(app: Whole) -> None:
    folder_at(DOCUMENT)(app)
    before = app.files()
    done = app.topicwire("spec")
    assert done.returncode == 2
    assert f"{DOCUMENT}: error: this cannot be written: Is a directory." in done.stderr
    assert app.files() == before
