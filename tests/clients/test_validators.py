"""The generated validators, run: they take what the document's schemas take, nothing else."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator
from packages.topicwire.tests.corpus import CONSTRUCTS, corpus_adapter
from packages.topicwire.tests.corpus.instances import instances

from tests.clients.generated import GeneratedProject
from topicwire.asyncapi.document import build, dumps

EXAMPLES = 20
"""Valid values of each route; each gives as many that are damaged in one place."""

# Prints what each of `[message type, value]` is found to be.
CHECK = """
import { readFileSync } from 'node:fs'
import { createClient } from '@topicwire/client'
import { FakeServer, topicOf } from '@topicwire/client/testing'
import { validated } from '@topicwire/client/validation'
import * as all from './ws-validators-generated/index.js'
import { routeNames, type Routes } from './ws-client-generated/index.js'

const cases = JSON.parse(readFileSync(0, 'utf8')) as [keyof Routes & string, unknown][]
const server = new FakeServer()
const client = createClient<Routes>(routeNames, {
  url: 'ws://test',
  webSocket: server.WebSocket,
  pingIntervalMs: 0,
  validate: validated(Object.assign({}, ...Object.values(all))),
})
const verdicts: string[] = []
for (const [route, value] of cases) {
  const topic = topicOf(route, {})
  const found = new Promise<string>((resolve) => {
    const listener = (data: unknown): void => {
      resolve(JSON.stringify(data) === JSON.stringify(value) ? 'valid' : 'changed')
    }
    // Every request has its own type; none of them is read here.
    const subscriptions = client[route] as unknown as {
      subscribe(id: string, params: object, listener: unknown, options: object): Promise<unknown>
    }
    const onError = ({ code }: { code: string }): void => resolve(code)
    const accepted = subscriptions.subscribe('it', {}, listener, { onError })
    void accepted.then(() => server.publish(route, topic, value))
  })
  verdicts.push(await found)
}
console.log(JSON.stringify(verdicts))
client.connection.close()
"""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(dumps(build(corpus_adapter())))
    return made


@pytest.fixture(scope="module")
def project(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> GeneratedProject:
    return GeneratedProject(tmp_path_factory.mktemp("validators"), document)


def data_schema(document: dict[str, Any], route: str) -> Any:
    payload = document["components"]["messages"][f"{route}.update"]["payload"]
    return payload["properties"]["payload"]["properties"]["payload"]


def valid_values(schema: Any, components: dict[str, Any]) -> list[Any]:
    found: list[Any] = []

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(instances(schema, components))
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, key))


def damaged(value: Any, dice: random.Random) -> Any:
    """Return the value with one place replaced, or one member left out."""
    value = json.loads(json.dumps(value))
    path = dice.choice(list(places(value)))
    other = dice.choice([None, True, "x", "", -1, 1.5, 10**9, [], {}, [1, "x"], {"x": 1}])
    if not path:
        return other
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    if isinstance(holder, dict) and dice.random() < 1 / 3:
        del holder[path[-1]]
    else:
        holder[path[-1]] = other
    return value


def test_they_say_what_the_schemas_say(document: dict[str, Any], project: GeneratedProject) -> None:
    components = document["components"]["schemas"]
    dice = random.Random(11)  # noqa: S311 (not for secrets)
    cases: list[tuple[str, Any]] = []
    expected: list[str] = []
    for construct in CONSTRUCTS:
        schema = data_schema(document, construct.name)
        oracle = Draft7Validator({"allOf": [schema], "components": {"schemas": components}})
        for value in valid_values(schema, components):
            for one in (value, damaged(value, dice)):
                cases.append((construct.name, one))
                expected.append("valid" if oracle.is_valid(one) else "invalid_data")
    project.write("check.ts", CHECK)
    verdicts = project.run("check.ts", json.dumps(cases))
    wrong = [
        (case, told, said)
        for case, told, said in zip(cases, expected, verdicts, strict=True)
        if told != said
    ]
    assert wrong == []
    assert expected.count("valid") > len(CONSTRUCTS) * EXAMPLES / 2
    assert expected.count("invalid_data") > len(CONSTRUCTS) * EXAMPLES / 4


SHAKEN = """
import { createClient } from '@topicwire/client'
import { validated } from '@topicwire/client/validation'
import { plain } from './ws-validators-generated/index.js'
import { routeNames, type Routes } from './ws-client-generated/index.js'
import type { Plain } from './ws-types-generated/index.js'

const ws = createClient<Routes>(routeNames, { url: 'ws://x', validate: validated({ ...plain }) })
await ws.plain.subscribe('id', {} as never, (data: Plain) => console.log(data.name))
"""
UNCHECKED = """
import { createClient } from '@topicwire/client'
import { routeNames, type Routes } from './ws-client-generated/index.js'

const ws = createClient<Routes>(routeNames, { url: 'ws://x' })
await ws.plain.subscribe('id', {} as never, (data) => console.log(data.name))
"""


def test_a_bundle_holds_the_validators_that_are_used_and_no_other(
    project: GeneratedProject,
) -> None:
    project.write("shaken.ts", SHAKEN)
    project.write("unchecked.ts", UNCHECKED)
    shaken = project.bundle("shaken.ts")
    assert modules_in(shaken) == {"routes/plain.ts", "models/Plain.ts"}
    unchecked = project.bundle("unchecked.ts")
    assert modules_in(unchecked) == set()
    assert "definitions" not in unchecked
    # Of the types nothing is left, of the routes their names.
    assert "ws-types-generated" not in shaken + unchecked
    assert "ratio: {" in shaken
    assert "ratio: {" not in unchecked


def modules_in(bundle: str) -> set[str]:
    """What of the validators is in a bundle: esbuild names each module before its text."""
    return set(re.findall(r"^// ws-validators-generated/(\S+)$", bundle, re.MULTILINE)) - {
        "index.ts"
    }


def test_a_strict_compiler_takes_them_and_refuses_what_is_wrong(
    project: GeneratedProject,
) -> None:
    project.write("check.ts", "export {}\n")
    project.write("shaken.ts", SHAKEN)
    project.write(
        "wrong.ts",
        """
import { createClient } from '@topicwire/client'
import { validated } from '@topicwire/client/validation'
import { plain } from './ws-validators-generated/index.js'
import { routeNames, type Routes } from './ws-client-generated/index.js'
// @ts-expect-error: validators are not yet what the client takes
createClient<Routes>(routeNames, { url: 'ws://x', validate: plain })
// @ts-expect-error: a route is not a list
validated([plain])
""",
    )
    assert project.compile() == ""
