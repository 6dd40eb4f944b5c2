"""The types of `behaviours`, and what is to become of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from packages.topicwire.tests.corpus import behaviours
from packages.topicwire.tests.corpus.construct import Construct
from packages.topicwire.tests.corpus.models import Plain
from packages.topicwire.tests.corpus.values import values_of
from pydantic import TypeAdapter


def _init_only() -> st.SearchStrategy[Any]:
    return st.builds(behaviours.InitOnly, base=st.integers(-1000, 1000), factor=st.just(2))


def _embedded() -> st.SearchStrategy[Any]:
    return values_of(Plain).map(lambda one: behaviours.Embedded.model_construct(plain=one))


def _as_text(value: Any) -> Any:
    return {"plain": TypeAdapter(Plain).dump_json(value.plain).decode()}


BEHAVIOURS = [
    Construct(
        "sidedAliases",
        behaviours.SidedAliases,
        "{ sent_as: number; receivedAs: number; several: string }",
        "{ sentAs: number; received_as: number; first: string }",
        wrong="{ sent_as: 1, received_as: 1, first: 'a' }",
        misuse="behaviours.SidedAliases(sentAs='1')",
        sends=lambda one: {
            "sentAs": one.sent_as,
            "received_as": one.received_as,
            "first": one.several,
        },
    ),
    Construct(
        "pascal",
        behaviours.Pascal,
        "{ OrderId: number; LimitPrice: number | null }",
        "{ OrderId: number; LimitPrice?: number | null }",
        wrong="{ order_id: 1 }",
        misuse="1",
    ),
    Construct(
        "byName",
        behaviours.ByName,
        "{ amt: number }",
        "{ amount: number }",
        wrong="{ amt: 1 }",
        misuse="behaviours.ByName(amt='1')",
        sends=lambda one: {"amount": one.amount},
    ),
    Construct(
        "defaults",
        behaviours.Defaults,
        "{ items: number[]; model: T.Plain; price: string; day: string; span: string; id: string;"
        " side: 'buy' | 'sell'; pair: [number, string]; tags: string[]; raw: string }",
        "{ items?: number[]; model?: T.Plain; price?: number | string; day?: string;"
        " span?: string; id?: string; side?: 'buy' | 'sell'; pair?: [number, string];"
        " tags?: string[]; raw?: string }",
        wrong="{ items: null }",
        misuse="behaviours.Defaults(items=None)",
    ),
    Construct(
        "validators",
        behaviours.Validators,
        "{ after: string; before: string; wrapped: number; both: string }",
        wrong="{ after: 1, before: '', wrapped: 1, both: 'a' }",
        misuse="behaviours.Validators(after=1, before='', wrapped=1, both='a')",
    ),
    Construct(
        "takesText",
        behaviours.TakesText,
        "{ number: number }",
        "{ number: string }",
        wrong="{ number: 1 }",
        misuse="behaviours.TakesText(number='1')",
        sends=lambda one: {"number": str(one.number)},
    ),
    Construct(
        "serializers",
        behaviours.Serializers,
        "{ plain: string; wrapped: number[]; in_json: string }",
        "{ plain: number; wrapped: number; in_json: number }",
        wrong="{ plain: '0x1', wrapped: 1, in_json: 1 }",
        misuse="behaviours.Serializers(plain='0x1', wrapped=1, in_json=1)",
        sends=dict,
    ),
    Construct(
        "flattened",
        behaviours.Flattened,
        "{ [key: string]: number }",
        "{ x: number; y: number }",
        wrong="{ x: 1, y: 1, sum: 2 }",
        misuse="behaviours.Flattened(x=1)",
        sends=lambda one: {"x": one.x, "y": one.y},
    ),
    Construct(
        "computedMore",
        behaviours.ComputedMore,
        "{ net: number; grossAmount: number | null; words: string[] }",
        "{ net: number }",
        wrong="{ grossAmount: 1 }",
        misuse="behaviours.ComputedMore()",
        special={int: st.integers(-(10**15), 10**15)},
        sends=lambda one: {"net": one.net},
    ),
    Construct(
        "attributeDocs",
        behaviours.AttributeDocs,
        "{ price: number; size: number }",
        "{ price: number; size?: number }",
        wrong="{ size: 1 }",
        misuse="behaviours.AttributeDocs(size=1)",
    ),
    Construct(
        "strict",
        behaviours.Strict,
        "{ count: number; day: string; at: string }",
        wrong="{ count: '1', day: '', at: '' }",
        misuse="behaviours.Strict(count='1')",
    ),
    Construct(
        "absent",
        behaviours.Absent,
        "{ always: number; sometimes?: number; nullable?: number | null }",
        wrong="{ always: 1, sometimes: null }",
        misuse="behaviours.Absent(sometimes=1)",
    ),
    Construct(
        "hidden",
        behaviours.Hidden,
        "{ shown: number }",
        wrong="{ shown: 1, constant: 3 }",
        misuse="behaviours.Hidden(shown='1')",
    ),
    Construct(
        "initOnly",
        behaviours.InitOnly,
        "{ base: number; label: string }",
        "{ base: number; factor: number }",
        wrong="{ base: 1, factor: 1, label: 'a' }",
        misuse="behaviours.InitOnly(base=1, factor=1, label='a')",
        made=_init_only,
        sends=lambda one: {"base": one.base, "factor": 2},
    ),
    Construct(
        "embedded",
        behaviours.Embedded,
        "{ plain: T.Plain }",
        "{ plain: string }",
        wrong="{ plain: { name: 'a', count: 1, ratio: 1, active: true } }",
        misuse="behaviours.Embedded()",
        made=_embedded,
        sends=_as_text,
    ),
]
