"""One canonical request: its listeners, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from topicwire.client.effects import (
    Effect,
    Gap,
    GapSeen,
    Resolved,
    Retry,
    Stale,
    Token,
    Update,
    UpdateInfo,
    Watch,
)
from topicwire.client.frames import number_of
from topicwire.client.place import Place, accepted_by, place_at, text_of

Question: TypeAlias = Literal["none", "asked", "resting", "answered"]
Stage: TypeAlias = Literal["off", "resting", "subscribing", "on", "unsubscribing"]


class Subscription:
    """What the listeners of one request share.

    Attributes:
        stage: what the wire knows. A command is in flight in the two stages that end in -scribing,
            never a second one, so the server holds at most one subscription of a key. `resting`
            is off until a `retry`.
        question: the same command once more, while it is on, for the states that listeners lack.
            `answered`: they are on their way; `resting`: not before a `retry`.
        listeners: None until each was told that it is accepted; then the topics whose states it
            waits for, of which nothing else goes to it.
        leaving: who waits for the end.
        places: by topic. They outlive the connection, to resume from.
        is_established: it was accepted once: a refusal that may pass is retried instead of told.
        failures: refusals in a row.
    """

    def __init__(self, key: str, route: str, params: str, emit: Callable[[Effect], None]) -> None:
        self.key = key
        self.route = route
        self.params = params
        self.listeners: dict[Token, set[str] | None] = {}
        self.leaving: list[Token] = []
        self.stage: Stage = "off"
        self.question: Question = "none"
        self.places: dict[str, Place] = {}
        self.is_established: bool = False
        self.failures: int = 0
        self._delivery: str | None = None
        """How the route delivers where it is not lossless: then a number left out is no gap."""
        self._stale_after_ms: float | None = None
        """How long a topic may be silent; None where no rate was promised."""
        self._emit = emit

    def accept(
        self,
        reply: Mapping[str, Any],
        now_ms: float,
        holders_of: Callable[[str], Iterable[Subscription]],
    ) -> None:
        """The server has accepted it: it goes on from where it stood, or from a new place.

        `holders_of` gives the other subscriptions that have a topic.
        """
        before = self.places
        self.places = {}
        delivery = reply.get("delivery")
        self._delivery = delivery if isinstance(delivery, str) else None
        stale_after_s = number_of(reply.get("stale_after_s"))
        self._stale_after_ms = stale_after_s * 1_000 if stale_after_s else None
        for topic, item in accepted_by(reply, self.key):
            following = place_at(item, now_ms)
            earlier = before.get(topic)
            is_recovered = item.get("recovered") is True
            place = (
                following
                if earlier is None
                else self._go_on(topic, earlier, following, is_recovered=is_recovered)
            )
            place.is_whole = item.get("full_state") is True
            self.places[topic] = place
            if place is following:
                # what the server has said goes for all; the state that it has announced comes first
                for waits in self.listeners.values():
                    (waits or set()).discard(topic)
            # a topic that promised a rate is heard of soon
            if self._stale_after_ms is None:
                self._set_stale(topic, place, is_stale=False)
            self._watch(topic, place, now_ms)
            for holder in holders_of(topic):
                if holder.stage == "on" and place.share(holder.places[topic]):
                    # who waits for it, or was told of a gap, goes on from it too
                    for token, waits in self.listeners.items():
                        if waits is not None and (topic in waits or place is following):
                            waits.discard(topic)
                            self._give_state(token, place)
        self.stage = "on"
        self.is_established = True
        self.failures = 0
        self.welcome()

    def _go_on(
        self,
        topic: str,
        earlier: Place,
        following: Place,
        *,
        is_recovered: bool,
        reset: str | None = None,
    ) -> Place:
        """Return where the topic goes on from; tell the gap before it, where there is one."""
        is_same = (earlier.epoch, earlier.seq) == (following.epoch, following.seq)
        if is_recovered or (is_same and earlier.seq is not None):
            # who stands at this number has what is sent of it, but for a state still to come
            earlier.is_due = earlier.is_due and following.is_due
            earlier.is_fresh = earlier.is_due
            return earlier
        # within a numbering a reset comes after all that was to be sent; numbers may be left out of
        # that. Before a first snapshot there was nothing to miss
        goes_on = earlier.epoch == following.epoch and self._delivery is not None
        if not ((reset is not None and goes_on) or earlier.is_due):
            self._tell_gap(topic, earlier, following.seq, reset or "not_recovered")
        following.is_stale = earlier.is_stale
        following.has_states |= earlier.has_states
        return following

    def welcome(self) -> None:
        """Accept who is not accepted yet, unless the server is to be asked for a state first.

        Who comes late is given the state.
        """
        if not any(place.lacks_state() for place in self.places.values()):
            self._accept_all(set())

    def is_to_ask(self) -> bool:
        """Say whether listeners wait for states that the server is to be asked for now."""
        return self.question in {"none", "answered"} and any(
            waits is None or (waits and self.question == "none")
            for waits in self.listeners.values()
        )

    def ask(self) -> bool:
        """The command is sent. Returns whether it is to begin: it is not on."""
        is_off = self.stage != "on"
        if is_off:
            self.stage = "subscribing"
        else:
            self.question = "asked"
        return is_off

    def answer(self, reply: Mapping[str, Any]) -> None:
        """The server has been asked for the states: those that it announces follow.

        Where there is none, who waits begins without, as anybody would who subscribes now; that of
        a topic whose producer is dead comes with its reset.
        """
        self.question = "answered"
        self.failures = 0
        awaited = set()
        for topic, item in accepted_by(reply, self.key):
            place = self.places.get(topic)
            if place is not None and place.state is None:
                is_announced = item.get("snapshot") is True
                awaited |= {topic} if is_announced or place.is_stale else set()
        for waits in self.listeners.values():
            if waits is not None:
                waits.intersection_update(awaited)
        self._accept_all(awaited)

    def unanswered(self) -> None:
        """The answer is an error."""
        if self.stage == "on":
            self.question = "none"
        else:
            self.stage = "off"

    def rest(self) -> None:
        """Wait for a `retry`: the server has refused what may be had later."""
        if self.stage == "on":
            self.question = "resting"
        else:
            self.stage = "resting"
        self._emit(Retry(self.key, self.failures))
        self.failures += 1

    def rested(self) -> None:
        """The time of a `retry` has come."""
        if self.stage == "resting":
            self.stage = "off"
        if self.question == "resting":
            self.question = "none"

    def end(self) -> None:
        """The server has ended it. What was asked before may have made another one."""
        self.stage = "subscribing" if self.question == "asked" else "off"
        self.question = "none"

    def give_up(self) -> list[Token]:
        """Forget who waits for an answer: where it is on, for a state. Returns them."""
        tokens = [
            token
            for token, waits in self.listeners.items()
            if self.stage != "on" or waits is None or waits
        ]
        for token in tokens:
            del self.listeners[token]
        return tokens

    def _accept_all(self, awaited: set[str]) -> None:
        for token, waits in self.listeners.items():
            if waits is not None:
                continue
            self.listeners[token] = {*awaited}
            self._emit(Resolved(token, {"topics": list(self.places)}))
            for place in self.places.values():
                self._give_state(token, place)
            for topic, place in self.places.items():
                if place.is_stale:
                    self._emit(Stale(token, topic, is_stale=True))

    def _give_state(self, token: Token, place: Place) -> None:
        if place.state is not None:
            info = replace(place.state.info, snapshot=True)
            self._emit(Update(token, place.state.data, info))

    def reset(self, topic: str, payload: Mapping[str, Any], now_ms: float) -> None:
        """The topic goes on from here, perhaps in a new numbering.

        Who is still to be accepted learns of it from the reply.
        """
        place = self.places.get(topic)
        if place is None or self.stage != "on":
            return
        reason = text_of(payload.get("reason"), "reset")
        following = place_at(payload, now_ms)
        taken = self._go_on(topic, place, following, is_recovered=False, reset=reason)
        taken.is_whole = place.is_whole
        self.places[topic] = taken
        self._set_stale(topic, taken, is_stale=False)
        self._watch(topic, taken, now_ms)

    def interrupt(self, topic: str) -> None:
        """The topic's producer has died; the server starts it again."""
        place = self.places.get(topic)
        if place is not None:
            self._set_stale(topic, place, is_stale=True)

    def silent(self, topic: str, now_ms: float) -> None:
        """The time of a `Watch` has come: stale, unless something came of the topic meanwhile."""
        place = self.places.get(topic)
        if place is None or self.stage != "on" or self._stale_after_ms is None:
            return
        delay_ms = place.heard_at_ms + self._stale_after_ms - now_ms
        if delay_ms > 0:
            self._emit(Watch(self.key, topic, delay_ms))
        else:
            self._set_stale(topic, place, is_stale=True)

    def update(self, epoch: object, info: UpdateInfo, data: Any, now_ms: float) -> bool:
        """Pass on an update of this epoch, unless it is a duplicate.

        One that leaves out numbers is not passed on: it is answered by True, and the connection is
        to be made anew and resumed. A subscription that is not accepted yet on this connection
        takes only what is exactly its next, and a state is no update.
        """
        place = self.places.get(info.topic)
        if place is None or (self.stage != "on" and not place.continues(epoch, info)):
            return False
        if place.seq is not None:
            if info.seq < place.seq or (info.seq == place.seq and not info.snapshot):
                return False
            if place.misses(info) and self._delivery is None:
                if self.stage != "on":
                    return False
                if place.may_ask_again():
                    self.stage = "off"
                    return True
                self._tell_gap(info.topic, place, info.seq - 1, "not_recovered")
        is_known = info.seq == place.seq and not place.is_fresh
        if place.is_stale:
            self._set_stale(info.topic, place, is_stale=False)
            self._watch(info.topic, place, now_ms)
        place.take(data, info, now_ms)
        self._pass_on(data, info, to_all=not is_known)
        return False

    def _pass_on(self, data: Any, info: UpdateInfo, *, to_all: bool) -> None:
        """Give an update to all who are accepted, or to those alone who wait for it.

        A state comes before what follows it. From a server that has announced one and leaves it
        out, none is waited for any longer.
        """
        for token, waits in self.listeners.items():
            if waits is None:
                continue
            if info.topic in waits:
                if not info.snapshot and self.question != "answered":
                    continue
                waits.discard(info.topic)
            elif not to_all:
                continue
            self._emit(Update(token, data, info))

    def _set_stale(self, topic: str, place: Place, *, is_stale: bool) -> None:
        if place.is_stale == is_stale:
            return
        place.is_stale = is_stale
        for token, waits in self.listeners.items():
            if waits is not None:
                self._emit(Stale(token, topic, is_stale))

    def _watch(self, topic: str, place: Place, now_ms: float) -> None:
        place.heard_at_ms = now_ms
        if self._stale_after_ms is not None:
            self._emit(Watch(self.key, topic, self._stale_after_ms))

    def _tell_gap(self, topic: str, place: Place, seq: int | None, reason: str) -> None:
        gap = Gap(topic, place.seq, seq, reason, self._delivery)
        for token, waits in self.listeners.items():
            if waits is not None and topic not in waits:
                self._emit(GapSeen(token, gap))
