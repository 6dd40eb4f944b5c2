"""Where the subscribers of a topic go on when its producer died, or its numbering was lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from topicwire.hub.start import Start, State, start_of, state_from
from topicwire.wire.frames import closed_frame, reset_frame

if TYPE_CHECKING:
    from topicwire.hub.topic import Topic

INTERRUPTED: Final = "The topic's producer has ended. It is being started again."

PRODUCER_RESTARTED: Final = "producer_restarted"
NUMBERING_LOST: Final = "numbering_lost"


class Reset:
    """Tells a topic's subscribers that it is interrupted, and where it goes on.

    Guarantee: a `reset` is followed by the state where there is one, then by the updates of its
    epoch after its `seq`, all of them, and by none of an earlier epoch.
    """

    __slots__ = ("_reading", "_start", "_state", "_topic")

    def __init__(self, topic: Topic[Any]) -> None:
        self._topic = topic
        self._reading = asyncio.Lock()
        self._start: Start | None = None
        self._state: State | None = None

    def interrupt(self) -> None:
        """Tell the subscribers that nothing feeds the topic."""
        self._settle()
        frame = closed_frame(self._topic.id, "producer_failed", INTERRUPTED, retry=True)
        for subscriber in self._topic.audience.subscribers:
            subscriber.push(frame)

    async def read(self) -> None:
        """Read the state from which the subscribers go on, where reading takes time.

        Raises:
            UnknownStateError: it cannot be had. The cause is logged.
        """
        if not self._topic.route.reads_later:
            return
        # a reading begins where the topic is: two at the same time would undo each other for ever
        async with self._reading:
            while (gap := self._topic.audience.gap) is not None:
                if self._state is not None and self._state.at == gap.position:
                    return
                self._state = await state_from(self._topic, gap)

    def prepare(self) -> None:
        """Decide where they go on: in the step in which they are told.

        Raises:
            UnknownStateError: the topic's state cannot be had. The cause is logged.
        """
        gap = self._topic.audience.gap
        state, self._state = self._state, None
        if gap is None:
            self._start = None
            return
        if gap.is_over:  # too much was held for them: they go on after it
            gap.restart(self._topic.audience.position)
        self._start = start_of(self._topic, gap, state=state)

    def tell(self, reason: str) -> None:
        """Tell them, and send what follows."""
        audience, metrics = self._topic.audience, self._topic.metrics
        start, self._start = self._start, None
        gap = audience.gap
        if start is None or gap is None:  # the numbering goes on: nothing is missing
            self._settle()
            frame = reset_frame(self._topic.id, audience.position, reason)
            for subscriber in audience.subscribers:
                subscriber.push(frame)
            return
        frame = reset_frame(self._topic.id, start.position, reason, has_snapshot=start.is_snapshot)
        resumed = audience.resume(start.position.seq)
        for subscriber in resumed:
            subscriber.push(frame)
            subscriber.push_states(start.backlog)
            for held in gap.frames:
                subscriber.push(held)
            metrics.snapshots_sent += start.is_snapshot
            metrics.count_sent(gap.frames)
        if self._topic.conflater is not None:
            self._topic.conflater.give(resumed, gap)

    def _settle(self) -> None:
        """What comes from now on is not one with what has been sent."""
        if self._topic.conflater is not None:
            self._topic.conflater.settle()
