"""Patterns (regular expressions as JSON Schema has them) read into a small syntax tree.

What is not a regular language in any useful sense, a backreference say, or what dialects disagree
about, is refused by `UnreadablePatternError`; whoever asks then says "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

_MOST = 5_000  # repetitions: each is a state of the search


class UnreadablePatternError(ValueError):
    """A pattern that cannot be reasoned about."""


@dataclass(frozen=True, slots=True)
class CharSet:
    """One character: in a range, or of a class (`d`, `D`, `w`, `W`, `s`, `S`), or not so."""

    ranges: tuple[tuple[str, str], ...] = ()
    classes: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least `least` and at most `most` times; None: however often."""

    part: Pattern
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """What follows matches, or does not."""

    part: Pattern
    negated: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start of the text, or its end."""

    is_start: bool


Pattern: TypeAlias = CharSet | Sequence | Choice | Repeat | Look | Anchor

ANY = CharSet(negated=True)
_DOT = CharSet((("\n", "\n"),), negated=True)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}


def read_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        UnreadablePatternError: it cannot be reasoned about, or is none.
    """
    reader = _Reader(text)
    found = reader.choice()
    if reader.at < len(text):
        raise UnreadablePatternError(f"unexpected {reader.peek()!r} in {text!r}")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def take(self, expected: str) -> bool:
        if self.text.startswith(expected, self.at):
            self.at += len(expected)
            return True
        return False

    def next(self) -> str:
        if self.at >= len(self.text):
            raise UnreadablePatternError(f"{self.text!r} ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def choice(self) -> Pattern:
        parts = [self.sequence()]
        while self.take("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Pattern:
        parts: list[Pattern] = []
        while self.at < len(self.text) and self.peek() not in "|)":
            parts.append(self.repeated())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self) -> Pattern:
        part = self.one()
        while (bounds := self.bounds()) is not None:
            if isinstance(part, (Anchor, Look)):
                raise UnreadablePatternError(f"{self.text!r} repeats what has no width")
            if self.peek() == "+":
                raise UnreadablePatternError(f"{self.text!r} has a possessive quantifier")
            self.take("?")  # lazy: the same texts
            part = Repeat(part, *bounds)
        return part

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        if self.peek() != "{":
            return None
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : end].partition(",")
        if end < 0 or not least.isdecimal() or not (most.isdecimal() or not most):
            return None  # a brace and no quantifier
        self.at = end + 1
        upper = int(most) if most else None if comma else int(least)
        if max(int(least), upper or 0) > _MOST:
            raise UnreadablePatternError(f"{self.text!r} repeats more than {_MOST} times")
        return int(least), upper

    def one(self) -> Pattern:
        char = self.next()
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class()
        if char == "\\":
            return self.escape()
        if char == "^":
            return Anchor(is_start=True)
        if char == "$":
            return Anchor(is_start=False)
        if char in "*+?)":
            raise UnreadablePatternError(f"unexpected {char!r} in {self.text!r}")
        return _DOT if char == "." else CharSet(((char, char),))

    def group(self) -> Pattern:
        looks = {"?=": False, "?!": True}
        look = next((sign for sign in looks if self.take(sign)), None)
        if look is None and not self.take("?:"):
            if self.take("?P<") or (self.peek(2) == "?<" and self.peek(3) not in {"?<=", "?<!"}):
                self.at = self.text.find(">", self.at) + 1
            elif self.peek() == "?":
                raise UnreadablePatternError(f"the group ({self.peek(3)}… in {self.text!r}")
        inner = self.choice()
        if not self.take(")"):
            raise UnreadablePatternError(f"{self.text!r} has a group without an end")
        return inner if look is None else Look(inner, looks[look])

    def escape(self) -> Pattern:
        char = self.next()
        if char in "dDwWsS":
            return CharSet(classes=char)
        if char in "AzZ":  # not of ECMA-262, but Pydantic takes them
            return Anchor(is_start=char == "A")
        return CharSet(((one := self.literal(char), one),))

    def literal(self, char: str) -> str:
        """Return what an escape stands for."""
        if char in _CONTROLS:
            return _CONTROLS[char]
        for sign, length in (("x", 2), ("u", 4)):
            if char == sign:
                digits = self.peek(length)
                self.at += length
                try:
                    return chr(int(digits, 16))
                except ValueError:
                    raise UnreadablePatternError(f"\\{sign}{digits} in {self.text!r}") from None
        if char.isalnum():
            raise UnreadablePatternError(f"the escape \\{char} in {self.text!r}")
        return char

    def char_class(self) -> Pattern:
        negated = self.take("^")
        ranges: list[tuple[str, str]] = []
        classes = ""
        is_first = True
        while (char := self.next()) != "]" or is_first:
            is_first = False
            if char == "[" and self.peek() == ":":
                raise UnreadablePatternError(f"{self.text!r} has a class of another dialect")
            if char == "\\":
                char = self.next()
                if char in "dDwWsS":
                    classes += char
                    continue
                char = "\b" if char == "b" else self.literal(char)
            ranges.append((char, self.upper(char)))
        return CharSet(tuple(ranges), classes, negated)

    def upper(self, lower: str) -> str:
        if self.peek() != "-" or self.peek(2) in {"-]", "-"}:
            return lower
        self.at += 1
        char = self.next()
        if char == "\\":
            char = self.next()
            if char in "dDwWsS":
                raise UnreadablePatternError(f"a range to a class in {self.text!r}")
            char = self.literal(char)
        if char < lower:
            raise UnreadablePatternError(f"the range {lower}-{char} in {self.text!r}")
        return char
