"""`topicwire new route` in a small application: what it writes, edits, refuses and puts back."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen.sample import GENERATED, WS_PATH, Sample
from packages.topicwire.tests.codegen.whole import MAIN

from topicwire.codegen.errors import GenerationError
from topicwire.errors import TopicwireError
from topicwire.scaffold.apply import apply
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.route import NewRoute, RouteRequest, plan_route
from topicwire.scaffold.snippet import snippet

QUOTES = RouteRequest("trading", "quotes", "symbol:str", "symbol:str bid:float at:datetime")
NEW = "src/acme/modules/news"


@pytest.fixture
def app(tmp_path: Path) -> Sample:
    return Sample(tmp_path / "app").populate()


def planned(app: Sample, wanted: RouteRequest = QUOTES) -> NewRoute:
    return plan_route(app.config, wanted)


def texts(app: Sample, route: NewRoute) -> dict[str, str]:
    return {app.config.shown(path): text for path, text in route.files.items()}


def test_a_module_that_is_there_gets_a_route_more(app: Sample) -> None:
    """Nothing of the route that is there changes."""
    app.generate()
    before = app.read(f"{GENERATED}/tradewsrouter.py")
    done = apply(app.config, planned(app))
    assert done.served is None  # no application is configured
    ws = app.read(WS_PATH)
    assert "    TradeWsRouter: TypeAlias = WsRouter[TradeRequest, Trade]\n" in ws
    assert "    QuoteWsRouter: TypeAlias = WsRouter[QuoteSubscriptionRequest, Quote]\n" in ws
    assert "    from .ws_generated import QuoteWsRouter, TradeWsRouter\n" in ws
    assert 'quote_router = QuoteWsRouter(route="quotes", tags=["trading"])\n' in ws
    assert app.read(f"{GENERATED}/tradewsrouter.py") == before
    assert "class QuoteWsRouter(" in app.read(f"{GENERATED}/quotewsrouter.py")
    assert (
        app.python(
            "from acme.modules.trading.ws import *; from acme.models import Quote; "
            "print(trade_router.route, quote_router.route, quotes_topic_builder is not None)"
        )
        == "trades quotes True"
    )


def test_files_keep_the_line_ends_of_windows(app: Sample) -> None:
    """And the mark that some editors put first: nothing but the added lines differs."""
    edited = (WS_PATH, "src/acme/models/market/__init__.py")
    for path, mark in zip(edited, ("\ufeff", ""), strict=True):
        text = mark + app.read(path).replace("\n", "\r\n")
        (app.root / path).write_bytes(text.encode())
    before = (app.root / WS_PATH).read_bytes()
    apply(app.config, planned(app, replace(QUOTES, models="market")))
    for path in edited:
        content = (app.root / path).read_bytes()
        assert b"Quote" in content
        assert content.count(b"\r\n") == content.count(b"\n")
    after = (app.root / WS_PATH).read_bytes()
    assert after.startswith(b"\xef\xbb\xbffrom typing")
    kept = set(before.splitlines(keepends=True)) - set(after.splitlines(keepends=True))
    assert {line.split()[0] for line in kept} == {b"from"}  # imports that have a name more
    assert b"\r" not in (app.root / f"{GENERATED}/quotewsrouter.py").read_bytes()


def test_a_second_run_says_that_it_is_there(app: Sample) -> None:
    apply(app.config, planned(app))
    before = app.files()
    again = planned(app)
    assert again.files == {}
    assert again.there is not None
    path, _, line = again.there.partition(":")
    assert 'route="quotes"' in app.read(path).splitlines()[int(line) - 1]
    assert app.files() == before


def test_the_service_serves_what_is_asked_for(app: Sample) -> None:
    """Its sample values echo the request, by name or by turns."""
    apply(app.config, planned(app, replace(QUOTES, module="news", request="symbols:list[str]")))
    code = """
import asyncio
from acme.modules.news import NewsModule
from topicwire import FastWSAdapter
from topicwire.testing import connect
from fastapi import FastAPI

async def main():
    app = FastAPI()
    ws = FastWSAdapter(title="t", version="1", path="/ws")
    for router in NewsModule().get_ws_routers():
        ws.include_router(router)
    ws.setup(app)
    async with connect(app, "/ws") as client:
        await client.request("quotes.subscribe", {"symbols": ["A", "B"]})
        update = await client.receive()
        print(update["payload"]["payload"]["symbol"], update["payload"]["payload"]["bid"])

