"""The life of a topic's producer, under every race, as one state machine.

Pure: it counts who holds the topic and says what is to be done; the hub does it and reports back.
Whatever the order of events, a producer is started when it is not running and somebody wants it,
never twice, and stopped once when nobody has wanted it for the time of the linger.

    idle ──hold──▶ starting ──started──▶ live ──last release──▶ lingering ──elapsed──▶ stopping
     ▲                │ failed            ▲                         │ hold                 │ stopped
     └────────────────┘                   └─────────────────────────┘      idle, or starting again

A topic that keeps something for clients that come back is not idle after its stop, or after a
failed start that follows one, but retained, until that has expired:

    retained ──hold──▶ starting        retained ──expired──▶ closing ──closed──▶ idle, or starting

A producer that dies while it is wanted is cleared away and started anew after a pause, again and
again, for as long as somebody who received its updates still wants them:

    live ──died──▶ failed ──removed──▶ backoff ──restart_due──▶ starting ──failed──▶ backoff
                                          │ last release               └──started──▶ live
                                          └─────▶ stopping
"""

from __future__ import annotations

from enum import Enum, auto

from topicwire.errors import TopicwireError


class State(Enum):
    """Where a topic's producer is."""

    IDLE = auto()
    STARTING = auto()
    LIVE = auto()
    LINGERING = auto()
    STOPPING = auto()
    RETAINED = auto()
    """Stopped, and nobody wants it; what it keeps is there."""

    CLOSING = auto()
    """What it kept is being given up."""

    FAILED = auto()
    """It died while somebody wanted it; what it left behind is being cleared away."""

    BACKOFF = auto()
    """It died, or could not be started again, and will be started after a pause."""


class Effect(Enum):
    """What the caller is to do, in the order given."""

    START = auto()
    """Start the producer; report `started` or `failed`, once."""

    ADMIT = auto()
    """Let those who wait for the start go on."""

    REJECT = auto()
    """Tell those who wait that the start failed. None of them holds the topic any longer."""

    ARM_LINGER = auto()
    """Report `linger_elapsed` after the linger."""

    DISARM_LINGER = auto()
    """Do not report it."""

    STOP = auto()
    """Stop the producer; report `stopped`, once, whether or not stopping went well."""

    ARM_EXPIRY = auto()
    """Report `expired` when what the topic keeps has been kept long enough."""

    DISARM_EXPIRY = auto()
    """Do not report it."""

    CLOSE = auto()
    """Give up what the topic keeps; report `closed`, once."""

    FORGET = auto()
    """The topic is idle and nobody holds it."""

    INTERRUPT = auto()
    """Tell those who receive the topic that its producer is dead; those who were about to receive
    it wait again."""

    REMOVE = auto()
    """Clear away what the dead producer left behind; report `removed`, once."""

    ARM_RESTART = auto()
    """Report `restart_due` after a pause, a longer one each time."""

    DISARM_RESTART = auto()
    """Do not report it."""

    REVIVE = auto()
    """Tell those who were told that the producer is dead that it runs again."""


class LifecycleError(TopicwireError, RuntimeError):
    """An event was reported that cannot happen in this state: a fault of the caller."""

    def __init__(self, event: str, state: State) -> None:
        super().__init__(f"{event!r} cannot happen to a topic that is {state.name.lower()}.")
        self.event = event
        self.state = state


