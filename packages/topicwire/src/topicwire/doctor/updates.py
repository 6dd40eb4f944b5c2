"""Why a client that subscribes gets no updates: what was tried, what was seen, what that means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from topicwire.doctor.finding import Finding
from topicwire.errors import TopicwireError
from topicwire.wire.names import check_route_name

CHECK: Final = "updates"
_NAMED: Final = 3  # topics that are named; more are counted


class WantedError(TopicwireError, ValueError):
    """What is to be subscribed to cannot be read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription that is to be tried.

    Attributes:
        route: as clients call it.
        request: the subscription's payload, as parsed JSON.
    """

    route: str
    request: Any

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `trades={"symbols": ["AAPL"]}`; `trades` alone asks for nothing, `{}`.

        Raises:
            WantedError: there is no such route, or its request is not a JSON object.
        """
        route, equals, request = text.partition("=")
        try:
            check_route_name(route)
            value = json.loads(request) if equals else {}
        except (ValueError, RecursionError, TopicwireError) as error:
            raise WantedError(f"--subscribe {text!r}: {error}. {_EXAMPLE}") from error
        if not isinstance(value, dict):
            raise WantedError(f"--subscribe {text!r}: a request is a JSON object. {_EXAMPLE}")
        return cls(route, value)


_EXAMPLE: Final = """Example: --subscribe 'trades={"symbols": ["AAPL"]}'"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a server has counted of a route, up to a moment.

    Attributes:
        published: updates, whether or not anyone was subscribed.
        unwatched: of these, of topics that nobody watches.
        discarded: given by producers that had been stopped.
        ended: producers that ended before they were stopped.
        producers: that run at the moment.
    """

    published: int
    unwatched: int
    discarded: int
    ended: int
    producers: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client heard that subscribed and waited.

    Attributes:
        wanted: what it subscribed to.
        url: of the WebSocket.
        waited_s: how long it would have waited for the first update.
        topics: that the server gave it.
        first_s: from the server's reply to the first update; None where there was none.
        has_state: the topic's present state came, which is no update.
        refusal: why there is no subscription, or why it ended.
        cure: of the refusal.
        before: what the server had counted before; None where it does not tell.
        after: and when the wait was over.
        published: how often the application published to each topic of the route meanwhile; None
            where that cannot be seen from outside.
    """

    wanted: Wanted
    url: str
    waited_s: float
    topics: tuple[str, ...] = ()
    first_s: float | None = None
    has_state: bool = False
    refusal: str = ""
    cure: str = ""
    before: Counts | None = None
    after: Counts | None = None
    published: Mapping[str, int] | None = None

    def __str__(self) -> str:
        """One line, where updates came."""
        first = f"the first update came after {self.first_s or 0.0:.2f} s"
        return f"{self.wanted.route}: subscribed to {_listed(self.topics)}, {first}"


def explain(heard: Heard, *, has_service: bool | None = None) -> Iterator[Finding]:
    """Say what keeps updates from a client: nothing where it has had one.

    Args:
        heard: what was tried and seen.
        has_service: the route's router has a `service=`; None where that is not known.
    """
    if heard.first_s is not None:
        return
    what, cure = _why(heard, has_service=has_service)
    yield Finding(CHECK, f"{heard.wanted.route} at {heard.url}", what, cure)


def _why(heard: Heard, *, has_service: bool | None) -> tuple[str, str]:
    if heard.refusal:
        return heard.refusal, heard.cure
    state = "its state came, and " if heard.has_state else ""
    silent = f"subscribed to {_listed(heard.topics)}; {state}no update came in {heard.waited_s:g} s"
    elsewhere = {key: n for key, n in (heard.published or {}).items() if key not in heard.topics}
    if elsewhere:
        number = _times(sum(elsewhere.values()), "update")
        return f"{silent}. {number} of it went to {_listed(elsewhere)} meanwhile.", _OTHER_TOPIC
    if heard.after is None or heard.before is None:
        return f"{silent}, and this server does not tell what it published.", _ASK_MORE
    what, cure = next(_seen(heard, heard.before, heard.after, has_service=has_service))
    return f"{silent}{what}", cure


def _seen(
    heard: Heard, before: Counts, after: Counts, *, has_service: bool | None
) -> Iterator[tuple[str, str]]:
    """What the counts say, the likeliest cause first. The last holds of everything."""
    published = after.published - before.published
    number = _times(published, "update")
    if published and heard.published is None:
        unwatched = after.unwatched - before.unwatched
        meant = "publisher and request do not mean the same topic"
        seen = f"The server published {number} of this route meanwhile, {unwatched} of them to"
        yield f". {seen} topics that nobody watches: {meant}.", _NAME_TOPICS
    if published:
        yield f", though {number} of it were published.", _HELD_BACK
    if after.discarded > before.discarded:
        yield ". Updates were given to a producer that had been stopped.", _STOPPED
    if after.ended > before.ended:
        yield ". Its producer ended by itself.", _ENDED
    if has_service is False:
        yield ". Its router has no service, and nothing called publish().", _NO_SERVICE
    if after.producers == 0:
        yield ". No producer of this route runs, and nothing called publish().", _NO_PRODUCER
    yield ": its producer runs, and has published nothing.", _SILENT


_OTHER_TOPIC: Final = (
    "Publish to the topic that create_topic was given, or to router.topic_builder(request); or "
    "give the router a topic_builder= that makes the topics which you publish to."
)
_ASK_MORE: Final = (
    "Run this without --url: the application is served here then, and its topics are seen. Or let "
    "the server tell: FastWSAdapter(..., metrics_path='/metrics')."
)
_NAME_TOPICS: Final = (
    "Run this without --url: the application is served here then, and the topics are named. Or let "
    "the server name them: its logger has a line for each publish at DEBUG."
)
_HELD_BACK: Final = "See what the server logs; a rate (max_rate_hz) may hold them back."
_STOPPED: Final = (
    "Use the topic_update of the last create_topic, and end your loop in remove_topic: what is "
    "given to an earlier one reaches nobody."
)
_ENDED: Final = (
    "The task that create_topic returns is to run as long as the topic does. What it raised is in "
    "the server's log."
)
_NO_SERVICE: Final = (
    "Give the router a service= whose create_topic starts the updates, or call "
    "router.publish(topic, data) where they come from."
)
_NO_PRODUCER: Final = "Does create_topic start anything? Return its task, so that it is watched."
_SILENT: Final = "Is its source silent? --wait for longer than it may be."


def _listed(topics: Mapping[str, int] | tuple[str, ...]) -> str:
    shown = ", ".join(repr(one) for one in list(topics)[:_NAMED])
    more = len(topics) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown or "no topic"


def _times(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
