"""One connection: a reader, a writer, and one command at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import getrandbits
from typing import TYPE_CHECKING

from topicwire.close_codes import (
    GOING_AWAY,
    NO_SIGN_OF_LIFE,
    RATE_LIMITED,
    SLOW_CONSUMER,
)
from topicwire.core.commands import Admission, CommandQueue
from topicwire.core.rate import CommandRate, Pace
from topicwire.core.session import Session
from topicwire.errors import (
    CommandError,
    DrainingError,
    InvalidMessageError,
    TooFastError,
    TooManyCommandsError,
)
from topicwire.hub.clock import ends_this_task
from topicwire.hub.commands import CommandRun
from topicwire.hub.drain import STOPPING
from topicwire.hub.ending import Ending
from topicwire.hub.hello import hello_frame
from topicwire.hub.identity import Identity, VerifyToken
from topicwire.hub.join import Join
from topicwire.hub.outgoing import Outgoing
from topicwire.hub.reader import Reader
from topicwire.hub.refusals import error_frame, failure_frame
from topicwire.hub.resting import Resting
from topicwire.hub.route import Command, PendingCommand
from topicwire.hub.transport import NOWHERE, Transport
from topicwire.types import ANONYMOUS, Direction, Message, Principal
from topicwire.wire.codec import no_matching_type
from topicwire.wire.codecs import Codec
from topicwire.wire.frames import Frame, message_frame
from topicwire.wire.resume import decode_resume

if TYPE_CHECKING:
    from topicwire.hub.fanout import Receiver
    from topicwire.hub.hub import Hub


class Connection(Outgoing):
    """One client. Its updates never wait for its commands, nor anybody for this client.

    Guarantee: commands are handled one at a time, in order, and answered in that order; when the
    connection ends, in whatever state, every topic that it held or waited for is let go, once.
    """

    def __init__(
        self,
        hub: Hub,
        transport: Transport,
        commands: Mapping[str, Command],
        *,
        codec: Codec,
        observe: Callable[[Direction, str], None] | None,
        principal: Principal = ANONYMOUS,
        verify: VerifyToken | None = None,
    ) -> None:
        settings = hub.settings
        super().__init__(hub, transport, codec=codec, observe=observe)
        self.id = f"{getrandbits(64):016x}"  # names it in logs, and opens nothing
        self.session = Session(settings.max_topics)
        self.joins: list[Join[Receiver]] = []
        """Topics that the command under way waits for."""
        self._transport = transport
        self._commands = commands
        self._now_s = hub.clock.now_s
        self._queue: CommandQueue[PendingCommand, Frame] = CommandQueue(
            settings.max_waiting_commands,
            settings.max_waiting_refusals,
            settings.max_queue_bytes,
        )
        self._rate = CommandRate(settings.max_commands_per_s, settings.max_command_burst)
        self._worker: asyncio.Task[None] | None = None
        self._ending = Ending(transport, self._writer.wake, self.loop)
        self._reader = Reader(hub, transport, self)
        self._is_draining = False
        self.identity = Identity(self, principal, verify)

    def attend(self, over: Callable[[BaseException | None], None]) -> None:
        """Serve the client until it leaves, or is closed, without a task of its own.

        For transports that can tell of messages, and that others may write to.

        Args:
            over: is called at the end; with what has failed, if anything has.
        """
        resting = Resting(self.hub, self, self._writer, self._ending, over)
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 - one connection alone ends
            resting.end(error)
        else:
            resting.begin()

    async def run(self) -> None:
        """Serve the client until it leaves, or is closed."""
        self._begin()
        try:
            await self._ending.serve(self._writer.run())
        finally:
            self.let_go()
        await self._ending.say_goodbye()

    def _begin(self) -> None:
        if not self.is_legacy:
            self.push(hello_frame(self.id, self.hub.settings))
            self.hub.heartbeat.heard(self)
        self.hub.drain.joined(self)
        self._reader.begin()

    @property
    def is_ended(self) -> bool:
        """Nothing more is taken from the client, or put into its outbox."""
        return self._ending.has_begun

    def _is_slow(self, frame: Frame) -> None:
        """Close: `frame` did not fit."""
        self.hub.metrics.abandon(frame)
        self.hub.metrics.slow(frame)
        self._end(SLOW_CONSUMER, "slow consumer")
        # not in the middle of a fan-out: a handler of the application's may publish
        self.loop.call_soon(self._log_slow, self._outbox.size)

    def ping(self) -> None:
        """Send a ping with the next flush: it does not wait behind what waits for the client."""
        self._writer.ping()

    def ping_left(self) -> None:
        """The socket has taken a ping: the grace begins."""
        self.hub.heartbeat.ping_left(self)

    def lost(self) -> None:
        """End: the client gave no sign of life."""
        self.end(NO_SIGN_OF_LIFE, "no sign of life")

    @property
    def received_bytes(self) -> int:
        """As the transport counts them."""
        return self._transport.received_bytes

    def end(self, code: int | None = None, reason: str = "") -> None:
        """End the connection; with a close code when it is we who end it. Returns at once.

        What waits is sent first, for `FLUSH_TIMEOUT_S` at most: not for `NOT_FLUSHED` codes.
        """
        if self.waves:
            self.hub.waves.settle(self)
        self._end(code, reason)

    def _end(self, code: int | None, reason: str) -> None:
        if self.is_ended:
            return
        if code is not None:
            self.hub.metrics.closes[code] += 1
        self.port = NOWHERE
        self._ending.begin(code, reason)

    def drain(self, closing: Frame) -> None:
        """Take no further command, and end (1001) when all that waits has been sent."""
        if not self._is_draining:
            self._is_draining = True
            if not self.is_legacy:
                self.push(closing)
            self._writer.wake()

    def give_up(self) -> None:
        """End at once, without a close frame, which would wait behind what the client leaves.

        The time of a drain is over.
        """
        if not self.is_ended:
            self.hub.metrics.drains_timed_out += 1
        self.port = NOWHERE
        self._ending.give_up()

    def _log_slow(self, waiting_bytes: int) -> None:
        self.hub.logger.warning(
            "connection %s is too slow: %d bytes wait for it",
            self.id,
            waiting_bytes,
            extra={"connection": self.id, "waiting_bytes": waiting_bytes},
        )

    def let_go(self) -> None:
        """It is over: hold nothing any longer."""
        self._reader.close()
        self.port = NOWHERE
        self.hub.heartbeat.forget(self)
        self.identity.close()
        if self._worker is not None:
            self._worker.cancel()
        for join in self.joins:
            join.cancel()
        held = self.session.clear()
        for topic in held:
            self.hub.leave(topic, self)
        for frame in self._outbox.clear():
            self.hub.metrics.abandon(frame)
        self._writer.close()

    def stuck(self) -> None:
        """Give the client up: it has taken nothing for the send timeout."""
        if not self.is_ended:
            self.hub.metrics.sends_timed_out += 1
            self.port = NOWHERE
            self._ending.give_up()

    def nothing_waits(self) -> bool:
        """Say whether, now that all has been sent, the connection is over; drained, it is."""
        if self._is_draining and self._worker is None and not self.identity.is_renewing:
            self.hub.waves.settle(self)
            if self._outbox:
                return False
            self.end(GOING_AWAY, STOPPING)
        return self.is_ended

    # What comes in

    def heard(self) -> None:
        """The client has given a sign of life."""
        if not self.is_legacy:
            self.hub.heartbeat.heard(self)

    def received(self, data: str | bytes) -> None:
        """Take a message."""
        try:
            message, text = self.kind.codec.read(data)
        except CommandError as error:
            if self._pace() is Pace.FLOOD:
                return
            message_id = error.id if isinstance(error, InvalidMessageError) else None
            self.hub.metrics.refuse(error.code)
            self._refuse(error_frame(error, message_id))
            return
        if message.type in {"ping", "pong"}:
            # on receipt, however long the command under way takes (protocol, section 4.1)
            self._accept(text)
            if message.type == "ping":
                self.push(message_frame("pong", message_id=message.id))
            return
        pace = self._pace()
        if pace is Pace.TOO_FAST:
            self._refuse_pace(message)
        elif pace is Pace.FINE and message.type == "auth" and self.identity.takes_tokens:
            if self.identity.renew(message):
                self._accept(text)
        elif pace is Pace.FINE:
            self._receive_command(message, text)

    def _pace(self) -> Pace:
        pace = self._rate.take(self._now_s())
        if pace is Pace.FLOOD:
            self.end(RATE_LIMITED, "commands keep coming too fast")
        return pace

    def _receive_command(self, message: Message, text: str) -> None:
        command = self._commands.get(message.type)
        if command is None:
            unknown = no_matching_type(message.type, self._commands)
            self.hub.metrics.refuse(unknown.code)
            self._refuse(error_frame(unknown, message.id))
            return
        if self._is_draining:
            self._refuse(failure_frame(self.hub, command, message.id, DrainingError()))
            return
        try:
            payload = command.decode(text)
            asked = message.resume if command.can_resume else None
            resume = None if asked is None else decode_resume(asked)
        except BaseException as error:  # validators are the application's
            if ends_this_task(error):
                raise
            self._refuse(failure_frame(self.hub, command, message.id, error))
            return
        pending = PendingCommand(command, payload, message.id, resume)
        if self._queue.offer(pending) is Admission.REFUSED:
            too_many = TooManyCommandsError(self.hub.settings.max_waiting_commands)
            self._refuse(failure_frame(self.hub, command, message.id, too_many))
            return
        self._accept(text)
        self._work_on()

    def _refuse_pace(self, message: Message) -> None:
        error = TooFastError(self.hub.settings.max_commands_per_s)
        command = self._commands.get(message.type)
        if command is not None:
            self._refuse(failure_frame(self.hub, command, message.id, error))
        else:
            self.hub.metrics.refuse(error.code)
            self._refuse(error_frame(error, message.id))

    def _accept(self, text: str) -> None:
        if self.observe is not None:
            self.observe("to_server", text)

    def _refuse(self, answer: Frame) -> None:
        if self._worker is None:
            self.push(answer)  # nothing waits before it
        elif self._queue.answer(answer, answer.size) is Admission.FLOODED:
            self.end(RATE_LIMITED, "too many refused messages are waiting")

    # One command at a time

    def _work_on(self) -> None:
        if self._worker is None:
            self._worker = self.hub.spawn(self._work(), self.loop)

    async def _work(self) -> None:
        try:
            while (waiting := self._queue.take()) is not None and not self.is_ended:
                pending, answer = waiting
                if pending is not None:
                    # commands make more of it
                    if self._outbox.backlog:
                        await self._writer.room_for_backlog(self.hub.settings.max_queue_bytes)
                    pending.command.route.metrics.commands += 1
                    await CommandRun(self, pending).run(self._worker)
                elif answer is not None:
                    self.push(answer)
        finally:
            self._worker = None
            if self._is_draining:
                self._writer.wake()