class Lifecycle:
    """Decides when a topic's producer starts and stops.

    Args:
        lingers: the producer goes on for a while after the last release.
        retains: the topic keeps something for clients that come back.
    """

    __slots__ = (
        "_has_died",
        "_has_run",
        "_holders",
        "_is_interrupted",
        "_lingers",
        "_retains",
        "_state",
    )

    def __init__(self, *, lingers: bool, retains: bool = False) -> None:
        self._lingers = lingers
        self._retains = retains
        self._has_run = False
        self._has_died = False
        self._is_interrupted = False
        self._state = State.IDLE
        self._holders = 0

    @property
    def state(self) -> State:
        """Where the producer is."""
        return self._state

    @property
    def holders(self) -> int:
        """How many want the topic; those who wait for its start are among them."""
        return self._holders

    @property
    def keeps(self) -> bool:
        """What the topic keeps is worth keeping: it has run since it was last given up."""
        return self._retains and self._has_run

    @property
    def is_interrupted(self) -> bool:
        """Its producer died, and does not run again yet."""
        return self._is_interrupted

    def hold(self) -> tuple[Effect, ...]:
        """One more wants the topic. It may be used at once when the state is then LIVE."""
        self._holders += 1
        match self._state:
            case State.IDLE:
                self._state = State.STARTING
                return (Effect.START,)
            case State.LINGERING:
                self._state = State.LIVE
                return (Effect.DISARM_LINGER,)
            case State.RETAINED:
                self._state = State.STARTING
                return (Effect.DISARM_EXPIRY, Effect.START)
            case _:
                return ()

    def release(self) -> tuple[Effect, ...]:
        """One who held the topic does not want it any longer, or gave up waiting for it.

        Raises:
            LifecycleError: nobody holds it.
        """
        if not self._holders:
            raise LifecycleError("release", self._state)
        self._holders -= 1
        if self._holders:
            return ()
        if self._state is State.LIVE:
            return self._abandoned()
        if self._state is State.BACKOFF:
            return (Effect.DISARM_RESTART, *self._stop())
        return ()

    def started(self) -> tuple[Effect, ...]:
        """Report that the producer runs. Those who waited may all have left by now."""
        self._expect("started", State.STARTING)
        self._has_run = True
        if self._has_died:
            return self._fallen() if self._holders else self._stop()
        if not self._holders:
            return self._abandoned()
        self._state = State.LIVE
        if not self._is_interrupted:
            return (Effect.ADMIT,)
        self._is_interrupted = False
        return (Effect.REVIVE, Effect.ADMIT)

    def failed(self, waiting: int) -> tuple[Effect, ...]:
        """Report that the producer could not be started: nothing is left behind.

        Args:
            waiting: how many of the holders wait for the start. They do not hold the topic any
                longer; the others have received it, and it is started again for them.
        """
        self._expect("failed", State.STARTING)
        self._holders -= waiting
        self._has_died = False
        if self._holders:
            self._state = State.BACKOFF
            return (Effect.REJECT, Effect.ARM_RESTART)
        self._is_interrupted = False
        if self.keeps:
            self._state = State.RETAINED
            return (Effect.REJECT, Effect.ARM_EXPIRY)
        self._state = State.IDLE
        return (Effect.REJECT, Effect.FORGET)

    def died(self) -> tuple[Effect, ...]:
        """Report that the producer ended by itself, once for each start.

        During a start it is acted on when that is over; during a stop it makes no difference.

        Raises:
            LifecycleError: there is no producer that could have died.
        """
        match self._state:
            case State.LIVE:
                return self._fallen()
            case State.LINGERING:
                return (Effect.DISARM_LINGER, *self._stop())
            case State.STARTING:
                self._has_died = True
                return ()
            case State.STOPPING:
                return ()
            case _:
                raise LifecycleError("died", self._state)

    def removed(self) -> tuple[Effect, ...]:
        """Report that nothing is left of the dead producer."""
        self._expect("removed", State.FAILED)
        if not self._holders:
            return self._stop()
        self._state = State.BACKOFF
        return (Effect.ARM_RESTART,)

    def restart_due(self) -> tuple[Effect, ...]:
        """Report that the pause is over."""
        self._expect("restart_due", State.BACKOFF)
        self._state = State.STARTING
        return (Effect.START,)

    def linger_elapsed(self) -> tuple[Effect, ...]:
        """Report that the linger is over."""
        self._expect("linger_elapsed", State.LINGERING)
        return self._stop()

    def stopped(self) -> tuple[Effect, ...]:
        """Report that the producer is no more. Somebody may want the topic again by now."""
        self._expect("stopped", State.STOPPING)
        if self._holders:
            self._state = State.STARTING
            return (Effect.START,)
        if self.keeps:
            self._state = State.RETAINED
            return (Effect.ARM_EXPIRY,)
        self._state = State.IDLE
        return (Effect.FORGET,)

    def expired(self) -> tuple[Effect, ...]:
        """Report that what the topic keeps has been kept long enough, or takes too much room."""
        self._expect("expired", State.RETAINED)
        self._state = State.CLOSING
        self._has_run = False
        return (Effect.CLOSE,)

    def closed(self) -> tuple[Effect, ...]:
        """Report that nothing is kept any longer. Somebody may want the topic again by now."""
        self._expect("closed", State.CLOSING)
        if self._holders:
            self._state = State.STARTING
            return (Effect.START,)
        self._state = State.IDLE
        return (Effect.FORGET,)

    def _abandoned(self) -> tuple[Effect, ...]:
        if self._lingers:
            self._state = State.LINGERING
            self._is_interrupted = False
            return (Effect.ARM_LINGER,)
        return self._stop()

    def _stop(self) -> tuple[Effect, ...]:
        self._state = State.STOPPING
        self._is_interrupted = self._has_died = False
        return (Effect.STOP,)

    def _fallen(self) -> tuple[Effect, ...]:
        self._state = State.FAILED
        self._has_died = False
        if self._is_interrupted:
            return (Effect.REMOVE,)
        self._is_interrupted = True
        return (Effect.INTERRUPT, Effect.REMOVE)

    def _expect(self, event: str, state: State) -> None:
        if self._state is not state:
            raise LifecycleError(event, self._state)
