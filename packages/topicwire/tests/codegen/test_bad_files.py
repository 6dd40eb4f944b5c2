"""Files that are damaged, half-written, unreadable or no files: refused by name, nothing lost.

Each is tried on an application that is generated: the last good output stays, byte for byte.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    TEMPLATE,
    TEMPLATE_PATH,
    WS,
    WS_PATH,
    Sample,
)

from topicwire.codegen.errors import Problem
from topicwire.codegen.output import OutputError

MODEL_PATH = "src/acme/models/market/trades.py"
COMMENTED = WS.replace("trade_router =", "# Überall\ntrade_router =")


@pytest.fixture
def made(app: Sample) -> Sample:
    """The sample, with its output."""
    app.generate()
    return app


def put(app: Sample, path: str, content: bytes) -> None:
    (app.root / path).write_bytes(content)


def refusal(app: Sample, path: str) -> Problem:
    """The one problem, with everything that a person needs; what was generated is untouched."""
    before = app.generated()
    (problem,) = {one for one in app.problems() if one.path == path}
    assert problem.cure
    assert app.generated() == before
    return problem


@pytest.mark.parametrize("path", [WS_PATH, MODEL_PATH, TEMPLATE_PATH])
@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        pytest.param(
            COMMENTED.encode()[: COMMENTED.encode().index(b"\x9c")], 11, "utf-8", id="cut"
        ),
        pytest.param(COMMENTED.encode("latin-1"), 11, "utf-8", id="latin-1"),
        pytest.param(WS.encode("utf-16"), 1, "null byte", id="utf-16"),
        pytest.param(b"a = 1\nb = \x00\n", 2, "null byte", id="null byte"),
        pytest.param(b"# coding: klingon\n", 1, "unknown encoding", id="no such encoding"),
        pytest.param(b"a = 1\nclass Half(\n", 2, "this is not Python", id="half-written"),
        pytest.param(b"a = (\nb = 1\n", 1, "'(' was never closed", id="never closed"),
        pytest.param(b"a = 1\n\n\nb = '", 4, "unterminated string", id="unterminated"),
        pytest.param(b"a = " + b"-" * 20_000 + b"1\n", 0, "nested deeper", id="too deep"),
        pytest.param(b"a = 1" + b" | 1" * 3_000 + b"\n", 0, "nested deeper", id="too long a union"),
    ],
)
def test_a_file_that_is_no_python(
    made: Sample, path: str, content: bytes, line: int, message: str
) -> None:
    """checklist 28: half-written, cut in the middle of a character, or in another encoding."""
    put(made, path, content)
    problem = refusal(made, path)
    assert message in problem.message
    assert problem.line == line


def test_an_empty_file_is_half_written_where_it_had_routers(made: Sample) -> None:
    """checklist 28: some editors empty a file before they write it."""
    put(made, WS_PATH, b"")
    problem = refusal(made, WS_PATH)
    assert (problem.line, "half-written?" in problem.message) == (1, True)
    assert "To be rid of its routers, delete the file" in problem.cure


def test_an_empty_file_that_had_none_is_nothing(made: Sample) -> None:
    made.write("src/acme/modules/broker/ws.py", "")
    assert not made.generate().changes


def test_an_empty_model_file_is_told_where_it_is_used(made: Sample) -> None:
    put(made, MODEL_PATH, b"")
    messages = [one.message for one in made.problems()]
    assert messages == [
        "acme.models.market.trades has no 'TradeRequest'.",
        "acme.models.market.trades has no 'Trade'.",
    ]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param(WS_PATH, b"\xef\xbb\xbf" + WS.encode(), id="ws.py with a mark"),
        pytest.param(WS_PATH, WS.replace("\n", "\r\n").encode(), id="ws.py of Windows"),
        pytest.param(WS_PATH, WS.replace("\n", "\r").encode(), id="ws.py of an old Mac"),
        pytest.param(
            WS_PATH, b"# coding: latin-1\n" + COMMENTED.encode("latin-1"), id="says latin-1"
        ),
        pytest.param(TEMPLATE_PATH, b"\xef\xbb\xbf" + TEMPLATE.encode(), id="template, a mark"),
        pytest.param(TEMPLATE_PATH, TEMPLATE.replace("\n", "\r\n").encode(), id="of Windows"),
    ],
)
def test_line_ends_marks_and_said_encodings_change_nothing(
    made: Sample, path: str, content: bytes
) -> None:
    before = {name: text for name, text in made.generated().items() if name.endswith(".py")}
    put(made, path, content)
    made.generate()
    after = {name: text for name, text in made.generated().items() if name.endswith(".py")}
    assert after == before


def test_characters_that_only_look_like_line_ends(made: Sample) -> None:
    """A form feed, and U+2028 in a comment: Python goes on counting lines by line feeds."""
    made.edit(TEMPLATE_PATH, "# the operations", "# the \u2028 operations \x0b of \x85 it")
    made.edit(TEMPLATE_PATH, "\n\nclass WsRouter", "\n\x0c\nclass WsRouter")
    made.generate()
    assert "# the \u2028 operations" in made.read(f"{GENERATED}/tradewsrouter.py")


def linked_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def linked_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere.py")


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("become", [linked_to_itself, linked_to_nothing, a_folder])
@pytest.mark.parametrize("path", [WS_PATH, TEMPLATE_PATH])
def test_what_is_no_file(made: Sample, path: str, become: Callable[[Path], None]) -> None:
    """Its routers are not taken for removed ones."""
    (made.root / path).unlink()
    become(made.root / path)
    message = refusal(made, path).message
    assert any(said in message for said in ("symbolic links", "no such file", "Is a directory"))


@pytest.mark.parametrize("path", [WS_PATH, TEMPLATE_PATH, MODEL_PATH])
def test_a_file_that_may_not_be_read(
    made: Sample, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Told by the system; a superuser may read everything, so the test says it instead."""
    real = Path.read_bytes

    def read(file: Path) -> bytes:
        if file == made.root / path:
            raise PermissionError(13, "Permission denied", str(file))
        return real(file)

    before = made.generated()
    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(Exception, match="cannot be read: Permission denied") as caught:
        made.generate()
    monkeypatch.undo()
    assert str(caught.value).startswith(f"{path}: error: ")
    assert made.generated() == before


