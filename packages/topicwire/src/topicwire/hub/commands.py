"""One command from its handler to its reply: what was staged happens, or nothing does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from topicwire.core.session import RequestId
from topicwire.errors import CommandTimeoutError, TopicKeyError
from topicwire.hub.authorization import Permit
from topicwire.hub.clock import Begun, Deadline, begun, ends_this_task
from topicwire.hub.join import Join
from topicwire.hub.refusals import failure_frame
from topicwire.hub.route import PendingCommand, Route
from topicwire.hub.start import Start, starts_again
from topicwire.replies import SubscriptionResponse, TopicPosition
from topicwire.types import Client, Position, StagedChanges, TopicId
from topicwire.wire.frames import Frame, message_frame
from topicwire.wire.responses import is_usual, usual_json
from topicwire.wire.topics import check_topic

if TYPE_CHECKING:
    from topicwire.hub.connection import Connection
    from topicwire.hub.fanout import Receiver


class CommandRun:
    """One command being handled. It is also what the handler's `Client` knows of the connection.

    Guarantee: the reply is sent in the same step in which the subscription is made, so it comes
    before the first update. When the handler raises, answers with an error, or a topic cannot be
    started, the connection holds what it held before.
    """

    __slots__ = ("_connection", "_hub", "_id", "_is_answered", "_pending")

    def __init__(self, connection: Connection, pending: PendingCommand) -> None:
        self._connection = connection
        self._hub = connection.hub
        self._pending = pending
        self._id: RequestId | None = None
        self._is_answered = False

    async def run(self, task: asyncio.Task[None] | None) -> None:
        """Handle the command, and answer it once, whatever happens.

        Args:
            task: the one that runs this.
        """
        cancellings = 0 if task is None else task.cancelling()
        try:
            await self._serve()
        except BaseException as error:
            if self._is_the_end(error):
                raise
            command, message_id = self._pending.command, self._pending.id
            failure = failure_frame(self._hub, command, message_id, error)
            if not self._is_answered:
                self._answer(failure)
        if task is not None and task.cancelling() > cancellings:
            await self._live_on(task, cancellings)

    def _is_the_end(self, error: BaseException) -> bool:
        # The connection alone cancels its worker, when it has ended. Any other cancellation came
        # out of what the handler called, which may have cancelled this very task.
        if isinstance(error, asyncio.CancelledError):
            return self._connection.is_ended
        return ends_this_task(error)

    async def _live_on(self, task: asyncio.Task[Any], cancellings: int) -> None:
        """Take back what the handler did to the task, or the next command would suffer from it."""
        while task.cancelling() > cancellings:
            task.uncancel()
        try:
            await asyncio.sleep(0)  # a cancellation that has not arrived yet arrives here
        except asyncio.CancelledError:
            if self._connection.is_ended:
                raise

    def _answer(self, reply: Frame) -> None:
        self._is_answered = True
        self._connection.push(reply)

    # What `Client` asks

    def of_request(self) -> tuple[str, ...]:
        """Return the topics of this request's subscription, if it has one."""
        return self._connection.session.topics_of(self._request)

    def holds(self, topic: str) -> bool:
        """Say whether the connection holds `topic` on this route."""
        return self._connection.session.holds(TopicId(self._request.route, topic))

    @property
    def _request(self) -> RequestId:
        if self._id is None:
            command, payload = self._pending.command, self._pending.payload
            self._id = RequestId(command.route.name, command.canonical(payload))
        return self._id

    # The steps

    async def _serve(self) -> None:
        command = self._pending.command
        client = Client(self._connection.id, self, self._connection.identity.principal)
        result = begun(command.handle(self._pending.payload, client))
        if type(result) is Begun:
            result = await self._in_time(result)
        response = command.response
        if response is not None:
            result = response(result)
            if result.status == "error":
                code = result.code or "validation_error"
                command.route.metrics.refuse(code)
                self._send(result.model_copy(update={"code": code}))
                return
        await self._settle(client.staged, result)

    async def _in_time(self, handling: Begun) -> Any:
        deadline = Deadline(self._hub.clock, self._hub.command_timeout_s)
        try:
            async with deadline:
                return await handling
        except (Exception, asyncio.CancelledError):
            if deadline.has_passed:
                raise CommandTimeoutError from None
            raise

    async def _settle(self, staged: StagedChanges, result: Any) -> None:
        if not staged:
            kept = self._received(self._kept())
            reply = self._reply_from(result, kept)
            if reply is not None:
                self._answer(reply)
            self._tell_states(kept)
            return
        session, request = self._connection.session, self._request
        held = session.topics_of(request)
        remaining = [one for one in held if one not in staged.unsubscribe]
        # the topics of a subscription are fixed, but one that is left may be made anew
        wanted = [] if remaining else [check_topic(one) for one in dict.fromkeys(staged.subscribe)]
        self._seen(wanted)  # a wrong `resume` is refused before anything is started
        joins = await self._enter(wanted) if wanted else []
        try:
            topics = wanted or remaining
            starts = {join.topic.id.key: join.start() for join in joins}
            received: Mapping[str, Start] = {}
            places: Mapping[str, Start] = starts
            if len(starts) != len(topics):
                received = self._received([key for key in topics if key not in starts])
                places = {key: starts.get(key) or received[key] for key in topics}
            reply = self._reply_from(result, places)
            if self._connection.is_ended:
                return
            left: list[TopicId] = []
            # what was ended by a revocation meanwhile is not there to be left
            is_gone = not session.topics_of(request) and (held or staged.is_of_request)
            if staged.unsubscribe and not is_gone:
                left = session.remove(request, staged.unsubscribe)
            session.add(request, wanted)
            if wanted:
                self._connection.identity.grant(
                    request, self._pending.command.route, self._pending.payload
                )
            self._leave([topic for topic in left if not session.holds(topic)])
            if reply is not None:
                self._answer(reply)
            self._tell_states(received)
            for join in joins:
                self._admit(join, starts[join.topic.id.key])
        finally:
            for join in joins:
                join.cancel()

    def _kept(self) -> tuple[str, ...]:
        """Return the topics that a command has which changes nothing."""
        if self._pending.command.response is None:
            return ()
        try:
            return self.of_request()
        except TopicKeyError:  # what has no canonical JSON was never subscribed
            return ()

    async def _enter(self, wanted: list[str]) -> list[Join[Receiver]]:
        """Have `wanted` authorized, then join what the connection does not receive already.

        An `auth` or a revocation may come in between: then it is asked again, and what the
        connection has lost meanwhile is joined too. Nothing comes between the end of this and the
        reply.
        """
        route, request = self._pending.command.route, self._request
        session = self._connection.session
        permit = Permit(self._connection.identity, route, self._pending.payload, wanted)
        joins: list[Join[Receiver]] = []
        try:
            # nobody is asked about too many
            new, changes = session.missing(request, wanted), session.changes
            await permit.renew()
            while True:
                if session.changes != changes:
                    new, changes = session.missing(request, wanted), session.changes
                joined = {join.topic.id for join in joins}
                missing = [one for one in new if one not in joined]
                # one that ran may have died meanwhile, or its numbering been lost
                if not missing and _may_start(joins):
                    return joins
                await self._join(joins, missing, self._seen(wanted))
                if not permit.holds:
                    await permit.renew()
        except BaseException:
            for join in joins:
                join.cancel()
            raise

    async def _join(
        self,
        joins: list[Join[Receiver]],
        missing: list[TopicId],
        seen: Mapping[str, Position],
    ) -> None:
        """Join what is missing, and wait until every topic runs and what is to be read is read."""
        route = self._pending.command.route
        self._connection.joins = joins
        try:
            for topic in missing:
                join = self._hub.topic(route, topic).join(self._connection, seen.get(topic.key))
                joins.append(join)
            if not _may_start(joins):
                await self._wait_for(joins)
        finally:
            self._connection.joins = []

    async def _wait_for(self, joins: list[Join[Receiver]]) -> None:
        deadline = Deadline(self._hub.clock, self._hub.command_timeout_s)
        try:
            async with deadline:
                for join in joins:
                    await join.ready()
                await _read_states(joins)
        except Exception:
            if not deadline.has_passed:
                raise
            late = next((join for join in joins if not join.is_ready or join.lacks_state), None)
            raise CommandTimeoutError(late.topic.id.key if late else "") from None

    def _seen(self, topics: Sequence[str]) -> Mapping[str, Position]:
        """Return the positions that the client goes on from, by topic."""
        resume = self._pending.resume
        return {} if resume is None else resume.of(topics)

    def _admit(self, join: Join[Receiver], start: Start) -> None:
        topic, metrics = join.topic.id, join.topic.metrics
        metrics.subscriptions += 1
        if start.recovered is not None:
            metrics.recovered += start.recovered
            metrics.not_recovered += not start.recovered
        if start.is_snapshot:
            metrics.snapshots_sent += 1
        else:
            metrics.updates_replayed += len(start.backlog)
        if self._hub.logger.isEnabledFor(logging.DEBUG):
            connection = self._connection.id
            self._hub.logger.debug(
                "subscribe: topic %s, connection %s",
                topic.key,
                connection,
                extra={"topic": topic.key, "route": topic.route, "connection": connection},
            )
        if start.backlog:
            self._connection.push_backlog(start.backlog)
        for frame in join.admit(start.position.seq):
            self._connection.push(frame)

    def _received(self, topics: Sequence[str]) -> Mapping[str, Start]:
        """Return where the connection stands in topics that it receives already."""
        route, with_state = self._pending.command.route, self._pending.command.can_resume
        held = [self._hub.held(TopicId(route.name, key)) for key in topics]
        return starts_again(held, self._connection, self._seen(topics), with_state=with_state)

    def _tell_states(self, starts: Mapping[str, Start]) -> None:
        """Send the states that the reply has announced of topics that are received already."""
        for start in starts.values():
            self._pending.command.route.metrics.snapshots_sent += start.is_snapshot
            self._connection.push_backlog(start.backlog)

    def _leave(self, topics: list[TopicId]) -> None:
        for topic in topics:
            self._hub.leave(topic, self._connection)

    # The reply

    def _reply_from(self, result: Any, starts: Mapping[str, Start]) -> Frame | None:
        """Return the reply that says where the topics start."""
        command = self._pending.command
        if len(starts) != 1 or command.reply_type is None or not is_usual(result):
            return self._reply(self._with_positions(result, starts))
        ((key, start),) = starts.items()
        route, conflation = (
            self._hub.held(TopicId(command.route.name, key)).route,
            command.route.conflation,
        )
        payload = usual_json(
            result,
            *start.position,
            recovered=start.recovered,
            snapshot=_announced(start, route),
            full_state=route.full_state,
            stale_after_s=route.stale_after_s,
            delivery=None if conflation is None else conflation.name,
        )
        return message_frame(command.reply_type, payload, self._pending.id)

    def _with_positions(self, result: Any, starts: Mapping[str, Start]) -> Any:
        if not starts or not isinstance(result, SubscriptionResponse):
            return result
        route = self._pending.command.route
        places = [self._place(key, start) for key, start in starts.items()]
        answers = [place.recovered for place in places if place.recovered is not None]
        return result.model_copy(
            update={
                "epoch": places[0].epoch,
                "seq": places[0].seq,
                "recovered": all(answers) if answers else None,
                "snapshot": places[0].snapshot,
                "full_state": places[0].full_state,
                "stale_after_s": self._promise(places[0].topic),
                "delivery": None if route.conflation is None else route.conflation.name,
                "topics": places if len(places) > 1 else None,
            }
        )

    def _promise(self, key: str) -> float | None:
        topic = TopicId(self._pending.command.route.name, key)
        return self._hub.held(topic).route.stale_after_s

    def _place(self, key: str, start: Start) -> TopicPosition:
        topic = self._hub.held(TopicId(self._pending.command.route.name, key))
        epoch, seq = start.position
        return TopicPosition(
            topic=key,
            epoch=epoch,
            seq=seq,
            recovered=start.recovered,
            snapshot=_announced(start, topic.route),
            full_state=topic.route.full_state or None,
        )

    def _send(self, result: Any) -> None:
        reply = self._reply(result)
        if reply is not None:
            self._answer(reply)

    def _reply(self, result: Any) -> Frame | None:
        command, message_id = self._pending.command, self._pending.id
        if command.reply_type is None:
            return None
        payload = None if command.encode_reply is None else command.encode_reply(result)
        return message_frame(command.reply_type, payload, message_id)


def _announced(start: Start, route: Route) -> bool | None:
    """Return whether the state follows; None where no one is told that it does not."""
    return start.is_snapshot or (False if route.tells_states else None)


def _may_start(joins: Sequence[Join[Receiver]]) -> bool:
    return all([join.may_start for join in joins])  # noqa: C419 - most have one: no generator


async def _read_states(joins: Sequence[Join[Receiver]]) -> None:
    """Read the states that are to be read, all at the same time."""
    lacking = [join for join in joins if join.has_started and join.lacks_state]
    if not lacking:
        return
    try:
        async with asyncio.TaskGroup() as group:
            for join in lacking:
                group.create_task(join.read())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
