"""What a route promises of its delivery, before and after.

No message is refused when a promise is broken; a client simply misses what it relied on. So each
rule says what the client sees instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

from topicwire.contractdiff.changes import Change, DeliveryRule, Severity
from topicwire.contractdiff.views import shown

_Extension = Mapping[str, Any]
_Report = Callable[..., Change]


def delivery_changes(route: str, old: _Extension, new: _Extension) -> Iterator[Change]:
    """Yield what has changed between two `x-topicwire-route`."""

    def change(rule: DeliveryRule, severity: Severity, was: Any, now: Any, why: str) -> Change:
        return Change(rule, severity, route, _text(was), _text(now), why)

    yield from _policy(change, old.get("delivery") or {}, new.get("delivery") or {})
    yield from _replay(change, old, new)
    yield from _snapshot(change, old.get("snapshot"), new.get("snapshot"))
    yield from _stale(change, old.get("staleAfterS"), new.get("staleAfterS"))
    if bool(old.get("wildcards")) != bool(new.get("wildcards")):
        if new.get("wildcards"):
            yield change(
                "wildcards-added",
                "compatible",
                "none",
                "patterns",
                "a topic may be a pattern; literal topics are as they were",
            )
        else:
            yield change(
                "wildcards-removed",
                "breaking",
                "patterns",
                "none",
                "a client that subscribes to a pattern is sent nothing of what it matches",
            )


def _policy(change: _Report, old: _Extension, new: _Extension) -> Iterator[Change]:
    was, now = old.get("policy"), new.get("policy")
    if was != now and was and now:
        yield _other_policy(change, old, new)
    elif was == now:
        yield from _same_policy(change, old, new)
    rates = old.get("maxRateHz"), new.get("maxRateHz")
    if rates[0] != rates[1]:
        if (rates[1] or inf) > (rates[0] or inf):
            yield change(
                "rate-raised",
                "breaking",
                *rates,
                "a client is sent more updates a second than it was promised at most",
            )
        else:
            yield change(
                "rate-lowered",
                "compatible",
                *rates,
                "updates come less often, each still by the route's policy",
            )


def _other_policy(change: _Report, old: _Extension, new: _Extension) -> Change:
    was, now = str(old["policy"]), str(new["policy"])
    if now == "lossless":
        return change("policy-stronger", "compatible", was, now, "every update is sent now")
    if was == "latest" and now == "drop_oldest" and not old.keys() & {"key", "lossless"}:
        return change(
            "policy-stronger",
            "compatible",
            was,
            now,
            "the newest update is still sent, and some before it",
        )
    why = {
        "latest": "a client that is behind misses all updates but the newest",
        "drop_oldest": "a client that is behind misses the oldest updates",
        "merge": "a client that is behind is sent one update that stands for several",
    }[now]
    return change("policy-weaker", "breaking", was, now, f"{why}: it relied on {was}")


def _same_policy(change: _Report, old: _Extension, new: _Extension) -> Iterator[Change]:
    keys = old.get("key"), new.get("key")
    if keys[0] != keys[1]:
        if keys[0] is None:
            yield change(
                "key-finer",
                "compatible",
                *keys,
                "the newest of each key is sent, no longer that of the topic alone",
            )
        else:
            yield change(
                "key-changed",
                "breaking",
                *keys,
                "updates replace each other that did not: a client that is behind misses "
                "the newest of some keys",
            )
    marks = old.get("lossless"), new.get("lossless")
    if marks[0] != marks[1]:
        if marks[0] is None:
            yield change(
                "mark-added", "compatible", *marks, "marked updates are never left out now"
            )
        else:
            yield change(
                "mark-changed", "breaking", *marks, "updates that were never left out may be now"
            )
    for name, harm in (
        ("maxQueue", "a client that is behind misses more updates"),
        ("maxQueueBytes", "a client that is behind is closed (4008) sooner"),
    ):
        was, now = old.get(name), new.get(name)
        if (inf if now is None else now) < (inf if was is None else was):
            yield change("queue-shortened", "breaking", was, now, harm)
        elif was != now:
            yield change(
                "queue-lengthened", "compatible", was, now, "more waits for a client than did"
            )


def _replay(change: _Report, old: _Extension, new: _Extension) -> Iterator[Change]:
    was, now = _kept(old), _kept(new)
    if was == now:
        return
    texts = _shown_kept(was), _shown_kept(now)
    if now is None:
        yield change(
            "replay-removed",
            "breaking",
            *texts,
            "a client that comes back is not sent what it missed",
        )
    elif was is None:
        yield change(
            "replay-added", "compatible", *texts, "a client that comes back is sent what it missed"
        )
    elif any(after < before for before, after in zip(was, now, strict=True)):
        yield change(
            "replay-shortened",
            "breaking",
            *texts,
            "a client that was away as long as it might be is not sent what it missed",
        )
    else:
        yield change("replay-lengthened", "compatible", *texts, "more of what was missed is kept")


def _kept(extension: _Extension) -> tuple[float, float, float] | None:
    """Return what is surely kept: updates, seconds, bytes."""
    replay = extension.get("replay")
    if not isinstance(replay, Mapping):
        return None
    # What a producer makes ends with it, so what is kept longer is of no use.
    linger = extension.get("lingerS", inf)
    return (
        replay.get("maxUpdates", inf),
        min(replay.get("maxAgeS", inf), linger),
        replay.get("maxBytes", inf),
    )


def _shown_kept(kept: tuple[float, float, float] | None) -> str:
    if kept is None:
        return "none"
    updates, seconds, size = kept
    return f"{updates:g} updates, {seconds:g} s, {size:.0f} bytes"


def _snapshot(change: _Report, was: Any, now: Any) -> Iterator[Change]:
    if was == now:
        return
    if now is None:
        yield change(
            "snapshot-removed",
            "breaking",
            was,
            now,
            "a client that comes new is not sent the present state",
        )
    elif was is None:
        yield change(
            "snapshot-added",
            "compatible",
            was,
            now,
            "a client that comes new is sent the present state first",
        )
    elif now == "last":
        yield change(
            "snapshot-removed",
            "breaking",
            was,
            now,
            "a client that comes before the first update is sent no state",
        )
    else:
        yield change(
            "snapshot-added",
            "compatible",
            was,
            now,
            "the state is there before the first update, too",
        )


def _stale(change: _Report, was: float | None, now: float | None) -> Iterator[Change]:
    if was == now:
        return
    if (inf if now is None else now) > (inf if was is None else was):
        yield change(
            "silence-lengthened",
            "breaking",
            was,
            now,
            "a topic may be silent for longer than was promised, and is not called stale",
        )
    else:
        yield change(
            "silence-shortened", "compatible", was, now, "updates are promised to come more often"
        )


def _text(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else shown(value)
