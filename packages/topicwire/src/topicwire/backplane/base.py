"""What a backplane must do. It sees bytes alone: no types, no clients, no policies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from topicwire.types import Position, TopicId

Deliver: TypeAlias = Callable[[TopicId, int, bytes], None]
"""`(topic, seq, payload)`: one update has its place. Called on the event loop; never raises."""

Renew: TypeAlias = Callable[[TopicId, Position], None]
"""`(topic, position)`: the topic's numbering was lost, and goes on after `position`, in another
epoch. Called on the event loop; never raises."""


class Backplane(ABC):
    """Numbers updates and carries them to every hub that has opened their topic.

    Guarantee: within one epoch of a topic, `deliver` is called with `seq` 1, 2, 3 ... in order,
    in each hub that has it open. Numbering has one owner, and it is here. When the numbering of an
    open topic is lost, with a server that kept it say, `renew` is called before the first update
    of the new one, and nothing of the old one is delivered after that.
    """

    @abstractmethod
    def attach(self, deliver: Deliver, renew: Renew) -> None:
        """Deliver updates there from now on. Called once, before anything else.

        Args:
            deliver: takes each update of an open topic.
            renew: is told when an open topic gets another numbering.
        """

    @abstractmethod
    async def open(self, topic: TopicId) -> Position:
        """Begin to deliver a topic. Returns the position after which its updates follow.

        A topic that was closed a short while ago goes on with its numbering.
        """

    @abstractmethod
    async def close(self, topic: TopicId, *, keep: bool = True) -> None:
        """Stop delivering a topic. Its numbering is kept for a while.

        With `keep=False` this hub does not need the numbering any longer, having given up the
        updates that it stands for: unless another hub has the topic open, it ends here.
        """

    @abstractmethod
    def wants(self, topic: TopicId) -> bool:
        """Say whether publishing on `topic` has any effect. Asked before each encoding."""

    @abstractmethod
    def publish(self, topic: TopicId, payload: bytes) -> None:
        """Number an update and carry it. Returns at once, and raises nothing."""

    def expire(self) -> float | None:
        """Forget what has been kept long enough.

        Returns the seconds after which to call again, None when nothing is kept.
        """
        return None
