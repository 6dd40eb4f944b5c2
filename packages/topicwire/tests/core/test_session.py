"""What a connection holds, against a dictionary that recounts everything."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from topicwire.core.session import RequestId, Session
from topicwire.errors import TooManySubscriptionsError
from topicwire.types import TopicId

MAX_TOPICS = 5
REQUESTS = st.builds(RequestId, st.sampled_from(["bars", "quotes"]), st.sampled_from("xyz"))
TOPICS = st.lists(st.sampled_from("abcd"), max_size=4)


class SessionAgainstModel(RuleBasedStateMachine):
    """pitfall 3: subscribing twice and unsubscribing once leaves nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(MAX_TOPICS)
        self.model: dict[RequestId, list[str]] = {}

    def held(self) -> set[TopicId]:
        return {TopicId(r.route, key) for r, keys in self.model.items() for key in keys}

    @rule(request=REQUESTS, topics=TOPICS)
    def add(self, request: RequestId, topics: list[str]) -> None:
        wanted = {TopicId(request.route, key) for key in topics}
        new = wanted - self.held()
        is_one_more = bool(topics) and request not in self.model
        if (new and len(self.held()) + len(new) > MAX_TOPICS) or (
            is_one_more and len(self.model) >= MAX_TOPICS
        ):
            with pytest.raises(TooManySubscriptionsError):
                self.session.missing(request, topics)
            return
        missing = self.session.missing(request, topics)
        assert set(missing) == new
        assert len(missing) == len(new)
        self.session.add(request, topics)
        if request not in self.model and topics:
            self.model[request] = list(dict.fromkeys(topics))

    @rule(request=REQUESTS, topics=TOPICS)
    def remove(self, request: RequestId, topics: list[str]) -> None:
        before = self.held()
        owners = [request] if request in self.model else list(self.model)
        for owner in owners:
            if owner.route == request.route:
                self.model[owner] = [key for key in self.model[owner] if key not in topics]
                if not self.model[owner]:
                    del self.model[owner]
        left = self.session.remove(request, topics)
        assert set(left) == before - self.held()
        assert len(left) == len(set(left))

    @rule()
    def clear(self) -> None:
        assert set(self.session.clear()) == self.held()
        self.model.clear()

    @invariant()
    def agrees(self) -> None:
        assert set(self.session.topics) == self.held()
        for request, keys in self.model.items():
            assert self.session.topics_of(request) == tuple(keys)
            assert all(self.session.holds(TopicId(request.route, key)) for key in keys)


TestSessionAgainstModel = SessionAgainstModel.TestCase


def test_topics_of_a_subscription_are_fixed_when_it_is_made() -> None:
    session = Session(MAX_TOPICS)
    request = RequestId("bars", "x")
    session.add(request, ["a"])
    session.add(request, ["b"])
    assert session.topics_of(request) == ("a",)


def test_leaving_nothing_looks_at_none_of_the_others() -> None:
    """A new subscription leaves nothing: a hundred of them cost a hundred looks, not thousands."""
    looks = 0

    class Route(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal looks
            looks += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    session = Session(100)
    for number in range(100):
        request = RequestId(Route("bars"), str(number))
        assert session.remove(request, []) == []
        session.add(request, [str(number)])
    assert looks < 1_000


def test_one_key_on_two_routes_is_two_topics() -> None:
    session = Session(MAX_TOPICS)
    session.add(RequestId("bars", "x"), ["a"])
    session.add(RequestId("quotes", "x"), ["a"])
    assert session.remove(RequestId("bars", "x"), ["a"]) == [TopicId("bars", "a")]
    assert session.holds(TopicId("quotes", "a"))


def test_says_how_many_topics_are_too_many() -> None:
    session = Session(2)
    session.add(RequestId("bars", "x"), ["a", "b"])
    other = RequestId("bars", "y")
    assert session.missing(other, ["a", "b"]) == []
    with pytest.raises(TooManySubscriptionsError, match=r"3 topics .* at most 2") as caught:
        session.missing(other, ["c"])
    assert (caught.value.code, caught.value.limit) == ("too_many_subscriptions", 2)


def test_says_how_many_subscriptions_are_too_many() -> None:
    session = Session(2)
    for request in "xy":
        session.add(RequestId("bars", request), ["a"])
    assert session.missing(RequestId("bars", "x"), ["a"]) == []
    with pytest.raises(TooManySubscriptionsError, match=r"3 subscriptions .* at most 2"):
        session.missing(RequestId("bars", "z"), ["a"])
