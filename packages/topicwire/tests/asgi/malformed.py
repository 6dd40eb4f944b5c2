"""Messages that a client ought not to send: valid ones, bent at random, and plain noise.

In JSON, or in MessagePack: `Malformed`, and `MalformedPacked`.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgpack

Json = Any

SYMBOLS = ["AAPL", "IBM", "é", "", "A" * 900, "\0", "\u2028", "a.b.*"]
TYPES = [
    "trades.subscribe",
    "trades.unsubscribe",
    "words.subscribe",
    "words.unsubscribe",
    "trades.say",
    "ping",
    "pong",
    "auth",
]
WRONG_TYPES = [
    "",
    "trades",
    "trades.",
    ".subscribe",
    "trades.update",
    "trade.subscribe",
    "trades.subscribe.response",
    "hello",
    "closing",
    "error",
    "Trades.Subscribe",
    "trades.subscribe\0",
    "x" * 5_000,
    "__class__",
]
IDS: list[Json] = [
    *(0, -1, 2**53 - 1, 2**53, 10**400, 1.5, 1e400, True, None),
    *("", "x" * 64, "x" * 65, [], {}, "\ud800"),
]
EPOCHS: list[Json] = ["", "e", "x" * 10_000, None, 0, [], "\ud800"]
SEQS: list[Json] = [0, 1, -1, 2**63, 2**64, 10**30, 1.0, "1", None, True, []]
SCALARS: list[Json] = [
    *(None, True, 0, -0.0, 1e308, 10**300, float("nan"), float("inf")),
    *("", "\ud800", "\0" * 10, [], {}),
]
CHARACTERS = string.printable + "\ufeff\u2028é\U0001f600\x00"


class Malformed:
    """Makes messages, the same ones from the same seed."""

    def __init__(self, seed: int, *, topic: str) -> None:
        self._random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._topic = topic
        self._kinds: list[tuple[Callable[[], str | bytes], int]] = [
            (self._valid, 10),
            (self._bent, 40),
            (self._cut_text, 12),
            (self._doubled_key, 6),
            (self._deep, 6),
            (self._noise, 8),
            (self._bytes, 8),
            (self._large, 2),
            (self._resuming, 8),
        ]

    def __call__(self) -> str | bytes:
        """Return the next message: the text of a text frame, or the bytes of a binary one."""
        kinds = [kind for kind, _ in self._kinds]
        weights = [weight for _, weight in self._kinds]
        return self._random.choices(kinds, weights)[0]()

    def _one(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def _command(self) -> dict[str, Json]:
        kind = self._one(TYPES)
        message: dict[str, Json] = {"type": kind, "id": self._random.randrange(1_000)}
        if kind.startswith("words"):
            message["payload"] = {
                "symbols": self._random.choices(SYMBOLS, k=self._random.randrange(4))
            }
        elif kind == "trades.say":
            message["payload"] = {"text": self._one(SYMBOLS)}
        elif kind == "auth":
            message["payload"] = {"token": self._one(SYMBOLS)}
        elif kind not in {"ping", "pong"}:
            message["payload"] = {"symbol": self._one(SYMBOLS), "depth": self._random.randrange(3)}
        return message

    def _valid(self) -> str:
        return json.dumps(self._command(), ensure_ascii=self._random.random() < 0.5)

    def _bent(self) -> str:
        message: Json = self._command()
        for _ in range(self._random.randrange(1, 4)):
            message = self._bend(message)
        return json.dumps(message)

    def _bend(self, value: Json, depth: int = 0) -> Json:
        """Change something in `value`: deeper in it, mostly."""
        if isinstance(value, dict) and value and self._random.random() < 0.8:
            key = self._one(sorted(value))
            bent = dict(value)
            match self._random.randrange(6):
                case 0:
                    del bent[key]
                case 1:
                    bent[self._text(8)] = self._value(2)
                case 2:
                    bent[self._one(["type", "id", "payload", "resume", "symbol", "__proto__"])] = (
                        self._value(2)
                    )
                case 3 if depth == 0:
                    bent["type"] = self._one(WRONG_TYPES)
                case 4 if depth == 0:
                    bent["id"] = self._one(IDS)
                case _:
                    bent[key] = self._bend(value[key], depth + 1)
            return bent
        return self._value(3)

    def _value(self, depth: int) -> Json:
        match self._random.randrange(4 if depth else 2):
            case 0:
                return self._one(SCALARS)
            case 1:
                return self._text(20)
            case 2:
                return [self._value(depth - 1) for _ in range(self._random.randrange(5))]
            case _:
                size = self._random.randrange(5)
                return {self._text(6): self._value(depth - 1) for _ in range(size)}

    def _text(self, most: int) -> str:
        return "".join(self._random.choices(CHARACTERS, k=self._random.randrange(most)))

    def _cut_text(self) -> str:
        text = self._bent() if self._random.random() < 0.5 else self._valid()
        at = self._random.randrange(len(text) + 1)
        match self._random.randrange(4):
            case 0:
                return text[:at]
            case 1:
                return text[at:]
            case 2:
                return text[:at] + self._text(5) + text[at:]
            case _:
                more: str = self._one(["\n", " ", ",", "\n" + self._valid(), "}", "\0"])
                return text + more

    def _doubled_key(self) -> str:
        text = self._valid()
        extra = json.dumps({self._one(["type", "id", "payload"]): self._value(2)})[1:-1]
        if self._random.random() < 0.5:
            return f"{{{extra},{text[1:]}"
        return f"{text[:-1]},{extra}}}"

    def _deep(self) -> str:
        depth = self._one([10, 200, 1_000, 10_000])
        opening, closing = self._one([("[", "]"), ('{"a":', "}")])
        deep: str = opening * depth + "1" + closing * (depth if self._random.random() < 0.7 else 0)
        if self._random.random() < 0.5:
            return deep
        where = self._one(["payload", "id", "type", "resume"])
        return f'{{"type":"trades.subscribe","{where}":{deep}}}'

    def _noise(self) -> str:
        return self._text(200)

    def _bytes(self) -> bytes:
        if self._random.random() < 0.5:
            return self._valid().encode()
        return self._random.randbytes(self._random.randrange(100))

    def _large(self) -> str:
        padding = "x" * self._random.randrange(60_000)
        where = self._one(["type", "id", "payload", "resume", "other"])
        return json.dumps(
            {"type": "trades.subscribe", where: self._one([padding, {"symbol": padding}])}
        )

    def _resuming(self) -> str:
        position = {"epoch": self._one(EPOCHS), "seq": self._one(SEQS)}
        resume = self._one([position, {self._topic: position}, {}, [], [position], self._value(2)])
        payload = {"symbol": "AAPL"}
        return json.dumps(
            {"type": "trades.subscribe", "payload": payload, "resume": resume, "id": 1}
        )


_LENGTHS: Sequence[bytes] = (b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9")
"""Of lists, maps, texts, binary data and extensions: four bytes follow that say how long."""


class MalformedPacked(Malformed):
    """The same in MessagePack, and what is wrong in MessagePack alone."""

    def __call__(self) -> str | bytes:
        """Return the next message: the bytes of a binary frame, or the text of a text frame."""
        made = super().__call__()
        if isinstance(made, bytes):
            return made
        try:
            data: bytes = msgpack.packb(json.loads(made), unicode_errors="surrogatepass")
        except (OverflowError, RecursionError, ValueError):
            return self._hostile()
        chance = self._random.random()
        return made if chance < 0.1 else data if chance < 0.5 else self._broken(data)

    def _broken(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data))
        match self._random.randrange(4):
            case 0:
                return data[:at]
            case 1:
                return data + self._random.randbytes(1 + at % 20)
            case 2:
                return data[:at] + self._random.randbytes(1) + data[at + 1 :]
            case _:
                return self._hostile()

    def _hostile(self) -> bytes:
        """Return what declares more than there is, at any depth, or what JSON has not."""
        depth = self._one([1, 100, 1_000, 5_000])
        length = self._one([0, 1, 1_000, 60_000, 2**32 - 1])
        inner: bytes = self._one(
            [
                (self._one(_LENGTHS) + length.to_bytes(4, "big")) * depth,
                self._one([b"\x91", b"\x81\xa1a", b"\x81\x91", b"\xc4\x01"]) * depth,
                self._one([b"\xd4\x05a", b"\xd6\xff\0\0\0\0", b"\xc4\x01a", b"\xca\x7f\xc0\0\0"]),
                self._random.randbytes(depth),
            ]
        )
        padding: bytes = self._one([b"", b"\xc0" * 10_000])
        if self._random.random() < 0.5:
            return inner + padding
        where = self._one(["payload", "id", "type", "resume"])
        beginning = bytes(msgpack.packb({"type": "trades.subscribe", where: None}))
        return beginning[:-1] + inner + padding
