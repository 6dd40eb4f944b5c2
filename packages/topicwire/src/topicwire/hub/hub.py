"""The hub of one app: its topics, its connections, and the way of an update between them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import partial
from threading import get_ident
from typing import Any, Final

from topicwire.backplane.base import Backplane
from topicwire.close_codes import FORBIDDEN, GOING_AWAY
from topicwire.core.lifecycle import State
from topicwire.core.patterns import is_pattern
from topicwire.core.tally import Tally
from topicwire.core.waves import Waves
from topicwire.errors import (
    CommandError,
    PatternPublishedError,
    UpdateTooLargeError,
    WrongLoopError,
    WrongThreadError,
)
from topicwire.hub.berths import Berths
from topicwire.hub.clock import Clock, Timer
from topicwire.hub.connection import Connection
from topicwire.hub.direct import SLICE, DirectSend
from topicwire.hub.drain import STOPPING, Drain
from topicwire.hub.fanout import Receiver, fan_out
from topicwire.hub.heartbeat import Heartbeat
from topicwire.hub.identity import VerifyToken
from topicwire.hub.metrics import Metrics
from topicwire.hub.outgoing import Outgoing
from topicwire.hub.retention import Retention
from topicwire.hub.route import Command, Route
from topicwire.hub.tasks import Tasks
from topicwire.hub.topic import Topic
from topicwire.hub.transport import Transport
from topicwire.settings import Settings
from topicwire.types import ANONYMOUS, Direction, Position, Principal, TopicId
from topicwire.wire.codecs import Codec
from topicwire.wire.frames import Frame, with_source

CLOSE_PATIENCE: Final = 5
"""How many timeouts closing may take: a start that is under way, then its stop, the end of its task
and the backplane, one after the other, and one to spare."""

MAX_KNOWN: Final = 4_096
"""So many topics that are published on are at hand, whether or not anybody wants them."""


class Hub:
    """Carries updates from producers to subscribers. Independent of every other hub.

    Args:
        settings: limits.
        logger: at DEBUG it has a line for each subscription and each publish.
        clock: for lingers, timeouts and retention.
        backplane: numbers the updates.
        explain: what to tell a client about an exception that is not ours; None to tell nothing.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        logger: logging.Logger,
        clock: Clock,
        backplane: Backplane,
        explain: Callable[[Exception], CommandError | None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.logger = logger
        self.clock = clock
        self._now_s = clock.now_s
        self.backplane = backplane
        self.backplane.attach(self._deliver, self._renew)
        self.explain = explain
        self.metrics = Metrics(self._waiting_bytes)
        self.retention = Retention(
            max_topics=settings.max_retained_topics,
            max_bytes=settings.max_replay_bytes,
            metrics=self.metrics,
        )
        self.heartbeat: Heartbeat[Connection] = Heartbeat(
            clock, settings.heartbeat_s, settings.heartbeat_grace_s
        )
        self.principals: Tally[str] = Tally(settings.max_connections_per_principal)
        """Connections by subject."""
        self.command_timeout_s = settings.command_timeout_s
        self.is_closing = False
        self.berths = Berths()
        self._direct_send = DirectSend(self.berths, self.metrics, clock, settings.max_queue_bytes)
        self.waves: Waves[Outgoing, Frame] = Waves(self._direct_send, self._flush_next)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known: dict[tuple[str, str], TopicId] = {}
        self._topics: dict[TopicId, Topic[Receiver]] = {}
        self._connections: set[Connection] = set()
        self._at_shutdown = self.begin_drain  # one object for all connections
        self._lingering: dict[Topic[Receiver], None] = {}
        self._tasks = Tasks(clock, logger)
        self.drain = Drain(clock, self._connections, self.spawn)
        self._expiry: Timer | None = None
        self._thread_id: int | None = None
        self._is_logging = False

    @property
    def topics(self) -> frozenset[TopicId]:
        """The topics that are held, lingering or being stopped; not those that are merely kept."""
        kept = {State.RETAINED, State.CLOSING}
        return frozenset(id_ for id_, one in self._topics.items() if one.state not in kept)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The one that the latest connection came in on."""
        return self._loop or asyncio.get_running_loop()

    def connect(
        self,
        transport: Transport,
        commands: Callable[[], Mapping[str, Command]],
        *,
        codec: Codec,
        observe: Callable[[Direction, str], None] | None = None,
        principal: Principal = ANONYMOUS,
        verify: VerifyToken | None = None,
    ) -> Connection:
        """Take a connection, which is to be served next: by `serve`, or by `attend`.

        Args:
            transport: the accepted socket.
            commands: what its client may send, by type.
            codec: how messages are written, by the subprotocol that the client has offered.
            observe: sees every message that is sent, and every one that is accepted.
            principal: who the client is.
            verify: who the bearer of a token is; None where `auth` is not understood.
        """
        self._thread_id = get_ident()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self.waves.restart()
        transport.at_shutdown(self._at_shutdown)
        connection = Connection(
            self,
            transport,
            commands(),
            codec=codec,
            observe=observe,
            principal=principal,
            verify=verify,
        )
        self._connections.add(connection)
        self._direct_send.observed += observe is not None
        self.metrics.connections += 1
        self.metrics.connections_accepted += 1
        return connection

    async def serve(self, connection: Connection) -> None:
        """Serve a connection until it ends."""
        try:
            await connection.run()
        finally:
            self._over(connection)

    def attend(self, connection: Connection, over: Callable[[BaseException | None], None]) -> None:
        """Serve a connection until it ends, as `serve`, without a task of its own.

        For a transport that can tell of messages, and that others may write to.

        Args:
            connection: to be served.
            over: is called at the end; with what has failed, if anything has.
        """
        connection.attend(partial(self._ended, connection, over))

    def _ended(
        self,
        connection: Connection,
        over: Callable[[BaseException | None], None],
        failure: BaseException | None,
    ) -> None:
        self._over(connection)
        over(failure)

    def _over(self, connection: Connection) -> None:
        self.metrics.connections -= 1
        self._direct_send.observed -= connection.observe is not None
        self._connections.discard(connection)
        connection.depart()
        self.drain.left()

    def begin_drain(
        self, reason: str = STOPPING, timeout_s: float | None = None
    ) -> asyncio.Task[None]:
        """End every connection in good order. What a rate holds back waits no longer: it is sent.

        Args:
            reason: what clients are told.
            timeout_s: for what waits to be sent; `Settings.drain_timeout_s` by default.
        """
        for topic in tuple(self._topics.values()):
            if topic.conflater is not None:
                topic.conflater.settle()
        wait_s = self.settings.drain_timeout_s if timeout_s is None else timeout_s
        return self.drain.begin(reason, wait_s)

    def revoke(self, subject: str, affects: Callable[[TopicId], bool] | None, reason: str) -> int:
        """Take topics from a principal: those that `affects` names, or with None all there is.

        Returns how many connections were affected.

        Raises:
            WrongLoopError: this is another thread.
        """
        if self._thread_id is not None and self._thread_id != get_ident():
            raise WrongLoopError("revoke")
        affected = 0
        for connection in tuple(self._connections):
            if connection.identity.principal.subject != subject or connection.is_ended:
                continue
            if affects is None:
                connection.end(FORBIDDEN, reason)
                affected += 1
            else:
                why = CommandError(reason, code="forbidden")
                affected += connection.identity.revoke(affects, why) > 0
        return affected

    def publish(self, route: Route, key: str, data: Any) -> None:
        """Send `data` to the subscribers of a topic. Nobody's watching costs almost nothing.

        Raises:
            PublishError: the data is wrong or too large, or this is another thread.
        """
        if self._thread_id is not None and self._thread_id != get_ident():
            raise WrongThreadError(route.name)
        # making a `TopicId` would be half of what publishing to nobody costs
        topic = self._known.get((route.name, key)) or self._know(TopicId(route.name, key))
        patterns = None
        if route.patterns is not None:
            if is_pattern(key):
                raise PatternPublishedError(route.name, key)
            patterns = route.patterns.matching(key)
        route.metrics.updates_published += 1
        if not self._is_logging and self.logger.isEnabledFor(logging.DEBUG):
            self._log_publish(topic)
        is_wanted = self.backplane.wants(topic)
        if not is_wanted and not patterns:
            route.metrics.updates_unwatched += 1
            return
        payload = route.encode(data)
        if len(payload) > self.settings.max_update_bytes:
            raise UpdateTooLargeError(key, len(payload), self.settings.max_update_bytes)
        mark = route.mark(data) if route.conflation is not None else b""
        if is_wanted:
            self.backplane.publish(topic, mark + payload if mark else payload)
        if patterns:
            carried = route.mark_of_source(mark, key) + with_source(payload, key)
            for pattern in patterns:
                self.backplane.publish(pattern, carried)

    def _know(self, topic: TopicId) -> TopicId:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[topic] = topic
        return topic

    def topic(self, route: Route, topic: TopicId) -> Topic[Receiver]:
        """Return a topic's state, new when nobody wanted it until now."""
        state = self._topics.get(topic)
        if state is None:
            if route.patterns is not None and is_pattern(topic.key):
                route.patterns.add(topic)
                route = route.of_pattern()
            state = self._topics[topic] = Topic(self, route, topic)
            route.metrics.topics += 1
        return state

    def leave(self, topic: TopicId, connection: Connection) -> None:
        """Let `connection` out of a topic that it receives."""
        state = self._topics[topic]
        state.metrics.subscriptions -= 1
        state.leave(connection)

    def held(self, topic: TopicId) -> Topic[Receiver]:
        """Return a topic that is held."""
        return self._topics[topic]

    def retain(self, topic: Topic[Receiver]) -> None:
        """Nobody wants `topic` any longer, but it keeps something for those who come back."""
        self.retention.add(topic)

    def lingers(self, topic: Topic[Receiver]) -> None:
        """Let the producer of `topic` go on for a while, and hasten the oldest of too many."""
        self._lingering[topic] = None
        if len(self._lingering) > self.settings.max_lingering_topics:
            next(iter(self._lingering)).stop_lingering()

    def lingers_no_longer(self, topic: Topic[Receiver]) -> None:
        """`topic` is wanted again, or is being stopped."""
        self._lingering.pop(topic, None)

    def forget(self, topic: TopicId) -> None:
        """Nobody wants `topic` any longer, and its producer has stopped."""
        state = self._topics.pop(topic)
        state.metrics.topics -= 1
        if state.route.patterns is not None:
            state.route.patterns.remove(topic)
        if self._expiry is None:
            self._expire()

    def spawn(
        self, coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop | None = None
    ) -> asyncio.Task[None]:
        """Run a task, and keep it until it ends. `loop` is the running one, where it is known."""
        return self._tasks.spawn(coroutine, loop)

    async def close(self) -> None:
        """End every connection (1001) and stop every producer, lingering ones too.

        What has not ended by itself after `CLOSE_PATIENCE` times `command_timeout_s` is cancelled.
        """
        self.is_closing = True
        for connection in tuple(self._connections):
            connection.end(GOING_AWAY, STOPPING)
        for topic in tuple(self._topics.values()):
            topic.hasten()
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        try:
            await self._tasks.end(CLOSE_PATIENCE * self.command_timeout_s, self.command_timeout_s)
        finally:
            self.is_closing = False

    def _deliver(self, topic: TopicId, seq: int, payload: bytes) -> None:
        state = self._topics.get(topic)
        if state is None:
            return
        if state.takes_notes:
            state.note(payload)
        if state.conflater is not None:
            state.conflater.deliver(seq, payload, state.keep)
            return
        fan_out(
            state.audience,
            state.prefix,
            seq,
            payload,
            at_s=self._now_s(),
            metrics=state.metrics,
            keep=state.keep,
            max_bytes=state.route.max_queue_bytes,
        )

    def _flush_next(self) -> None:
        if self._loop is not None:  # nobody rides a wave before there is one
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._direct_send.begin()
        try:
            self.waves.flush(SLICE, self._direct_send.has_time)
        finally:
            self._direct_send.tell()

    def _renew(self, topic: TopicId, position: Position) -> None:
        state = self._topics.get(topic)
        if state is not None:
            state.renew(position)

    def _waiting_bytes(self) -> Iterator[int]:
        return (connection.waiting_bytes for connection in self._connections)

    def _expire(self) -> None:
        due_s = self.backplane.expire()
        self._expiry = None if due_s is None else self.clock.call_later(due_s, self._expire)

    def _log_publish(self, topic: TopicId) -> None:
        state = self._topics.get(topic)
        subscribers = state.audience.size if state is not None else 0
        self._is_logging = True  # what a logging handler publishes is not logged in its turn
        try:
            self.logger.debug(
                "publish: topic %s, subscribers %d",
                topic.key,
                subscribers,
                extra={"topic": topic.key, "route": topic.route, "subscribers": subscribers},
            )
        finally:
            self._is_logging = False
