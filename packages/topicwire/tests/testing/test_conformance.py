"""Messages that the document does not have are told at the end of a test."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.corpus.models import Plain
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of
from starlette.applications import Starlette

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.errors import FrameMismatchError
from topicwire.routing.router import WsRouter
from topicwire.testing import connect
from topicwire.testing.conformance import Conformance, conforming

UPDATE = '{"type":"plain.update","payload":{"topic":"t","seq":1,"payload":{"name":1}}}'


def plain() -> FastWSAdapter:
    return adapter_of({"plain": (ListenRequest, Plain)})


async def test_a_conversation_conforms_and_is_counted() -> None:
    adapter = plain()
    app = Starlette()
    adapter.setup(app)
    with conforming() as conformance:
        async with connect(app) as client:
            await client.subscribe("plain", {})
            await client.request("plain.subscribe", 1)
            await client.request("nothing")
            await client.unsubscribe("plain", {})
    assert conformance.matched == {
        "hello": 1,
        "plain.subscribe": 1,  # what is refused need not be in the document
        "plain.subscribe.response": 2,
        "error": 1,
        "plain.unsubscribe": 1,
        "plain.unsubscribe.response": 1,
    }
    await adapter.close()


def test_a_message_that_does_not_conform_fails_at_the_end() -> None:
    with pytest.raises(FrameMismatchError, match=r"#/payload/payload") as caught:
        observe_a_wrong_update(7)
    assert "and 2 more" in str(caught.value)


def observe_a_wrong_update(times: int) -> None:
    with conforming() as conformance:
        for _ in range(times):
            conformance(plain(), "to_client", UPDATE)
        assert conformance.matched == {}


def test_it_lets_go_of_the_adapters_and_of_their_observation() -> None:
    before = list(FastWSAdapter.observers)
    with conforming() as conformance:
        assert FastWSAdapter.observers == [*before, conformance]
    assert FastWSAdapter.observers == before


def test_an_operation_that_is_registered_later_is_known() -> None:
    conformance = Conformance()
    router = WsRouter[ListenRequest, Plain](route="plain")
    adapter = FastWSAdapter(title="Later", version="1")
    adapter.include_router(router)
    conformance(adapter, "to_client", '{"type":"pong"}')
    conformance(adapter, "to_server", '{"type":"plain.poke"}')
    assert "plain.poke" in conformance.faults[0]

    @router.send("poke")
    def poke() -> None:
        """Do nothing."""

    conformance(adapter, "to_server", '{"type":"plain.poke"}')
    assert len(conformance.faults) == 1
    with pytest.raises(FrameMismatchError):
        conformance.verify()


def test_what_it_cannot_compare_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: FastWSAdapter) -> dict[str, object]:
        raise KeyError("of ours")

    monkeypatch.setattr("topicwire.testing.conformance.build", broken)
    with pytest.raises(FrameMismatchError, match="of ours"):
        observe_a_wrong_update(1)
