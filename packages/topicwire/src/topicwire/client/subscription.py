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
    Stale,
    Token,
    Update,
    UpdateInfo,
    Watch,
)
from topicwire.client.frames import number_of
from topicwire.client.place import Place, accepted_by, place_at, text_of

Stage: TypeAlias = Literal["off", "resting", "subscribing", "on", "unsubscribing"]


class Subscription:
    """What the listeners of one request share.

    Attributes:
        stage: what the wire knows. A command is in flight in the two stages that end in -scribing,
            never a second one, so the server holds at most one subscription of a key. `resting`
            is off until a `retry`.
        listeners: whether each was told that it is accepted: only then updates go to it.
        leaving: who waits for the end.
        places: by topic. They outlive the connection, to resume from.
        is_established: it was accepted once: a refusal that may pass is retried instead of told.
        failures: refusals in a row.
    """

    def __init__(self, key: str, route: str, params: str, emit: Callable[[Effect], None]) -> None:
        self.key = key
        self.route = route
        self.params = params
        self.listeners: dict[Token, bool] = {}
        self.leaving: list[Token] = []
        self.stage: Stage = "off"
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
            for holder in holders_of(topic):
                if holder.stage == "on" and place.share(holder.places[topic]):
                    # who was accepted before, and perhaps told of a gap, goes on from it too
                    for token, is_accepted in self.listeners.items():
                        if is_accepted:
                            self._give_state(token, place)
            # a topic that promised a rate is heard of soon
            if self._stale_after_ms is None:
                self._set_stale(topic, place, is_stale=False)
            self._watch(topic, place, now_ms)
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
            earlier.is_fresh = not is_recovered
            # who has the state of this number waits for none, though it may come again
            earlier.is_due = earlier.is_due and following.is_due
            return earlier
        # within a numbering a reset comes after all that was to be sent; numbers may be left out of
        # that. Before a first snapshot there was nothing to miss
        goes_on = earlier.epoch == following.epoch and self._delivery is not None
        if not ((reset is not None and goes_on) or earlier.is_due):
            self._tell_gap(topic, earlier, following.seq, reset or "not_recovered")
        following.is_stale = earlier.is_stale
        return following

    def welcome(self) -> None:
        """Accept who is not accepted yet. Who comes late is given the state, where it is known."""
        for token, is_accepted in self.listeners.items():
            if is_accepted:
                continue
            self.listeners[token] = True
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
            if info.seq < place.seq or (info.seq == place.seq and not place.takes_state(info)):
                return False
            if info.seq > place.seq + 1 and self._delivery is None:
                if self.stage != "on":
                    return False
                if place.may_ask_again():
                    self.stage = "off"
                    return True
                self._tell_gap(info.topic, place, info.seq - 1, "not_recovered")
        if place.is_stale:
            self._set_stale(info.topic, place, is_stale=False)
            self._watch(info.topic, place, now_ms)
        place.take(data, info, now_ms)
        for token, is_accepted in self.listeners.items():
            if is_accepted:
                self._emit(Update(token, data, info))
        return False

    def _set_stale(self, topic: str, place: Place, *, is_stale: bool) -> None:
        if place.is_stale == is_stale:
            return
        place.is_stale = is_stale
        for token, is_accepted in self.listeners.items():
            if is_accepted:
                self._emit(Stale(token, topic, is_stale))

    def _watch(self, topic: str, place: Place, now_ms: float) -> None:
        place.heard_at_ms = now_ms
        if self._stale_after_ms is not None:
            self._emit(Watch(self.key, topic, self._stale_after_ms))

    def _tell_gap(self, topic: str, place: Place, seq: int | None, reason: str) -> None:
        gap = Gap(topic, place.seq, seq, reason, self._delivery)
        for token, is_accepted in self.listeners.items():
            if is_accepted:
                self._emit(GapSeen(token, gap))
