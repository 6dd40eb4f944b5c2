"""Berths: a descriptor is where its connection is, and nowhere else."""

from __future__ import annotations

from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades

from topicwire.hub.berths import CLOSED, NO_BERTH, Berths
from topicwire.testing import connect


def test_a_berth_is_closed_until_it_is_opened_and_when_it_is_given_back() -> None:
    berths = Berths()
    one, other = berths.take(), berths.take()
    assert len({one, other, NO_BERTH}) == 3
    assert berths.fds[one] == berths.fds[other] == CLOSED
    berths.set(one, 5)
    berths.set(other, 6)
    assert (berths.fds[one], berths.fds[other]) == (5, 6)
    berths.give_back(one)
    assert (berths.fds[one], berths.fds[other]) == (CLOSED, 6)
    assert berths.take() == one
    assert berths.fds[one] == CLOSED


def test_nothing_is_said_of_no_berth() -> None:
    berths = Berths()
    berths.set(NO_BERTH, 5)
    berths.give_back(NO_BERTH)
    assert berths.fds[NO_BERTH] == CLOSED
    assert berths.take() != NO_BERTH


async def test_who_comes_and_goes_leaves_no_berth_behind() -> None:
    router = trades()
    app = App(router)
    berths = app.hub.berths
    sizes = set()
    for _ in range(5):
        async with connect(app.asgi) as one, connect(app.asgi, legacy=True) as other:
            for client in (one, other):
                await client.subscribe("trades", AAPL)
            sizes.add(len(berths.fds))
        await app.adapter.close()
        assert {*berths.fds} == {CLOSED}
    assert len(sizes) == 1


async def test_a_berth_of_one_that_has_gone_is_not_written_to_for_it() -> None:
    """Between two slices of a flight its berth becomes another's, which has not subscribed."""
    router = trades()
    app = App(router)
    async with connect(app.asgi) as stays:
        await stays.subscribe("trades", AAPL)
        async with connect(app.asgi) as goes:
            await goes.subscribe("trades", AAPL)
            router.publish(AAPL_TOPIC, Trade(price=1))
        async with connect(app.asgi) as comes:
            router.publish(AAPL_TOPIC, Trade(price=2))
            assert [one["payload"]["seq"] for one in await stays.settle()] == [1, 2]
            assert await comes.settle() == []
