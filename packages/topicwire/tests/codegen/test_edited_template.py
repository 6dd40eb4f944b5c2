"""An application edits its template, and everything follows: an operation more, a richer reply."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from packages.topicwire.tests.codegen.sample import GENERATED, TEMPLATE_PATH, WS, Sample
from packages.topicwire.tests.codegen.whole import Whole
from pydantic import TypeAdapter

from topicwire.client import Client

MODELS = "src/acme/models/market/trades.py"
ANSWER = '''

class Answer(SubscriptionResponse):
    """The reply to subscribing, and how old the data is."""

    delay_s: float | None = None
'''
OPERATION = '''\
        @self.send("kept", reply="kept.response")
        async def send_kept(payload: _TRequest) -> list[_TData]:
            """Return what was published last, of each topic of a request."""
            topics = self.topic_builder.topics(payload)
            return [self.last[topic] for topic in topics if topic in self.last]

        @self.recv("update")
'''
PAGE = """\
import { createClient } from '@topicwire/client'
import { WebSocket } from 'ws'
import { routeNames, type Routes } from './ws-client-generated/index.js'
import type { Trade } from './ws-types-generated/index.js'

const ws = createClient<Routes>(routeNames, { url: process.argv[2] ?? '', webSocket: WebSocket })
const kept: Trade[] = await ws.trades.kept({ symbols: ['AAPL'] })
const accepted = await ws.orders.kept({ symbols: ['IBM'] })
// @ts-expect-error its request is the route's own
const wrong = (): unknown => ws.trades.kept({ symbol: 'AAPL' })
console.log(JSON.stringify({ kept, accepted, wrong: typeof wrong }))
ws.connection.close()
"""
SCRIPT = """\
import asyncio, sys
from acme_client import AcmeClient
from acme_client.models import Trade, TradeRequest

async def main() -> None:
    async with AcmeClient(sys.argv[1]) as ws:
        kept: list[Trade] = await ws.trades.kept(TradeRequest(symbols=["AAPL"]))
        print([one.price for one in kept], await ws.orders.kept(TradeRequest(symbols=["IBM"])))

asyncio.run(main())
"""


def edit(app: Sample) -> None:
    """What a person does: one more operation, and a reply that says more, for every route."""
    app.edit(TEMPLATE_PATH, '        @self.recv("update")\n', OPERATION)
    app.edit(
        TEMPLATE_PATH,
        "        # the operations\n",
        "        self.last: dict[str, _TData] = {}\n\n        # the operations\n",
    )
    app.edit(
        TEMPLATE_PATH,
        "        self._publish(topic, data)\n",
        "        if isinstance(topic, str):\n"
        "            self.last[topic] = data\n"
        "        self._publish(topic, data)\n",
    )
    app.edit(TEMPLATE_PATH, "client: Client) -> SubscriptionResponse", "client: Client) -> Answer")
    app.edit(
        TEMPLATE_PATH,
        'SubscriptionResponse(status="ok", message="Subscribed", topic=topics[0])',
        'Answer(status="ok", message="Welcome", topic=topics[0], delay_s=0.5)',
    )
    app.edit(TEMPLATE_PATH, "\n\nclass WsRouter", f"{ANSWER}\n\nclass WsRouter")


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Two modules generated from the template as it was, and again from the edited one."""
    app = Whole(tmp_path_factory.mktemp("edited") / "app").populate()
    app.write("src/acme/modules/broker/__init__.py", "")
    ws = WS.replace("TradeWsRouter", "OrderWsRouter").replace("trade_router", "order_router")
    app.write("src/acme/modules/broker/ws.py", ws.replace('"trades"', '"orders"'))
    app.edit(
        "src/acme/main.py",
        "ws.include_router(trade_router)\n",
        "ws.include_router(trade_router)\nws.include_router(order_router)\n\n\n"
        '@app.post("/publish")\n'
        "async def publish(price: float) -> None:\n"
        '    topic = trade_router.topic_builder(TradeRequest(symbols=["AAPL"]))\n'
        '    trade_router.publish(topic, Trade(symbol="AAPL", price=price))\n\n\n',
    )
    app.edit(
        "src/acme/main.py",
        "from acme.modules.trading",
        "from acme.models.market import Trade, TradeRequest\n"
        "from acme.modules.broker.ws import order_router\nfrom acme.modules.trading",
    )
    app.make()
    assert "kept" not in app.read("page/ws-client-generated/index.ts")
    edit(app)
    return app.make()


def test_every_router_has_it(edited: Whole) -> None:
    """checklist 13: with the types of each route, and what the template needs imported."""
    for module, name in (("trading", "trade"), ("broker", "order")):
        text = edited.read(f"src/acme/modules/{module}/ws_generated/{name}wsrouter.py")
        assert "async def send_kept(payload: TradeRequest) -> list[Trade]:" in text
        assert "self.last: dict[str, Trade] = {}" in text
        assert "Answer" in text.partition("class ")[0], "it is imported from the template"
    assert edited.topicwire("generate", "--check").returncode == 0
    assert GENERATED in "".join(edited.generated())


def test_the_document_has_it(edited: Whole) -> None:
    document = json.loads(edited.read("generated/asyncapi.json"))
    for route in ("trades", "orders"):
        operation = document["operations"][f"{route}.kept"]
        assert operation["action"] == "receive"
        assert operation["summary"] == "Return what was published last, of each topic of a request."
        answer = document["components"]["messages"][f"{route}.subscribe.response"]
        payload = answer["payload"]["properties"]["payload"]
        assert payload == {"$ref": "#/components/schemas/Answer"}


async def test_every_client_calls_it_on_a_real_server(edited: Whole) -> None:
    """The generated TypeScript, compiled strictly, the generated Python, and `topicwire.client`."""
    assert edited.topicwire("client", "python", "--folder", "python").returncode == 0
    edited.write("page/page.ts", PAGE)
    assert edited.tsc() == ""
    models = loaded(edited.root / MODELS)
    with edited.serving() as url:
        async with Client(url) as client:
            trades = client.route("trades", models.TradeRequest, models.Trade)
            heard: list[object] = []
            request = models.TradeRequest(symbols=["AAPL"])
            await trades.subscribe(request, lambda trade, _: heard.append(trade))
            reply: TypeAdapter[Any] = TypeAdapter(models.Trades)
            assert await trades.call("kept", request, reply) == []
            await published(url, 1.5)
            kept = await trades.call("kept", request, reply)
            assert kept == heard == [models.Trade(symbol="AAPL", price=1.5)]
        said = json.loads(edited.node("page.ts", url))
        printed = edited.script(SCRIPT, url)
    assert said["kept"] == [{"symbol": "AAPL", "price": 1.5}]
    assert said["accepted"] == []
    assert printed == "[1.5] []\n"


async def published(url: str, price: float) -> None:
    base = url.replace("ws://", "http://").partition("/api")[0]
    async with httpx.AsyncClient() as http:
        (await http.post(f"{base}/publish", params={"price": price})).raise_for_status()


def loaded(path: Path) -> Any:
    """The models, as a client in another program has them; under a name of their own."""
    spec = importlib.util.spec_from_file_location("models_of_an_edited_template", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
