"""One connection's way into a topic: it holds the topic from the start, and receives later."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from topicwire.errors import CommandError
from topicwire.hub.fanout import Receiver
from topicwire.hub.start import Start, State, needs_state, start_of, state_from
from topicwire.types import Position
from topicwire.wire.frames import Frame

if TYPE_CHECKING:
    from topicwire.hub.topic import Topic

_Member = TypeVar("_Member", bound=Receiver)


class Join(Generic[_Member]):
    """Held from `Topic.join` until it is admitted, rejected or cancelled: one of them, once.

    Args:
        topic: what is to be received.
        member: who is to receive it.
        seen: the position that it goes on from; None to begin anew.
    """

    __slots__ = ("_holds", "_seen", "_state", "joining", "member", "outcome", "topic")

    def __init__(
        self, topic: Topic[_Member], member: _Member, seen: Position | None = None
    ) -> None:
        self._seen = seen
        self._state: State | None = None
        self.topic = topic
        self.member = member
        self.joining = topic.audience.join(member)
        self.outcome: asyncio.Future[CommandError | None] = (
            asyncio.get_running_loop().create_future()
        )
        self._holds = True

    @property
    def is_ready(self) -> bool:
        """The producer runs, or could not be started; giving up waiting is neither."""
        return self.outcome.done() and not self.outcome.cancelled()

    @property
    def has_started(self) -> bool:
        """The producer runs."""
        return self.is_ready and self.outcome.result() is None

    @property
    def lacks_state(self) -> bool:
        """The topic's state is to be read first, which takes time."""
        return needs_state(self.topic, self.joining, self._seen, self._state)

    @property
    def may_start(self) -> bool:
        """The producer runs, and nothing is to be read that takes time."""
        return self.has_started and not self.lacks_state

    async def read(self) -> None:
        """Read the topic's state.

        Raises:
            CommandError: it cannot be had.
        """
        self._state = await state_from(self.topic, self.joining)

    def start(self) -> Start:
        """Decide where it starts: in the step in which its client is told.

        Raises:
            CommandError: the topic's state cannot be had.
        """
        return start_of(self.topic, self.joining, self._seen, self._state)

    async def ready(self) -> None:
        """Wait until the topic's producer runs.

        Raises:
            CommandError: it could not be started. Nothing is held any longer.
        """
        error = await self.outcome
        if error is not None:
            raise error

    def proceed(self) -> None:
        """The topic's producer runs."""
        if not self.outcome.done():
            self.outcome.set_result(None)

    def wait_again(self) -> None:
        """The producer died before the subscription was made: wait for its restart."""
        if self.is_ready:
            self.outcome = asyncio.get_running_loop().create_future()

    def reject(self, error: CommandError) -> None:
        """The start failed: those who waited hold nothing."""
        self._holds = False
        if not self.outcome.done():
            self.outcome.set_result(error)

    def admit(self, seq: int) -> Sequence[Frame]:
        """Receive from now on. Returns what came after `position`: to be sent after the reply.

        Where the topic has a policy that is sent already.

        Args:
            seq: what the reply names; what lies between that and `position` is sent before.
        """
        self._holds = False
        joining = self.topic.admit(self.member, seq)
        if self.topic.conflater is not None:
            self.topic.conflater.admit(self.member, joining)
            return ()
        self.topic.metrics.count_sent(joining.frames)
        return joining.frames

    def cancel(self) -> None:
        """Give up. Does nothing when it is over already."""
        if self._holds:
            self._holds = False
            self.topic.leave(self.member)
