"""Where a connection is counted."""

from __future__ import annotations

from topicwire.asgi.places import Places
from topicwire.core.tally import Tally


def test_what_was_entered_is_left_once_at_the_end() -> None:
    addresses, principals = Tally[str](2), Tally[str](1)
    places = Places()
    assert places.enter(addresses, "here")
    assert places.enter(principals, "anna")
    assert not places.enter(principals, "anna")
    assert (addresses.of("here"), principals.of("anna")) == (1, 1)
    places.leave()
    assert (len(addresses), len(principals)) == (0, 0)
    places.leave()
    assert (len(addresses), len(principals)) == (0, 0)
