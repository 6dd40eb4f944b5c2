"""The types of `structures`, and what is to become of them."""

from __future__ import annotations

from packages.topicwire.tests.corpus import structures
from packages.topicwire.tests.corpus.construct import Construct

STRUCTURES = [
    Construct(
        "abstract",
        structures.Abstract,
        "{ numbers: number[]; queue: string[]; by_name: { [key: string]: number };"
        " grouped: { [key: string]: number[] } }",
        wrong="{ numbers: ['a'], queue: [], by_name: {}, grouped: {} }",
        misuse="structures.Abstract(numbers=['a'])",
    ),
    Construct(
        "keyedDicts",
        structures.KeyedDicts,
        "{ by_id: { [key: string]: number }; by_day: { [key: string]: number };"
        " by_switch: { [Key in 'true' | 'false']?: number }; by_ratio: { [key: string]: number };"
        " by_level: { [Key in '1' | '-2']?: number }; by_code: { [key: string]: number } }",
        wrong="{ by_id: {}, by_day: {}, by_switch: { yes: 1 }, by_ratio: {}, by_level: {},"
        " by_code: {} }",
        misuse="structures.KeyedDicts(by_switch={'yes': 1})",
    ),
    Construct(
        "limitedCollections",
        structures.LimitedCollections,
        "{ some: number[]; sides: ('buy' | 'sell')[]; pairs: { [key: string]: number } }",
        wrong="{ some: [1], sides: ['hold'], pairs: {} }",
        misuse="structures.LimitedCollections(some=[1], sides={'hold'}, pairs={'a': 1})",
    ),
    Construct(
        "purse",
        structures.Purse,
        "{ coins: T.Coin[] }",
        wrong="{ coins: [{ dollars: 1 }] }",
        misuse="structures.Purse(coins=frozenset({1}))",
    ),
    Construct(
        "generics",
        structures.Generics,
        "{ chain: T.NodeInt; pair: T.PairStrPlain; swapped: T.PairPlainStr; page: T.PlainPage }",
        "{ chain: T.NodeIntInput; pair: T.PairStrPlain; swapped: T.PairPlainStr;"
        " page: T.PlainPage }",
        wrong="{ chain: { value: 'a' } }",
        misuse="structures.Node[str](value='a')",
    ),
    Construct(
        "node",
        structures.Node[str],
        "{ value: string; next: T.NodeStr | null }",
        "{ value: string; next?: T.NodeStrInput | null }",
        wrong="{ value: 'a', next: { value: 1 } }",
        misuse="structures.Node[int](value=1)",
        declared="structures.Node[str]",
    ),
    Construct(
        "aliases",
        structures.Aliases,
        "{ named: T.NamedInt; numbers: T.Numbers }",
        wrong="{ named: { a: 'b' }, numbers: [] }",
        misuse="structures.Aliases(named={'a': 'b'}, numbers=[])",
    ),
    Construct(
        "namedTuples",
        structures.NamedTuples,
        "{ spot: [string, number, number]; spots: [string, number, number][] }",
        "{ spot: [string, number, number?]; spots: [string, number, number?][] }",
        wrong="{ spot: ['a'], spots: [] }",
        misuse="structures.NamedTuples(spot=structures.Spot('a'), spots=[])",
    ),
    Construct(
        "namedTuple",
        structures.Spot,
        "[string, number, number]",
        "[string, number, number?]",
        wrong="['a', 'b']",
        misuse="structures.Spot('a', 'b')",
    ),
    Construct(
        "spread",
        structures.Spread,
        "{ legs: T.Leg[]; tags: { [key: string]: string }; best: T.Leg | null }",
        "{ legs: T.LegInput[]; tags?: { [key: string]: string }; best?: T.LegInput | null }",
        wrong="{ legs: [{ qty: 1 }] }",
        misuse="structures.Spread(legs=[structures.Leg()])",
    ),
    Construct(
        "checked",
        structures.Checked,
        "{ percent: number; label: string }",
        "{ percent: number; label?: string }",
        wrong="{ label: 'a' }",
        misuse="structures.Checked(label='a')",
    ),
    Construct(
        "films",
        structures.Films,
        "{ films: T.Film[] }",
        wrong="{ films: [{ title: 'a' }] }",
        misuse="structures.Films(films=[{'title': 'a'}])",
    ),
    Construct(
        "film",
        structures.Film,
        "{ title: string; year: number; rating?: number; seen?: boolean }",
        wrong="{ title: 'a', year: 1, rated: 1 }",
        misuse="structures.Film(title='a', year=1, rated=1)",
    ),
    Construct(
        "event",
        structures.Event,
        "{ source: string; at: number; name: string }",
        "{ source?: string; at: number; name: string }",
        wrong="{ name: 'a' }",
        misuse="structures.Timed(at=1)",
    ),
    Construct(
        "alarm",
        structures.Alarm,
        "{ source: string; at: number; name: 'high' | 'low'; level: 1 | -2 }",
        "{ source?: string; at: number; name: 'high' | 'low'; level?: 1 | -2 }",
        wrong="{ at: 1, name: 'middle' }",
        misuse="structures.Event(at=1, name='high')",
    ),
    Construct(
        "rootScalars",
        structures.RootScalars,
        "{ percent: number; either: T.Plain | number[];"
        " by_side: { [Key in 'buy' | 'sell']?: number } }",
        wrong="{ percent: 'a', either: [], by_side: {} }",
        misuse="structures.RootScalars(percent=structures.Either([1]))",
    ),
    Construct(
        "rootNumber",
        structures.Percent,
        "number",
        wrong="'1'",
        misuse="structures.Percent('1')",
    ),
    Construct(
        "nestedTags",
        structures.NestedTags,
        "{ command: T.Limit | T.Market | T.Cancel }",
        wrong="{ command: { type: 'market', price: 1 } }",
        misuse="structures.NestedTags(command=structures.Limit(type='market', price=1.0))",
    ),
    Construct(
        "enumTags",
        structures.EnumTags,
        "{ order: T.Waiting | T.Filled }",
        wrong="{ order: { status: 'done', cost: 1 } }",
        misuse="structures.EnumTags(order=structures.Market(type='market'))",
    ),
    Construct(
        "chosenUnion",
        structures.ChosenUnion,
        "{ value: T.Short | T.Long }",
        wrong="{ value: { pages: 1 } }",
        misuse="structures.ChosenUnion(value=structures.Long(text='a'))",
    ),
    Construct(
        "deep",
        structures.Deep,
        "{ levels: { [key: string]: [T.Plain | null, (number | string)[]] }[];"
        " maybe: { [key: string]: number }[] | { [key: string]: number[] } | null }",
        "{ levels: { [key: string]: [T.Plain | null, (number | string)[]] }[];"
        " maybe?: { [key: string]: number }[] | { [key: string]: number[] } | null }",
        wrong="{ levels: [{ a: [null, [true]] }] }",
        misuse="structures.Deep(levels=[{'a': (None, [None])}])",
    ),
]
