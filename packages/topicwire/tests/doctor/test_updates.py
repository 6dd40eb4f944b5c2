"""`topicwire doctor --subscribe`: a client without updates is told why, by real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.doctor.test_doctor import doctor, edit
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import DrivenService, Trade, TradeRequest
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Principal, Rejected, WsRouter, WsRouteService
from topicwire.codegen.application import Application
from topicwire.doctor.finding import Finding
from topicwire.doctor.live import Trial, tried
from topicwire.doctor.updates import Counts, Heard, Wanted, WantedError, explain
from topicwire.scaffold.begin import begin
from topicwire.scaffold.project import plan_project

AAPL = Wanted("trades", {"symbol": "AAPL"})
MINE = 'trades:{"depth":1,"symbol":"AAPL"}'
SHORT_S = 0.3
LONG_S = 30.0


class Steady(WsRouteService):
    """Publishes from the start on, until it is stopped."""

    def create_topic(self, topic: str, topic_update: Callable[[Trade], None]) -> asyncio.Task[None]:
        assert topic == MINE
        return asyncio.get_running_loop().create_task(self._run(topic_update))

    async def _run(self, topic_update: Callable[[Trade], None]) -> None:
        for _ in range(3):
            await asyncio.sleep(0.05)
            topic_update(Trade(price=1.0))
        await asyncio.Event().wait()


class Failing(Steady):
    """Its task ends as soon as there is a subscriber."""

    async def _run(self, topic_update: Callable[[Trade], None]) -> None:
        raise RuntimeError(f"no source for {topic_update}")


def made(service: Any = None, *, elsewhere: str = "", **options: Any) -> Application:
    """An application with one route, which publishes to `elsewhere` too, as long as it runs."""
    adapter = FastWSAdapter(title="Shop", version="1", **options)
    trades = WsRouter[TradeRequest, Trade](route="trades", service=service)
    adapter.include_router(trades)

    async def publish() -> None:
        while True:
            trades.publish(elsewhere, Trade(price=1.0))
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        publishing = asyncio.get_running_loop().create_task(publish()) if elsewhere else None
        yield
        if publishing is not None:
            publishing.cancel()

    app = Starlette(lifespan=lifespan)
    adapter.setup(app)
    return Application(adapter, app)


async def at(
    url: str, application: Application | None, *, wait_s: float = SHORT_S, wanted: Wanted = AAPL
) -> tuple[Heard, list[Finding]]:
    (heard,), findings = await asyncio.to_thread(tried, Trial([wanted], url, wait_s), application)
    return heard, findings


def here(application: Application, wait_s: float) -> tuple[Heard, list[Finding]]:
    (heard,), findings = tried(Trial([AAPL], None, wait_s), application)
    return heard, findings


async def test_updates_that_come_are_no_finding() -> None:
    """Waits for no longer than they take."""
    application = made(Steady())
    async with serving(application.api or Starlette()) as url:
        heard, findings = await at(url, application, wait_s=LONG_S)
        assert findings == []
        assert heard.topics == (MINE,)
        assert heard.first_s is not None
        assert str(heard).startswith(f"trades: subscribed to '{MINE}', the first update came after")


def test_the_application_itself_is_served_for_a_moment() -> None:
    heard, findings = here(made(Steady()), LONG_S)
    assert findings == []
    assert heard.published == {MINE: 1}


def test_topics_that_the_application_publishes_to_are_named() -> None:
    """The mismatch that no reading of the code can see: the topic is made at run time.

    checklist 33
    """
    _, (finding,) = here(made(elsewhere="trades:AAPL"), SHORT_S)
    assert finding.where == "trades at this application"
    assert f"subscribed to '{MINE}'; no update came in 0.3 s" in finding.what
    assert "of it went to 'trades:AAPL' meanwhile" in finding.what
    assert "router.topic_builder(request)" in finding.cure


async def test_a_server_tells_of_a_mismatch_by_its_metrics() -> None:
    application = made(elsewhere="trades:AAPL", metrics_path="/numbers")
    async with serving(application.api or Starlette()) as url:
        _, (finding,) = await at(url, application)
        assert "topics that nobody watches: publisher and request do not mean" in finding.what
        assert finding.cure.startswith("Run this without --url")
        # and one that has them where they usually are is asked without the source
        (untold,) = (await at(url, None))[1]
        assert "this server does not tell what it published" in untold.what


@pytest.mark.parametrize(
    ("service", "what", "cure"),
    [
        (None, "Its router has no service, and nothing called publish()", "Give the router"),
        (DrivenService(), "its producer runs, and has published nothing", "--wait"),
        (Failing(), "Its producer ended by itself", "as long as the topic does"),
    ],
    ids=["no service", "silent", "dead"],
)
def test_nothing_is_published(service: Any, what: str, cure: str) -> None:
    _, (finding,) = here(made(service), SHORT_S)
    assert what in finding.what
    assert cure in finding.cure


async def test_what_the_server_refuses() -> None:
    application = made(Steady())
    async with serving(application.api or Starlette()) as url:
        _, (finding,) = await at(url, application, wanted=Wanted("trade", {}))
        assert "no_matching_type: trade.subscribe: No matching type" in finding.what
        assert "registered" in finding.cure
        _, (finding,) = await at(url, application, wanted=Wanted("trades", {"symbol": 1}))
        assert "validation_error: trades.subscribe: Invalid payload: symbol" in finding.what
        assert "Correct the request" in finding.cure


async def test_who_is_not_let_in_says_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def authenticate(handshake: Any) -> Principal:
        if handshake.bearer != "right":
            raise Rejected("who are you?", code="unauthenticated")
        return Principal(subject="me")

    application = made(Steady(), authenticate=authenticate)
    async with serving(application.api or Starlette()) as url:
        _, (finding,) = await at(url, application)
        assert "refuses this client" in finding.what
        assert "TOPICWIRE_TOKEN" in finding.cure
        monkeypatch.setenv("TOPICWIRE_TOKEN", "right")
        heard, findings = await at(url, application, wait_s=LONG_S)
        assert (heard.topics, findings) == ((MINE,), [])


async def test_no_websocket_at_the_address() -> None:
    async with serving(Starlette()) as url:
        _, (finding,) = await at(url, None)
        assert "perhaps no WebSocket is served at this path" in finding.what
        assert "correct --url" in finding.cure
    _, (finding,) = await at(url, None)  # and nobody listens there any more
    assert "no WebSocket could be opened" in finding.what
    assert "pip install 'topicwire[uvicorn]'" in finding.cure


SILENT = Heard(AAPL, "ws://host", 5.0, (MINE,), published=None)
COUNTS = Counts(published=4, unwatched=4, discarded=0, ended=0, producers=1)


@pytest.mark.parametrize(
    ("heard", "what"),
    [
        (replace(SILENT, after=replace(COUNTS, discarded=2)), "a producer that had been stopped"),
        (replace(SILENT, after=replace(COUNTS, producers=0)), "No producer of this route runs"),
        (replace(SILENT, after=replace(COUNTS, published=5)), "The server published 1 update of"),
        (
            replace(SILENT, after=replace(COUNTS, published=6), published={MINE: 2}),
            "though 2 updates of it were published",
        ),
        (replace(SILENT, has_state=True, after=COUNTS), "its state came, and no update came"),
        (
            replace(SILENT, published={f"trades:{n}": 1 for n in range(5)}),
            "5 updates of it went to 'trades:0', 'trades:1', 'trades:2' and 2 more meanwhile",
        ),
    ],
)
def test_what_the_counts_say(heard: Heard, what: str) -> None:
    (finding,) = explain(replace(heard, before=COUNTS))
    assert what in finding.what


@pytest.mark.parametrize(
    "text", ["then", "trades={", "trades=[1]", "a b={}", "trades=" + "[" * 9999]
)
def test_a_subscription_that_cannot_be_read(text: str) -> None:
    with pytest.raises(WantedError, match="Example: --subscribe 'trades="):
        Wanted.parse(text)


def test_the_command(tmp_path: Path) -> None:
    """In a new project: its route is heard; then its publisher means another topic."""
    root = tmp_path / "shop"
    begin(plan_project(root, "shop", page=False))
    code, said = doctor(root, "--subscribe", 'ticks={"zone": "UTC"}', "--wait", "60")
    assert (code, said["checks"]["updates"]) == (0, 0)
    (heard,) = said["heard"]
    assert (heard["route"], heard["topics"]) == ("ticks", ['ticks:{"zone":"UTC"}'])
    assert heard["first_s"] >= 0

    service = root / "shop/modules/clock/service.py"
    edit(service, "topic_update(", "print(")
    code, said = doctor(root, "--subscribe", "ticks", "--subscribe", "nope", "--wait", "0.3")
    assert code == 1
    findings = {one["where"]: one["what"] for one in said["findings"]}
    assert "no update came in 0.3 s" in findings["ticks at this application"]
    assert "no_matching_type" in findings["nope at this application"]
    code, said = doctor(root, "--subscribe", "ticks={")
    assert code == 2
    assert "Example: --subscribe" in json.dumps(said["errors"])
