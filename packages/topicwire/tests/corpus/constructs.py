"""Each type of the corpus, and what is to become of it in TypeScript, written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from packages.topicwire.tests.corpus import models as m
from pydantic import Field


@dataclass(frozen=True)
class Construct:
    """A payload type.

    Attributes:
        name: the construct's own, also of its route.
        payload_type: what travels, in both directions where it is an object.
        received: the TypeScript type of what the server sends, with `T.` before named types.
        sent: the same of what the client sends; "" where the two are alike.
    """

    name: str
    payload_type: Any
    received: str
    sent: str = ""


CONSTRUCTS = [
    Construct("plain", m.Plain, "{ name: string; count: number; ratio: number; active: boolean }"),
    Construct(
        "described",
        m.Described,
        "{ symbol: string; qty: number; code: string }",
        "{ symbol: string; qty?: number; code?: string }",
    ),
    Construct(
        "optionals",
        m.Optionals,
        "{ required_nullable: string | null; optional: number; optional_nullable: number | null }",
        "{ required_nullable: string | null; optional?: number;"
        " optional_nullable?: number | null }",
    ),
    Construct(
        "enums",
        m.Enums,
        "{ side: 'buy' | 'sell'; level: 1 | -2; preferred: 'buy' | 'sell' }",
        "{ side: 'buy' | 'sell'; level: 1 | -2; preferred?: 'buy' | 'sell' }",
    ),
    Construct(
        "literals",
        m.Literals,
        "{ text: 'a' | \"it's\" | 'say \"so\"'; number: 1 | 2; mixed: 'x' | 1 | true | null;"
        " single: 'only' }",
    ),
    Construct(
        "tagged",
        m.Tagged,
        "{ pet: T.Cat | T.Dog; others: (T.Cat | T.Dog)[] }",
        "{ pet: (T.CatInput & { kind: 'cat' }) | T.Dog;"
        " others?: ((T.CatInput & { kind: 'cat' }) | T.Dog)[] }",
    ),
    Construct(
        "plainUnion",
        m.PlainUnion,
        "{ value: number | string | T.Plain; many: (number | null)[] }",
    ),
    Construct(
        "tree",
        m.Tree,
        "{ label: string; children: T.Tree[]; parent: T.Tree | null }",
        "{ label: string; children?: T.TreeInput[]; parent?: T.TreeInput | null }",
    ),
    Construct(
        "chicken",
        m.Chicken,
        "{ egg: { chicken: T.Chicken | null } | null }",
        "{ egg?: { chicken?: T.ChickenInput | null } | null }",
    ),
    Construct(
        "pages",
        m.Pages,
        "{ plain: T.PagePlain; numbers: T.PageInt; nested: T.PagePagePlain;"
        " maybe: T.PagePlainNull }",
    ),
    Construct("page", m.Page[m.Plain], "{ items: T.Plain[]; total: number }"),
    Construct("pageOfLists", m.Page[list[m.Plain]], "{ items: T.Plain[][]; total: number }"),
    Construct("roots", m.Roots, "{ plains: T.Plain[]; names: { [key: string]: string } }"),
    Construct("rootList", m.PlainList, "T.Plain[]"),
    Construct(
        "tuples",
        m.Tuples,
        "{ pair: [number, string]; many: number[]; empty: []; point: [number, number];"
        " nested: [[number, number], (string | null)[]] }",
    ),
    Construct(
        "dicts",
        m.Dicts,
        "{ plain: { [key: string]: number }; by_number: { [key: string]: string };"
        " by_side: { [Key in 'buy' | 'sell']?: number };"
        " nested: { [key: string]: { [key: string]: T.Plain[] } };"
        " anything: { [key: string]: unknown } }",
    ),
    Construct("sets", m.Sets, "{ tags: string[]; frozen: number[] }"),
    Construct("times", m.Times, "{ at: string; day: string; clock: string; span: string }"),
    Construct(
        "decimals",
        m.Decimals,
        "{ price: string; rounded: string }",
        "{ price: number | string; rounded: number | string }",
    ),
    Construct("identifiers", m.Identifiers, "{ id: string; link: string; raw: string }"),
    Construct(
        "aliased",
        m.Aliased,
        "{ firstName: string; dateOfBirth: string | null }",
        "{ firstName: string; dateOfBirth?: string | null }",
    ),
    Construct(
        "oddNames",
        m.OddNames,
        "{ class: string; 'with-dash': number; 'with space': number; '1st': number;"
        " 'größe': string; constructor: string; \"it's\": string }",
        "{ class: string; 'with-dash': number; 'with space'?: number; '1st': number;"
        " 'größe': string; constructor: string; \"it's\": string }",
    ),
    Construct(
        "computed",
        m.Computed,
        "{ width: number; height: number; area: number }",
        "{ width: number; height: number }",
    ),
    Construct("customSerializer", m.CustomSerializer, "{ at: string }", "{ at: number }"),
    Construct("closedModel", m.Closed, "{ known: number }"),
    Construct(
        "open",
        m.Open,
        "{ known: number; sometimes: string | null; [key: string]: unknown }",
        "{ known: number; sometimes?: string | null; [key: string]: unknown }",
    ),
    Construct("openOf", m.OpenOf, "{ known: string; [key: string]: number | string }"),
    Construct("empty", m.Empty, "{ [key: string]: never }"),
    Construct(
        "derived",
        m.Derived,
        "{ id: string; extra: number | null }",
        "{ id: string; extra?: number | null }",
    ),
    Construct("deprecated", m.Deprecated, "{ old: number }"),
    Construct(
        "dataClass",
        m.DataClass,
        "{ name: string; size: number }",
        "{ name: string; size?: number }",
    ),
    Construct("typedDict", m.Movie, "{ title: string; year?: number }"),
    Construct(
        "otherForms",
        m.OtherForms,
        "{ data: T.DataClass; movie: T.Movie; partial: { a?: number; b?: string[] } }",
        "{ data: T.DataClassInput; movie: T.Movie; partial: { a?: number; b?: string[] } }",
    ),
    Construct("recursive", m.Recursive, "{ value: T.Json }"),
    Construct("anything", m.Anything, "{ free: unknown; items: unknown[]; nothing: null }"),
    Construct(
        "excludedFields",
        m.ExcludedFields,
        "{ shown: number; unless_none?: number }",
        "{ shown: number; hidden?: number; unless_none?: number | null }",
    ),
    Construct(
        "takesReserved", m.TakesReserved, "{ text: T.string_; array: T.Array; record: T.Record }"
    ),
    Construct("route", m.Route, "{ stops: string[] }"),
    Construct("longUnion", m.LongUnion, ""),
    Construct("listOfModels", list[m.Plain], "T.Plain[]"),
    Construct("unionOfModels", m.Plain | m.Closed, "T.Plain | T.Closed"),
    Construct(
        "taggedPayload", Annotated[m.Cat | m.Dog, Field(discriminator="kind")], "T.Cat | T.Dog"
    ),
    Construct("text", str, "string"),
    Construct("maybeNumber", int | None, "number | null"),
    Construct("tuplePayload", tuple[int, m.Plain], "[number, T.Plain]"),
    Construct("dictPayload", dict[str, m.Plain], "{ [key: string]: T.Plain }"),
]
