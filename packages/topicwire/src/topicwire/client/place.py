"""Where a subscription stands in one of its topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from topicwire.client.effects import UpdateInfo
from topicwire.client.frames import members_of


@dataclass(slots=True)
class State:
    """The state of a topic at its place."""

    data: Any
    info: UpdateInfo


@dataclass(slots=True)
class Place:
    """What was passed on last."""

    epoch: object
    seq: int | None
    """None where the server gave no number to go on from: then there is no order to check."""

    heard_at_ms: float
    """When something last came of it."""

    is_fresh: bool = True
    """Nothing was passed on since the server named this place, so a snapshot of this very number
    may follow."""

    is_due: bool = False
    """A snapshot was announced and has not come: there is nothing to resume from."""

    torn_at: int | None = None
    """The number after which a gap was seen and the server was asked again."""

    has_given_up: bool = False
    """The server was asked, said that nothing is missing, and left it out again."""

    is_whole: bool = False
    """Each update is a whole state; otherwise one may be a change of it."""

    has_states: bool = False
    """The server has said whether a snapshot follows: it may be asked for one."""

    state: State | None = None
    """The state at `seq`, where it is known: a snapshot, or an update that is a whole state."""

    is_stale: bool = False
    """Its producer died, or it was silent for longer than it promised."""

    def can_resume(self) -> bool:
        """Say whether the server named a position, and no state that is still to come."""
        is_position = isinstance(self.epoch, str) and self.seq is not None and self.seq >= 0
        return is_position and not self.is_due

    def continues(self, epoch: object, info: UpdateInfo) -> bool:
        """Say whether an update that somebody else was sent may follow here, too."""
        is_next = info.seq == self.seq if info.snapshot else not self.is_due
        return self.epoch == epoch and is_next

    def lacks_state(self) -> bool:
        """Say whether the server is to be asked for the state that somebody new begins with."""
        may_ask = self.has_states and not self.is_whole
        return may_ask and self.state is None and not self.is_fresh

    def misses(self, info: UpdateInfo) -> bool:
        """Say whether numbers are missing before an update.

        A state that the place does not begin with comes after every update up to its own number.
        """
        follows = info.snapshot and self.has_states and not self.is_fresh
        expected = info.seq if follows else info.seq - 1
        return self.seq is not None and self.seq < expected

    def may_ask_again(self) -> bool:
        """Say whether a gap is worth a new connection; the answer is to be acted on."""
        if self.has_given_up or (self.torn_at is not None and self.torn_at == self.seq):
            # the server said that nothing is missing, and left it out again: asking more would
            # never end
            self.has_given_up = True
            return False
        self.torn_at = self.seq
        return True

    def share(self, other: Place) -> bool:
        """Have the state of another subscription, where it stands at the same number.

        Returns whether there is one that this place had not.

        The server sends a topic once a connection, so a state too: who comes to it by another
        request is announced none.
        """
        is_same = (other.epoch, other.seq) == (self.epoch, self.seq) and self.seq is not None
        if not is_same or self.is_due or self.state is not None or other.state is None:
            return False
        self.state = other.state
        return True

    def take(self, data: Any, info: UpdateInfo, now_ms: float) -> None:
        """Stand at an update that is passed on."""
        self.seq = info.seq
        self.is_fresh = False
        self.is_due = False
        self.heard_at_ms = now_ms
        # a pattern's update is the state of one topic among many; and who has seen a state and not
        # the changes after it must not be given either for the present one
        is_state = (info.snapshot or self.is_whole) and info.source is None
        self.state = State(data, info) if is_state else None


def place_at(item: Mapping[str, Any], now_ms: float) -> Place:
    """Return the place that a reply or a reset names."""
    seq = item.get("seq")
    return Place(
        item.get("epoch"),
        seq if is_number(seq) else None,
        now_ms,
        is_due=item.get("snapshot") is True,
        has_states=isinstance(item.get("snapshot"), bool),
    )


def accepted_by(reply: Mapping[str, Any], otherwise: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the topics that a reply accepts, and what it says of each."""
    topics = reply.get("topics")
    several = [members_of(one) for one in topics] if isinstance(topics, list) else [reply]
    return [(text_of(item.get("topic"), otherwise), item) for item in several]


def resume_of(
    places: Mapping[str, Place], places_at: Callable[[str], Iterable[Place]]
) -> Mapping[str, Any] | None:
    """Return `resume` of a subscription that goes on from these places; None to begin anew.

    From the lowest of all who stand in a topic: it is sent once a connection, so what came before
    that would come to nobody.

    By topic though there is only one: a request may have got more of them since, and a server takes
    no one position for several topics.

    Args:
        places: by topic.
        places_at: where all who have a topic stand in it, the subscription itself among them.
    """
    known = {
        topic: {
            "epoch": place.epoch,
            "seq": min(
                peer.seq
                for peer in (place, *places_at(topic))
                if peer.epoch == place.epoch and peer.seq is not None and peer.can_resume()
            ),
        }
        for topic, place in places.items()
        if place.can_resume()
    }
    return known or None


def is_number(value: object) -> TypeGuard[int]:
    """Say whether `value` may be a position."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(value: object, otherwise: str) -> str:
    """Return `value` where it is text."""
    return value if isinstance(value, str) else otherwise
