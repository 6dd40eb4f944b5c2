"""Where a connection is counted."""

from __future__ import annotations

from topicwire.asgi.places import Places
from topicwire.core.tally import Tally


def test_what_was_entered_is_left_once_at_the_end() -> None:
    addresses, principals = Tally[str](2), Tally[str](1)
    with Places() as places:
        assert places.enter(addresses, "here")
        assert places.enter(principals, "anna")
        assert not places.enter(principals, "anna")
        assert (addresses.of("here"), principals.of("anna")) == (1, 1)
    assert (len(addresses), len(principals)) == (0, 0)


def test_places_that_were_handed_over_are_left_by_whoever_has_them() -> None:
    tally = Tally[str](2)
    with Places() as places:
        places.enter(tally, "here")
        others = places.hand_over()
    assert tally.of("here") == 1
    with others:
        others.enter(tally, "here")
        assert tally.of("here") == 2
    assert len(tally) == 0
