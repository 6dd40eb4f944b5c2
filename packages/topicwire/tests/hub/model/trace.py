"""What one connection sent and got, each message held against the guarantees and the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from packages.topicwire.tests.hub.model.ledger import Ledger
from packages.topicwire.tests.hub.model.treatment import Treatment

from topicwire.testing import InProcessClient
from topicwire.types import Position, ReplayLimits

COMMAND_TIMEOUT_S = 10.0

Request = tuple[str, ...]


def topic_of(symbol: str) -> str:
    return f'trades:{{"symbol":"{symbol}"}}'


@dataclass
class Sent:
    """A command, and what was true between its sending and its answer."""

    command: str
    request: Request
    resume: dict[str, Position]
    always_denied: set[str]
    ever_denied: set[str]

    @property
    def topics(self) -> list[str]:
        return [topic_of(symbol) for symbol in self.request]


@dataclass
class Held:
    """One topic that the connection receives."""

    position: Position
    since: int
    awaits_snapshot: bool = False
    is_interrupted: bool = False


@dataclass
class Trace:
    """One connection.

    Attributes:
        treatment: what the test has done to it.
        tells_states_again: who subscribes to what the connection receives is sent the state.
        outlives_producer: updates go on while the producer is dead.
        happened: counts what came, over all connections.
    """

    client: InProcessClient
    treatment: Treatment
    ledger: Ledger
    limits: ReplayLimits | None
    has_snapshots: bool
    tells_states_again: bool
    outlives_producer: bool
    happened: Counter[str]
    sent: list[Sent] = field(default_factory=list)
    answered: int = 0
    subscriptions: dict[Request, list[str]] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        return self.treatment.is_late

    @property
    def waiting(self) -> list[Sent]:
        return self.sent[self.answered :]

    @property
    def is_held_back(self) -> bool:
        """Updates may wait in the hub: behind a reply, or the reset that tells of a restart."""
        return bool(self.waiting) or any(held.is_interrupted for held in self.held.values())

    def take(self, message: dict[str, Any], now_s: float) -> None:
        payload = message["payload"]
        match message["type"]:
            case "trades.update":
                self._take_update(payload)
            case "trades.closed":
                assert payload["retry"] is True
                assert payload["code"] == "producer_failed"
                self.held[payload["topic"]].is_interrupted = True
                self.happened["interrupted"] += 1
            case "trades.reset":
                self._take_reset(payload)
            case "trades.subscribe.response" | "trades.unsubscribe.response" as kind:
                assert message["id"] == f"c{self.answered}", "guarantee 1: answers in order"
                sent = self.sent[self.answered]
                self.answered += 1
                assert kind == f"trades.{sent.command}.response"
                if payload["status"] == "error":
                    self._take_refusal(sent, payload, now_s)
                elif sent.command == "subscribe":
                    self._take_subscribed(sent, payload)
                else:
                    self._take_unsubscribed(sent)
            case other:
                raise AssertionError(other)

    def _take_refusal(self, sent: Sent, payload: dict[str, Any], now_s: float) -> None:
        code = payload["code"]
        self.happened[code] += 1
        if sent.command == "unsubscribe":
            assert code == "not_subscribed"
            assert sent.request not in self.subscriptions, "guarantee 4"
            return
        if sent.request in self.subscriptions:
            assert self.tells_states_again, "guarantee 4: it is one subscription"
            assert self.outlives_producer
            assert code == "producer_failed", "guarantee 4: nobody can be asked for the state"
            assert any(self.held[topic].is_interrupted for topic in sent.topics)
            return
        match code:
            case "forbidden":
                assert sent.ever_denied & set(sent.topics)
            case "timeout":
                assert now_s >= COMMAND_TIMEOUT_S  # of the start, which may be an earlier one
            case _:
                assert code == "producer_failed", code

    def _take_unsubscribed(self, sent: Sent) -> None:
        assert sent.request in self.subscriptions, "guarantee 4"
        self.happened["unsubscribed"] += 1
        del self.subscriptions[sent.request]
        remaining = {topic for topics in self.subscriptions.values() for topic in topics}
        self.held = {topic: one for topic, one in self.held.items() if topic in remaining}

    def _take_subscribed(self, sent: Sent, payload: dict[str, Any]) -> None:
        again = sent.request in self.subscriptions
        assert payload["message"] == ("Already subscribed" if again else "Subscribed")
        self.happened[payload["message"]] += 1
        assert again or not sent.always_denied & set(sent.topics), "authorized before it is joined"
        places = payload.get("topics") or [payload]
        assert [place["topic"] for place in places] == sent.topics
        self.subscriptions[sent.request] = sent.topics
        recovered = [self._take_place(sent, place) for place in places]
        asked = [one for one in recovered if one is not None]
        assert payload.get("recovered") == (all(asked) if asked else None)

    def _take_place(self, sent: Sent, place: dict[str, Any]) -> bool | None:
        topic, told = place["topic"], Position(place["epoch"], place["seq"])
        seen = sent.resume.get(topic)
        recovered: bool | None = place.get("recovered")
        assert (recovered is None) is (seen is None)
        if recovered is not None:
            self.happened["recovered" if recovered else "not recovered"] += 1
        held = self.held.get(topic)
        if held is not None:
            assert told == held.position, "all before the position was sent"
            has_snapshot = place.get("snapshot", False)
            self._take_state_again(topic, held, recovered=recovered, has_snapshot=has_snapshot)
            if seen is not None:
                reaches = held.since <= seen.seq <= told.seq
                assert recovered is (seen.epoch == told.epoch and reaches), "guarantee 9"
            return recovered
        if recovered is False and seen is not None and not self.is_late:
            # `recovered: true` is proved by what follows
            assert not self.ledger.recovers(topic, seen, self.limits), "guarantee 9"
        has_snapshot = place.get("snapshot", False)
        assert self.has_snapshots or not has_snapshot
        if recovered:
            assert told == seen, "guarantee 9: what was missed follows what was seen"
            assert not has_snapshot, "guarantee 2: who is recovered gets none"
        elif not self.is_late and not self._follows(topic, told):
            assert told == self.ledger.head(topic), "guarantee 9: the present position"
        self.held[topic] = Held(told, told.seq, awaits_snapshot=has_snapshot)
        self._reached(topic, told)
        return recovered

    def _take_state_again(
        self, topic: str, held: Held, *, recovered: bool | None, has_snapshot: bool
    ) -> None:
        """Who is not recovered gets the state, where it is to be had and no update is one."""
        assert not held.awaits_snapshot, "guarantee 2: what is announced follows"
        is_new = not recovered and held.position.seq > 0
        may_have = self.tells_states_again and is_new and not held.is_interrupted
        assert may_have or not has_snapshot, "guarantee 4"
        head = self.ledger.head(topic)
        if not self.is_late and head is not None and head.epoch == held.position.epoch:
            assert has_snapshot is may_have, "guarantee 4"
        held.awaits_snapshot = has_snapshot

    def _follows(self, topic: str, told: Position) -> bool:
        """What was published during the start is held back, and follows the reply."""
        head = self.ledger.head(topic)
        return head is not None and head.epoch == told.epoch and told.seq <= head.seq

    def _take_update(self, payload: dict[str, Any]) -> None:
        topic, price = payload["topic"], payload["payload"]["price"]
        assert topic in self.held, "guarantees 2 and 4: only between the replies"
        held = self.held[topic]
        if payload.get("snapshot"):
            assert held.awaits_snapshot, "guarantee 2: a reply or a reset announces it"
            held.awaits_snapshot = False
            assert payload["seq"] == held.position.seq
            assert price in {-payload["seq"], self.ledger.price(topic, held.position)}
            self.happened["state"] += 1
            return
        assert not held.awaits_snapshot, "guarantee 2: the state comes before the updates"
        held.position = Position(held.position.epoch, held.position.seq + 1)
        assert payload["seq"] == held.position.seq, "guarantee 3: each one, once, in order"
        assert price == self.ledger.price(topic, held.position)
        self.happened["update"] += 1
        self._reached(topic, held.position)

    def _take_reset(self, payload: dict[str, Any]) -> None:
        topic, told = payload["topic"], Position(payload["epoch"], payload["seq"])
        held = self.held[topic]
        if payload["reason"] == "numbering_lost":
            assert not held.is_interrupted, "guarantee 14: it is told when it runs again"
            assert told.epoch != held.position.epoch
        else:
            assert payload["reason"] == "producer_restarted"
            assert held.is_interrupted, "guarantee 11: it was told that its producer is dead"
        self.happened[payload["reason"]] += 1
        held.is_interrupted = False
        if told.epoch == held.position.epoch:
            assert told == held.position, "nothing is missing within a numbering"
        else:
            held.since = told.seq
        held.position = told
        held.awaits_snapshot = payload.get("snapshot", False)
        self._reached(topic, told)

    def is_to_have(self, topic: str) -> bool:
        """Whether it receives a topic, as far as it knows, or has asked for it."""
        return topic in self.held or any(topic in sent.topics for sent in self.waiting)

    def _reached(self, topic: str, position: Position) -> None:
        self.ledger.reached.setdefault(topic, []).append(position)

    def is_complete(self, alive: Collection[str]) -> None:
        """All that was published has come: said of a client that reads, when the hub rests.

        Args:
            alive: the topics whose producers run.
        """
        for topic, held in self.held.items():
            assert held.is_interrupted is (topic not in alive), "guarantee 11: it is told"
            assert not held.awaits_snapshot, "guarantee 2: what is announced follows"
            head = self.ledger.head(topic)
            if not held.is_interrupted or (head and head.epoch == held.position.epoch):
                assert held.position == head, "guarantee 2: nothing is missing"