asyncio.run(main())
"""
    assert app.python(code) == "A 100.0"


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (replace(QUOTES, name="constructor"), "--name: 'constructor'"),
        (replace(QUOTES, module="import"), "--module: 'import'"),
        (replace(QUOTES, payload=""), "--payload: an update without a field says nothing"),
        (replace(QUOTES, payload="a:nope"), "there is no type 'nope'"),
        (replace(QUOTES, module="other", name="trades"), "in another module: " + WS_PATH),
        (replace(QUOTES, model="Trade"), "TradeWsRouter is declared already"),
        (replace(QUOTES, models="a-b"), "--models: 'a-b'"),
    ],
)
def test_refused_without_a_trace(app: Sample, wanted: RouteRequest, seen: str) -> None:
    before = app.files()
    with pytest.raises(ScaffoldError) as refused:
        planned(app, wanted)
    assert seen in str(refused.value)
    assert app.files() == before


def test_files_of_somebody_are_never_overwritten(app: Sample) -> None:
    app.write("src/acme/models/trading/quotes.py", "# mine\n")
    with pytest.raises(ScaffoldError, match=r"models/trading/quotes.py exists"):
        planned(app)


def test_a_name_that_models_export_already_is_not_taken(app: Sample) -> None:
    wanted = replace(QUOTES, model="Trade", models="market", module="news")
    with pytest.raises(ScaffoldError, match=r"models/market/__init__.py has a Trade already"):
        planned(app, wanted)


def test_a_file_that_is_not_python_is_named_by_line(app: Sample) -> None:
    app.write("src/acme/modules/trading/__init__.py", "class M:\n    def (\n")
    with pytest.raises(GenerationError, match=r"modules/trading/__init__.py:2: error"):
        planned(app)


def test_a_generator_that_refuses_leaves_nothing_behind(app: Sample) -> None:
    """A declaration elsewhere is wrong: the new files are taken out again."""
    app.generate()
    route = planned(app, replace(QUOTES, module="news"))
    app.write("src/acme/modules/broken/ws.py", "from acme.shared.ws.generic_route import (\n")
    before = app.files()
    with pytest.raises(GenerationError, match=r"modules/broken/ws.py:1: error"):
        apply(app.config, route)
    assert app.files() == before


def test_an_application_that_cannot_be_imported_leaves_nothing_behind(app: Sample) -> None:
    app.edit("pyproject.toml", 'package = "acme"', 'package = "acme"\napp = "acme.main:app"')
    app.write("src/acme/main.py", "raise RuntimeError('no database here')\n")
    before = app.files()
    with pytest.raises(TopicwireError, match="no database here"):
        apply(app.config, planned(app))
    assert app.files() == before


def test_a_client_that_cannot_be_written_leaves_nothing_behind(app: Sample) -> None:
    """The last of them: all that was written before it is taken back, validators too."""
    app.write("src/acme/main.py", MAIN)
    app.write("src/acme/modules/trading/__init__.py", "")
    app.edit(
        "pyproject.toml",
        'package = "acme"',
        'package = "acme"\napp = "acme.main:app"\n'
        'typescript = {types = "page/types", client = "page/client", validators = "page/checks"}\n'
        'python = {folder = "client"}',
    )
    app.generate()
    app.write("client/mine.py", "mine = 1\n")
    before = app.files()
    with pytest.raises(ScaffoldError, match=r"mine\.py: not generated"):
        apply(app.config, planned(app))
    assert app.files() == before
    (app.root / "client/mine.py").unlink()
    done = apply(app.config, planned(app))
    made = {app.config.shown(path) for path in (*done.generated, *done.files)}
    assert made == app.files().keys() - before.keys() | {
        path for path, content in app.files().items() if before.get(path, content) != content
    }
    assert {"client/acme_client/models.py", "page/checks/index.ts"} < made


def test_what_cannot_be_edited_safely_is_left_to_a_person(app: Sample) -> None:
    app.write(
        "src/acme/modules/trading/__init__.py",
        "class TradingModule:\n    def get_ws_routers(self):\n        return make_them()\n",
    )
    app.edit(WS_PATH, "trade_router =", "ws_routers = build()\ntrade_router =")
    route = planned(app)
    assert "src/acme/modules/trading/__init__.py" not in texts(app, route)
    left = "\n".join(route.left)
    assert f"{WS_PATH}: add `quote_router` to ws_routers" in left
    assert 'QuoteWsRouter(route="quotes", tags=["trading"], service=QuoteService()),' in left


def test_models_in_one_file_are_left_alone(app: Sample) -> None:
    """`models.py` is no package: the new ones go beside the route."""
    for path in sorted((app.root / "src/acme/models").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (app.root / "src/acme/models").rmdir()
    app.write("src/acme/models.py", "X = 1\n")
    (app.root / WS_PATH).unlink()
    written = texts(app, planned(app, replace(QUOTES, module="news")))
    assert f"{NEW}/quotes_models.py" in written
    assert "from acme.modules.news.quotes_models import Quote, " in written[f"{NEW}/ws.py"]


def test_a_type_of_ones_own_is_imported_from_where_it_is_defined(app: Sample) -> None:
    wanted = replace(QUOTES, module="news", payload="last:Trade|None")
    models = texts(app, planned(app, wanted))["src/acme/models/news/quotes.py"]
    assert "from acme.models.market.trades import Trade\n" in models
    assert "    last: Trade | None\n" in models


def test_the_snippet_subscribes(app: Sample) -> None:
    route = planned(app)
    assert snippet(route.names, route.request, route.payload) == (
        "import { WsAdapter } from '@/plugins/wsAdapter'\n"
        "import type { Quote } from '@/clients/ws-types-generated'\n\n"
        "const wsAdapter = new WsAdapter()\n\n"
        "await wsAdapter.quotes.subscribe('quotes-listener', { symbol: 'AAPL' }, "
        "(quote: Quote) => {\n"
        "  console.log('quotes', quote.symbol, quote.bid, quote.at)\n})\n"
    )


ARGUMENTS = [
    "new", "route", "--module", "news", "--request", "symbol:str", "--payload", "symbol:str",
]  # fmt: skip


def topicwire(app: Sample, *arguments: str, stdin: int = subprocess.DEVNULL) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "topicwire.cli", *arguments],
        cwd=app.root,
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_command(app: Sample) -> None:
    assert topicwire(app, *ARGUMENTS)[0] == 2
    code, said = topicwire(app, *ARGUMENTS, "--name", "constructor")
    assert code == 2
    assert said.endswith("Choose another name, a plural for instance.\nNothing was written.\n")
    code, said = topicwire(app, *ARGUMENTS, "--name", "quotes", "--snippet", "page/quotes.ts")
    assert code == 0, said
    assert f"{NEW}/ws.py" in said
    assert said.endswith(app.read("page/quotes.ts"))
    code, said = topicwire(app, *ARGUMENTS, "--name", "quotes")
    assert code == 0
    assert said == f"The route 'quotes' is there already: {NEW}/ws.py:15. Nothing to do.\n"


def as_json(app: Sample, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What the command says to a machine: one JSON object, and nothing else."""
    done, said = topicwire(app, "new", "route", "--json", *arguments)
    assert done == code, said
    content: dict[str, Any] = json.loads(said)
    return content


