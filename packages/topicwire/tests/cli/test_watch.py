"""`topicwire generate --watch`, run as a person runs it: real files, real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests import forked
from packages.topicwire.tests.cli.watched import PATIENCE_S, STATE, Watched
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    PYPROJECT,
    TEMPLATE_PATH,
    WS,
    WS_PATH,
)

MODELS = "src/acme/models/market/trades.py"
MAIN = "src/acme/main.py"
TYPES = "page/types/index.ts"
DOCUMENT = "generated/asyncapi.json"
PYTHON = "python/acme_client/models.py"
OPENAPI = "generated/openapi.json"
QUOTES = "src/acme/models/market/quotes.py"

ALL = ("routers", "the document", "TypeScript", "the Python client")
SETTINGS = (
    PYPROJECT.replace('package = "acme"\n', 'package = "acme"\napp = "acme.main:create_app"\n')
    + '\n[tool.topicwire.typescript]\ntypes = "page/types"\nclient = "page/client"\n'
    + '\n[tool.topicwire.python]\nfolder = "python"\n'
)
CODECS = "page/client/codecs.ts"
SCALARS = (
    "\n[tool.topicwire.typescript.scalars]\n"
    '"date-time" = { type = "Date", decode = "(text) => new Date(text)", '
    'encode = "(date) => date.toISOString()" }\n'
)
APP = """\
from fastapi import FastAPI

from acme.modules.trading.ws import trade_router
from topicwire import FastWSAdapter


def create_app():
    api = FastAPI(title="Acme")
    ws = FastWSAdapter(title="Acme", version="1.0.0")
    ws.include_router(trade_router)
    ws.setup(api)
    return api, ws
"""


@pytest.fixture
def app(tmp_path: Path) -> Watched:
    app = Watched(tmp_path / "app")
    app.populate()
    app.write("pyproject.toml", SETTINGS)
    app.write(MAIN, APP)
    return app


def until(holds: Callable[[], bool]) -> None:
    """Returns when it holds; another process's doing, so there is nothing to wait on but time."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_a_save_is_in_the_types_and_a_mistake_leaves_them_until_it_is_mended(app: Watched) -> None:
    with app.watching("--json", "--openapi", OPENAPI):
        assert app.event()["makes"] == [*ALL]
        first = app.event()
        assert (first["event"], first["changed"]) == ("generated", [])
        assert set(app.generated()) == {*first["written"]}
        assert {DOCUMENT, OPENAPI, TYPES, PYTHON} < set(first["written"])
        assert app.state()["errors"] == []

        app.edit(MODELS, "    price: float\n", "    price: float\n    venue: str | None = None\n")
        saved = app.event()
        assert saved["changed"] == [MODELS]
        assert saved["written"] == [DOCUMENT, TYPES, PYTHON]
        assert "venue" in app.read(TYPES)
        assert "venue" in app.read(PYTHON)

        _each_mistake_is_told_with_its_place_and_cured(app)
        _a_declaration_reaches_routers_and_types_at_once(app)
        _a_new_date_is_no_change(app)
        _what_somebody_removed_is_written_again(app)
        _a_file_of_somebody_s_beside_the_client_keeps_all_as_it_is(app)
    assert not (app.root / STATE).exists()
    before = app.files()
    for command in (["generate"], ["spec"], ["client", "typescript"], ["client", "python"]):
        _leaves_nothing_to_do(app, *command)
    assert app.files() == before


def _leaves_nothing_to_do(app: Watched, *command: str) -> None:
    done = forked.topicwire(app.root, *command)
    assert done.returncode == 0, done.stderr


MISTAKES: list[tuple[str, str, str, str]] = [
    (WS_PATH, "WsRouter[TradeRequest, Trade]", "WsRouter[TradeRequest, Trad]", f"{WS_PATH}:7"),
    (WS_PATH, "if TYPE_CHECKING:", "if TYPE_CHECKING", f"{WS_PATH}:6"),
    (WS_PATH, "trade_router = ", "trade_router = = ", f"{WS_PATH}:11"),
    (MODELS, "class Trade(BaseModel):", "class Trade(BaseModel", f"{MODELS}:10"),
    (MODELS, "price: float", "price: Price", f"{MODELS}:14"),
    (TEMPLATE_PATH, "def publish(", "def publish(:", f"{TEMPLATE_PATH}:"),
    (TEMPLATE_PATH, 'prefix=f"{route}."', 'prefix=f"{route.nothing}."', f"{GENERATED}/"),
    (MAIN, "from fastapi import FastAPI", "import nowhere", f"{MAIN}:1"),
    (MAIN, "from topicwire", "from acme.main import create_app\nfrom topicwire", f"{MAIN}:4"),
]


