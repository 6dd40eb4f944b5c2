"""The soak finds what it is there to find."""

from __future__ import annotations

from bench.soak.accounts import account, grows, growth, left_behind
from bench.soak.ledger import Follower, Ledger
from bench.soak.models import Item, merged

from topicwire.client import Gap, UpdateInfo
from topicwire.hub.metrics import Metrics, RouteMetrics

NUMBERS = {
    "updates_published": 10,
    "updates_unwatched": 2,
    "updates_sent": 16,
    "updates_replayed": 4,
    "updates_conflated": 1,
    "updates_dropped": 2,
    "updates_merged": 3,
    "updates_abandoned": 4,
}


def test_an_account_says_what_it_does_not_explain() -> None:
    assert account(NUMBERS, handed_over=10)["missing"] == 0
    assert account(NUMBERS, handed_over=9)["missing"] == 1
    assert account(NUMBERS, handed_over=11)["missing"] == -1


def test_what_is_not_let_go_of_is_named() -> None:
    metrics = Metrics()
    metrics.include("orders", RouteMetrics(subscriptions=1, updates_sent=5))
    assert left_behind(metrics.as_dict()) == ["subscriptions is 1, not 0"]
    metrics.routes["orders"].subscriptions = 0
    assert left_behind(metrics.as_dict()) == []


def test_memory_that_grows_is_told_from_memory_that_jumps_about() -> None:
    megabyte = 1_048_576
    flat = [(float(at), 50.0 * megabyte + (at % 3) * megabyte) for at in range(100)]
    leaking = [(at, value + at * 0.1 * megabyte) for at, value in flat]
    peak = [(at, value + (at == 90) * 40 * megabyte) for at, value in flat]
    assert [grows(one, 0.05) for one in (flat, leaking, peak)] == [False, True, False]
    assert growth(flat[:5]) is None
    assert not grows([], 0.05)


def follow(route: str, *items: Item) -> int:
    """Give a follower items of one topic; returns how many faults it found."""
    ledger = Ledger()
    follower = Follower(ledger, route)
    for seq, item in enumerate(items, 1):
        follower.update(item, UpdateInfo(f"{route}:a", seq))
    return ledger.faulty


def test_a_follower_holds_each_route_to_its_promise() -> None:
    one, two, three, four = (Item(life=1, n=n) for n in range(1, 5))
    both = merged(two, three)
    assert follow("orders", one, two, three) == 0
    assert follow("orders", one, three) == 1
    assert follow("orders", one, one) == 1
    assert follow("quotes", one, three, four) == 0
    assert follow("quotes", three, two) == 1
    assert follow("deltas", one, both, four) == 0
    assert follow("deltas", one, three) == 1
    assert follow("orders", one, Item(life=2, n=7)) == 0


def test_after_a_gap_that_was_told_anything_may_follow() -> None:
    ledger = Ledger()
    follower = Follower(ledger, "orders")
    follower.update(Item(life=1, n=1), UpdateInfo("orders:a", 1))
    follower.gap(Gap("orders:a", 1, 8, "not_recovered"))
    follower.update(Item(life=1, n=9), UpdateInfo("orders:a", 9))
    assert (ledger.faulty, ledger.gaps["orders"]) == (0, 1)
    follower.update(Item(life=1, n=11), UpdateInfo("orders:a", 10))
    assert ledger.faulty == 1
    assert "orders:a seq 10: 11 (for 1) after 9" in ledger.faults[0]
