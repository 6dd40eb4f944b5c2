"""TypeScript text: names, literals, comments, paths."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topicwire.asyncapi.contract import read_contract
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.shapes import Docs, read_shape
from topicwire.codegen.typescript import generate, import_path
from topicwire.codegen.typescript_syntax import (
    TypePrinter,
    comment,
    property_key,
    string,
    type_names,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Trade", "Trade"),
        ("class", "class_"),
        ("string", "string_"),
        ("1st", "_1st"),
        ("a.b-c", "a_b_c"),
    ],
)
def test_a_type_is_named_as_typescript_allows(name: str, expected: str) -> None:
    assert type_names([name]) == {name: expected}


@given(st.lists(st.text(min_size=1), unique=True))
def test_two_types_never_share_a_name(names: list[str]) -> None:
    given_names = type_names(names)
    assert len(set(given_names.values())) == len(names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("plain", "plain"), ("with-dash", "'with-dash'"), ("größe", "größe"), ("1st", "'1st'")],
)
def test_a_property_is_quoted_where_it_must_be(name: str, expected: str) -> None:
    assert property_key(name) == expected


def test_a_string_literal_takes_the_quotes_that_need_fewer_escapes() -> None:
    assert string("it's") == '"it\'s"'
    assert string('"') == "'\"'"
    assert string("\u2028") == "'\\u2028'"


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=20, max_size=60))
def test_string_literals_read_back_as_they_were(values: list[str]) -> None:
    script = f"console.log(JSON.stringify([{','.join(map(string, values))}]))"
    run = subprocess.run(["node", "-"], input=script.encode(), capture_output=True, check=True)
    assert json.loads(run.stdout) == values


def test_a_comment_never_ends_early() -> None:
    assert comment(Docs("a */ b"), "") == "/** a *\\/ b */\n"


def test_a_comment_says_what_the_type_cannot() -> None:
    docs = Docs("Price.", deprecated=True, facts=(("format", "decimal"), ("minimum", 0)))
    assert comment(docs, "  ") == (
        "  /**\n   * Price.\n   *\n   * @format decimal\n   * @minimum 0\n   * @deprecated\n   */\n"
    )
    assert "@minimum" not in comment(docs, "  ", checks=False)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "unknown"),
        (False, "never"),
        ({}, "unknown"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, "'a' | (string & {})"),
        ({"type": "array"}, "unknown[]"),
        ({"type": "object"}, "{ [key: string]: unknown }"),
        ({"type": "object", "additionalProperties": False}, "{ [key: string]: never }"),
        (
            {"type": "object", "patternProperties": {"^x": {"type": "null"}}},
            "{ [key: string]: null }",
        ),
        (
            {"type": "array", "items": [{"type": "null"}], "additionalItems": {}},
            "[null?, ...unknown[]]",
        ),
        (
            {"items": [{}, {"type": ["string", "null"]}], "minItems": 1, "additionalItems": False},
            "[unknown, (string | null)?]",
        ),
        ({"const": {"a": 1}}, "{ [key: string]: unknown }"),
        ({"const": [1]}, "unknown[]"),
        ({"allOf": [{"enum": [1, 2]}, {"type": "number"}]}, "(1 | 2) & number"),
        ({"enum": [1, 1.5, True, None, "a"]}, "1 | 1.5 | true | null | 'a'"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
    ],
)
def test_each_schema_has_its_type(schema: object, expected: str) -> None:
    assert TypePrinter({}).flat(read_shape(schema)) == expected


@pytest.mark.parametrize(
    ("client", "types", "expected"),
    [
        ("src/ws-client", "src/ws-types", "../ws-types/index.js"),
        ("src", "src/types", "./types/index.js"),
        ("src/a/b", "src", "../../index.js"),
    ],
)
def test_one_folder_imports_the_other(client: str, types: str, expected: str) -> None:
    assert import_path(Path(client), Path(types)) == expected


def test_a_document_of_somebody_else_is_refused_with_the_cure() -> None:
    with pytest.raises(DocumentError, match="not an AsyncAPI 3 document"):
        generate({"openapi": "3.1.0"})
    with pytest.raises(DocumentError, match="not written by Topicwire"):
        read_contract({"asyncapi": "3.0.0", "channels": {}})