def _each_mistake_is_told_with_its_place_and_cured(app: Watched) -> None:
    before = app.generated()
    for path, old, new, where in MISTAKES:
        good = app.read(path)
        assert old in good
        app.replaced(path, good.replace(old, new, 1))
        told = app.event()
        assert told["event"] == "failed", told
        (error, *_) = told["errors"]
        assert f"{error['path']}:{error['line']}".startswith(where), told
        assert error["message"] in told["text"]
        assert app.state()["errors"][0]["file"] == str(app.root / error["path"])
        assert app.generated() == before, where
        app.replaced(path, good)
        cured = app.event()
        assert (cured["event"], cured["cured"]) == ("generated", True), cured
        assert app.state()["errors"] == []
        assert app.generated() == before


def _a_declaration_reaches_routers_and_types_at_once(app: Watched) -> None:
    """Two files saved one after the other: what is wrong in between is of no account."""
    app.write(
        QUOTES, "from pydantic import BaseModel\n\n\nclass Quote(BaseModel):\n    bid: float\n"
    )
    ws = app.read(WS_PATH).replace("TradeRequest, Trade]", "TradeRequest, Quote]")
    app.write(WS_PATH, "from acme.models.market.quotes import Quote\n" + ws)
    app.writes(TYPES)
    assert "export interface Quote" in app.read(TYPES)
    assert "Quote" in app.read(f"{GENERATED}/tradewsrouter.py")


def _a_new_date_is_no_change(app: Watched) -> None:
    for path in (MODELS, WS_PATH, TYPES, DOCUMENT):
        os.utime(app.root / path)
    app.write(MODELS, app.read(MODELS) + "\n# a word\n")
    assert app.event()["changed"] == [MODELS]
    assert app.is_quiet()


def _what_somebody_removed_is_written_again(app: Watched) -> None:
    before = app.generated()
    (app.root / TYPES).unlink()
    assert app.event()["written"] == [TYPES]
    for file in (app.root / GENERATED).glob("*.py"):
        file.unlink()
    until(lambda: app.generated() == before)
    # At any moment: before the watcher has told of what it has just written, too.
    (app.root / "python/acme_client/py.typed").unlink()
    app.writes("python/acme_client/py.typed")


def _a_file_of_somebody_s_beside_the_client_keeps_all_as_it_is(app: Watched) -> None:
    before = app.generated()
    app.write("python/mine.py", "mine = 1\n")
    model = app.read(QUOTES)
    app.edit(QUOTES, "bid: float", "bid: str")
    told = app.event()
    assert (told["event"], told["changed"]) == ("failed", [QUOTES])
    assert "python/mine.py: not generated: it lacks the header" in told["text"]
    (app.root / "python/mine.py").unlink()
    assert app.generated() == before
    app.write(QUOTES, model)
    cured = app.event()
    assert (cured["event"], cured["cured"], cured["written"]) == ("generated", True, [])


def test_a_burst_is_one_run_and_what_hangs_is_ended_by_the_next_save(app: Watched) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=app.root, check=True)
    lock = app.root / ".git/index.lock"
    with app.watching("--json"):
        assert [app.event()["event"], app.event()["event"]] == ["watching", "generated"]
        lock.touch()  # as git does while it writes a branch's files
        for number in range(30):
            app.write(f"src/acme/more/m{number}.py", f"value = {number}\n")
        app.edit(MODELS, "price: float", "cost: float")
        app.edit(MODELS, "cost: float", "amount: float")
        lock.unlink()
        event = app.event()
        assert len(event["changed"]) == 31
        assert "amount" in app.read(TYPES)

        # each save at once: half of a file that is seen would be a mistake of its own
        good = app.read(MAIN)
        started = app.root / "started"
        hanging = f"open({str(started)!r}, 'w').close()\nwhile True:\n    pass\n"
        app.replaced(MAIN, hanging)
        until(started.exists)
        app.replaced(MAIN, good.replace('title="Acme"', 'title="Other"'))
        app.writes(DOCUMENT)
        assert '"title": "Other"' in app.read(DOCUMENT)
        app.replaced(MAIN, "import os\nos._exit(7)\n")
        assert "ended with code 7" in app.event()["text"]
        app.replaced(MAIN, good)
        assert app.event()["cured"]


