"""Texts that look like what their names and formats say."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from topicwire.mock.moment import Topic
from topicwire.mock.numbers import AMOUNTS, number, words
from topicwire.mock.pattern import propose

_SYMBOLS = ("AAPL", "MSFT", "GOOG", "IBM", "NVDA", "TSLA")
_NAMED: Mapping[str, tuple[str, ...]] = {
    "symbol": _SYMBOLS,
    "ticker": _SYMBOLS,
    "currency": ("USD", "EUR", "GBP", "JPY"),
    "exchange": ("XNAS", "XNYS", "XLON"),
    "country": ("DE", "FR", "JP", "US"),
    "city": ("Berlin", "Lyon", "Osaka", "Porto"),
    "side": ("buy", "sell"),
    "status": ("open", "filled", "cancelled"),
    "level": ("debug", "info", "warning"),
    "color": ("#1f77b4", "#ff7f0e", "#2ca02c"),
    "zone": ("UTC", "Europe/Berlin", "Asia/Tokyo"),
}
_LATIN = ("lorem", "ipsum", "dolor", "sit", "amet", "elit", "sed", "eiusmod", "tempor")
_PROSE = frozenset({"text", "message", "description", "headline", "title", "body", "summary"})


def proposals(schema: Mapping[str, Any], name: str, topic: Topic) -> Iterator[str]:
    """Yield texts for a field, the likeliest first; which are allowed is for others to say."""
    known = words(name)
    formatted = _formatted(str(schema.get("format", "")), topic)
    if formatted is not None:
        yield formatted
    if schema.get("contentEncoding") in {"base64", "base64url"} or schema.get("format") == "binary":
        yield base64.urlsafe_b64encode(topic.random.randbytes(6)).decode()
    examples = [one for one in schema.get("examples", ()) if isinstance(one, str)]
    if examples and all(_is_number(one) for one in examples):
        yield f"{number({'examples': [float(examples[0])]}, name, topic):.2f}"
    if examples:
        yield topic.random.choice(examples)
    if "pattern" in schema:
        yield f"{number({}, name, topic):.2f}"  # a decimal, as Pydantic writes one
        yield str(topic.count(name))
        for _ in range(20):
            yield propose(str(schema["pattern"]), topic.random)
    yield from _by_name(known, name, topic)
    if isinstance(schema.get("default"), str):
        yield schema["default"]
    yield _fitted(" ".join(topic.random.sample(_LATIN, 3)), schema)


def _by_name(known: list[str], name: str, topic: Topic) -> Iterator[str]:
    for word in (one.removesuffix("s") for one in reversed(known)):
        for listed in (word, f"{word}s"):
            if listed in _NAMED:
                yield topic.random.choice(_NAMED[listed])
    if known and known[-1] in AMOUNTS:
        yield f"{number({}, name, topic):.2f}"
    if known[-1:] in (["id"], ["key"], ["code"]):
        yield f"{'-'.join(known[:-1]) or name}-{topic.count(name)}"
    if known[-1:] in (["time"], ["at"], ["timestamp"]):
        yield topic.time.isoformat().replace("+00:00", "Z")
    if known[-1:] == ["date"]:
        yield topic.time.date().isoformat()
    if {"email", "url", "uri"} & set(known):
        count = topic.count(name)
        yield f"person{count}@example.org" if "email" in known else f"https://example.org/{count}"
    if set(known) & _PROSE:
        yield " ".join(topic.random.sample(_LATIN, 5)).capitalize()
    yield f"{' '.join(known) or 'text'} {topic.random.randint(1, 9)}"


def _formatted(form: str, topic: Topic) -> str | None:
    count = topic.number
    octets = [topic.random.randint(1, 254) for _ in range(2)]
    return {
        "date-time": topic.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "date": (topic.time.date() + timedelta(days=count % 2)).isoformat(),
        "time": topic.time.time().isoformat(timespec="seconds") + "Z",
        "duration": f"PT{1 + count % 60}S",
        "uuid": str(UUID(bytes=topic.random.randbytes(16), version=4)),
        "email": f"person{count}@example.org",
        "uri": f"https://example.org/{count}",
        "hostname": "host.example.org",
        "ipv4": f"192.0.2.{octets[0]}",
        "ipv6": f"2001:db8::{octets[1]:x}",
        "ipvanyaddress": f"192.0.2.{octets[0]}",
        "ipv4network": "192.0.2.0/24",
        "ipv6network": "2001:db8::/32",
        "json-string": '{"number": 1}',
        "path": f"/data/file{count}.txt",
        "file-path": f"/data/file{count}.txt",
        "directory-path": "/data",
        "password": "not-a-secret",
        "regex": "^a+$",
    }.get(form)


def _fitted(text: str, schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    while len(text) < least:
        text += text or "x"
    return text if most is None else text[:most].strip() or "x" * most


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
