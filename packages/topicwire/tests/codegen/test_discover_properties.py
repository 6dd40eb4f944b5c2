"""However a declaration is laid out, the same is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.codegen.sample import IMPORTS, WS_PATH, Sample

NAMES = st.sampled_from(["TradeWsRouter", "X", "_Private", "Ünïcode", "type_", "match"])
ARGUMENTS = st.recursive(
    st.sampled_from(["Trade", "TradeRequest", "market.Trade", "int", "None"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"list[{one}]"),
        st.tuples(inner, inner).map(lambda two: f"dict[{two[0]}, {two[1]}]"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]} | {two[1]}"),
    ),
    max_leaves=4,
)
REQUESTS = st.recursive(
    st.sampled_from(["Trade", "TradeRequest", "market.Trade", "dict[str, int]"]),
    lambda inner: st.one_of(
        st.tuples(ARGUMENTS, inner).map(lambda two: f"dict[{two[0]}, {two[1]}]"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]} | {two[1]}"),
    ),
    max_leaves=4,
)
"""A request is an object."""

# Between any two tokens inside brackets: blanks, line ends, comments that look like code.
GAPS = st.lists(
    st.sampled_from(["", " ", "  ", "\n", "\n    ", "  # ], Trade]\n", "# WsRouter[A, B]\n"]),
    max_size=3,
).map("".join)
FORMS = st.sampled_from(
    ["{name}: TypeAlias = {value}", "{name} = {value}", "type {name} = {value}"]
)
PLACES = st.sampled_from(
    ["{text}", "if TYPE_CHECKING:\n{block}", "try:\n{block}\nfinally:\n  pass"]
)


def spread(text: str, gaps: Sequence[str]) -> str:
    """The text with a gap after each bracket, comma and bar."""
    pieces: list[str] = []
    for at, character in enumerate(text):
        pieces.append(character)
        if character in "[],|":
            pieces.append(gaps[at % len(gaps)])
    return "".join(pieces)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, str, str]:
    """A declaration somehow laid out; its name, and its types as people read them."""
    name, request, data = draw(NAMES), draw(REQUESTS), draw(ARGUMENTS)
    comma = draw(st.sampled_from(["", ","]))
    gaps = draw(st.lists(GAPS, min_size=1, max_size=7))
    # In brackets of its own, so that a line may end anywhere.
    value = f"({spread(f'WsRouter[{request},{data}{comma}]', gaps)})"
    text = draw(FORMS).format(name=name, value=value)
    block = "\n".join(f"  {line}" for line in text.split("\n"))
    return draw(PLACES).format(text=text, block=block), name, f"{request} → {data}"


@settings(max_examples=150, deadline=None)
@given(layout=layouts())
def test_any_layout_gives_the_same_model(layout: tuple[str, str, str]) -> None:
    """checklist 14, pitfall 20"""
    text, name, signature = layout
    with TemporaryDirectory() as folder:
        app = Sample(Path(folder)).populate()
        app.write(WS_PATH, f"{IMPORTS}from acme.models import market\n\n{text}\n")
        found = [(one.name, one.signature) for one in app.declarations()]
    assert found == [(name, signature)]
