"""What was declared: frozen, each with its file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MARK = "\0"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a type argument needs imported: `from module import name`."""

    module: str
    name: str
    local: str
    """What to call it, if nothing else is called so."""


@dataclass(frozen=True, slots=True)
class TypeArgument:
    """One argument of `WsRouter[...]`.

    Attributes:
        text: on one line, as declared, for people.
        expression: Python, with a placeholder for each of `references`.
        is_class: it can be called and passed to `isinstance`; `list[Bar]` cannot.
    """

    text: str
    expression: str
    references: tuple[Reference, ...]
    is_class: bool

    def render(self, names: Mapping[Reference, str]) -> str:
        """The expression with each reference under its name."""
        rendered = self.expression
        for at, reference in enumerate(self.references):
            rendered = rendered.replace(placeholder(at), names[reference])
        return rendered


def placeholder(at: int) -> str:
    """Stands for the reference of that number. No Python text contains it."""
    return f"{_MARK}{at}{_MARK}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """`name: TypeAlias = WsRouter[arguments]`, found in `path` at `line`."""

    name: str
    arguments: tuple[TypeArgument, ...]
    module: str
    path: Path
    shown: str
    line: int

    @property
    def file_name(self) -> str:
        """`tradewsrouter.py` for `TradeWsRouter`."""
        return f"{self.module_name}.py"

    @property
    def module_name(self) -> str:
        """`tradewsrouter` for `TradeWsRouter`."""
        return self.name.lower()

    @property
    def signature(self) -> str:
        """`TradeSubscriptionRequest → Trade`."""
        return " → ".join(argument.text for argument in self.arguments)
