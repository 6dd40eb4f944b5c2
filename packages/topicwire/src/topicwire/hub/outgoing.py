"""What is sent to one client: by its outbox and its writer, or by waves that reach it sooner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from topicwire.core.outbox import Outbox
from topicwire.core.policies import Policy
from topicwire.core.updates import Outcome, Update
from topicwire.core.wave import Wave
from topicwire.hub.berths import NO_BERTH
from topicwire.hub.transport import NOWHERE, Direct, Transport
from topicwire.hub.writer import Writer
from topicwire.types import Direction
from topicwire.wire.codecs import LEGACY, Codec
from topicwire.wire.frames import Frame
from topicwire.wire.kinds import kind_of

if TYPE_CHECKING:
    from topicwire.hub.hub import Hub


class Outgoing(ABC):
    """One client, as the fan-out sees it.

    Guarantee: it is sent what it is given in the order in which that was published or said. Before
    anything is pushed, the waves are settled that owe it something.

    Args:
        hub: settings, counters, and the waves.
        transport: takes what is sent.
        codec: how messages are written.
        observe: sees every message that is sent; None where nobody looks on.

    Attributes:
        observe: as above.
        loop: that it is served on.
        kind: of client: those of one kind are sent the same bytes.
        waves: of the topics that bring it updates so.
        berth: where the hub notes whether a wave may be written to its socket.
    """

    def __init__(
        self,
        hub: Hub,
        transport: Transport,
        *,
        codec: Codec,
        observe: Callable[[Direction, str], None] | None,
    ) -> None:
        self.hub = hub
        self.loop = hub.loop
        self.is_legacy = codec is LEGACY
        self.waves: list[Wave[Any, Any]] = []
        self.observe = observe
        direct = transport.direct
        # one that does not say when its descriptor changes is not written to past the outbox
        self._direct = direct if hasattr(direct, "at_fd") else None
        self._port: Direct = NOWHERE
        self.kind = kind_of(codec, getattr(direct, "window_bits", None))
        self.berth = NO_BERTH
        if self._direct is not None:
            self.berth = hub.berths.take()
            self._direct.at_fd = self._fd_changes
        self._rides = False
        self._outbox = Outbox(hub.settings.max_queue_bytes)
        self._writer = Writer(
            self,
            transport,
            self._outbox,
            clock=hub.clock,
            send_timeout_s=hub.settings.send_timeout_s,
            flushed=hub.metrics.flushed,
            kind=self.kind,
            observe=observe,
            direct=self._direct,
        )

    @property
    @abstractmethod
    def is_ended(self) -> bool:
        """Nothing more is put into the outbox."""

    @abstractmethod
    def _is_slow(self, frame: Frame) -> None:
        """Close: `frame` did not fit."""

    @abstractmethod
    def ping_left(self) -> None:
        """The socket has taken a ping."""

    @abstractmethod
    def stuck(self) -> None:
        """The client has taken nothing for the send timeout."""

    @abstractmethod
    def nothing_waits(self) -> bool:
        """Say whether, now that all has been sent, nothing will follow."""

    @property
    def port(self) -> Direct:
        """Where a wave may be written to: the socket, while nothing waits for the client."""
        return self._port

    @port.setter
    def port(self, port: Direct) -> None:
        self._port = port
        self.hub.berths.set(self.berth, port.fd)

    def _fd_changes(self, fd: int) -> None:
        if self._port is self._direct:
            self.hub.berths.set(self.berth, fd)

    def depart(self) -> None:
        """Nothing is sent any more: another one may have the berth."""
        if self._direct is not None:
            self._direct.at_fd = None
        self._port = NOWHERE
        self.hub.berths.give_back(self.berth)
        self.berth = NO_BERTH

    @property
    def rides(self) -> bool:
        """Whether waves may bring it updates: frames have been allowed past the server once."""
        if not self._rides and self._direct is not None:
            self._rides = self._direct.fd >= 0
        return self._rides

    def push(self, frame: Frame) -> None:
        """Send a frame, as soon as the client takes it. One that is too slow is closed: 4008."""
        if self.waves:
            self.hub.waves.settle(self)
        self.take(frame)

    def push_within(self, frame: Frame, max_bytes: int) -> None:
        """Send a frame of a route that lets at most `max_bytes` wait for a client."""
        if self.waves:
            self.hub.waves.settle(self)
        self.take(frame, max_bytes)

    def take(self, frame: Frame, max_bytes: int | None = None) -> None:
        """Send a frame that a wave brought: everything before it has been given."""
        if self.is_ended:
            self.hub.metrics.abandon(frame)
            return
        outbox = self._outbox
        if outbox.push(frame) if max_bytes is None else outbox.push_within(frame, max_bytes):
            self._writer.wake()
        else:
            self._is_slow(frame)

    def spilled(self, frames: Sequence[Frame], rest: bytes) -> None:
        """Send the rest of what a wave brought: the socket has not taken all of it."""
        port, self.port = self.port, NOWHERE
        self._outbox.hand_over(sum(frame.size for frame in frames))
        port.write(rest)
        self._writer.handed_over(frames)

    def push_update(self, update: Update, policy: Policy) -> Outcome:
        """Send an update, or what its policy makes of it and of those that wait."""
        if self.waves:
            self.hub.waves.settle(self)
        return self.take_update(update, policy)

    def take_update(self, update: Update, policy: Policy) -> Outcome:
        """Send an update that a wave brought: everything before it has been given."""
        if self.is_ended:
            self.hub.metrics.abandon(update.frame)
            return Outcome.ADDED
        outcome = policy.push(self._outbox, update)
        if outcome is Outcome.REFUSED:
            self._is_slow(update.frame)
        else:
            self._writer.wake()
        return outcome

    def seal(self, topic: Hashable) -> None:
        """Let nothing replace what waits of `topic`."""
        if self.waves:
            self.hub.waves.settle(self)
        self._outbox.seal(topic)

    @property
    def waiting_bytes(self) -> int:
        """What waits to be sent, the backlog too."""
        return self._outbox.size + self._outbox.backlog

    def push_backlog(self, frames: Iterable[bytes]) -> None:
        """Send what the client missed, or a topic's present state. It is never too much.

        The frames are the ring's own: waiting costs no copy, and what the ring lets go meanwhile
        is sent all the same. How much may wait is bounded by `_work`, which handles no further
        command before it has become less.
        """
        if self.waves:
            self.hub.waves.settle(self)
        if self.is_ended:
            for data in frames:
                self.hub.metrics.abandon(Frame(data))
        else:
            self._outbox.push_backlog(frames)
            self._writer.wake()

    def push_states(self, frames: Iterable[bytes]) -> None:
        """Send states that no command asked for, unless one for each topic waits as it is."""
        settings = self.hub.settings
        is_over = self._outbox.backlog >= settings.max_topics * settings.max_update_bytes
        for data in frames:
            if is_over and not self.is_ended:
                self._is_slow(Frame(data))
            self.push_backlog((data,))
