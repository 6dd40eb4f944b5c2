"""What a route promises of its delivery, as sentences for the reader of a generated client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def promises(extension: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the promises of an `x-topicwire-route`, a sentence each; none where it has none."""
    delivery = extension.get("delivery")
    if not isinstance(delivery, Mapping):
        return ()
    return (*_delivery(delivery), *_state(extension), *_kept(extension))


def _delivery(delivery: Mapping[str, Any]) -> Iterator[str]:
    match delivery.get("policy"):
        case "lossless":
            yield "Every update is sent, in order."
        case "latest":
            key, marked = delivery.get("key"), delivery.get("lossless")
            each = "" if key is None else f" of each {_field(key)}"
            and_marked = "" if marked is None else f", and every one that is {_field(marked)}"
            yield f"A client that is behind is sent the newest update{each}{and_marked}."
        case "drop_oldest":
            yield f"A client that is behind is sent the newest {delivery.get('maxQueue')} updates."
        case "merge":
            yield "A client that is behind is sent one update that stands for several."
    if (rate := delivery.get("maxRateHz")) is not None:
        yield f"At most {rate:g} updates a second."


def _field(name: str) -> str:
    return "key" if name == "(computed)" else f"`{name}`"


def _state(extension: Mapping[str, Any]) -> Iterator[str]:
    if "snapshot" in extension:
        yield "The present state comes first."
    if (silent := extension.get("staleAfterS")) is not None:
        yield f"A topic that is silent for {silent:g} s is stale."


def _kept(extension: Mapping[str, Any]) -> Iterator[str]:
    replay = extension.get("replay")
    if not isinstance(replay, Mapping):
        yield "What a lost connection has missed is not sent again."
        return
    age, linger = replay.get("maxAgeS", 0.0), extension.get("lingerS")
    kept = f"{replay.get('maxUpdates')} updates of {age:g} s"
    # what the producer makes ends with it
    ends = linger is not None and linger < age
    until = f", while the topic has a subscriber and {linger:g} s longer" if ends else ""
    yield f"What a lost connection has missed is sent again: up to {kept}{until}."
