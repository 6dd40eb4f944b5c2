"""Where a new subscriber begins: with what it missed, with the present state, or with neither.

All of it is read in the step in which the reply is sent. What is published meanwhile, by the very
`get_snapshot` that is asked perhaps, is held back for the subscriber and follows in order.

A state that takes time to read is read before, from the position at which the reading began. It is
newer than that position, so updates may follow that it includes already: a route says that its
updates are full states, for which that makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from topicwire.core import lifecycle
from topicwire.core.registry import Joining
from topicwire.core.replay import Kept
from topicwire.errors import ProducerFailedError, TopicwireError, UpdateTooLargeError
from topicwire.hub.clock import ends_this_task
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


class UnknownStateError(ProducerFailedError):
    """A topic's state cannot be had. The cause is logged already."""


class State(NamedTuple):
    """A state that took time to read."""

    at: Position
    """Where the reading began."""

    data: bytes | None
    """None when there is none."""


class Start(NamedTuple):
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


def start_of(
    topic: Topic[Any],
    joining: Joining,
    seen: Position | None = None,
    state: State | None = None,
) -> Start:
    """Read where a subscriber starts. From then on nothing that is published passes it by.

    Args:
        topic: one whose producer runs.
        joining: what is held back for the subscriber.
        seen: the position that it goes on from.
        state: the topic's, where `needs_state` says so.

    Raises:
        UnknownStateError: the topic's state cannot be had. The cause is logged.
    """
    if seen is not None and seen == joining.position:
        return Start(seen, recovered=True)  # nothing was missed, whether or not anything is kept
    missed = None if seen is None else topic.since(seen)
    if seen is not None and missed is not None:
        joining.restart(topic.audience.position)
        return Start(seen, recovered=True, backlog=_replay(topic, seen, missed))
    recovered = None if seen is None else False
    if topic.route.reads_later:
        return _start_at_state(topic, joining, state, recovered=recovered)
    snapshot = _snapshot(topic)
    if snapshot is None:
        return Start(joining.position, recovered)
    position = topic.audience.position
    joining.restart(position)
    frame = snapshot_frame(topic.prefix, position.seq, snapshot)
    return Start(position, recovered, [frame.data], is_snapshot=True)


def _replay(topic: Topic[Any], seen: Position, missed: Sequence[Kept]) -> Sequence[bytes]:
    if topic.conflater is None:
        return [kept.frame for kept in missed]
    return topic.conflater.replay(seen.seq, missed)


def _start_at_state(
    topic: Topic[Any], joining: Joining, state: State | None, *, recovered: bool | None
) -> Start:
    position = joining.position
    if state is None or state.at != position:
        raise UnknownStateError(topic.id.key)
    if state.data is None:
        return Start(position, recovered)
    frame = snapshot_frame(topic.prefix, position.seq, state.data)
    return Start(position, recovered, [frame.data], is_snapshot=True)


def needs_state(
    topic: Topic[Any], joining: Joining, seen: Position | None, state: State | None
) -> bool:
    """Say whether a state is to be read before `start_of`: it takes time, and `state` is not it."""
    if not topic.route.reads_later or (state is not None and state.at == joining.position):
        return False
    return seen is None or (seen != joining.position and topic.since(seen) is None)


async def state_from(topic: Topic[Any], joining: Joining) -> State:
    """Read a state that takes time. What is published meanwhile is held back for the subscriber.

    Raises:
        UnknownStateError: it cannot be had. The cause is logged.
    """
    at = topic.audience.position
    joining.restart(at)
    try:
        data = await _state(topic)
        _check_size(topic, data)
    except BaseException as error:
        if ends_this_task(error):
            raise
        raise _unknown(topic, error) from None
    return State(at, data)


async def _state(topic: Topic[Any]) -> bytes | None:
    get_snapshot = topic.route.get_snapshot
    state = None if get_snapshot is None else await get_snapshot(topic.id.key)
    return None if state is None else topic.route.encode(state)


