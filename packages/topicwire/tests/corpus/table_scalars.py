"""The types of `scalars`, and what is to become of them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from packages.topicwire.tests.corpus import scalars
from packages.topicwire.tests.corpus.construct import Construct

SCALARS = [
    Construct(
        "bounded",
        scalars.Bounded,
        "{ percent: number; even: number; positive: number; exact: number; share: number;"
        " weight: number }",
        wrong="{ percent: '1', even: 2, positive: 1, exact: 1, share: 0.5, weight: 1 }",
        misuse="scalars.Bounded(percent='1', even=2, positive=1, exact=1, share=0.5, weight=1.0)",
    ),
    Construct(
        "bigIntegers",
        scalars.BigIntegers,
        "{ order_id: string; positions: string[]; limited: string }",
        "{ order_id: string; positions: string[]; limited?: string }",
        wrong="{ order_id: 9007199254740993, positions: [] }",
        misuse="scalars.BigIntegers(order_id='1', positions=[])",
        special={int: st.integers(-(10**30), 10**30)},
    ),
    Construct(
        "notFinite",
        scalars.NotFinite,
        "{ ratio: number | 'NaN' | 'Infinity' | '-Infinity';"
        " many: (number | 'NaN' | 'Infinity' | '-Infinity')[] }",
        wrong="{ ratio: 'nan', many: [] }",
        misuse="scalars.NotFinite(ratio=None, many=[])",
        special={float: st.floats()},
    ),
    Construct(
        "strings",
        scalars.Strings,
        "{ symbol: string; note: string; image: string; tag: string }",
        wrong="{ symbol: 1, note: '', image: '', tag: 'ab' }",
        misuse="scalars.Strings(symbol=1, note='', image=b'', tag='ab')",
    ),
    Construct(
        "hosts",
        scalars.Hosts,
        "{ v4: string; v6: string; path: string; pattern: string; page: string }",
        wrong="{ v4: 2130706433, v6: '::1', path: '', pattern: '', page: '' }",
        misuse="scalars.Hosts(v4=1)",
    ),
    Construct(
        "encoded",
        scalars.Encoded,
        "{ body: string }",
        wrong="{ body: [1, 2] }",
        misuse="scalars.Encoded(body='')",
    ),
    Construct(
        "otherNumbers",
        scalars.OtherNumbers,
        "{ size: number; point: string; part: string; fixed: string }",
        "{ size: string | number; point: string; part: number | string; fixed: number | string }",
        wrong="{ size: 1, point: 1, part: '1/2', fixed: '1' }",
        misuse="scalars.OtherNumbers(point='1')",
    ),
    Construct(
        "moments",
        scalars.Moments,
        "{ zoned: string; local: string }",
        wrong="{ zoned: new Date(0), local: '' }",
        misuse="scalars.Moments(zoned=1, local=2)",
    ),
    Construct(
        "seconds",
        scalars.Seconds,
        "{ span: number }",
        "{ span: number | string }",
        wrong="{ span: { seconds: 1 } }",
        misuse="scalars.Seconds(span=1.5)",
        special={timedelta: st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))},
    ),
    Construct(
        "enumerations",
        scalars.Enumerations,
        "{ status: 'open' | 'done'; permission: number; mixed: 1 | 'text' | null; half: 0.5 | 1 }",
        wrong="{ status: 'open', permission: 3, mixed: 2, half: 1 }",
        misuse="scalars.Enumerations(status=scalars.Half.HALF)",
    ),
    Construct(
        "enumMembers",
        scalars.EnumMembers,
        "{ status: 'open'; level: 1 | -2 }",
        wrong="{ status: 'done', level: 1 }",
        misuse="scalars.EnumMembers(status=scalars.Status.DONE, level=scalars.models.Level.LOW)",
    ),
    Construct(
        "newTypes",
        scalars.NewTypes,
        "{ account: number; symbol: string }",
        wrong="{ account: 'a', symbol: 'a' }",
        misuse="scalars.NewTypes(account=1, symbol='a')",
    ),
    Construct(
        "numberUnions",
        scalars.NumberUnions,
        "{ switch_or_number: boolean | number; text_or_number: number | string;"
        " exact_or_text: string | null }",
        "{ switch_or_number: boolean | number; text_or_number: number | string;"
        " exact_or_text: number | string | null }",
        wrong="{ switch_or_number: 'a', text_or_number: 1, exact_or_text: null }",
        misuse="scalars.NumberUnions(switch_or_number='a')",
    ),
]
