"""Waves, against the naive model: each update pushed at once to each member of its topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from topicwire.core.roster import MAX_RAGS, Roster
from topicwire.core.wave import MAX_CREST_BYTES, Crest, Wave
from topicwire.core.waves import Waves

TOPICS = 4
MEMBERS = 6
KINDS = ["one", "other", "another"]
MAX_BYTES = 1_000


class Update:
    """One update; who is given it singly publishes `then`."""

    def __init__(self, name: str, size: int = 10, then: int | None = None) -> None:
        self.name = name
        self.size = size
        self.then = then

    def __repr__(self) -> str:
        return self.name


class Member:
    """What it was given, what the naive model would have given it, and in how many sends."""

    def __init__(self, name: int, kind: str = "one") -> None:
        self.name = self.berth = name
        self.kind = kind
        self.waves: list[Wave[Any, Any]] = []
        self.rides = self.is_ready = True
        self.given: list[object] = []
        self.expected: list[object] = []
        self.sends = 0


class Sea:
    """Some waves, and what is asked of the caller."""

    def __init__(self, topics: int = TOPICS, max_bytes: int = MAX_BYTES) -> None:
        self.waves: Waves[Member, Update] = Waves(self.send, self.schedule)
        self.topics = [Wave(self.waves, self.give, max_bytes) for _ in range(topics)]
        self.is_asked = False
        self.in_time = 1 << 30
        self.crests: list[Crest[Update]] = []
        self.published = 0

    def schedule(self) -> None:
        assert not self.is_asked
        self.is_asked = True

    def send(
        self, crest: Crest[Update], roster: Roster[Member], begin: int, end: int
    ) -> tuple[int, list[Member]]:
        self.crests.append(crest)
        assert [member.berth for member in roster.members] == [*roster.berths]
        late = []
        assert begin < end
        end = min(roster.alike(begin, end), begin + self.in_time)
        alike = {member.kind for member in roster.members[begin:end]}
        assert len(alike) == 1, "what is sent is of one kind"
        for member in roster.members[begin:end]:
            if member.is_ready:
                member.given += crest.updates
                member.sends += 1
            else:
                late.append(member)
        return end, late

    def give(self, member: Member, update: Update) -> None:
        member.given.append(update)
        if update.then is not None:
            topic, update.then = update.then, None
            self.publish(topic)

    def publish(self, topic: int, size: int = 10, then: int | None = None) -> Update:
        self.published += 1
        update = Update(f"{topic}#{self.published}", size, then)
        for member in self.topics[topic].members:
            member.expected.append(update)
        if self.topics[topic].members:
            self.topics[topic].add(update)
        return update

    def flush(self, count: int) -> None:
        assert self.is_asked
        self.is_asked = False
        self.waves.flush(count)

    def calm(self, count: int = 100) -> None:
        while self.is_asked:
            self.flush(count)


class AgainstPushingAtOnce(RuleBasedStateMachine):
    """What a member has is a beginning of what the model gave it, and all of it when it matters."""

    def __init__(self) -> None:
        super().__init__()
        self.sea = Sea()
        self.members = [Member(name, KINDS[name % len(KINDS)]) for name in range(MEMBERS)]

    @rule(
        topic=st.integers(0, TOPICS - 1),
        size=st.sampled_from([10, 10, 10, 600, MAX_CREST_BYTES]),
        then=st.none() | st.integers(0, TOPICS - 1),
    )
    def publish(self, topic: int, size: int, then: int | None) -> None:
        self.sea.publish(topic, size, then)

    @rule(topic=st.integers(0, TOPICS - 1), number=st.integers(0, MEMBERS - 1))
    def come_or_go(self, topic: int, number: int) -> None:
        member, wave = self.members[number], self.sea.topics[topic]
        if member in wave.members:
            wave.leave(member)
            self.is_settled(member)
            assert wave not in member.waves
        else:
            wave.enter(member, 7)
            assert wave.members[member] == 7

    @rule(number=st.integers(0, MEMBERS - 1))
    def push(self, number: int) -> None:
        """Something else is sent: a reply, say."""
        member = self.members[number]
        self.sea.waves.settle(member)
        self.is_settled(member)
        reply = object()
        member.given.append(reply)
        member.expected.append(reply)

    @rule(topic=st.integers(0, TOPICS - 1))
    def settle(self, topic: int) -> None:
        self.sea.topics[topic].settle()

    @rule(number=st.integers(0, MEMBERS - 1))
    def stall_or_go_on(self, number: int) -> None:
        self.members[number].is_ready ^= True

    @rule(count=st.integers(1, 8))
    def flush(self, count: int) -> None:
        if self.sea.is_asked:
            self.sea.flush(count)

    @rule(count=st.integers(1, 3))
    def time_is_short(self, count: int) -> None:
        """So many are sent to before the time is over."""
        self.sea.in_time = count

    @rule()
    def lose_the_flush(self) -> None:
        self.sea.is_asked = False
        self.sea.waves.restart()

    @invariant()
    def nothing_is_lost_doubled_or_reordered(self) -> None:
        for member in self.members:
            assert member.given == member.expected[: len(member.given)]
        assert self.sea.is_asked or not self.sea.waves.dirty

    def is_settled(self, member: Member) -> None:
        assert member.given == member.expected

    def teardown(self) -> None:
        self.sea.calm(3)
        for member in self.members:
            self.is_settled(member)
        assert not any(wave.has_stragglers for wave in self.sea.topics)


AgainstPushingAtOnce.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None
)
TestAgainstPushingAtOnce = AgainstPushingAtOnce.TestCase


class InOneTopic(AgainstPushingAtOnce):
    """The same of one topic: most of its members are passed over unseen, between stragglers."""

    def __init__(self) -> None:
        super().__init__()
        self.sea = Sea(1)
        self.sea.topics *= TOPICS
        self.members += [Member(MEMBERS + number) for number in range(20)]
        for member in self.members[::-1]:
            self.sea.topics[0].enter(member, 0)
        self.few = patch("topicwire.core.waves.FEW", 2)

    @initialize(is_few=st.booleans())
    def how_many_are_few(self, *, is_few: bool) -> None:
        if is_few:
            self.few.start()

    def teardown(self) -> None:
        super().teardown()
        patch.stopall()


InOneTopic.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestInOneTopic = InOneTopic.TestCase


def joined(sea: Sea, count: int, *topics: int, kinds: Sequence[str] = ("one",)) -> list[Member]:
    members = [Member(name, kinds[name % len(kinds)]) for name in range(count)]
    for member in members:
        for topic in topics:
            sea.topics[topic].enter(member, 0)
    return members


def test_what_comes_in_one_turn_is_one_send_for_each_member_made_once_for_all() -> None:
    sea = Sea()
    members = joined(sea, 5, 0)
    updates = [sea.publish(0) for _ in range(3)]
    sea.flush(100)
    assert [crest.updates for crest in sea.crests] == [updates]
    assert [member.sends for member in members] == [1] * 5
    assert not sea.is_asked


def test_those_of_a_kind_are_sent_to_one_after_the_other_whatever_order_they_came_in() -> None:
    sea = Sea()
    members = joined(sea, 30, 0, kinds=KINDS)
    updates = [sea.publish(0), sea.publish(0)]
    sea.calm()
    assert len(sea.crests) == len(KINDS)
    assert len({id(crest) for crest in sea.crests}) == 1
    assert [member.given for member in members] == [updates] * 30
    assert [member.sends for member in members] == [1] * 30


def test_who_comes_later_does_not_divide_them_for_long() -> None:
    sea = Sea()
    joined(sea, 2, 0, kinds=KINDS)
    sea.publish(0)
    sea.calm()
    joined(sea, MAX_RAGS + 3, 0, kinds=KINDS)
    sea.crests.clear()
    sea.publish(0)
    sea.calm()
    assert len(sea.crests) == len(KINDS)


def test_a_topic_whose_other_kinds_have_left_is_of_one_kind_again() -> None:
    sea = Sea()
    first, *others = joined(sea, 4, 0, kinds=["other", "one", "one", "one"])
    wave = sea.topics[0]
    sea.publish(0)
    sea.calm()
    wave.leave(first)
    sea.crests.clear()
    sea.publish(0)
    sea.calm()
    assert len(sea.crests) == 1
    assert [member.sends for member in others] == [2] * 3
    joined(sea, 1, 0)
    assert not wave.roster_of(wave.members).is_mixed
    joined(sea, 1, 0, kinds=["other"])
    assert wave.roster_of(wave.members).is_mixed


def test_topics_share_the_send_of_those_who_have_both_in_the_order_of_publishing() -> None:
    sea = Sea()
    both, one = joined(sea, 2, 0, 1), joined(sea, 2, 0)
    updates = [sea.publish(topic) for topic in (0, 1, 0, 1)]
    sea.calm()
    assert [member.given for member in both] == [updates] * 2
    assert [member.given for member in one] == [updates[::2]] * 2
    assert [member.sends for member in both + one] == [1] * 4
    assert len(sea.crests) == 2


def test_a_large_audience_goes_in_slices_and_what_comes_meanwhile_in_the_next_wave() -> None:
    sea = Sea()
    members = joined(sea, 10, 0)
    first = sea.publish(0)
    sea.flush(4)
    second = sea.publish(0)
    late = joined(sea, 1, 0)[0]
    third = sea.publish(0)
    assert [len(member.given) for member in members] == [1] * 4 + [0] * 6
    sea.topics[0].leave(members[9])
    sea.flush(4)
    assert members[9].given == [first, second, third]
    assert [len(member.given) for member in members] == [1] * 8 + [0, 3]
    sea.flush(2)
    assert [member.given for member in members[:9]] == [[first]] * 9
    assert late.given == []
    sea.calm(4)
    assert [member.given for member in members] == [[first, second, third]] * 10
    assert late.given == [third]
    assert [member.sends for member in members] == [2] * 9 + [0]


def test_a_small_topic_does_not_wait_for_the_end_of_a_large_flight() -> None:
    sea = Sea()
    joined(sea, 100, 0)
    few = joined(sea, 1, 1)[0]
    sea.publish(0)
    sea.flush(10)
    update = sea.publish(1)
    sea.flush(10)
    sea.flush(10)
    assert few.given == [update]
    assert sea.is_asked


def test_no_more_is_joined_than_a_frame_may_have() -> None:
    sea = Sea(max_bytes=1 << 30)
    member = joined(sea, 1, 0)[0]
    size = MAX_CREST_BYTES // 2
    updates = [sea.publish(0, size) for _ in range(5)]
    updates.append(sea.publish(0, MAX_CREST_BYTES * 2))
    sea.calm()
    assert [len(crest.updates) for crest in sea.crests] == [2, 2, 1, 1]
    assert member.given == updates


def test_a_slice_of_large_updates_has_fewer_members() -> None:
    sea = Sea(max_bytes=1 << 30)
    members = joined(sea, 100, 0)
    sea.publish(0, 1 << 20)
    sea.flush(100)
    assert sum(member.sends for member in members) == 2


def test_when_too_much_gathers_everybody_is_given_it_singly() -> None:
    sea = Sea(max_bytes=100)
    members = joined(sea, 2, 0)
    updates = [sea.publish(0) for _ in range(10)]
    assert [member.given for member in members] == [[]] * 2
    updates.append(sea.publish(0))
    assert [member.given for member in members] == [updates] * 2
    sea.calm()
    assert sea.crests == []


def test_an_update_that_takes_anothers_place_is_not_for_those_who_had_the_other() -> None:
    sea = Sea()
    crowd, ahead = joined(sea, 3, 0), joined(sea, 1, 0)[0]
    wave = sea.topics[0]
    old, new = Update("old"), Update("new")
    wave.add(old, "here")
    sea.waves.settle(ahead)
    assert wave.waiting_in("here") is old
    assert not wave.is_owed_by_all("here")
    assert wave.take_from("here") == 3
    wave.add(new, "here")
    sea.calm()
    assert [member.given for member in crowd] == [[new]] * 3
    assert ahead.given == [old, new]
    assert wave.waiting_in("here") is None


def test_what_a_flight_has_taken_waits_no_longer() -> None:
    sea = Sea()
    joined(sea, 4, 0)
    wave = sea.topics[0]
    wave.add(Update("flying"), "here")
    sea.flush(2)
    assert wave.waiting_in("here") is None
    assert wave.waiting == 0
    wave.add(Update("next"), "here")
    assert wave.waiting == 1
    assert wave.take_oldest() == 4
    assert wave.waiting == 0
    sea.calm()


def test_the_oldest_goes_first() -> None:
    sea = Sea()
    member = joined(sea, 1, 0)[0]
    wave = sea.topics[0]
    updates = [Update(str(number)) for number in range(5)]
    for update in updates:
        if wave.waiting == 2:
            assert wave.take_oldest() == 1
        wave.add(update)
    sea.calm()
    assert member.given == updates[-2:]