def starts_again(
    topics: Sequence[Topic[Any]], member: Any, seen: Mapping[str, Position], *, with_state: bool
) -> Mapping[str, Start]:
    """Read where `member` goes on in topics that it receives already, by key.

    Guarantee: it has been sent everything up to there, and nothing that comes from then on is one
    with any of that, so that the state may be sent between the two.

    Args:
        topics: those that it has been answered for.
        member: who receives them.
        seen: the positions that it goes on from, by key.
        with_state: it subscribes, and is to have the state as anybody else.

    Raises:
        ProducerFailedError: a topic's state cannot be had. The cause is logged.
    """
    starts: Mapping[str, Start] = {}
    moved: list[Topic[Any]] = []
    for _ in range(MAX_READINGS):
        for topic in topics:
            if topic.conflater is not None:
                topic.conflater.catch_up(member)
        starts = {
            topic.id.key: _start_again(topic, member, seen.get(topic.id.key), with_state=with_state)
            for topic in topics
        }
        # what reads a state, or merges what was held back, may publish on any topic
        moved = [
            topic
            for topic in topics
            if topic.audience.reached(member) != starts[topic.id.key].position
        ]
        if not moved:
            return starts
    raise _unknown(moved[0], RestlessSnapshotError(moved[0].id.key))


def _start_again(
    topic: Topic[Any], member: Any, seen: Position | None, *, with_state: bool
) -> Start:
    position = topic.audience.reached(member)
    recovered = None if seen is None else _continued(topic, member, seen)
    if recovered or not with_state or not _may_tell_state(topic, member):
        return Start(position, recovered)
    state = _state_now(topic)
    if state is None:
        return Start(position, recovered)
    frame = snapshot_frame(topic.prefix, position.seq, state)
    return Start(position, recovered, [frame.data], is_snapshot=True)


def _may_tell_state(topic: Topic[Any], member: Any) -> bool:
    """Say whether a subscriber that receives a topic may be sent its state once more.

    Where each update is the whole state its client has it. Whose topic has lost what makes its
    updates, or its numbering, is told the state with the `reset` that follows.

    Raises:
        ProducerFailedError: the service is to be asked, and does not feed the topic now.
    """
    if not topic.route.tells_states or not topic.audience.receives(member):
        return False
    if topic.state is lifecycle.State.LIVE:
        return True
    if topic.route.outlives_producer:  # the numbering goes on: no state will follow the `reset`
        raise ProducerFailedError(topic.id.key)
    return False


def _continued(topic: Topic[Any], member: Any, seen: Position) -> bool:
    """Say whether a subscriber that receives a topic already has been sent all after `seen`."""
    position, since = topic.audience.reached(member), topic.audience.receives_since(member)
    return seen.epoch == position.epoch and since is not None and since <= seen.seq <= position.seq


def _snapshot(topic: Topic[Any]) -> bytes | None:
    """Return the state as of the topic's position, encoded; None when there is none."""
    for _ in range(MAX_READINGS):
        before = topic.audience.position
        state = _state_now(topic)
        if topic.audience.position == before:
            return state
    raise _unknown(topic, RestlessSnapshotError(topic.id.key))


def _state_now(topic: Topic[Any]) -> bytes | None:
    try:
        state = topic.snapshot()
        _check_size(topic, state)
    except Exception as error:  # noqa: BLE001 - it is the application's
        raise _unknown(topic, error) from None
    return state


def _check_size(topic: Topic[Any], state: bytes | None) -> None:
    limit = topic.hub.settings.max_update_bytes
    if state is not None and len(state) > limit:
        raise UpdateTooLargeError(topic.id.key, len(state), limit)


def _unknown(topic: Topic[Any], error: BaseException) -> UnknownStateError:
    key = topic.id.key
    topic.metrics.snapshots_failed += 1
    topic.hub.logger.error("get_snapshot failed: %s", key, exc_info=error, extra={"topic": key})
    return UnknownStateError(key)
