"""Names of types: short, valid everywhere, and the type's own."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.asyncapi.names import TypeIdentity


@pytest.mark.parametrize(
    ("core_ref", "names"),
    [
        ("app.models.Trade:1", ["Trade", "ModelsTrade", "AppModelsTrade", "AppModelsTrade2"]),
        ("app.Page:1[Trade:2]", ["PageTrade", "AppPageTrade"]),
        ("app.Page:1[list[Trade]:2]", ["PageListTrade"]),
        ("app.Page:1[Union[Trade, NoneType]:2]", ["PageTradeNull"]),
        ("app.Page:1[Trade | None:2]", ["PageTradeNull"]),
        ("app.Pair:1[Page[Trade]:2,dict[str, int]:3]", ["PairPageTradeDictStrInt"]),
        ("app.Page:1[Literal['a', 'b']:2]", ["PageAB"]),
        ("app.Page:1[Annotated[int, FieldInfo(metadata=[Gt(gt=1)])]:2]", ["PageInt"]),
        ("app.Page:1[Annotated[list[int], Len(1)] | str:2]", ["PageListIntStr"]),
        ("app.test.<locals>.Trade:1", ["Trade", "TestTrade"]),
        ("app.market_data.Größe:1", ["Gr_f6_dfe", "MarketDataGr_f6_dfe"]),
        ("__main__._Private:1", ["_Private", "_Private2"]),
    ],
)
def test_a_type_is_called_after_itself_then_after_its_module(
    core_ref: str, names: list[str]
) -> None:
    assert list(islice(TypeIdentity.of(core_ref).candidates(), len(names))) == names


@given(st.text(st.characters(exclude_characters=":"), min_size=1), st.integers(0))
def test_any_type_has_names_without_end_that_a_document_can_hold(text: str, number: int) -> None:
    found = list(islice(TypeIdentity.of(f"app.{text}:{number}").candidates(), 6))
    assert len(found) == 6
    assert all(re.fullmatch(r"[A-Za-z0-9._-]*", name) for name in found), found
