"""Counts by owner, against a naive multiset."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from topicwire.core.tally import Tally


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=60))
def test_it_counts_as_a_multiset_up_to_its_limit(steps: list[tuple[bool, str]]) -> None:
    tally: Tally[str] = Tally(2)
    model: Counter[str] = Counter()
    for enters, owner in steps:
        if enters:
            assert tally.enter(owner) is (model[owner] < 2)
            model[owner] = min(2, model[owner] + 1)
        elif model[owner]:
            tally.leave(owner)
            model[owner] -= 1
        assert tally.of(owner) == model[owner]
        assert len(tally) == len(+model)
