"""The contract of backplanes: ours keep it, and those that do not are found out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from topicwire.backplane.base import Backplane, Deliver, Renew
from topicwire.backplane.memory import MemoryBackplane
from topicwire.testing.backplanes import BackplaneContract, SharedBackplaneContract
from topicwire.types import Position, TopicId


def memory() -> MemoryBackplane:
    return MemoryBackplane(lambda: 0.0, retention_s=60, max_retained=1_000)


class TestMemoryBackplane(BackplaneContract):
    """Guarantees 3 and 6 of the protocol, as far as they are the backplane's."""

    @asynccontextmanager
    async def backplane(self) -> AsyncIterator[Backplane]:
        yield memory()

    async def lose(self, backplane: Backplane, topic: TopicId) -> bool:
        assert isinstance(backplane, MemoryBackplane)
        backplane.lose(topic)
        return True


class Member(Backplane):
    """One process of a network that is no network: a memory backplane that many are attached to."""

    def __init__(self, owner: MemoryBackplane, members: list[Member]) -> None:
        self._owner = owner
        self._members = members
        self.deliver: Deliver | None = None
        self.renew: Renew | None = None
        self.topics: set[TopicId] = set()

    def attach(self, deliver: Deliver, renew: Renew) -> None:
        self.deliver = deliver
        self.renew = renew

    async def open(self, topic: TopicId) -> Position:
        self.topics.add(topic)
        return await self._owner.open(topic)

    async def close(self, topic: TopicId, *, keep: bool = True) -> None:
        self.topics.discard(topic)
        if not any(topic in member.topics for member in self._members):
            await self._owner.close(topic, keep=keep)

    def wants(self, topic: TopicId) -> bool:
        return self._owner.wants(topic)

    def publish(self, topic: TopicId, payload: bytes) -> None:
        self._owner.publish(topic, payload)

    def expire(self) -> float | None:
        return self._owner.expire()


def network(count: int) -> list[Member]:
    owner = memory()
    members: list[Member] = []
    members.extend(Member(owner, members) for _ in range(count))

    def deliver(topic: TopicId, seq: int, payload: bytes) -> None:
        for member in members:
            if topic in member.topics and member.deliver is not None:
                member.deliver(topic, seq, payload)

    def renew(topic: TopicId, position: Position) -> None:
        for member in members:
            if topic in member.topics and member.renew is not None:
                member.renew(topic, position)

    owner.attach(deliver, renew)
    return members


class TestNetwork(SharedBackplaneContract):
    @asynccontextmanager
    async def backplane(self) -> AsyncIterator[Backplane]:
        yield network(1)[0]

    @asynccontextmanager
    async def connected(self, count: int) -> AsyncIterator[Sequence[Backplane]]:
        yield network(count)


class Doubling(MemoryBackplane):
    def publish(self, topic: TopicId, payload: bytes) -> None:
        super().publish(topic, payload)
        super().publish(topic, payload)


class Deaf(MemoryBackplane):
    def publish(self, topic: TopicId, payload: bytes) -> None: ...


class Forgetful(MemoryBackplane):
    async def close(self, topic: TopicId, *, keep: bool = True) -> None:
        del keep
        await super().close(topic, keep=False)


class Clinging(MemoryBackplane):
    async def close(self, topic: TopicId, *, keep: bool = True) -> None:
        del keep
        await super().close(topic, keep=True)


class Aloof(MemoryBackplane):
    def wants(self, topic: TopicId) -> bool:
        del topic
        return False


class Late(MemoryBackplane):
    async def open(self, topic: TopicId) -> Position:
        position = await super().open(topic)
        return Position(position.epoch, position.seq + 1)


def contract_of(kind: type[MemoryBackplane], *, epoch: str | None = None) -> BackplaneContract:
    class Contract(BackplaneContract):
        patience_s = 0.01

        @asynccontextmanager
        async def backplane(self) -> AsyncIterator[Backplane]:
            backplane = kind(lambda: 0.0, retention_s=60, max_retained=1_000)
            if epoch is not None:
                said = epoch
                backplane = kind(
                    lambda: 0.0, retention_s=60, max_retained=1_000, new_epoch=lambda: said
                )
            yield backplane

    return Contract()


FOUND_OUT: list[tuple[type[MemoryBackplane], Callable[[BackplaneContract], None], str]] = [
    (
        Doubling,
        BackplaneContract.test_updates_are_numbered_from_one_and_delivered_in_order,
        "the update is",
    ),
    (Deaf, BackplaneContract.test_payloads_arrive_as_they_were_published, "not delivered"),
    (Forgetful, BackplaneContract.test_a_topic_that_is_opened_again_goes_on, "the epoch of"),
    (Clinging, BackplaneContract.test_a_numbering_that_nobody_needs_ends, "old numbering"),
    (Aloof, BackplaneContract.test_an_open_topic_is_wanted, "wanted"),
    (
        Late,
        BackplaneContract.test_what_is_published_during_an_opening_is_before_its_position_or_delivered,
        "the number of",
    ),
]


@pytest.mark.parametrize(("kind", "test", "said"), FOUND_OUT)
def test_a_backplane_that_breaks_the_contract_is_found_out(
    kind: type[MemoryBackplane], test: Callable[[BackplaneContract], None], said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        test(contract_of(kind))


def test_epochs_that_are_short_or_the_same_are_found_out() -> None:
    with pytest.raises(AssertionError, match="different epochs is 1"):
        contract_of(MemoryBackplane, epoch="e").test_an_epoch_has_64_random_bits()
