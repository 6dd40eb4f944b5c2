"""The TypeScript of every construct of the corpus, exactly."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen.typescript_project import (
    BIN,
    ROOT,
    TypeScriptProject,
    run_node,
)
from packages.topicwire.tests.corpus import CONSTRUCTS, corpus_adapter

from topicwire.asyncapi.document import build
from topicwire.asyncapi.draft07 import map_subschemas

# Two types are equal when neither can tell them apart: `any` equals nothing but itself. Exact<T>
# opens interfaces and intersections, so that only the members count.
EQUALITY = """
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Flat<T> = T extends (...args: never[]) => unknown ? T : { [K in keyof T]: T[K] }
type Proof<A, B> = Equal<A, B> extends true ? 'equal' : { ours: A; theirs: B }
export function equal<A, B>(_: Proof<A, B>): void {}
export function members<A, B>(_: Proof<Flat<A>, Flat<B>>): void {}
"""

# What our emitter says more exactly than the oracle, each stated by hand in the corpus.
FINER = {
    "Computed": "the oracle makes a computed field readonly; a received value is the reader's own",
    "ComputedMore": "as Computed",
    "Dicts": "keys that are an enum",
    "Empty": "`Record<string, never>`, the same in other words",
    "KeyedDicts": "as Dicts",
    "ListenRequest": "as Empty",
    "NamedTuplesInput": "an item with a default may be left out",
    "Open": "the index signature is part of the interface",
    "OpenInput": "as Open",
    "OpenOf": "as Open",
    "RootScalars": "as Dicts",
    "TaggedInput": "the tag is required where Pydantic requires it",
    "Tuples": "an empty tuple has no items",
}
# The oracle's type of it refers to itself in a way that tsc refuses.
CIRCULAR = {"Json", "Recursive"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build(corpus_adapter())


@pytest.fixture(scope="module")
def project(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> TypeScriptProject:
    made = TypeScriptProject(tmp_path_factory.mktemp("corpus"), document)
    made.write("equality.ts", EQUALITY)
    return made


@pytest.mark.parametrize("resolution", ["bundler", "node16"])
def test_generated_files_compile_under_every_strict_option(
    project: TypeScriptProject, resolution: str
) -> None:
    """checklist 2"""
    assert project.compile(resolution) == ""
    text = project.generated.types + project.generated.client
    code = re.sub(r"/\*.*?\*/|//[^\n]*|'[^'\n]*'", "", text, flags=re.DOTALL)
    assert re.search(r"\bunknown\b", code)
    assert not re.search(r"\bany\b", code)


def test_each_construct_is_exactly_what_was_written_by_hand(project: TypeScriptProject) -> None:
    lines = [
        "import type * as T from './ws-types-generated/index.js'",
        "import type { Routes } from './ws-client-generated/index.js'",
        "import { members } from './equality.js'",
    ]
    assert len(CONSTRUCTS) >= 60
    for one in CONSTRUCTS:
        route = f"Routes['{one.name}']"
        if one.received:
            lines.append(f"members<{route}['data'], {one.received}>('equal')")
        if one.sent:
            sent = f"{route}['operations']['echo']['request']"
            lines.append(f"members<{sent}, {one.sent}>('equal')")
    project.write("by-hand.ts", "\n".join(lines))
    assert project.compile() == ""


def test_a_wrong_use_of_each_construct_is_refused(project: TypeScriptProject) -> None:
    lines = [
        "import type { Client } from '@topicwire/client'",
        "import type { Routes } from './ws-client-generated/index.js'",
        "declare const client: Client<Routes>",
        "declare class Other { readonly #other: never }",
    ]
    for one in CONSTRUCTS:
        # an `any` would pass both, and then tsc tells of the comment that has nothing to expect
        lines += [
            f"// @ts-expect-error: {one.name} is not sent so",
            f"void client.{one.name}.echo({one.wrong})",
            f"void client.{one.name}.echo(null!).then((value) => {{",
            f"  // @ts-expect-error: {one.name} is no such class",
            "  const other: Other = value",
            "  return other",
            "})",
        ]
    project.write("wrong.ts", "\n".join(lines))
    assert project.compile() == ""


def test_equality_tells_any_and_optional_from_exact_types(project: TypeScriptProject) -> None:
    project.write(
        "unequal.ts",
        """
import { equal, members } from './equality.js'
// @ts-expect-error: any is not string
equal<any, string>('equal')
// @ts-expect-error: unknown is not string
equal<unknown, string>('equal')
// @ts-expect-error: optional is not nullable
members<{ a?: string }, { a: string | null }>('equal')
// @ts-expect-error: optional is not required
members<{ a?: string }, { a: string }>('equal')
""",
    )
    assert project.compile() == ""


def test_types_equal_those_of_openapi_typescript(
    document: dict[str, Any], project: TypeScriptProject
) -> None:
    schemas = {
        name: as_openapi(one)
        for name, one in document["components"]["schemas"].items()
        if name not in CIRCULAR
    }
    openapi = {
        "openapi": "3.1.0",
        "info": {"title": "oracle", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }
    script = Path(__file__).with_name("openapi-typescript.mjs")
    project.write("oracle.ts", run_node(script, json.dumps(openapi))["source"])
    lines = [
        "import type * as T from './ws-types-generated/index.js'",
        "import type { components } from './oracle.js'",
        "import { members } from './equality.js'",
        "type Oracle = components['schemas']",
    ]
    ours = [one for one in schemas if f"export interface {one} " in project.generated.types]
    compared = [one for one in ours if one not in FINER]
    assert len(compared) >= 100
    lines += [f"members<T.{one}, Oracle['{one}']>('equal')" for one in compared]
    project.write("against-oracle.ts", "\n".join(lines))
    assert project.compile() == ""


def test_layout_is_what_prettier_makes(project: TypeScriptProject) -> None:
    run = subprocess.run(
        [
            BIN / "prettier",
            "--check",
            "--config",
            ROOT / ".prettierrc.json",
            "ws-types-generated/index.ts",
            "ws-client-generated/index.ts",
        ],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def as_openapi(schema: Any) -> Any:
    """Write a draft-07 tuple as OpenAPI 3.1 does."""
    if not isinstance(schema, dict):
        return schema
    schema = map_subschemas(schema, as_openapi)
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        schema["items"] = schema.pop("additionalItems")
    return schema
