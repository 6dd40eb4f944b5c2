"""A server that keeps the protocol to the letter, pipes that deliver when told, and a session."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from topicwire.client import CodecName, effects
from topicwire.client.session import Session
from topicwire.wire.packed import packed

TOPICS = {'"a"': ["a"], '"A"': ["a"], '"b"': ["b"], '"ab"': ["a", "b"], '"bc"': ["b", "c"]}
"""`"A"` is to the server what `"a"` is, as a request is that leaves out a default."""

NAMES = "abc"

Verdict: TypeAlias = Literal["ok", "forbidden", "internal"]


def canonical(key: str) -> str:
    return key.lower()


@dataclass
class Topic:
    """`published` counts over all lives of the numbering, and is the payload."""

    epoch: str
    seq: int = 0
    published: int = 0
    ring: list[tuple[int, int]] = field(default_factory=list)
    is_dead: bool = False


@dataclass
class Listener:
    key: str
    is_accepted: bool = False
    last: dict[str, int] = field(default_factory=dict)
    told_gap: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)


class ScriptedServer:
    """What it asserts: who listens gets every update once, in order, or is told of the gap.

    Args:
        held: how many updates of a topic the server holds for those who resume.
        codec: what it speaks.
        has_states: who joins is sent the present state.
        is_whole: every update is a state; else it is a change, and negative.
        is_exact: nothing goes missing on the way: then what a listener has is the state, always.
    """

    def __init__(
        self,
        held: int,
        codec: CodecName = "json",
        *,
        has_states: bool = False,
        is_whole: bool = False,
        is_exact: bool = False,
    ) -> None:
        self.is_exact = is_exact
        self.is_packed = codec == "msgpack"
        self.has_states = has_states
        self.is_whole = is_whole
        self.session = Session()
        self.listeners: dict[int, Listener] = {}
        self.waits: set[int] = set()
        self.retries: list[str] = []
        self.held = held
        self.happened: Counter[str] = Counter()
        self.is_open = False
        self.last_token = 0
        self.last_epoch = 0
        self.topics = {name: Topic(self.new_epoch()) for name in NAMES}
        self.requested: set[str] = set()
        """The requests of this connection as they were sent."""
        self.joined: dict[str, tuple[str, int]] = {}
        """From where on this connection was sent each topic that it has."""
        self.to_server: list[dict[str, Any]] = []
        self.to_client: list[str] = []

    # What the application does

    def subscribe(self, key: str) -> int:
        self.last_token += 1
        self.listeners[self.last_token] = Listener(key)
        self.session.subscribe(self.last_token, "r", key)
        self.apply()
        return self.last_token

    def unsubscribe(self, token: int) -> None:
        self.last_token += 1
        self.waits.add(self.last_token)
        self.listeners.pop(token, None)
        self.session.leave(token, self.last_token)
        self.apply()

    # What the network does

    def open(self) -> None:
        if not self.is_open:
            self.is_open = True
            self.session.opened()
            self.apply()

    def cut(self) -> None:
        self._cut()
        self.apply()

    def _cut(self) -> None:
        if not self.is_open:
            return
        self.happened["cut"] += 1
        self.is_open = False
        self.requested.clear()
        self.joined.clear()
        self.to_server.clear()
        self.to_client.clear()
        self.session.lost(1006)

    def retry(self) -> None:
        if self.retries:
            self.session.retry(self.retries.pop(0))
            self.apply()

    def deliver(self, count: int) -> None:
        for frame in self.to_client[:count]:
            if self.to_client:  # an earlier one may have ended the connection
                self.to_client.pop(0)
                self.happened["packed"] += self.is_packed
                self.session.receive(packed(frame.encode()) if self.is_packed else frame, 0.0)
                self.apply()

    def disturb(self, nth: int, copies: int) -> None:
        """Let one of the updates on their way go missing, or come twice."""
        places = [at for at, frame in enumerate(self.to_client) if '"r.update"' in frame]
        if places:
            at = places[nth % len(places)]
            self.to_client[at : at + 1] = [self.to_client[at]] * copies

    def quiesce(self) -> None:
        """Let everything that is under way arrive."""
        while not self.is_open or self.to_server or self.to_client or self.retries:
            self.open()
            self.retry()
            self.serve("ok")
            self.deliver(9)

    # What the server does

    def serve(self, verdict: Verdict) -> None:
        if not self.to_server:
            return
        command = self.to_server.pop(0)
        key = json.dumps(command["payload"])
        if command["type"] == "r.unsubscribe":
            self._serve_unsubscribe(key)
            self._reply(command, {"status": "ok", "message": "", "topic": ""})
        elif verdict != "ok":
            self._reply(command, {"status": "error", "code": verdict, "message": "", "topic": ""})
        else:
            self._serve_subscribe(command, key)

    def _serve_unsubscribe(self, key: str) -> None:
        assert key in self.requested or self.is_exact, "unsubscribes what is subscribed"
        self.requested.discard(key)
        for listener in self.listeners.values():
            is_peer = canonical(listener.key) == canonical(key)
            is_held = listener.key in self.requested and not self._is_ending(listener.key)
            assert not (is_peer and is_held), "ends no subscription that is listened to"
        kept = {
            topic
            for other in map(canonical, self.requested)
            if other != canonical(key)
            for topic in TOPICS[other]
        }
        for name in [*self.joined]:
            if name not in kept:
                del self.joined[name]

    def _serve_subscribe(self, command: dict[str, Any], key: str) -> None:
        if key in self.requested:
            self.happened["asked again"] += 1
            assert self.has_states, "at most one subscription of a key on the wire"
            assert not self.is_whole, "who has the state does not ask for it"
        self.requested.add(key)
        names = TOPICS[key]
        resume = command.get("resume", {})
        missed: list[str] = []
        topics = [self._join(name, resume.get(name), missed) for name in names]
        reply = {"status": "ok", "message": "", **topics[0], "topics": topics}
        self._reply(command, reply)
        self.to_client += missed

    def _join(self, name: str, resume: dict[str, Any] | None, missed: list[str]) -> dict[str, Any]:
        before = self.joined.get(name)
        if before is None and self.topics[name].is_dead:
            self.restart(name)  # it waits for that
        topic = self.topics[name]
        oldest = topic.seq - len(topic.ring) if before is None else before[1]
        is_recovered = (
            resume is not None
            and resume["epoch"] == topic.epoch
            and oldest <= resume["seq"] <= topic.seq
        )
        start = resume["seq"] if resume is not None and is_recovered else topic.seq
        if before is None:
            self.joined[name] = (topic.epoch, start)
            missed += [self._update(name, *one) for one in topic.ring if one[0] > start]
        place: dict[str, Any] = {"topic": name, "epoch": topic.epoch, "seq": topic.seq}
        if self.is_whole:
            place["full_state"] = True
        is_to_have = not is_recovered and self._has_state(topic) and not topic.is_dead
        if is_to_have and (before is None or not self.is_whole):
            place["snapshot"] = True
            missed.append(self._state(name))
        elif self.has_states and not self.is_whole:
            place["snapshot"] = False
        if resume is None:
            return place
        self.happened["recovered" if is_recovered else "not recovered"] += 1
        return {**place, "recovered": is_recovered}

    def publish(self, name: str) -> None:
        topic = self.topics[name]
        if topic.is_dead:
            return
        topic.seq += 1
        topic.published += 1
        ring = [*topic.ring, (topic.seq, topic.published)]
        topic.ring = ring[max(0, len(ring) - self.held) :]
        if name in self.joined:
            self.to_client.append(self._update(name, topic.seq, topic.published))

    def restart(self, name: str) -> None:
        topic = self.topics[name]
        topic.epoch, topic.seq, topic.ring, topic.is_dead = self.new_epoch(), 0, [], False
        if name in self.joined:
            self.joined[name] = (topic.epoch, 0)
            payload = {"topic": name, "epoch": topic.epoch, "seq": 0, "reason": "restart"}
            state = [self._state(name)] if self._has_state(topic) else []
            reset = {**payload, "snapshot": True} if state else payload
            self.to_client += [json.dumps({"type": "r.reset", "payload": reset}), *state]

    def interrupt(self, name: str) -> None:
        """The producer dies; what restarts it is `restart`."""
        if not self.topics[name].is_dead and name in self.joined:
            self.topics[name].is_dead = True
            closed = {"topic": name, "code": "producer_failed", "message": "", "retry": True}
            self.to_client.append(json.dumps({"type": "r.closed", "payload": closed}))

    def revoke(self, name: str) -> None:
        """Whoever holds the topic holds it no more, nor what was subscribed with it."""
        if name not in self.joined:
            return
        self.requested = {key for key in self.requested if name not in TOPICS[key]}
        kept = {topic for key in self.requested for topic in TOPICS[key]}
        self.joined = {topic: at for topic, at in self.joined.items() if topic in kept}
        closed = {"topic": name, "code": "forbidden", "message": "", "retry": False}
        self.to_client.append(json.dumps({"type": "r.closed", "payload": closed}))

    def holding(self) -> set[str]:
        """Return what the server holds for this connection."""
        return {*map(canonical, self.requested)}

    def _is_ending(self, key: str) -> bool:
        return any(
            command["type"] == "r.unsubscribe" and json.dumps(command["payload"]) == key
            for command in self.to_server
        )

    def _reply(self, command: dict[str, Any], payload: dict[str, Any]) -> None:
        type_name = f"{command['type']}.response"
        reply = {"type": type_name, "id": command["id"], "payload": payload}
        self.to_client.append(json.dumps(reply))

    def _has_state(self, topic: Topic) -> bool:
        return self.has_states and topic.published > 0

    def _state(self, name: str) -> str:
        topic = self.topics[name]
        return self._update(name, topic.seq, topic.published, snapshot=True)

    def _update(self, name: str, seq: int, nth: int, **more: Any) -> str:
        data = nth if self.is_whole or more else -nth
        payload = {"topic": name, "seq": seq, "payload": data, **more}
        return json.dumps({"type": "r.update", "payload": payload})

    def new_epoch(self) -> str:
        self.last_epoch += 1
        return f"epoch-{self.last_epoch}"

    # What the session wants

    def apply(self) -> None:
        while (effect := self.session.next()) is not None:
            self._apply(effect)

    def _apply(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Send(text):
                command = json.loads(text)
                assert self.is_open, "sends only while open"
                others = [json.dumps(other["payload"]) for other in self.to_server]
                assert json.dumps(command["payload"]) not in others, "one command of a key"
                self.to_server.append(command)
            case effects.Resolved(token) if token in self.waits:
                self.waits.remove(token)
            case effects.Resolved(token):
                assert not self.listeners[token].is_accepted, "accepted once"
                self.listeners[token].is_accepted = True
            case effects.Rejected(token, error):
                self.happened["refused"] += 1
                assert error.code in {"forbidden", "internal"}
                del self.listeners[token]
            case effects.GapSeen(token, gap):
                self.happened["gap"] += 1
                self.listeners[token].told_gap.add(gap.topic)
            case effects.Update(token, data, info):
                self.happened["update"] += 1
                self._check(self.listeners[token], info, data)
            case effects.Resync():
                self.happened["resync"] += 1
                self._cut()
            case effects.Stale(token, topic, is_stale):
                self.happened["stale"] += 1
                stale = self.listeners[token].stale
                assert (topic in stale) is not is_stale, "tells changes alone"
                (stale.add if is_stale else stale.discard)(topic)
            case effects.Retry(key):
                self.happened["retry"] += 1
                self.retries.append(key)
            case _:
                raise AssertionError(effect)

    def _check(self, listener: Listener, info: effects.UpdateInfo, data: int) -> None:
        name, nth = info.topic, abs(data)
        assert self.is_whole or (data > 0) == info.snapshot, "no change is given for a state"
        assert listener.is_accepted, "nothing before the acceptance"
        assert name in TOPICS[listener.key]
        last = listener.last.get(name)
        if self.is_exact:
            is_next = info.snapshot or nth == (last or 0) + 1
            assert is_next, "what it has is the state of its position"
            is_new = last is None or nth > last or name in listener.told_gap
            assert is_new, "nothing comes twice"
        if info.snapshot:
            self.happened["state"] += 1
            # who has it already may be given it once more: another of the topic had to ask for it
            is_told = last in {None, nth} or name in listener.told_gap
            assert is_told, "a state comes first, or after a gap that was told"
            assert last is None or nth >= last, "no older state"
        elif last is not None and name in listener.told_gap:
            assert nth > last, "goes on, after a gap that was told"
        elif last is not None:
            assert nth == last + 1, "exactly the next"
        listener.last[name] = nth
        listener.told_gap.discard(name)

    def finish(self) -> None:
        """Let everything arrive. Every listener is then where the server is."""
        for name in NAMES:
            if self.topics[name].is_dead:
                self.restart(name)
        self.quiesce()
        wanted = {canonical(listener.key) for listener in self.listeners.values()}
        assert self.holding() == wanted, "the server holds what is listened to"
        assert not self.waits, "every unsubscribe is over"
        # twice: the first shows what went missing at the very end, the second reaches everyone
        for name in "abcabc":
            self.publish(name)
            self.quiesce()
        for listener in self.listeners.values():
            for name in TOPICS[listener.key]:
                assert listener.last[name] == self.topics[name].published
