"""What one client has subscribed and asked, as a pure state machine.

Events go in by the methods, effects come out of `next`. It outlives its sockets: `opened` and
`lost` tell of them. The TypeScript client has the same machine, held to the same vectors
(packages/vectors/session).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from topicwire.client.commands import Call, Commands, InFlight, Target
from topicwire.client.effects import (
    TELLING,
    Closing,
    Effect,
    Hello,
    Pong,
    Rejected,
    Report,
    Resolved,
    Resync,
    Send,
    Token,
    UpdateInfo,
)
from topicwire.client.errors import (
    ClientError,
    DisconnectedError,
    InvalidMessageFromServerError,
    RefusedError,
)
from topicwire.client.frames import (
    PONG,
    ServerMessage,
    error_of,
    members_of,
    messages_in,
    number_of,
)
from topicwire.client.place import is_number, resume_of
from topicwire.client.subscription import Subscription
from topicwire.client.table import SubscriptionTable
from topicwire.close_codes import MESSAGE_TOO_BIG

PASSING: Final = frozenset({"producer_failed", "rate_limited", "timeout", "draining", "internal"})


class Session:
    """The subscriptions and calls of one client, and what of them the server knows."""

    def __init__(self) -> None:
        self._effects: deque[Effect] = deque()
        self._subscriptions = SubscriptionTable()
        self._targets: dict[Token, Target] = {}
        """What a listener or a call belongs to."""
        self._commands = Commands(self._emit)
        self._is_open = False
        self._now_ms = 0.0
        """The time of the frame that is being received."""

    def next(self) -> Effect | None:
        """Return what is to be done next; None when there is nothing."""
        return self._effects.popleft() if self._effects else None

    # What the application wants

    def subscribe(self, listener: Token, route: str, params: str) -> None:
        """Begin a listener. `params` is canonical JSON: the same text is the same subscription."""
        key = f"{route}:{params}"
        subscription = self._subscriptions.get(key)
        if subscription is None:
            subscription = Subscription(key, route, params, self._emit)
            self._subscriptions.add(subscription)
        subscription.listeners[listener] = None
        self._targets[listener] = subscription
        if subscription.stage == "on":
            subscription.welcome()
        self._reconcile(subscription)

    def leave(self, token: Token, wait: Token | None = None) -> None:
        """End a listener, or a call that is not sent yet.

        `wait` is resolved when the server holds nothing of it any more.
        """
        target = self._targets.pop(token, None)
        if isinstance(target, Subscription):
            target.listeners.pop(token, None)
            if wait is not None:
                target.leaving.append(wait)
            self._reconcile(target)
            return
        if target is not None:
            self._commands.withdraw(target)
        if wait is not None:
            self._emit(Resolved(wait, None))

    def call(self, token: Token, type_name: str, payload: str | None) -> None:
        """Ask an operation; sent when there is a connection."""
        call = Call(token, type_name, payload)
        self._targets[token] = call
        self._commands.queue(call)
        self._pump()

    def retry(self, key: str) -> None:
        """The time of a `Retry` has come."""
        subscription = self._subscriptions.get(key)
        if subscription is not None:
            subscription.rested()
            self._reconcile(subscription)

    def silent(self, key: str, topic: str, now_ms: float) -> None:
        """The time of a `Watch` has come."""
        subscription = self._subscriptions.get(key)
        if subscription is not None:
            subscription.silent(topic, now_ms)

    # What the socket does

    def opened(self) -> None:
        """A new connection: what has listeners is subscribed again, from where it stands."""
        self._is_open = True
        # Who resumes goes first: were another to join its topic from now on, what it missed could
        # come no more.
        for subscription in self._subscriptions:
            if subscription.places:
                self._reconcile(subscription)
        self._reconcile_all()
        self._pump()

    def lost(self, close_code: int) -> None:
        """The connection is gone. Subscriptions wait for the next one.

        Calls that were sent are rejected, for nobody knows whether they were carried out. After
        close code 1009 the largest unanswered command is refused as `too_large`: at least that one
        was, and sent again it would end every connection to come.
        """
        self._is_open = False
        # what was still to be done on it is over; what was still to be told is not
        self._effects = deque(one for one in self._effects if isinstance(one, TELLING))
        unanswered = self._commands.lose()
        for subscription in self._subscriptions:
            subscription.stage = "off"
            subscription.question = "none"
        at_fault = None
        if close_code == MESSAGE_TOO_BIG and unanswered:
            largest = max(unanswered, key=lambda command: command.size)
            at_fault = largest.target
            self._refuse(
                at_fault,
                RefusedError(
                    "too_large",
                    f"{largest.type}: the server closed the connection over a message of "
                    f"{largest.size} characters.",
                    type=largest.type,
                ),
            )
        for command in unanswered:
            if isinstance(command.target, Call) and command.target is not at_fault:
                self._refuse(
                    command.target,
                    DisconnectedError(
                        f"{command.type}: the connection was lost before the answer; it may have "
                        "been carried out.",
                        type=command.type,
                    ),
                )
        self._reconcile_all()

    def fail(self, error: ClientError) -> None:
        """Nobody will connect again: every listener and call is over."""
        self.lost(0)
        for target in dict.fromkeys(self._targets.values()):
            self._refuse(target, error)
        self._commands.withdraw_all()

    def receive(self, frame: str | bytes, now_ms: float) -> None:
        """Take a frame: messages in JSON, separated by newlines, or in MessagePack.

        A bad one does not touch the others; a binary frame that cannot be read has none.
        """
        self._now_ms = now_ms
        for message in messages_in(frame):
            if isinstance(message, ClientError):
                self._emit(Report(message))
                continue
            try:
                self._handle(message)
            except ClientError as error:
                self._emit(Report(error))

    # Messages

    def _handle(self, message: ServerMessage) -> None:
        command = self._commands.answered(message.id)
        if command is not None:
            self._answered(command, message)
            self._pump()
            return
        route, _, kind = message.type.rpartition(".")
        if route:
            self._handle_of_route(message.type, route, kind, members_of(message.payload))
        else:
            self._handle_of_connection(message)

    def _handle_of_connection(self, message: ServerMessage) -> None:
        payload = members_of(message.payload)
        match message.type:
            case "ping":
                self._emit(Send(PONG))
            case "pong":
                self._emit(Pong())
            case "hello":
                limits = members_of(payload.get("limits"))
                grace_s = number_of(limits.get("heartbeat_grace_s"), 10.0)
                heartbeat_s = number_of(payload.get("heartbeat_s"))
                self._emit(Hello(heartbeat_s * 1_000, grace_s * 1_000))
            case "closing":
                # what is asked from now on would be refused; the next connection takes it
                self._is_open = False
                self._emit(Closing(number_of(payload.get("retry_after_ms"))))
            case "error":
                self._emit(Report(error_of(message.payload, message.type)))

    def _handle_of_route(
        self, type_name: str, route: str, kind: str, payload: Mapping[str, Any]
    ) -> None:
        match kind:
            case "update":
                self._update(route, payload)
            case "reset":
                topic = str(payload.get("topic"))
                for holder in self._subscriptions.holders_of(route, topic):
                    holder.reset(topic, payload, self._now_ms)
            case "closed":
                self._ended(type_name, route, payload)

    def _update(self, route: str, payload: Mapping[str, Any]) -> None:
        """Give an update to everyone who has its topic.

        Every subscription has places of its own, for two that share a topic may have come to it at
        different times. The server sends a topic once a connection, so one that is still to be
        accepted may take what another of the same numbering is sent.
        """
        topic, seq, source = payload.get("topic"), payload.get("seq"), payload.get("source")
        if not isinstance(topic, str) or not isinstance(seq, int) or not is_number(seq):
            raise InvalidMessageFromServerError(
                f"{route}.update: an update has a `topic` and a whole number as `seq`, and this "
                "one has not.",
                type=f"{route}.update",
            )
        info = UpdateInfo(
            topic,
            seq,
            source=source if isinstance(source, str) else None,
            snapshot=payload.get("snapshot") is True,
        )
        holders = self._subscriptions.holders_of(route, topic)
        live = next((holder for holder in holders if holder.stage == "on"), None)
        if live is None:
            return
        epoch = live.places[topic].epoch
        for holder in holders:
            if holder.update(epoch, info, payload.get("payload"), self._now_ms):
                # nothing more is sent: it would be lost with the connection
                self._is_open = False
                self._emit(Resync())

    def _ended(self, type_name: str, route: str, payload: Mapping[str, Any]) -> None:
        """The server interrupts a topic, or has ended its subscriptions."""
        topic = str(payload.get("topic"))
        for subscription in [*self._subscriptions.holders_of(route, topic)]:
            if subscription.stage != "on":
                continue
            if payload.get("retry") is True:
                subscription.interrupt(topic)
            else:
                subscription.end()
                self._refuse(subscription, error_of(payload, type_name))

    def _answered(self, command: InFlight, reply: ServerMessage) -> None:
        target = command.target
        members = members_of(reply.payload)
        is_refused = reply.type == "error" or (
            isinstance(target, Subscription) and members.get("status") != "ok"
        )
        error = error_of(reply.payload, command.type) if is_refused else None
        # refused because the server is closing: the next connection takes it
        is_postponed = error is not None and error.code == "draining" and not self._is_open
        if isinstance(target, Call):
            if is_postponed:
                self._commands.queue(target)
            elif error is None:
                self._targets.pop(target.token, None)
                self._emit(Resolved(target.token, reply.payload))
            else:
                self._refuse(target, error)
            return
        if target.stage == "unsubscribing":
            target.stage = "off"
            if error is not None and error.code != "not_subscribed" and not is_postponed:
                self._emit(Report(error))
        elif target.stage not in {"subscribing", "on"}:
            return  # a gap was seen after it had been asked for states: the next connection asks
        elif error is None:
            self._subscribed(target, members)
        else:
            target.unanswered()
            if target.is_established and error.code in PASSING:
                target.rest()
            elif not is_postponed:
                self._refuse(target, error)
        # all, because an unsubscribing may have waited for this answer
        self._reconcile_all()

    def _subscribed(self, target: Subscription, reply: Mapping[str, Any]) -> None:
        if target.stage == "on":
            target.answer(reply)
        else:
            holders_of = partial(self._subscriptions.holders_of, target.route)
            target.accept(reply, self._now_ms, holders_of)
            self._subscriptions.topics_changed()

    def _refuse(self, target: Target, error: ClientError) -> None:
        tokens = target.give_up() if isinstance(target, Subscription) else [target.token]
        for token in tokens:
            self._targets.pop(token, None)
            self._emit(Rejected(token, error))
        if isinstance(target, Subscription):
            self._reconcile(target)

    # Towards what the listeners want

    def _reconcile(self, subscription: Subscription) -> None:
        """Bring the wire nearer to what the listeners want, by at most one command."""
        is_wanted = self._subscriptions.is_wanted(subscription)
        is_off = subscription.stage in {"off", "resting"}
        if is_wanted or is_off:
            for wait in subscription.leaving:
                self._emit(Resolved(wait, None))
            subscription.leaving = []
        if is_off and not is_wanted:
            self._subscriptions.discard(subscription)
        elif self._is_open and self._subscriptions.verb_of(subscription) is not None:
            self._commands.queue(subscription)
            self._pump()

    def _reconcile_all(self) -> None:
        for subscription in self._subscriptions:
            self._reconcile(subscription)

    def _pump(self) -> None:
        while self._is_open and (target := self._commands.next()) is not None:
            if isinstance(target, Call):
                self._commands.send(target.type, target.payload, target)
                continue
            verb = self._subscriptions.verb_of(target)
            if verb == "subscribe":
                places_at = partial(self._subscriptions.places_at, target.route)
                resume = resume_of(target.places, places_at) if target.ask() else None
                self._commands.send(f"{target.route}.subscribe", target.params, target, resume)
            elif verb == "unsubscribe":
                self._subscriptions.topics_changed()
                # its peers with it, for they may have ended with it: none is to be joined any more
                for peer in self._subscriptions.peers_of(target):
                    peer.stage = "unsubscribing"
                    peer.places = {}
                    self._commands.send(f"{peer.route}.unsubscribe", peer.params, peer)

    def _emit(self, effect: Effect) -> None:
        self._effects.append(effect)
