"""What is wrong with a document is found, with its place and its cure."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from packages.topicwire.tests.asyncapi.mutants import MUTANTS
from packages.topicwire.tests.asyncapi.parser import parse
from packages.topicwire.tests.asyncapi.session import DOCUMENT

from topicwire.asyncapi.validate import faults


def test_the_official_parser_lets_such_mutants_pass() -> None:
    """Why there are rules of our own. When this fails, the parser has learnt one of them."""
    missed = {"no type", "id at nothing", "prefixItems", "a message's example without its payload"}
    mutants = []
    for mutant in MUTANTS:
        if mutant.name in missed:
            mutants.append(copy.deepcopy(DOCUMENT))
            mutant.change(mutants[-1])
    assert len(mutants) == len(missed)
    assert [one["valid"] for one in parse(*mutants)] == [True] * len(mutants)


def test_a_fault_says_where_what_and_what_to_do() -> None:
    mutant = copy.deepcopy(DOCUMENT)
    next(one for one in MUTANTS if one.name == "prefixItems").change(mutant)
    assert str(faults(mutant)[0]) == (
        "#/components/schemas/Trade/properties/size/prefixItems: `prefixItems` is not a keyword "
        "of draft-07 and is skipped by its readers. Use `items: [...]` with `additionalItems: "
        "false`."
    )


def test_the_official_schema_is_the_published_one() -> None:
    root = Path(__file__).parents[4]
    published = root / "node_modules/@asyncapi/specs/schemas/3.1.0.json"
    ours = root / "packages/topicwire/src/topicwire/asyncapi/schema/asyncapi-3.1.0.json"
    assert ours.read_bytes() == published.read_bytes()
    assert json.loads(ours.read_text())["title"] == "AsyncAPI 3.1.0 schema."
