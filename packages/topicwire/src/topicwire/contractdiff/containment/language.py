"""Sets of strings, with intersection and complement: is there one, and which is the shortest?

Terms are regular expressions with `and` and `not`, taken apart by derivatives (Brzozowski 1964):
what may follow once a character has been read. Characters are those of a finite alphabet that has
one of every kind that the patterns at hand can tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from topicwire.contractdiff.containment import patterns as tree
from topicwire.contractdiff.containment.patterns import Pattern, UnreadablePatternError

Term: TypeAlias = int
"""A term, by its number in its `Language`."""

_Rule: TypeAlias = Callable[[Iterable[object]], bool]

_MOST_TERMS = 60_000
_MOST_STATES = 12_000
_USUAL = "".join(chr(one) for one in [*range(97, 123), *range(65, 91), *range(48, 58)])
_REST = "".join(chr(one) for one in range(32, 127) if chr(one) not in _USUAL) + "\t\n\r\0"
_FOREIGN = "éж٣\u2003→"  # a letter of each script, a digit, a space, none of these
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_NEAR = 64  # characters of a range that are looked through for one of each class


class TooLargeError(ValueError):
    """The search is given up."""


@dataclass(slots=True)
class Language:
    """The strings over one alphabet.

    Args:
        patterns: every pattern that will be used: the alphabet has to tell them apart.
        texts: every literal text that will be.
    """

    patterns: Iterable[Pattern] = ()
    texts: Iterable[str] = ()
    alphabet: str = field(init=False)
    _terms: list[tuple[object, ...]] = field(init=False, default_factory=list)
    _numbers: dict[tuple[object, ...], Term] = field(init=False, default_factory=dict)
    _derived: dict[tuple[Term, int], Term] = field(init=False, default_factory=dict)
    _nullable: list[bool] = field(init=False, default_factory=list)
    none: Term = field(init=False)
    empty: Term = field(init=False)
    every: Term = field(init=False)

    def __post_init__(self) -> None:
        extra: dict[str, None] = {}
        for pattern in self.patterns:
            for one in _sets(pattern):
                extra.update(dict.fromkeys(_samples(one)))
        for text in self.texts:
            extra.update(dict.fromkeys(text))
        usual = _USUAL + _REST + _FOREIGN
        self.alphabet = usual + "".join(char for char in extra if char not in usual)
        self.none = self._term(("none",), False)
        self.empty = self._term(("empty",), True)
        self.every = self.complement(self.none)

    def matching(self, pattern: Pattern) -> Term:
        """Return the texts in which `pattern` is found somewhere.

        Raises:
            UnreadablePatternError: it has what cannot be told here.
        """
        here = self._compiled(pattern, self.every, is_start=True)
        later = self._compiled(pattern, self.every, is_start=False)
        any_char = self.chars((1 << len(self.alphabet)) - 1)
        return self.union(here, self.then(any_char, self.then(self.every, later)))

    def exactly(self, text: str) -> Term:
        """Return the one text."""
        found = self.empty
        for char in reversed(text):
            found = self.then(self.chars(1 << self.alphabet.index(char)), found)
        return found

    def shortest(self, term: Term, least: int = 0, most: int | None = None) -> str | None:
        """Return a text of `term`, of at least and at most so many characters; None: no such text.

        Raises:
            TooLargeError: not known.
        """
        seen = {(term, 0)}
        layer: list[tuple[Term, str]] = [(term, "")]
        length = 0
        while layer:
            if length >= least:
                for state, text in layer:
                    if self._nullable[state]:
                        return text
            if most is not None and length >= most:
                return None
            length += 1
            following: list[tuple[Term, str]] = []
            for state, text in layer:
                for index, after in self._steps(state):
                    mark = (after, min(length, least))
                    if after != self.none and mark not in seen:
                        seen.add(mark)
                        following.append((after, text + self.alphabet[index]))
            if len(seen) > _MOST_STATES:
                raise TooLargeError("its texts are too many to look through")
            layer = following
        return None

    def chars(self, mask: int) -> Term:
        """Return the texts of one character, of those whose bits are set."""
        return self._term(("chars", mask), False) if mask else self.none

    def then(self, first: Term, second: Term) -> Term:
        """Return one text after another."""
        if self.none in {first, second}:
            return self.none
        if first == self.empty:
            return second
        if second == self.empty:
            return first
        return self._term(("then", first, second), self._nullable[first] and self._nullable[second])

    def union(self, *terms: Term) -> Term:
        """Return the texts of any."""
        flat = self._flat("or", terms) - {self.none}
        if self.every in flat or any(self.complement(one) in flat for one in flat):
            return self.every
        return self._joined("or", flat, self.none, any)

    def both(self, *terms: Term) -> Term:
        """Return the texts of all."""
        flat = self._flat("and", terms) - {self.every}
        if self.none in flat or any(self.complement(one) in flat for one in flat):
            return self.none
        return self._joined("and", flat, self.every, all)

    def complement(self, term: Term) -> Term:
        """Return every other text."""
        content = self._terms[term]
        if content[0] == "not":
            return content[1]  # type: ignore[return-value]  # a term
        return self._term(("not", term), not self._nullable[term])

    def times(self, term: Term, least: int, most: int) -> Term:
        """Return from `least` to `most` texts, one after the other."""
        if most == 0 or term == self.empty:
            return self.empty
        if term == self.none:
            return self.none if least else self.empty
        if most == 1 and least == 1:
            return term
        if self._nullable[term]:
            least = 0
        return self._term(("times", term, least, most), least == 0)

    def star(self, term: Term) -> Term:
        """Return any number of texts, one after the other."""
        if term in {self.none, self.empty}:
            return self.empty
        return term if self._terms[term][0] == "star" else self._term(("star", term), True)

    def _flat(self, kind: str, terms: Iterable[Term]) -> frozenset[Term]:
        found: set[Term] = set()
        for term in terms:
            content = self._terms[term]
            found.update(content[1] if content[0] == kind else (term,))  # type: ignore[arg-type]
        return frozenset(found)

    def _joined(self, kind: str, flat: frozenset[Term], nothing: Term, rule: _Rule) -> Term:
        if len(flat) < 2:  # noqa: PLR2004
            return next(iter(flat), nothing)
        return self._term((kind, flat), rule(self._nullable[one] for one in flat))

    def _term(self, content: tuple[object, ...], nullable: bool) -> Term:  # noqa: FBT001
        if content not in self._numbers:
            if len(self._terms) > _MOST_TERMS:
                raise TooLargeError("its patterns are too large")
            self._numbers[content] = len(self._terms)
            self._terms.append(content)
            self._nullable.append(nullable)
        return self._numbers[content]

    def _steps(self, term: Term) -> Iterator[tuple[int, Term]]:
        """Yield one character of each kind that `term` tells apart, and what may follow it."""
        masks = self._masks(term)
        kinds: dict[int, int] = {}
        for index in range(len(self.alphabet)):
            signature = 0
            for place, mask in enumerate(masks):
                signature |= (mask >> index & 1) << place
            kinds.setdefault(signature, index)
        for index in kinds.values():
            yield index, self._derive(term, index)

    def _masks(self, term: Term) -> Sequence[int]:
        found: dict[int, None] = {}
        seen: set[Term] = set()
        pending = [term]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            content = self._terms[one]
            match content[0]:
                case "chars":
                    found[content[1]] = None  # type: ignore[index]  # a mask
                case "then" | "star" | "not":
                    pending.extend(content[1:])  # type: ignore[arg-type]  # terms
                case "times":
                    pending.append(content[1])  # type: ignore[arg-type]  # a term
                case "or" | "and":
                    pending.extend(content[1])  # type: ignore[arg-type]  # terms
        return tuple(found)

    def _derive(self, term: Term, index: int) -> Term:
        key = (term, index)
        if key not in self._derived:
            self._derived[key] = self._derivative(term, index)
        return self._derived[key]

    def _derivative(self, term: Term, index: int) -> Term:  # noqa: PLR0911 (one return a kind)
        match self._terms[term]:
            case ("chars", int(mask)):
                return self.empty if mask >> index & 1 else self.none
            case ("then", int(first), int(second)):
                after = self.then(self._derive(first, index), second)
                if not self._nullable[first]:
                    return after
                return self.union(after, self._derive(second, index))
            case ("star", int(part)):
                return self.then(self._derive(part, index), term)
            case ("times", int(part), int(least), int(most)):
                rest = self.times(part, max(least - 1, 0), most - 1)
                return self.then(self._derive(part, index), rest)
            case ("not", int(part)):
                return self.complement(self._derive(part, index))
            case ("or", frozenset(parts)):
                return self.union(*(self._derive(one, index) for one in parts))
            case ("and", frozenset(parts)):
                return self.both(*(self._derive(one, index) for one in parts))
            case _:
                return self.none

    def _compiled(  # noqa: PLR0911 (one return a kind of pattern)
        self, pattern: Pattern, after: Term, *, is_start: bool
    ) -> Term:
        """Return the texts that match `pattern` and go on as `after`."""
        match pattern:
            case tree.CharSet():
                return self.then(self.chars(self._mask(pattern)), after)
            case tree.Choice(parts):
                return self.union(*(self._compiled(p, after, is_start=is_start) for p in parts))
            case tree.Sequence(parts):
                return self._in_order(parts, after, is_start=is_start)
            case tree.Repeat(part, least, most):
                return self._repeated(part, least, most, after)
            case tree.Look(part, negated):
                ahead = self._compiled(part, self.every, is_start=is_start)
                return self.both(after, self.complement(ahead) if negated else ahead)
            case tree.Anchor(True):
                return after if is_start else self.none
            case tree.Anchor():
                return self.both(after, self.empty)

    def _in_order(self, parts: Sequence[Pattern], after: Term, *, is_start: bool) -> Term:
        starts: list[bool] = []
        for index, part in enumerate(parts):
            starts.append(is_start)
            if isinstance(part, (tree.Anchor, tree.Look)) or not is_start:
                continue
            if _may_be_empty(part) and any(map(_has_start, parts[index + 1 :])):
                raise UnreadablePatternError("it has a start behind what may be empty")
            is_start = False
        for part, starts_here in zip(reversed(parts), reversed(starts), strict=True):
            after = self._compiled(part, after, is_start=starts_here)
        return after

    def _repeated(self, part: Pattern, least: int, most: int | None, after: Term) -> Term:
        if _has_width_only(part):
            once = self._compiled(part, self.empty, is_start=False)
        else:
            raise UnreadablePatternError("it repeats an anchor or a look ahead")
        if most is None:
            return self.then(self.times(once, least, least), self.then(self.star(once), after))
        return self.then(self.times(once, least, most), after)

    def _mask(self, chars: tree.CharSet) -> int:
        found = 0
        for index, char in enumerate(self.alphabet):
            if _is_in(char, chars):
                found |= 1 << index
        return found


_CLASSES = {name: re.compile(f"\\{name}") for name in "dDwWsS"}


def _is_in(char: str, chars: tree.CharSet) -> bool:
    listed = any(low <= char <= high for low, high in chars.ranges)
    return chars.negated != (
        listed or any(_CLASSES[one].match(char) is not None for one in chars.classes)
    )


def _samples(chars: tree.CharSet) -> Iterator[str]:
    """Yield characters around and in the ranges beyond ASCII, of each class."""
    for low, high in chars.ranges:
        first, last = ord(low), ord(high)
        near = [first - 1, first, last, last + 1, *range(first, min(last, first + _NEAR))]
        for point in near:
            if 127 <= point <= _LAST and point not in _SURROGATES:  # noqa: PLR2004
                yield chr(point)


def _sets(pattern: Pattern) -> Iterator[tree.CharSet]:
    match pattern:
        case tree.CharSet():
            yield pattern
        case tree.Sequence(parts) | tree.Choice(parts):
            for part in parts:
                yield from _sets(part)
        case tree.Repeat(part) | tree.Look(part):
            yield from _sets(part)


def _inner(pattern: Pattern) -> tuple[Pattern, ...]:
    match pattern:
        case tree.Sequence(parts) | tree.Choice(parts):
            return parts
        case tree.Repeat(part) | tree.Look(part):
            return (part,)
        case _:
            return ()


def _has_start(pattern: Pattern) -> bool:
    return pattern == tree.Anchor(is_start=True) or any(map(_has_start, _inner(pattern)))


def _has_width_only(pattern: Pattern) -> bool:
    return not isinstance(pattern, (tree.Anchor, tree.Look)) and all(
        map(_has_width_only, _inner(pattern))
    )


def _may_be_empty(pattern: Pattern) -> bool:
    match pattern:
        case tree.CharSet():
            return False
        case tree.Sequence(parts):
            return all(map(_may_be_empty, parts))
        case tree.Choice(parts):
            return any(map(_may_be_empty, parts))
        case tree.Repeat(part, least):
            return least == 0 or _may_be_empty(part)
        case _:
            return True
