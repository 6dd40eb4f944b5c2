"""Who is let in, and how everybody else is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.serving import OURS, receive, serving
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    Trade,
    TradeRequest,
    trades,
    update,
)
from starlette.exceptions import HTTPException
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from topicwire import ANONYMOUS, Client, DeclarationError, Principal, Rejected, WsRouter
from topicwire.close_codes import (
    FORBIDDEN,
    INTERNAL_ERROR,
    MESSAGE_TOO_BIG,
    RATE_LIMITED,
    UNAUTHENTICATED,
)
from topicwire.identity import Handshake
from topicwire.replies import SubscriptionResponse
from topicwire.testing import ConnectionEnded, connect
from topicwire.wire.bearer import bearer_subprotocol


async def refused(app: App, **options: Any) -> ConnectionEnded:
    """Connect, and return how the server ended it. Nothing was made and nothing is kept."""
    with pytest.raises(ConnectionEnded) as ended:
        async with connect(app.asgi, **options):
            pass
    assert app.adapter.metrics.connections_accepted == 0
    assert len(app.hub.principals) == 0
    assert len(app.adapter.endpoint._door._addresses) == 0
    return ended.value


def whoami() -> WsRouter[TradeRequest, Trade]:
    router = trades()

    @router.send("whoami", reply="whoami.response")
    def tell(client: Client) -> str:
        return client.principal.subject

    return router


# How a client says who it is


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": "Bearer ann"}},
        {"headers": {"Cookie": "session=ann"}},
        {"token": "ann"},
        {"auth": "ann"},
        {"headers": {"Authorization": "Bearer ann"}, "legacy": True},
        {"auth": "ann", "legacy": True},
    ],
)
async def test_a_handler_knows_its_client(options: dict[str, Any]) -> None:
    app = App(whoami(), authenticate=Tokens())
    async with connect(app.asgi, **options) as client:
        assert (await client.request("trades.whoami"))["payload"] == "ann"
        assert (client.hello is None) is options.get("legacy", False)


async def test_a_plain_function_will_do() -> None:
    def by_header(websocket: Handshake) -> Principal | None:
        name = websocket.headers.get("x-user")
        return Principal(name) if name else None

    app = App(whoami(), authenticate=by_header)
    async with connect(app.asgi, headers={"X-User": "ann"}) as client:
        assert (await client.request("trades.whoami"))["payload"] == "ann"
        answer = await client.request("auth", {"token": "x"})
        assert answer["payload"]["code"] == "no_matching_type"
    app = App(whoami(), authenticate=by_header)
    assert (await refused(app)).code == UNAUTHENTICATED


async def test_without_authenticate_everybody_is_anonymous() -> None:
    app = App(whoami())
    async with connect(app.asgi, headers={"Authorization": "Bearer x"}) as client:
        assert (await client.request("trades.whoami"))["payload"] == ""


async def test_nothing_is_answered_before_the_client_is_known() -> None:
    """pitfall 17: the socket is not even accepted."""
    tokens = Tokens()
    tokens.gate = asyncio.Event()
    app = App(trades(), authenticate=tokens)
    sent: list[Any] = []
    to_app: asyncio.Queue[Any] = asyncio.Queue()

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {"type": "websocket", "headers": [(b"authorization", b"Bearer bad")]}
    to_app.put_nowait({"type": "websocket.connect"})
    to_app.put_nowait({"type": "websocket.receive", "text": '{"type":"ping"}'})
    serving_it = asyncio.ensure_future(app.adapter.endpoint(scope, to_app.get, send))
    await tokens.asked.wait()
    assert sent == []
    tokens.gate.set()
    await serving_it
    assert [event["type"] for event in sent] == ["websocket.close"]
    assert to_app.qsize() == 1


async def test_a_token_in_the_url_is_nobody_s() -> None:
    """pitfall 25"""
    tokens = Tokens()
    app = App(trades(), authenticate=lambda websocket: asyncio.ensure_future(look(websocket)))

    async def look(websocket: Handshake) -> Principal | None:
        token = websocket.query_params.get("token")
        return Principal(token) if token else await tokens.authenticate(websocket)

    ended = await refused(app, path="/api/v1/ws?token=ann&access_token=ann")
    assert ended.code == UNAUTHENTICATED
    assert "ann" not in str(tokens.handshakes[0].url)


# How a client learns that it is refused


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, UNAUTHENTICATED),
        (Rejected("This account is closed"), FORBIDDEN),
        (Rejected("Sign in anew", code="unauthenticated"), UNAUTHENTICATED),
        (Rejected("Not before noon", code="before_noon"), FORBIDDEN),
        (HTTPException(401, "Who are you?"), UNAUTHENTICATED),
        (HTTPException(429, "Too many"), RATE_LIMITED),
        (ValueError("a secret of ours"), INTERNAL_ERROR),
        (asyncio.CancelledError(), INTERNAL_ERROR),
        (Rejected("é" * 100), FORBIDDEN),
    ],
)
async def test_with_our_subprotocol_it_is_a_close_code(
    error: BaseException | None, code: int
) -> None:
    tokens = Tokens()
    tokens.error = error
    app = App(trades(), authenticate=tokens)
    ended = await refused(app, token="bad")
    assert ended.code == code
    assert "secret" not in ended.reason
    assert len(ended.reason.encode()) <= 123
    assert sum(app.adapter.metrics.logins_refused.values()) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, 401), (Rejected("no"), 403), (ValueError("a secret"), 503)],
)
async def test_any_other_client_gets_an_http_status(error: Exception | None, status: int) -> None:
    tokens = Tokens()
    tokens.error = error
    app = App(trades(), authenticate=tokens)
    async with serving(app.asgi) as url:
        with pytest.raises(InvalidStatus) as refusal:
            await connect_socket(url, additional_headers={"Authorization": "Bearer bad"})
    response = refusal.value.response
    assert response.status_code == status
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
    assert response.body is not None
    assert set(json.loads(response.body)) == {"code", "message"}
    assert b"secret" not in response.body


async def test_a_server_without_that_extension_closes_before_it_accepts() -> None:
    app = App(trades(), authenticate=Tokens())
    ended = await refused(app, legacy=True, headers={"Authorization": "Bearer bad"})
    assert ended.code == UNAUTHENTICATED


async def test_a_real_client_sees_the_close_code() -> None:
    app = App(trades(), authenticate=Tokens())
    offered = [*OURS, Subprotocol(bearer_subprotocol("bad"))]
    async with serving(app.asgi) as url:
        async with connect_socket(url, subprotocols=offered) as socket:
            assert socket.subprotocol == "topicwire.v1+json"
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == UNAUTHENTICATED
        offered = [*OURS, Subprotocol(bearer_subprotocol("ann"))]
        async with connect_socket(url, subprotocols=offered) as socket:
            assert socket.subprotocol == "topicwire.v1+json"
            assert json.loads(await socket.recv())["type"] == "hello"


async def test_an_authenticator_that_never_answers_is_not_waited_for() -> None:
    tokens = Tokens()
    tokens.gate = asyncio.Event()
    app = App(trades(), authenticate=tokens)
    refusal = asyncio.ensure_future(refused(app, token="ann"))
    await tokens.asked.wait()
    app.clock.advance(10)
    assert (await refusal).code == INTERNAL_ERROR


async def test_a_principal_that_has_expired_is_nobody() -> None:
    app = App(trades(), authenticate=Tokens())
    assert (await refused(app, token="ann:-1")).code == UNAUTHENTICATED


async def test_a_client_that_leaves_meanwhile_is_forgotten() -> None:
    app = App(trades(), authenticate=Tokens())

    async def connecting() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def gone(_: Any) -> None:
        raise OSError("the client is gone")

    scope = {"type": "websocket", "headers": [(b"authorization", b"Bearer ann")]}
    await app.adapter.endpoint(scope, connecting, gone)
    scope = {"type": "websocket", "headers": []}
    await app.adapter.endpoint(scope, connecting, gone)
    assert app.adapter.metrics.connections_accepted == 0
    assert len(app.hub.principals) == 0


# The first message


async def test_the_first_message_may_sign_in_and_commands_may_follow_at_once() -> None:
    router = trades()
    app = App(router, authenticate=Tokens())
    async with serving(app.asgi) as url, connect_socket(url) as socket:
        await socket.send('{"type":"auth","id":"a","payload":{"token":"ann:60"}}')
        await socket.send(json.dumps({"type": "trades.subscribe", "id": 1, "payload": AAPL}))
        answer = await receive(socket)
        assert answer["id"] == "a"
        assert answer["payload"]["status"] == "ok"
        assert 50 < answer["payload"]["expires_in_s"] <= 60
        assert (await receive(socket))["payload"]["message"] == "Subscribed"
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await receive(socket) == update(AAPL_TOPIC, 1, 1.0)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    "first",
    [
        '{"type":"ping"}',
        '{"type":"trades.subscribe","payload":{"symbol":"AAPL"}}',
        '{"type":"nonsense"}',
        '{"type":"auth"}',
        '{"type":"auth","payload":{"token":5}}',
        "{",
        b"\x00",
    ],
)
async def test_any_other_first_message_is_not_answered(first: str | bytes, *, legacy: bool) -> None:
    app = App(trades(), authenticate=Tokens())
    async with serving(app.asgi) as url:
        offered = None if legacy else OURS
        async with connect_socket(url, subprotocols=offered) as socket:
            await socket.send(first)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == UNAUTHENTICATED
    assert app.adapter.metrics.connections_accepted == 0


async def test_a_first_token_that_is_not_valid_is_answered_and_is_the_end() -> None:
    app = App(trades(), authenticate=Tokens())
    async with serving(app.asgi) as url, connect_socket(url) as socket:
        await socket.send('{"type":"auth","id":1,"payload":{"token":"bad"}}')
        answer = await receive(socket)
        assert answer["type"] == "auth.response"
        assert answer["payload"]["code"] == "unauthenticated"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == UNAUTHENTICATED


async def test_it_must_come_in_time() -> None:
    app = App(trades(), authenticate=Tokens())
    async with serving(app.asgi) as url, connect_socket(url, subprotocols=OURS) as socket:
        app.clock.advance(10)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == UNAUTHENTICATED
        assert "10 s" in (socket.close_reason or "")
    assert app.adapter.metrics.connections_accepted == 0


async def test_it_may_not_be_larger_than_any_other() -> None:
    app = App(trades(), authenticate=Tokens(), max_message_bytes=100)
    async with serving(app.asgi) as url, connect_socket(url) as socket:
        await socket.send("x" * 101)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == MESSAGE_TOO_BIG


# What cannot be declared


@pytest.mark.parametrize("authenticate", [Tokens, "ann", object()])
def test_something_else_cannot_authenticate(authenticate: Any) -> None:
    with pytest.raises(DeclarationError, match="authenticate is"):
        App(authenticate=authenticate)


@pytest.mark.parametrize("answer", ["ann", True, False, {"subject": "ann"}])
async def test_an_answer_that_is_no_principal_lets_nobody_in(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(trades(), authenticate=lambda _: answer)
    assert (await refused(app)).code == INTERNAL_ERROR
    assert f"authenticate returned {type(answer).__name__}" in caplog.text


async def test_who_need_not_sign_in_is_anonymous() -> None:
    answers: list[Callable[[Handshake], Principal]] = [lambda _: ANONYMOUS]
    app = App(whoami(), authenticate=answers[0], max_connections_per_principal=1)
    async with connect(app.asgi) as one, connect(app.asgi) as another:
        for client in (one, another):
            assert (await client.request("trades.whoami"))["payload"] == ""


async def test_a_hook_knows_its_client_too() -> None:
    seen: list[Principal] = []

    def check(_: TradeRequest, client: Client) -> SubscriptionResponse | None:
        seen.append(client.principal)
        return None

    app = App(trades(subscribe_request_handler=check), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", AAPL)
    assert seen == [Principal("ann")]
