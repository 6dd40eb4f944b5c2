"""Names of types: short, valid everywhere, the type's own, and nobody's by the order of things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.asyncapi.names import Argument, TypeIdentity, distinct_names, sent_names

PATHS = {"2": "app.market.Trade"}


@pytest.mark.parametrize(
    ("core_ref", "names"),
    [
        ("app.models.Trade:1", ["Trade", "ModelsTrade", "AppModelsTrade"]),
        ("app.Page:1[Trade:3]", ["PageTrade", "AppPageTrade", "PageTrade", "AppPageTrade"]),
        (
            "app.Page:1[Trade:2]",
            [
                *("PageTrade", "AppPageTrade", "PageMarketTrade", "AppPageMarketTrade"),
                *("AppPageTrade", "PageAppMarketTrade", "AppPageAppMarketTrade"),
            ],
        ),
        ("app.Page:1[list[Trade]:2]", ["PageListTrade", "AppPageListTrade"]),
        ("app.Page:1[Union[Trade, NoneType]:2]", ["PageTradeNull"]),
        ("app.Page:1[Trade | None:2]", ["PageTradeNull"]),
        ("app.Pair:1[Page[Trade]:2,dict[str, int]:3]", ["PairPageTradeDictStrInt"]),
        ("app.Page:1[Literal['a', 'b']:2]", ["PageAB"]),
        ("app.Page:1[Annotated[int, FieldInfo(metadata=[Gt(gt=1)])]:2]", ["PageInt"]),
        ("app.Page:1[Annotated[list[int], Len(1)] | str:2]", ["PageListIntStr"]),
        ("app.Page:1[Outer.Inner:3]", ["PageOuterInner"]),
        ("app.test.<locals>.Trade:1", ["Trade", "TestTrade"]),
        ("app.Box:1[test.<locals>.Trade:3]", ["BoxTestTrade"]),
        ("app.market_data.Größe:1", ["Gr_f6_dfe", "MarketDataGr_f6_dfe"]),
        ("__main__._Private:1", ["_Private"]),
    ],
)
def test_a_type_is_called_after_itself_then_after_its_module(
    core_ref: str, names: list[str]
) -> None:
    found = [name for _, name in TypeIdentity.of(core_ref, PATHS).candidates()]
    assert found[: len(names)] == names


@given(st.text(st.characters(exclude_characters=":"), min_size=1), st.integers(0))
def test_any_type_has_a_name_that_a_document_can_hold(text: str, number: int) -> None:
    identity = TypeIdentity.of(f"app.{text}:{number}")
    names = [name for _, name in identity.candidates()]
    names += distinct_names({"a": identity, "b": identity}, {"a": "1", "b": "2"}, ()).values()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names), names


def identities(*paths: str) -> dict[str, TypeIdentity]:
    return {path: TypeIdentity(path) for path in paths}


def test_all_of_a_clash_give_way_and_nobody_else() -> None:
    types = identities("app.market.Trade", "app.news.Trade", "app.news.Item", "b.MarketTrade")
    assert distinct_names(types, {}, {"Item"}) == {
        "app.market.Trade": "AppMarketTrade",  # a class is called so: it has the better right
        "app.news.Trade": "NewsTrade",
        "app.news.Item": "NewsItem",  # the protocol's own
        "b.MarketTrade": "MarketTrade",
    }


def test_a_third_of_a_name_renames_no_other() -> None:
    two = distinct_names(identities("app.market.Trade", "app.news.Trade"), {}, ())
    more = identities("app.market.Trade", "app.news.Trade", "app.archive.Trade")
    assert distinct_names(more, {}, ()) == {**two, "app.archive.Trade": "ArchiveTrade"}


def test_types_of_one_identity_are_told_apart_by_what_they_are() -> None:
    same = TypeIdentity("app.test.<locals>.Trade")
    names = distinct_names({"a": same, "b": same}, {"a": "price", "b": "volume"}, ())
    assert all(re.fullmatch(r"AppTestTrade_[0-9a-f]{8}", name) for name in names.values())
    assert len({*names.values()}) == 2
    other = distinct_names({"x": same, "y": same}, {"x": "volume", "y": "price"}, ())
    assert (other["x"], other["y"]) == (names["b"], names["a"])


def test_what_is_sent_has_a_name_of_its_own() -> None:
    assert sent_names({"Trade", "TradeInput", "Order"}, {"OrderInput"}) == {
        "Trade": "TradeInput2",
        "TradeInput": "TradeInputInput",
        "Order": "OrderInput2",
    }


# Few letters, so that names meet in every way, also where one is made of the parts of another.
PARTS = st.sampled_from(["a", "b", "ab", "A", "B", "AB", "a_b", "Aa"])
SOME_PATHS = st.lists(PARTS, min_size=2, max_size=4).map(".".join)
TYPES = st.builds(
    TypeIdentity,
    SOME_PATHS,
    st.lists(SOME_PATHS.map(lambda path: Argument(path.rpartition(".")[2], path)), max_size=2).map(
        tuple
    ),
)
SETS = st.lists(TYPES, min_size=1, max_size=10, unique=True)


def named(types: list[TypeIdentity]) -> Mapping[str, TypeIdentity]:
    """Each name and what it is of."""
    keyed = {f"t{number}": one for number, one in enumerate(types)}
    names = distinct_names(keyed, {}, {"A", "AB"})
    return {names[key]: one for key, one in keyed.items()}


@given(SETS, st.randoms(use_true_random=False))
def test_names_depend_on_no_order_and_are_all_different(
    types: list[TypeIdentity], random: Random
) -> None:
    names = named(types)
    assert len(names) == len(types)
    assert not names.keys() & {"A", "AB"}
    random.shuffle(types)
    assert named(types) == names


@given(SETS)
def test_a_name_that_stays_means_the_same_type(types: list[TypeIdentity]) -> None:
    """Of the types that were there, none takes the name of another when one more comes."""
    before, after = named(types[:-1]), named(types)
    for name in before.keys() & after.keys():
        assert after[name] in {before[name], types[-1]}