def test_steps_one_to_four_of_the_quick_start_as_they_are_typed(app: Watched) -> None:
    """A module whose folder has no `__init__.py` yet, and models that do not exist yet."""
    folder = "src/acme/modules/news"
    with app.watching("--json"):
        assert [app.event()["event"], app.event()["event"]] == ["watching", "generated"]
        before = app.generated()
        ws = WS.replace("Trade", "Story").replace("trade", "story")
        app.write(f"{folder}/ws.py", ws.replace("acme.models.market ", "acme.models.news "))
        told = app.event()
        assert told["errors"][0]["path"] == f"{folder}/ws.py"
        assert app.generated() == before
        app.write("src/acme/models/news.py", "from pydantic import BaseModel\n")
        assert "Story" in app.event()["text"]
        story = "\n\nclass StoryRequest(BaseModel):\n    tag: str\n\n\nclass Story(BaseModel):\n"
        app.write(
            "src/acme/models/news.py", f"from pydantic import BaseModel{story}    text: str\n"
        )
        router = f"{folder}/ws_generated/storywsrouter.py"
        event = app.writes(router)
        assert event["cured"]
        (note,) = event["notes"]
        assert note.startswith(f"{router}: the application includes no such router")
        assert note in event["text"]
        assert not (app.root / f"{folder}/__init__.py").exists()

        (app.root / f"{folder}/ws.py").unlink()  # and the module goes again
        removed = app.event()
        assert router in removed["removed"]
        assert app.generated() == before


def test_a_scalar_map_is_followed_and_what_it_cannot_tell_is_told(app: Watched) -> None:
    app.edit(MODELS, "    price: float\n", "    price: float\n    at: datetime\n")
    app.write(MODELS, f"from datetime import datetime\n{app.read(MODELS)}")
    with app.watching("--json"):
        assert [app.event()["event"], app.event()["event"]] == ["watching", "generated"]
        assert "at: string" in app.read(TYPES)

        app.replaced("pyproject.toml", SETTINGS + SCALARS)
        assert CODECS in app.writes(CODECS)["written"]
        assert "at: Date" in app.read(TYPES)

        app.edit(MODELS, "at: datetime\n", "at: datetime | str\n")
        failed = next_of(app, "failed")
        (error,) = failed["errors"]
        assert (error["path"], error["cure"] != "") == (DOCUMENT, True)
        assert "nothing tells such a string from any other string" in error["message"]
        assert "at: Date" in app.read(TYPES)

        app.edit(MODELS, "at: datetime | str\n", "at: datetime | None\n")
        assert next_of(app, "generated")["cured"]
        assert "at: Date | null" in app.read(TYPES)

        app.replaced("pyproject.toml", SETTINGS)
        assert CODECS in next_of(app, "generated")["removed"]
        assert "at: string | null" in app.read(TYPES)
    _leaves_nothing_to_do(app, "client", "typescript", "--check")


def next_of(app: Watched, kind: str) -> dict[str, Any]:
    """The next event of a kind; `watching` is told between, where settings have changed."""
    while (event := app.event())["event"] != kind:
        assert event["event"] == "watching", event
    return event


def test_settings_that_break_and_are_mended(app: Watched) -> None:
    with app.watching("--json"):
        assert [app.event()["event"], app.event()["event"]] == ["watching", "generated"]
        app.replaced("pyproject.toml", SETTINGS.replace("[tool.topicwire]", "[tool.topicwire"))
        assert "this is not TOML" in app.event()["text"]
        app.replaced("pyproject.toml", SETTINGS)
        assert app.event()["cured"]
        app.replaced("pyproject.toml", SETTINGS.replace("page/types", "page/other"))
        assert app.event()["event"] == "watching"
        assert "page/other/index.ts" in app.event()["written"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_it_says_short_lines_and_ends_cleanly(app: Watched, number: int, code: int) -> None:
    app.write("pyproject.toml", PYPROJECT)  # routers alone: no application is named
    with app.watching():
        assert app.process is not None
        assert app.line() == "watching src: routers (Ctrl-C ends)"
        wrote = app.line()
        assert wrote.startswith("wrote generated/topicwire.json, src/acme/modules/trading/")
        assert wrote.endswith(" ms")
        app.edit(WS_PATH, "TradeRequest, Trade]", "TradeRequest, Trad]")
        assert app.line().startswith(f"{WS_PATH} changed: not generated, ")
        assert app.line() == f"{WS_PATH}:7: error: 'Trad' is not defined here."
        app.process.send_signal(number)
        assert app.process.wait(PATIENCE_S) == code
        assert "Traceback" not in "".join(app.rest())
    assert not (app.root / STATE).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--watch", "--check"], "give one of them"),
        (["--openapi", "x.json"], "--openapi is for --watch"),
    ],
)
def test_options_that_do_not_go_together(app: Watched, options: list[str], said: str) -> None:
    done = forked.topicwire(app.root, "generate", *options)
    assert done.returncode == 2
    assert said in done.stderr
