"""The numbering of topics, against a list of everything that was published."""

from __future__ import annotations

from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from topicwire.backplane.memory import MemoryBackplane, random_epoch
from topicwire.types import Position, TopicId

RETENTION_S = 10.0
MAX_RETAINED = 2
TOPICS = st.sampled_from([TopicId("bars", key) for key in "abcd"])


def now(coroutine: object) -> Position:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)  # type: ignore[attr-defined]  # a coroutine
    except StopIteration as done:
        position: Position = done.value
        return position
    raise AssertionError("the memory backplane never waits")


class MemoryAgainstModel(RuleBasedStateMachine):
    """Guarantees 3 and 7: +1 an update; numbering outlives its subscribers, within caps."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        epochs = count(1)
        self.delivered: list[tuple[TopicId, int, bytes]] = []
        self.backplane = MemoryBackplane(
            lambda: self.now_s,
            retention_s=RETENTION_S,
            max_retained=MAX_RETAINED,
            new_epoch=lambda: f"e{next(epochs)}",
        )
        self.renewed: list[tuple[TopicId, Position]] = []
        self.backplane.attach(
            lambda *update: self.delivered.append(update),
            lambda *renewal: self.renewed.append(renewal),
        )
        self.model: dict[TopicId, Position] = {}
        self.open_topics: set[TopicId] = set()
        self.closed: list[tuple[TopicId, float]] = []
        self.epochs = 0

    def forget_old(self) -> None:
        while self.closed and (
            self.closed[0][1] <= self.now_s - RETENTION_S or len(self.closed) > MAX_RETAINED
        ):
            del self.model[self.closed.pop(0)[0]]

    @rule(topic=TOPICS)
    def open(self, topic: TopicId) -> None:
        self.forget_old()
        if topic not in self.model:
            self.epochs += 1
            self.model[topic] = Position(f"e{self.epochs}", 0)
        self.closed = [one for one in self.closed if one[0] != topic]
        self.open_topics.add(topic)
        assert now(self.backplane.open(topic)) == self.model[topic]

    @rule(topic=TOPICS)
    def close(self, topic: TopicId) -> None:
        if topic not in self.open_topics:
            return
        self.open_topics.discard(topic)
        self.closed.append((topic, self.now_s))
        self.forget_old()
        now(self.backplane.close(topic))

    @rule(topic=TOPICS)
    def publish(self, topic: TopicId) -> None:
        self.delivered.clear()
        self.backplane.publish(topic, b"data")
        if topic not in self.model:
            assert self.delivered == []
            return
        epoch, seq = self.model[topic]
        self.model[topic] = Position(epoch, seq + 1)
        expected = [(topic, seq + 1, b"data")] if topic in self.open_topics else []
        assert self.delivered == expected

    @rule(topic=TOPICS)
    def lose(self, topic: TopicId) -> None:
        self.renewed.clear()
        self.backplane.lose(topic)
        if topic in self.open_topics:
            self.epochs += 1
            self.model[topic] = Position(f"e{self.epochs}", 0)
            assert self.renewed == [(topic, self.model[topic])]
        else:
            self.model.pop(topic, None)
            self.closed = [one for one in self.closed if one[0] != topic]
            assert self.renewed == []

    @rule(seconds=st.floats(0, 8))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.forget_old()
        due_s = self.backplane.expire()
        assert (due_s is None) is (not self.closed)
        if due_s is not None:
            assert 0 < due_s <= RETENTION_S

    @invariant()
    def keeps_what_the_model_keeps(self) -> None:
        assert len(self.backplane) == len(self.model)
        for topic in self.model:
            assert self.backplane.wants(topic)


TestMemoryAgainstModel = MemoryAgainstModel.TestCase


def test_an_epoch_has_64_random_bits() -> None:
    epochs = {random_epoch() for _ in range(100)}
    assert len(epochs) == 100
    assert all(len(epoch) == 11 for epoch in epochs)


def test_closing_what_was_never_opened_does_nothing() -> None:
    backplane = MemoryBackplane(lambda: 0.0, retention_s=1, max_retained=1)
    now(backplane.close(TopicId("bars", "a")))
    assert len(backplane) == 0
