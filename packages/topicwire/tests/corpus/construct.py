"""One declaration of the corpus, and what is to become of it, written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from packages.topicwire.tests.corpus.values import Values, json_of, values_of


@dataclass(frozen=True)
class Construct:
    """A payload type.

    Attributes:
        name: the construct's own, also of its route.
        payload_type: what travels, in both directions where it is an object.
        received: the TypeScript type of what the server sends, with `T.` before named types; ""
            where it is too long to be written twice.
        sent: the same of what the client sends; "" where the two are alike.
        wrong: a TypeScript expression that is not what the client sends.
        misuse: a Python expression that is not what the server sends.
        declared: the type in Python, where it is no class: `list[models.Plain]`.
        special: strategies for scalars of another range than usual.
        made: a strategy for the values, where one cannot be made from the declaration.
        sends: from a value to the JSON that a client sends for it, where that is not what the
            server sends.
    """

    name: str
    payload_type: Any
    received: str
    sent: str = ""
    wrong: str = field(kw_only=True)
    misuse: str = field(kw_only=True)
    declared: str = field(default="", kw_only=True)
    special: Mapping[Any, Values] = field(default_factory=dict, kw_only=True)
    made: Callable[[], Values] | None = field(default=None, kw_only=True)
    sends: Callable[[Any], Any] | None = field(default=None, kw_only=True)

    @property
    def annotation(self) -> str:
        """The type as Python source, with the corpus's own modules before its names."""
        if self.declared:
            return self.declared
        module = self.payload_type.__module__.rpartition(".")[2]
        return f"{module}.{self.payload_type.__name__}"

    def values(self) -> st.SearchStrategy[Any]:
        """Instances, as a server has them."""
        return self.made() if self.made else values_of(self.payload_type, self.special)

    def received_json(self, value: Any) -> Any:
        """What the server sends for `value`, as JSON values."""
        return json_of(self.payload_type, value)

    def sent_json(self, value: Any) -> Any:
        """What a client sends so that the server has `value`, as JSON values."""
        return self.sends(value) if self.sends else self.received_json(value)
