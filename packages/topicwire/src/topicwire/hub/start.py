"""Where a new subscriber begins: with what it missed, with the present state, or with neither.

All of it is read in the step in which the reply is sent. What is published meanwhile, by the very
`get_snapshot` that is asked perhaps, is held back for the subscriber and follows in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from topicwire.core.registry import Joining
from topicwire.errors import ProducerFailedError, TopicwireError, UpdateTooLargeError
from topicwire.types import Position
from topicwire.wire.frames import snapshot_frame

if TYPE_CHECKING:
    from topicwire.hub.topic import Topic

MAX_READINGS: Final = 3
"""How often a snapshot is read anew because reading it has published an update of its topic."""


class RestlessSnapshotError(TopicwireError, RuntimeError):
    """Each time that a snapshot is read, its topic moves on, so it is the state of no position."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"get_snapshot({topic!r}) publishes an update of that topic each time that it is "
            f"called ({MAX_READINGS} times in a row). It must return the state as it is."
        )


@dataclass(frozen=True, slots=True)
class Start:
    """What a subscriber is told first, and sent before what was held back for it.

    Attributes:
        position: what the reply names; the updates after it follow.
        recovered: the answer to `resume`; None where there was none.
        backlog: encoded messages: the updates that were missed, or the snapshot.
        is_snapshot: it is the snapshot.
    """

    position: Position
    recovered: bool | None = None
    backlog: Sequence[bytes] = ()
    is_snapshot: bool = False


def start_of(topic: Topic[Any], joining: Joining, seen: Position | None = None) -> Start:
    """Read where a subscriber starts. From then on nothing that is published passes it by.

    Args:
        topic: one whose producer runs.
        joining: what is held back for the subscriber.
        seen: the position that it goes on from.

    Raises:
        ProducerFailedError: the topic's state cannot be had. The cause is logged.
    """
    if seen is not None and seen == joining.position:
        return Start(seen, recovered=True)  # nothing was missed, whether or not anything is kept
    missed = None if seen is None else topic.since(seen)
    if seen is not None and missed is not None:
        joining.restart(topic.audience.position)
        return Start(seen, recovered=True, backlog=missed)
    recovered = None if seen is None else False
    snapshot = _snapshot(topic)
    if snapshot is None:
        return Start(joining.position, recovered)
    position = topic.audience.position
    joining.restart(position)
    frame = snapshot_frame(topic.prefix, position.seq, snapshot)
    return Start(position, recovered, [frame.data], is_snapshot=True)


def continued(topic: Topic[Any], member: Any, seen: Position) -> bool:
    """Say whether a subscriber that receives a topic already has been sent all after `seen`."""
    position, since = topic.audience.reached(member), topic.audience.receives_since(member)
    return seen.epoch == position.epoch and since is not None and since <= seen.seq <= position.seq


def _snapshot(topic: Topic[Any]) -> bytes | None:
    """Return the state as of the topic's position, encoded; None when there is none."""
    hub, key = topic.hub, topic.id.key
    try:
        for _ in range(MAX_READINGS):
            before = topic.audience.position
            snapshot = topic.snapshot()
            if topic.audience.position == before:
                break
        else:
            raise RestlessSnapshotError(key)  # noqa: TRY301 - logged as any other
        if snapshot is not None and len(snapshot) > hub.settings.max_update_bytes:
            raise UpdateTooLargeError(key, len(snapshot), hub.settings.max_update_bytes)  # noqa: TRY301
    except Exception:
        topic.metrics.snapshots_failed += 1
        hub.logger.exception("get_snapshot failed: %s", key, extra={"topic": key})
        raise ProducerFailedError(key) from None
    return snapshot