def test_folders_that_link_to_each_other_end(made: Sample) -> None:
    (made.root / "src/acme/models/loop").symlink_to("..")
    (made.root / "src/acme/modules/trading/loop").symlink_to(".")
    assert not made.generate().changes
    made.edit(WS_PATH, ", Trade]", ", Nothing]")
    assert "'Nothing' is not defined here." in refusal(made, WS_PATH).message


@pytest.mark.parametrize("become", [linked_to_itself, linked_to_nothing])
def test_an_output_folder_that_cannot_be_made(made: Sample, become: Callable[[Path], None]) -> None:
    shutil.rmtree(made.root / GENERATED)
    become(made.root / GENERATED)
    before = made.files()
    with pytest.raises(OutputError, match=f"^{GENERATED}: error: this cannot be written: File ex"):
        made.generate()
    assert made.files() == before


def test_a_file_where_the_output_folder_goes(made: Sample) -> None:
    shutil.rmtree(made.root / GENERATED)
    made.write(GENERATED, "mine")
    problem = made.problem()
    assert problem.path == GENERATED
    assert "this is not a folder" in problem.message
    assert made.read(GENERATED) == "mine"


def test_a_folder_where_a_generated_file_goes(made: Sample) -> None:
    (made.root / "generated/topicwire.json").unlink()
    (made.root / "generated/topicwire.json").mkdir()
    made.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    before = made.files()
    with pytest.raises(OutputError, match=r"generated/topicwire\.json: error: this cannot be"):
        made.generate()
    assert made.files() == before


def test_a_folder_for_the_cache_that_cannot_be_made(app: Sample) -> None:
    app.write(".topicwire_cache", "a file")
    with pytest.raises(OutputError, match=r"^\.topicwire_cache: error: this cannot be written"):
        app.generate()
    assert not (app.root / GENERATED).exists()


def test_a_lone_surrogate_in_a_string_is_nobody_s_type(made: Sample) -> None:
    made.edit(WS_PATH, "trade_router =", 'text = "\\ud800"\ntrade_router =')
    assert not made.generate().changes
    made.edit(WS_PATH, ", Trade]", ', "\\ud800"]')
    assert "'\\ud800' is not a type." in refusal(made, WS_PATH).message