def test_the_command_for_machines(app: Sample) -> None:
    app.generate()
    before = app.files()
    wanted = ARGUMENTS[2:]
    refused = as_json(app, *wanted, code=2)
    assert refused["ok"] is False
    assert "Not given: --name." in refused["errors"][0]["message"]
    app.edit(WS_PATH, "if TYPE_CHECKING:", "if TYPE_CHECKING")
    (error,) = as_json(app, *wanted, "--name", "quotes", code=2)["errors"]
    assert (error["path"], error["line"]) == (WS_PATH, 6)
    app.edit(WS_PATH, "if TYPE_CHECKING", "if TYPE_CHECKING:")
    assert app.files() == before

    made = as_json(app, *wanted, "--name", "quotes", "--snippet", "page/quotes.ts")
    after = app.files()
    assert (made["ok"], made["there"], made["served"]) == (True, None, None)
    assert made["names"]["router_class"] == "QuoteWsRouter"
    assert f"class {made['names']['request']}" in app.read("src/acme/models/news/quotes.py")
    listed = {*made["written"], *made["generated"], "page/quotes.ts"}
    assert listed == after.keys() - before.keys()
    changed = {path for path in before if after[path] != before[path]}
    assert {*made["changed"]} == changed
    assert made["snippet"] == app.read("page/quotes.ts")
    again = as_json(app, *wanted, "--name", "quotes")
    assert (again["there"], again["written"]) == (f"{NEW}/ws.py:15", [])
    assert again["snippet"] == made["snippet"]
    assert app.files() == after


def test_on_a_terminal_it_asks(app: Sample) -> None:
    """For what is not given, and for nothing else."""
    person, terminal = pty.openpty()
    try:
        os.write(person, b"quotes\n")
        code, said = topicwire(app, *ARGUMENTS, stdin=terminal)
    finally:
        os.close(person)
        os.close(terminal)
    assert code == 0, said
    assert said.startswith("Route, as clients will call it (trades): ")
    assert "Module" not in said.partition("\n")[0]
    assert 'route="quotes"' in app.read(f"{NEW}/ws.py")
