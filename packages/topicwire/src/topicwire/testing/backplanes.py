"""What every backplane must do, as tests that any test runner runs.

Derive `BackplaneContract`, say how to make a backplane, and let pytest or unittest find the class:

    class TestMyBackplane(BackplaneContract):
        @asynccontextmanager
        async def backplane(self) -> AsyncIterator[Backplane]:
            async with MyBackplane("...") as one:
                yield one

One that connects several processes derives `SharedBackplaneContract`, which has more tests.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from topicwire.backplane.base import Backplane
from topicwire.testing.heard import Hub, must, same
from topicwire.types import Position, TopicId

_BURST = 2_000
_EPOCH_CHARACTERS = 11  # of base64, which has 6 bits each


class BackplaneContract(ABC):
    """What a backplane must do for one hub. Each test has a new backplane and an event loop.

    Attributes:
        patience_s: how long a delivery may take before a test fails.
    """

    patience_s = 5.0

    @abstractmethod
    def backplane(self) -> AbstractAsyncContextManager[Backplane]:
        """Make a backplane that nothing is attached to; end it when the context is left."""

    async def lose(self, backplane: Backplane, topic: TopicId) -> bool:
        """Make `backplane` lose the numbering of an open topic. False where nothing can."""
        del backplane, topic
        return False

    def test_updates_are_numbered_from_one_and_delivered_in_order(self) -> None:
        """A new topic is at 0; its updates are 1, 2, 3 and so on."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            position = await hub.backplane.open(topic)
            same("the position of a new topic", position.seq, 0)
            payloads = [str(number).encode() for number in range(_BURST)]
            for payload in payloads:
                hub.backplane.publish(topic, payload)
            await hub.hears(topic, 1, payloads)

        self._run(scenario)

    def test_payloads_arrive_as_they_were_published(self) -> None:
        """Any bytes, none at all, and as many as an update may have."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            await hub.backplane.open(topic)
            payloads = [b"", bytes(range(256)), b"\r\n\0", b"x" * 1_048_576, "é\u2028".encode()]
            for payload in payloads:
                hub.backplane.publish(topic, payload)
            await hub.hears(topic, 1, payloads)

        self._run(scenario)

    def test_each_topic_has_its_own_numbering(self) -> None:
        """Routes, and keys of any characters, are told apart."""

        async def scenario(hub: Hub) -> None:
            keys = [
                "a",
                "a.b",
                "a.*",
                "*",
                ">",
                "a b",
                "a/b",
                "é",
                'a:{"s":"\\u0000"}',
                "k" * 1_024,
            ]
            mark = secrets.token_hex(4)
            topics = [TopicId(route + mark, key) for key in keys for route in ("bars", "quotes")]
            positions = await asyncio.gather(*(hub.backplane.open(one) for one in topics))
            must("epochs are random", len({one.epoch for one in positions}) == len(topics))
            for number in range(3):
                for topic in topics:
                    hub.backplane.publish(topic, f"{number}{topic}".encode())
            heard: dict[TopicId, list[tuple[int, bytes]]] = {topic: [] for topic in topics}
            for _ in range(3 * len(topics)):
                topic, seq, payload = await hub.next()
                heard[topic].append((seq, payload))
            for topic, updates in heard.items():
                expected = [(number + 1, f"{number}{topic}".encode()) for number in range(3)]
                same(f"what {topic} got", updates, expected)

        self._run(scenario)

    def test_an_epoch_has_64_random_bits(self) -> None:
        """No two numberings have the same name, so it is long."""

        async def scenario(hub: Hub) -> None:
            epochs = {(await hub.backplane.open(_topic())).epoch for _ in range(100)}
            same("the number of different epochs", len(epochs), 100)
            shortest = min(len(epoch) for epoch in epochs)
            must(f"an epoch of {shortest} characters has 64 bits", shortest >= _EPOCH_CHARACTERS)

        self._run(scenario)

    def test_a_closed_topic_is_not_delivered_and_the_others_are(self) -> None:
        """Closing is about one topic."""

        async def scenario(hub: Hub) -> None:
            closed, other = _topic(), _topic()
            for topic in (closed, other):
                await hub.backplane.open(topic)
            await hub.backplane.close(closed)
            hub.backplane.publish(closed, b"unheard")
            hub.backplane.publish(other, b"heard")
            await hub.hears(other, 1, [b"heard"])

        self._run(scenario)

    def test_a_topic_that_is_opened_again_goes_on(self) -> None:
        """The same epoch; the next update follows the position that `open` returns."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            before = await hub.backplane.open(topic)
            hub.backplane.publish(topic, b"1")
            await hub.hears(topic, 1, [b"1"])
            await hub.backplane.close(topic)
            hub.backplane.publish(topic, b"while it is closed")
            after = await hub.backplane.open(topic)
            same("the epoch of a topic that is opened again", after.epoch, before.epoch)
            must(f"position {after.seq} was reached before", after.seq >= 1)
            hub.backplane.publish(topic, b"2")
            await hub.hears(topic, after.seq + 1, [b"2"])

        self._run(scenario)

    def test_a_numbering_that_nobody_needs_ends(self) -> None:
        """`close(keep=False)`: whoever opens the topic again finds another epoch, at 0."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            before = await hub.backplane.open(topic)
            hub.backplane.publish(topic, b"1")
            await hub.hears(topic, 1, [b"1"])
            await hub.backplane.close(topic, keep=False)
            after = await hub.backplane.open(topic)
            must("the old numbering has ended", after.epoch != before.epoch)
            same("the position of a new numbering", after.seq, 0)

        self._run(scenario)

    def test_an_open_topic_is_wanted(self) -> None:
        """What `wants` denies is not even encoded."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            await hub.backplane.open(topic)
            must("an open topic is wanted", hub.backplane.wants(topic))

        self._run(scenario)

    def test_what_was_never_opened_harms_nothing(self) -> None:
        """Publishing on it, closing it, either way, raises nothing."""

        async def scenario(hub: Hub) -> None:
            topic, other = _topic(), _topic()
            hub.backplane.wants(topic)
            hub.backplane.publish(topic, b"unheard")
            await hub.backplane.close(topic)
            await hub.backplane.close(topic, keep=False)
            await hub.backplane.open(other)
            hub.backplane.publish(other, b"heard")
            await hub.hears(other, 1, [b"heard"])

        self._run(scenario)

    def test_what_is_published_during_an_opening_is_before_its_position_or_delivered(self) -> None:
        """No update falls between `open`'s position and the first delivery."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            opening = asyncio.get_running_loop().create_task(hub.backplane.open(topic))
            for _ in range(20):
                hub.backplane.publish(topic, b"early")
                await asyncio.sleep(0)
            position = await opening
            hub.backplane.publish(topic, b"last")
            expected = position.seq
            payload = b""
            while payload != b"last":
                _, seq, payload = await hub.next()
                expected += 1
                same("the number of an update", seq, expected)

        self._run(scenario)

    def test_it_delivers_on_the_thread_of_the_event_loop(self) -> None:
        """A hub has no locks."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            await hub.backplane.open(topic)
            hub.backplane.publish(topic, b"1")
            await hub.next()
            same("the thread of delivery", hub.threads, {threading.get_ident()})

        self._run(scenario)

    def test_a_lost_numbering_is_told_before_its_first_update(self) -> None:
        """Another epoch, and nothing of the old one afterwards; where `lose` can bring it about."""

        async def scenario(hub: Hub) -> None:
            topic = _topic()
            before = await hub.backplane.open(topic)
            hub.backplane.publish(topic, b"1")
            await hub.hears(topic, 1, [b"1"])
            if not await self.lose(hub.backplane, topic):
                return
            hub.backplane.publish(topic, b"2")
            heard = await hub.next()
            same("the number of topics with a new numbering", len(hub.renewed), 1)
            [(renewed, after)] = hub.renewed
            same("the topic with a new numbering", renewed, topic)
            must("a lost numbering has another epoch", after.epoch != before.epoch)
            same("the first update of a new numbering", heard, (topic, after.seq + 1, b"2"))

        self._run(scenario)

    def test_it_says_when_to_ask_again_what_may_be_forgotten(self) -> None:
        """`expire` returns seconds from now, or None, and forgets nothing that is open."""

        async def scenario(hub: Hub) -> None:
            kept, closed = _topic(), _topic()
            before = await hub.backplane.open(kept)
            await hub.backplane.open(closed)
            await hub.backplane.close(closed)
            for _ in range(2):
                due_s = hub.backplane.expire()
                must(f"expire() returned {due_s!r}", due_s is None or due_s > 0)
            hub.backplane.publish(kept, b"1")
            await hub.hears(kept, before.seq + 1, [b"1"])

        self._run(scenario)

    def _run(self, scenario: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            async with self.backplane() as backplane:
                await scenario(Hub(backplane, self.patience_s))

        asyncio.run(run())


class SharedBackplaneContract(BackplaneContract):
    """What a backplane must do that connects several hubs, each with a backplane of its own."""

    @abstractmethod
    def connected(self, count: int) -> AbstractAsyncContextManager[Sequence[Backplane]]:
        """Make `count` backplanes that are connected, as if each were in a process of its own."""

    def test_every_hub_hears_the_same_in_the_same_order(self) -> None:
        """Whoever publishes, and all at the same time: one numbering, with one owner."""

        async def scenario(hubs: Sequence[Hub]) -> None:
            topic = _topic()
            positions = [await hub.backplane.open(topic) for hub in hubs]
            same("the positions of one topic", len(set(positions)), 1)
            rounds = 100
            await asyncio.gather(*(_publish(hub, topic, rounds) for hub in hubs))
            heard = [[await hub.next() for _ in range(rounds * len(hubs))] for hub in hubs]
            for updates in heard:
                same("what a hub heard", updates, heard[0])
            numbers = [seq for _, seq, _ in heard[0]]
            same("the numbers", numbers, list(range(1, rounds * len(hubs) + 1)))
            published = {b"%d %d" % (id(hub), number) for hub in hubs for number in range(rounds)}
            same("the updates", {payload for _, _, payload in heard[0]}, published)

        self._run_connected(scenario)

    def test_a_hub_that_opens_late_hears_what_follows_its_position(self) -> None:
        """In the epoch that the others have."""

        async def scenario(hubs: Sequence[Hub]) -> None:
            early, late, *_ = hubs
            topic = _topic()
            first = await early.backplane.open(topic)
            early.backplane.publish(topic, b"1")
            await early.hears(topic, 1, [b"1"])
            position = await late.backplane.open(topic)
            same("the position of a late hub", position, Position(first.epoch, 1))
            late.backplane.publish(topic, b"2")
            for hub in (early, late):
                await hub.hears(topic, 2, [b"2"])

        self._run_connected(scenario)

    def test_a_hub_that_closes_leaves_the_others_what_they_have(self) -> None:
        """Also when it needs the numbering no longer."""

        async def scenario(hubs: Sequence[Hub]) -> None:
            leaver, stayer, *_ = hubs
            topic = _topic()
            before = await leaver.backplane.open(topic)
            await stayer.backplane.open(topic)
            await leaver.backplane.close(topic, keep=False)
            leaver.backplane.publish(topic, b"1")
            await stayer.hears(topic, 1, [b"1"])
            again = await leaver.backplane.open(topic)
            same("the position of who comes back", again, Position(before.epoch, 1))

        self._run_connected(scenario)

    def _run_connected(
        self, scenario: Callable[[Sequence[Hub]], Coroutine[Any, Any, None]]
    ) -> None:
        async def run() -> None:
            async with self.connected(3) as backplanes:
                await scenario([Hub(one, self.patience_s) for one in backplanes])

        asyncio.run(run())


async def _publish(hub: Hub, topic: TopicId, count: int) -> None:
    for number in range(count):
        hub.backplane.publish(topic, b"%d %d" % (id(hub), number))
        await asyncio.sleep(0)


def _topic() -> TopicId:
    """Return a topic that no other test has: a backplane may be shared with them."""
    return TopicId("contract", secrets.token_hex(8))
