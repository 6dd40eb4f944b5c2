"""Is there a number within these bounds, a multiple of these and of none of those?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown
from topicwire.contractdiff.containment.nodes import Node

_TRIED = 5_000
_HALVINGS = 12


@dataclass(frozen=True, slots=True)
class Bound:
    """Where numbers begin or end."""

    at: Fraction
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers that are asked for. A whole number is one whatever way it is written: 1.0 is 1."""

    lower: Bound | None = None
    upper: Bound | None = None
    multiples: frozenset[Fraction] = frozenset()
    no_multiples: frozenset[Fraction] = frozenset()
    """A whole number is a multiple of 1."""

    excluded: frozenset[Fraction] = frozenset()

    def with_node(self, node: Node) -> Numbers:
        """Return those that a plain node allows, too."""
        found = self
        for bound in _lower(node):
            found = found.above(bound)
        for bound in _upper(node):
            found = found.below(bound)
        return replace(found, multiples=self.multiples | set(_multiples(node)))

    def without_node(self, node: Node) -> Iterable[Numbers]:
        """Yield those that a plain node forbids, by each thing that it says."""
        for bound in _lower(node):
            yield self.below(Bound(bound.at, not bound.is_open))
        for bound in _upper(node):
            yield self.above(Bound(bound.at, not bound.is_open))
        for step in _multiples(node):
            yield replace(self, no_multiples=self.no_multiples | {step})

    def above(self, bound: Bound) -> Numbers:
        """Return those that are above a bound."""
        known = self.lower
        if known is not None and (known.at, known.is_open) >= (bound.at, bound.is_open):
            return self
        return replace(self, lower=bound)

    def below(self, bound: Bound) -> Numbers:
        """Return those that are below a bound."""
        known = self.upper
        if known is not None and (known.at, not known.is_open) <= (bound.at, not bound.is_open):
            return self
        return replace(self, upper=bound)

    def find(self) -> Answer:
        """Return a number, as plain as possible, or that there is none."""
        lower, upper = self.lower, self.upper
        if lower is not None and upper is not None:
            if lower.at > upper.at or (lower.at == upper.at and (lower.is_open or upper.is_open)):
                return NOTHING
            if lower.at == upper.at:
                return _found(lower.at) if self.holds(lower.at) else NOTHING
        if self.multiples:
            return self._on_steps(_common(self.multiples))
        tried = (one for one in self._between() if self.holds(one) and _is_exact(one))
        found = next(tried, None)
        return Unknown("no number was found between the bounds") if found is None else _found(found)

    def holds(self, number: Fraction) -> bool:
        """Say whether a number is one of them."""
        lower, upper = self.lower, self.upper
        return (
            (lower is None or number > lower.at or (number == lower.at and not lower.is_open))
            and (upper is None or number < upper.at or (number == upper.at and not upper.is_open))
            and number not in self.excluded
            and all(number % step == 0 for step in self.multiples)
            and not any(number % step == 0 for step in self.no_multiples)
        )

    def _on_steps(self, step: Fraction) -> Answer:
        if any(step % one == 0 for one in self.no_multiples):
            return NOTHING
        first = None if self.lower is None else math.ceil(self.lower.at / step)
        last = None if self.upper is None else math.floor(self.upper.at / step)
        if first is not None and last is not None and first > last:
            return NOTHING
        tried = list(islice(_outwards(first, last), _TRIED))
        found = next((one * step for one in tried if self.holds(one * step)), None)
        if found is not None:
            return _found(found)
        return NOTHING if len(tried) < _TRIED else Unknown("no multiple was found in the bounds")

    def _between(self) -> Iterator[Fraction]:
        """Yield numbers within the bounds, the plainer ones first."""
        lower = None if self.lower is None else self.lower.at
        upper = None if self.upper is None else self.upper.at
        low = lower if lower is not None else (upper - 64 if upper is not None else Fraction(-32))
        high = upper if upper is not None else low + 64
        for halving in range(_HALVINGS):
            step = Fraction(1, 2**halving)
            first, last = math.ceil(low / step), math.floor(high / step)
            yield from (one * step for one in islice(_outwards(first, last), 256))
        yield low
        yield high
        for halving in range(1, _HALVINGS):
            parts = 2**halving
            for part in range(1, parts, 2):
                yield low + (high - low) * Fraction(part, parts)


def exact(number: float) -> Fraction:
    """Return a JSON number as it is written: 0.1 is a tenth."""
    return Fraction(str(number))


def _lower(node: Node) -> Iterator[Bound]:
    if (value := node.says("minimum")) is not None:
        yield Bound(exact(value))
    if (value := node.says("exclusiveMinimum")) is not None:
        yield Bound(exact(value), is_open=True)


def _upper(node: Node) -> Iterator[Bound]:
    if (value := node.says("maximum")) is not None:
        yield Bound(exact(value))
    if (value := node.says("exclusiveMaximum")) is not None:
        yield Bound(exact(value), is_open=True)


def _multiples(node: Node) -> Iterator[Fraction]:
    if (step := node.says("multipleOf")) is not None:
        yield exact(step)
    if "integer" in node.types and "number" not in node.types:
        yield Fraction(1)


def _common(steps: Iterable[Fraction]) -> Fraction:
    """Return the step of the numbers that are multiples of all."""
    found = Fraction(1)
    for index, step in enumerate(steps):
        if index == 0:
            found = step
        else:
            denominator = math.gcd(found.denominator, step.denominator)
            found = Fraction(math.lcm(found.numerator, step.numerator), denominator)
    return found


def _outwards(first: int | None, last: int | None) -> Iterator[int]:
    """Yield whole numbers from `first` to `last`, those near zero first."""
    start = max(first, 0) if first is not None else 0
    start = min(start, last) if last is not None else start
    if (first is None or start >= first) and (last is None or start <= last):
        yield start
    above, below = start + 1, start - 1
    while (last is None or above <= last) or (first is None or below >= first):
        if last is None or above <= last:
            yield above
            above += 1
        if first is None or below >= first:
            yield below
            below -= 1


def _is_exact(number: Fraction) -> bool:
    """Say whether the number is written to JSON, and read back, as itself."""
    return number.denominator == 1 or exact(float(number)) == number


def _found(number: Fraction) -> Answer:
    if number.denominator == 1:
        return Found(int(number))
    return Found(float(number))
