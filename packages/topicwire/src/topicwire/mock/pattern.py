"""Texts that match a regular expression: enough of its language for what schemas say.

Literals, classes, groups, alternatives and repetitions are made; look-arounds, boundaries and
back-references are passed over. So a text is only a proposal, and whoever asks tries it.
"""

from __future__ import annotations

import string
from random import Random

_DIGITS = string.digits
_WORD = string.ascii_letters + string.digits + "_"
_ANY = string.ascii_lowercase + string.digits
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": " ", "D": _ANY[:26], "W": "-. ", "S": _ANY}
_MORE = 3  # a repetition without an end has so many more at most


def propose(pattern: str, random: Random) -> str:
    """Return a text that probably matches `pattern`."""
    return _Maker(pattern, random).alternatives()


class _Maker:
    def __init__(self, pattern: str, random: Random) -> None:
        self.pattern = pattern
        self.random = random
        self.at = 0

    def alternatives(self) -> str:
        made = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            made.append(self._sequence())
        return self.random.choice(made)

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1 : self.at]

    def _sequence(self) -> str:
        made = ""
        while self._peek() not in {"", "|", ")"}:
            begin = self.at
            piece = self._piece()
            low, high = self._repetition()
            after = self.at
            count = self.random.randint(low, high)
            made += piece if count else ""
            for _ in range(count - 1):
                self.at = begin
                made += self._piece()
            self.at = after
        return made

    def _piece(self) -> str:
        taken = self._take()
        if taken == "(":
            return self._group()
        if taken == "[":
            return self.random.choice(self._class() or "a")
        if taken == "\\":
            escaped = self._take()
            if escaped in _CLASSES:
                return self.random.choice(_CLASSES[escaped])
            return "" if escaped in {"b", "B", "A", "Z"} else escaped
        if taken == ".":
            return self.random.choice(_ANY)
        return "" if taken in {"^", "$"} else taken

    def _group(self) -> str:
        looks = False
        if self._peek() == "?":
            self.at += 1
            kind = self._take()
            if kind == "<" and self._peek() in {"=", "!"}:
                kind = self._take()
            elif kind in {"<", "P"}:  # a name
                self.at = self.pattern.index(">", self.at) + 1
            looks = kind in {"=", "!"}
        made = self.alternatives()
        self.at += 1  # the bracket
        return "" if looks else made

    def _class(self) -> str:
        inverted = self._peek() == "^"
        self.at += inverted
        characters = ""
        first = True
        while first or self._peek() not in {"]", ""}:
            first = False
            one = self._take()
            if one == "\\":
                escaped = self._take()
                characters += _CLASSES.get(escaped, escaped)
            elif self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                last = self._take()
                characters += "".join(map(chr, range(ord(one), ord(last) + 1)))
            else:
                characters += one
        self.at += 1
        if inverted:
            return "".join(one for one in _ANY + "-_ " if one not in characters)
        return characters

    def _repetition(self) -> tuple[int, int]:
        mark = self._peek()
        if mark == "{":
            end = self.pattern.find("}", self.at)
            low, comma, high = self.pattern[self.at + 1 : end].partition(",")
            if end > 0 and low.isdigit():
                self.at = end + 1
                self._lazy()
                least = int(low)
                return least, (int(high) if high else least + _MORE) if comma else least
        bounds = {"*": (0, _MORE), "+": (1, 1 + _MORE), "?": (0, 1)}.get(mark)
        if bounds is None:
            return 1, 1
        self.at += 1
        self._lazy()
        return bounds

    def _lazy(self) -> None:
        if self._peek() in {"?", "+"}:
            self.at += 1
