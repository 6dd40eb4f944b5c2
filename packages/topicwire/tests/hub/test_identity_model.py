"""What a principal holds, against a naive model: any order of rights given, taken and asked."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.trading import App, DrivenService, Trade, TradesRequest

from topicwire import Principal, WsRouter, by_symbol
from topicwire.testing import InProcessClient, connect

SYMBOLS = ("A", "B", "C")
REQUESTS = st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=3, unique=True).map(tuple)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["subscribe", "subscribe", "unsubscribe"]), REQUESTS),
        st.tuples(st.sampled_from(["deny", "allow", "revoke"]), st.sampled_from(SYMBOLS)),
        st.tuples(st.just("deny"), st.tuples(REQUESTS, st.sampled_from(SYMBOLS))),
        st.tuples(st.just("renew"), st.none()),
    ),
    max_size=25,
)


def topic(symbol: str) -> str:
    return f'trades:{{"symbol":"{symbol}"}}'


class Model:
    """Who may have what, and what is held: in plain sets, looked through each time."""

    def __init__(self) -> None:
        self.denied: set[Any] = set()
        self.held: list[tuple[str, ...]] = []

    def may(self, request: tuple[str, ...]) -> bool:
        return not any(one in self.denied or (request, one) in self.denied for one in request)

    def holds(self, symbol: str) -> bool:
        return any(symbol in request for request in self.held)

    def end(self, request: tuple[str, ...]) -> list[str]:
        """Return the symbols that nothing holds any longer."""
        self.held.remove(request)
        return [one for one in request if not self.holds(one)]


class Run:
    """The same steps for the model and for the app. A step returns what is lost by it."""

    def __init__(self, model: Model, app: App, client: InProcessClient) -> None:
        self.model = model
        self.app = app
        self.client = client

    async def step(self, name: str, what: Any) -> list[str]:
        if name in {"subscribe", "unsubscribe"}:
            reply = await self.client.request(f"trades.{name}", {"symbols": list(what)})
            is_ok = reply["payload"]["status"] == "ok"
            assert is_ok is (self._subscribe(what) if name == "subscribe" else self._leave(what))
            return []
        if name == "deny":
            self.model.denied.add(what)
            return []
        if name == "allow":
            self.model.denied = {one for one in self.model.denied if what not in one}
            return []
        if name == "revoke":
            self.app.adapter.revoke("ann", topics=topic(what).__eq__)
            return self._end([one for one in self.model.held if what in one])
        answer = await self.client.request("auth", {"token": "ann"})
        assert answer["payload"]["status"] == "ok"
        return self._end([one for one in self.model.held if not self.model.may(one)])

    def _subscribe(self, request: tuple[str, ...]) -> bool:
        if request not in self.model.held:
            if not self.model.may(request):
                return False
            self.model.held.append(request)
        return True

    def _leave(self, request: tuple[str, ...]) -> bool:
        if request not in self.model.held:
            return False
        self.model.end(request)
        return True

    def _end(self, requests: list[tuple[str, ...]]) -> list[str]:
        return [symbol for request in requests for symbol in self.model.end(request)]


@given(STEPS)
@settings(max_examples=50, deadline=None)
async def test_nothing_is_held_that_was_not_allowed_and_nothing_else_ends(
    steps: list[tuple[str, Any]],
) -> None:
    model = Model()

    def authorize(_: Principal, request: TradesRequest, asked: str) -> bool:
        symbol = next(one for one in request.symbols if topic(one) == asked)
        return not {symbol, (tuple(request.symbols), symbol)} & model.denied

    service = DrivenService()
    router = WsRouter[TradesRequest, Trade](
        route="trades",
        service=service,
        topic_builder=by_symbol(),
        authorize=authorize,
        linger_s=0.0,
    )
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        run = Run(model, app, client)
        for name, what in steps:
            lost = await run.step(name, what)
            told = await client.settle()
            assert [one["type"] for one in told] == ["trades.closed"] * len(lost)
            assert [one["payload"]["topic"] for one in told] == [topic(one) for one in lost]
            for symbol in SYMBOLS:
                router.publish(topic(symbol), Trade(price=1))
            seen = [one["payload"]["topic"] for one in await client.settle()]
            assert seen == [topic(symbol) for symbol in SYMBOLS if model.holds(symbol)]
            assert app.adapter.metrics.subscriptions == sum(map(model.holds, SYMBOLS))
    await app.idle()
    assert service.count("create") == service.count("remove")
