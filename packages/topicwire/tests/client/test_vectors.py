"""The session runs the vectors that it shares with the other languages' (packages/vectors)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import pytest

from topicwire.client import effects
from topicwire.client.errors import RefusedError
from topicwire.client.session import Session
from topicwire.wire.packed import packed

FOLDER = Path(__file__).parents[3] / "vectors/session"
VECTORS = sorted(FOLDER.glob("*.json"))


def value_of(effect: effects.Effect) -> dict[str, Any]:
    """Return an effect as the vectors write it."""
    name = type(effect).__name__.lower()
    value: dict[str, Any] = {"kind": "gap" if name == "gapseen" else name}
    for field in fields(effect):
        one = getattr(effect, field.name)
        match field.name:
            case "text":
                value["message"] = json.loads(one)
            case "error":
                value["code"] = one.code
            case "is_stale":
                value["stale"] = one
            case "info":
                # what is not said is left out
                value["info"] = {key: it for key, it in asdict(one).items() if it or key == "seq"}
            case "gap":
                gap = asdict(one)
                delivery = gap.pop("delivery")
                value["gap"] = gap if delivery is None else {**gap, "delivery": delivery}
            case _:
                value[field.name] = one
    return value


def receive(session: Session, frame: str | list[Any], now_ms: float = 0.0) -> None:
    text = frame if isinstance(frame, str) else "\n".join(map(json.dumps, frame))
    session.receive(text, now_ms)


def receive_packed(session: Session, frame: str | list[Any], now_ms: float = 0.0) -> None:
    """What is written as JSON without its messages has no MessagePack, and stays text."""
    if isinstance(frame, str):
        session.receive(frame, now_ms)
    else:
        frames = [packed(json.dumps(one).encode()) for one in frame]
        session.receive(b"".join(frames), now_ms)


def call(session: Session, token: int, type_name: str, payload: str | None = None) -> None:
    session.call(token, type_name, payload)


def fail(session: Session, code: str) -> None:
    session.fail(RefusedError(code, "the vector says so"))


def taken(session: Session) -> Iterator[effects.Effect]:
    """Yield the effects since the last time."""
    while (effect := session.next()) is not None:
        yield effect


EVENTS: Final[dict[str, Callable[..., None]]] = {
    "subscribe": Session.subscribe,
    "leave": Session.leave,
    "call": call,
    "opened": Session.opened,
    "lost": Session.lost,
    "retry": Session.retry,
    "silent": Session.silent,
    "fail": fail,
}


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 40, FOLDER


@pytest.mark.parametrize("take", [receive, receive_packed])
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Path, take: Callable[..., None]) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    assert vector["name"] == path.stem
    session = Session()
    for number, step in enumerate(vector["steps"]):
        event, *arguments = step["do"]
        (take if event == "receive" else EVENTS[event])(session, *arguments)
        done = [value_of(effect) for effect in taken(session)]
        assert done == step["effects"], f"step {number}: {step['do']}"
