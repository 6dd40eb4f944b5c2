"""One command from its handler to its reply: what was staged happens, or nothing does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from topicwire.core.session import RequestId
from topicwire.errors import CommandError, CommandTimeoutError
from topicwire.hub.clock import Deadline, ends_this_task
from topicwire.hub.producers import Join
from topicwire.hub.route import Command, PendingCommand
from topicwire.hub.start import Start, continued, start_of
from topicwire.types import (
    Client,
    MessageId,
    Position,
    StagedChanges,
    SubscriptionResponse,
    TopicId,
    TopicPosition,
)
from topicwire.wire.frames import Frame, json_bytes, message_frame
from topicwire.wire.topics import check_topic

if TYPE_CHECKING:
    from topicwire.hub.connection import Connection
    from topicwire.hub.fanout import Receiver


def error_frame(error: CommandError, message_id: MessageId | None) -> Frame:
    """Return an `error` message: for what has no reply that can say it."""
    payload: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details:
        payload["details"] = [detail.model_dump() for detail in error.details]
    return message_frame("error", json_bytes(payload), message_id)


def refusal_frame(command: Command, message_id: MessageId | None, error: CommandError) -> Frame:
    """Return how a failed command is answered: by its own reply, where that has a status."""
    if command.reply_type is None or not command.has_status:
        return error_frame(error, message_id)
    response = SubscriptionResponse(
        status="error",
        message=error.message,
        topic=error.topic,
        code=error.code,
        details=list(error.details) or None,
    )
    return message_frame(command.reply_type, response.model_dump_json().encode(), message_id)


class CommandRun:
    """One command being handled. It is also what the handler's `Client` knows of the connection.

    Guarantee: the reply is sent in the same step in which the subscription is made, so it comes
    before the first update. When the handler raises, answers with an error, or a topic cannot be
    started, the connection holds what it held before.
    """

    __slots__ = ("_connection", "_hub", "_id", "_pending")

    def __init__(self, connection: Connection, pending: PendingCommand) -> None:
        self._connection = connection
        self._hub = connection.hub
        self._pending = pending
        self._id: RequestId | None = None

    async def run(self) -> None:
        """Handle the command, and answer it whatever happens."""
        client = Client(self._connection.id, self)
        try:
            result = await self._handle(client)
            if self._is_refusal(result):
                self._send(result.model_copy(update={"code": result.code or "validation_error"}))
            else:
                await self._settle(client.staged, result)
        except CommandError as error:
            command, message_id = self._pending.command, self._pending.id
            self._connection.push(refusal_frame(command, message_id, error))

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

    async def _handle(self, client: Client) -> Any:
        command, payload = self._pending.command, self._pending.payload
        deadline = Deadline(self._hub.clock, self._hub.command_timeout_s)
        try:
            async with deadline:
                result = command.handle(payload, client)
                return await result if isawaitable(result) else result
        except BaseException as error:
            if ends_this_task(error):
                raise
            if deadline.has_passed:
                raise CommandTimeoutError from None
            raise self._told(error) from None

    def _is_refusal(self, result: Any) -> bool:
        return isinstance(result, SubscriptionResponse) and result.status == "error"

    async def _settle(self, staged: StagedChanges, result: Any) -> None:
        session = self._connection.session
        if not staged:
            fixed = self.of_request() if self._pending.command.has_status else ()
            self._send(self._with_positions(result, fixed, {}))
            return
        held = session.topics_of(self._request)
        wanted = [] if held else [check_topic(one) for one in dict.fromkeys(staged.subscribe)]
        unwanted = [one for one in dict.fromkeys(staged.unsubscribe) if one not in wanted]
        self._seen(wanted)
        joins = await self._join(wanted)
        try:
            topics = wanted or [one for one in held if one not in unwanted]
            seen = self._seen(topics)
            starts = {
                join.topic.id.key: start_of(join, seen.get(join.topic.id.key)) for join in joins
            }
            reply = self._reply(self._with_positions(result, topics, starts))
            if self._connection.is_ended:
                return
            self._leave(session.remove(self._request, unwanted))
            session.add(self._request, wanted)
            if reply is not None:
                self._connection.push(reply)
            for join in joins:
                self._admit(join, starts[join.topic.id.key])
        finally:
            for join in joins:
                join.cancel()

    async def _join(self, wanted: list[str]) -> list[Join[Receiver]]:
        route = self._pending.command.route
        joins = self._connection.joins
        deadline = Deadline(self._hub.clock, self._hub.command_timeout_s)
        missing = self._connection.session.missing(route.name, wanted)
        try:
            for topic in missing:
                joins.append(self._hub.topic(route, topic).join(self._connection))
            async with deadline:
                for join in joins:
                    await join.ready()
        except BaseException:
            for join in joins:
                join.cancel()
            if deadline.has_passed:
                late = next((join for join in joins if not join.is_ready), None)
                raise CommandTimeoutError(late.topic.id.key if late else "") from None
            raise
        finally:
            self._connection.joins = []
        return joins

    def _seen(self, topics: Sequence[str]) -> Mapping[str, Position]:
        """Return the positions that the client goes on from, by topic."""
        resume = self._pending.resume
        return {} if resume is None else resume.of(topics)

    def _admit(self, join: Join[Receiver], start: Start) -> None:
        topic, metrics = join.topic.id, self._hub.metrics
        metrics.subscriptions += 1
        if start.recovered is not None:
            metrics.recovered += start.recovered
            metrics.not_recovered += not start.recovered
        if start.is_snapshot:
            metrics.snapshots_sent += 1
        else:
            metrics.updates_replayed += len(start.backlog)
        self._hub.logger.debug(
            "subscribe: topic %s, connection %s",
            topic.key,
            self._connection.id,
            extra={"topic": topic.key, "route": topic.route, "connection": self._connection.id},
        )
        self._connection.push_backlog(start.backlog)
        for frame in join.admit(start.position.seq):
            self._connection.push(frame)

    def _leave(self, topics: list[TopicId]) -> None:
        self._hub.metrics.subscriptions -= len(topics)
        for topic in topics:
            self._hub.leave(topic, self._connection)

    # The reply

    def _with_positions(
        self, result: Any, topics: Sequence[str], starts: Mapping[str, Start]
    ) -> Any:
        if not topics or not isinstance(result, SubscriptionResponse):
            return result
        seen = self._seen(topics)
        places = [self._place(key, starts.get(key), seen.get(key)) for key in topics]
        answers = [place.recovered for place in places if place.recovered is not None]
        return result.model_copy(
            update={
                "epoch": places[0].epoch,
                "seq": places[0].seq,
                "recovered": all(answers) if answers else None,
                "topics": places if len(places) > 1 else None,
            }
        )

    def _place(self, key: str, start: Start | None, seen: Position | None) -> TopicPosition:
        if start is None:  # the connection receives it already
            topic = self._hub.held(TopicId(self._pending.command.route.name, key))
            recovered = None if seen is None else continued(topic, self._connection, seen)
            start = Start(topic.audience.position, recovered)
        epoch, seq = start.position
        return TopicPosition(topic=key, epoch=epoch, seq=seq, recovered=start.recovered)

    def _send(self, result: Any) -> None:
        reply = self._reply(result)
        if reply is not None:
            self._connection.push(reply)

    def _reply(self, result: Any) -> Frame | None:
        command, message_id = self._pending.command, self._pending.id
        if command.reply_type is None:
            return None
        try:
            payload = None if command.encode_reply is None else command.encode_reply(result)
        except Exception as error:  # noqa: BLE001 - serializers are the application's
            raise self._told(error) from None
        return message_frame(command.reply_type, payload, message_id)

    def _told(self, error: BaseException) -> CommandError:
        """Return what the client is told about an exception; what it is not told is logged."""
        if isinstance(error, CommandError):
            return error
        known = self._hub.explain(error) if isinstance(error, Exception) else None
        if known is not None:
            return known
        command = self._pending.command.type
        self._hub.metrics.handler_errors += 1
        self._hub.logger.error(
            "the handler of %s failed", command, exc_info=error, extra={"command": command}
        )
        return CommandError("Internal error", code="internal")
