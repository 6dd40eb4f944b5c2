"""Is there a string within these bounds, of these patterns and formats and of none of those?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown
from topicwire.contractdiff.containment.formats import FORMATS, WITHOUT_RULE
from topicwire.contractdiff.containment.language import Language, Term, TooLargeError
from topicwire.contractdiff.containment.nodes import Node
from topicwire.contractdiff.containment.patterns import (
    Pattern,
    UnreadablePatternError,
    read_pattern,
)

_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Texts:
    """Strings that are asked for."""

    least: int = 0
    most: int | None = None
    matching: frozenset[str] = frozenset()
    avoiding: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    no_formats: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def with_node(self, node: Node) -> Texts:
        """Return those that a plain node allows, too."""
        pattern, form = node.says("pattern"), node.says("format")
        upper = [one for one in (self.most, node.says("maxLength")) if one is not None]
        return replace(
            self,
            least=max(self.least, int(node.says("minLength", 0))),
            most=min(upper) if upper else None,
            matching=self.matching | ({pattern} if pattern is not None else set()),
            formats=self.formats | ({form} if is_rule(form) else set()),
        )

    def without_node(self, node: Node) -> Iterable[Texts]:
        """Yield those that a plain node forbids, by each thing that it says."""
        least, most = int(node.says("minLength", 0)), node.says("maxLength")
        if least > 0:
            upper = least - 1 if self.most is None else min(self.most, least - 1)
            yield replace(self, most=upper)
        if most is not None:
            yield replace(self, least=max(self.least, int(most) + 1))
        if (pattern := node.says("pattern")) is not None:
            yield replace(self, avoiding=self.avoiding | {pattern})
        if is_rule(form := node.says("format")):
            yield replace(self, no_formats=self.no_formats | {form})

    def find(self) -> Answer:  # noqa: PLR0911 (an answer each)
        """Return a string, as short as possible, or that there is none."""
        if (self.most is not None and self.least > self.most) or (
            self.matching & self.avoiding or self.formats & self.no_formats
        ):
            return NOTHING
        if self.least > _LONGEST:
            return Unknown(f"a text of {self.least} characters is too long to be made")
        try:
            surely = [FORMATS[one].surely for one in self.formats if one in FORMATS]
            perhaps = [FORMATS[one].perhaps for one in self.formats if one in FORMATS]
            never = [FORMATS[one].perhaps for one in self.no_formats if one in FORMATS]
            strange = [one for one in self.formats | self.no_formats if one not in FORMATS]
            if not strange:
                text = self._shortest(surely, never)
                if text is not None:
                    return Found(text)
                if not self.formats and not self.no_formats:
                    return NOTHING
            # Wider than what is asked for: when there is nothing here, there is nothing at all.
            if self._shortest(perhaps, []) is None:
                return NOTHING
        except (UnreadablePatternError, TooLargeError) as exc:
            return Unknown(f"a pattern cannot be reasoned about: {exc}")
        if strange:
            return Unknown(f"the format {min(strange)!r} is not known here")
        formats = " and ".join(sorted(self.formats | self.no_formats))
        return Unknown(f"no text was found that tells apart: {formats}")

    def _shortest(self, more: list[str], fewer: list[str]) -> str | None:
        matching = [read_pattern(one) for one in (*self.matching, *more)]
        avoiding = [read_pattern(one) for one in (*self.avoiding, *fewer)]
        if not matching and not avoiding and not self.excluded:
            return "a" * self.least
        return _searched(matching, avoiding, self)


def is_rule(form: object) -> bool:
    """Say whether a format forbids texts."""
    return isinstance(form, str) and form not in WITHOUT_RULE


def _searched(matching: list[Pattern], avoiding: list[Pattern], asked: Texts) -> str | None:
    language = Language([*matching, *avoiding], asked.excluded)
    terms: list[Term] = [language.matching(one) for one in matching]
    terms += [language.complement(language.matching(one)) for one in avoiding]
    terms += [language.complement(language.exactly(one)) for one in sorted(asked.excluded)]
    return language.shortest(language.both(*terms), asked.least, asked.most)
