"""Names that TypeScript or Python have for something else: models, fields, members, routes, calls.

What a name cannot be is refused where it is declared (`wire/names.py`); every other comes out as
working code, and its values go to a real server and back in both languages.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from packages.topicwire.tests.asyncapi.parser import parse
from packages.topicwire.tests.codegen.client_python.generated_client import GeneratedClient
from packages.topicwire.tests.codegen.typescript_project import BIN, TypeScriptProject
from packages.topicwire.tests.corpus.routes import Feed
from packages.topicwire.tests.serving import serving
from pydantic import BaseModel, Field, TypeAdapter, create_model
from starlette.applications import Starlette

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.document import build
from topicwire.asyncapi.validate import validate
from topicwire.routing.router import WsRouter

WORDS = [
    *("class", "default", "constructor", "__proto__", "arguments", "await", "None", "self"),
    *("model_config", "model_fields", "match", "1st", "with-dash", "with space", "größe", "😀"),
    *("type", "yield", "prototype", "valueOf", "toString", "cls", "copy", "dict", "str"),
    *("_private", "__init__", "a.b", "it's", 'say "so"', "back\\slash", "new\nline", "*/", "${x}"),
    *("then", "undefined", "null", "true", "0", "-1", "import", "print", "Field", "from_", "from"),
]
MODELS = [
    *("class", "default", "constructor", "arguments", "await", "None", "self", "match", "any"),
    *("string", "number", "object", "undefined", "Promise", "Array", "Record", "Routes", "Route"),
    *("Operation", "Object", "BaseModel", "Payload", "Field", "str", "int", "Annotated", "Literal"),
    *("GeneratedClient", "TypeAlias", "models", "Decimal", "_Hidden", "type"),
]
ROUTES = ["default", "new", "typeof", "arguments", "match", "self", "type", "models", "function"]
CALLS = ["echo", "delete", "match", "new", "arguments", "self", "name", "call", "typeof", "let"]

MAKE: Any = create_model  # its fields are known at run time alone
STRINGS: Any = StrEnum
NUMBERS: Any = IntEnum
Words: Any = STRINGS("Words", {f"member_{at}": word for at, word in enumerate(WORDS)})
Members: Any = NUMBERS("Members", {"class": 1, "None": 2, "self": 3, "constructor": 4})
Fields: Any = MAKE(
    "Fields", **{f"f{at}": (int, Field(alias=word)) for at, word in enumerate(WORDS)}
)
Named: list[Any] = [
    *(MAKE(name, __module__=f"app.{name}", kind=(Literal[name], name), at=(int, 0))
      for name in MODELS),
    *(MAKE("Twin", __module__=f"app.{name}", **{name: (int, 1)}) for name in MODELS[:6]),
]  # fmt: skip
One: Any = MAKE(
    "One",
    fields=(Fields, ...),
    word=(Words, ...),
    member=(Members, ...),
    words=(dict[Words, int], ...),
    literal=(Literal[tuple(WORDS)], ...),
    named=(MAKE("All", **{f"m{at}": (one, one()) for at, one in enumerate(Named)}), ...),
)


def values() -> list[Any]:
    return [
        One(
            fields={one: at for at, one in enumerate(WORDS)},
            word=word,
            member=Members(1 + number % 4),
            words=dict.fromkeys(WORDS, number),
            literal=word,
            named={"m0": {"kind": MODELS[0], "at": number}},
        )
        for number, word in enumerate(WORDS)
    ]


def adapter(others: Any = One) -> FastWSAdapter:
    """Every name in its place. `others` is what goes to and fro but on one route, in one call."""
    made = FastWSAdapter(title="class", version="1")
    generic: Any = WsRouter
    for number, name in enumerate(ROUTES):
        kind = others if number else One
        router = generic[Named[0], kind](route=name, service=Feed(values()))
        for call in CALLS:
            echoed = _echo(call, kind if call == CALLS[0] else others)
            router.send(call, reply=f"{call}.response")(echoed)
        made.include_router(router)
    return made


def _echo(name: str, kind: Any) -> Any:
    async def echo(payload: Any) -> Any:
        """Give back what was sent."""
        return payload

    echo.__name__ = name
    echo.__annotations__ = {"payload": kind, "return": kind}
    return echo


def wire(value: BaseModel) -> Any:
    return json.loads(value.model_dump_json(by_alias=True))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build(adapter())


def test_the_document_is_right(document: dict[str, Any]) -> None:
    validate(document)
    # The official parser is JavaScript, and loses a property of this name. It looks at each schema
    # once for each message that has it: one message is enough for the large one.
    lean = _without("__proto__", build(adapter(others=Named[0])))
    for part in ("channels", "operations"):
        assert lean[part].keys() == document[part].keys()
    assert lean["components"]["schemas"].keys() == document["components"]["schemas"].keys()
    assert parse(lean) == [{"valid": True, "diagnostics": []}]
    assert {*MODELS, "DefaultTwin", "ClassTwin"} <= document["components"]["schemas"].keys()


def _without(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(name, one) for key, one in value.items() if key != name}
    if isinstance(value, list):
        return [_without(name, one) for one in value if one != name]
    return value


MAIN = """\
import assert from 'node:assert/strict'
import { WebSocket } from 'ws'
import { createClient, type Subscriptions } from '@topicwire/client'
import { stream } from '@topicwire/client/stream'
import { routeNames, type Routes } from './ws-client-generated/index.js'
import type { One, OneInput } from './ws-types-generated/index.js'
import { calls, sent } from './values.js'

const url = process.argv[2] ?? ''
const client = createClient<Routes>(routeNames, { url, webSocket: WebSocket })
type Call = (value: OneInput) => Promise<One>

for (const [name, route] of Object.entries(client)) {
  if (name === 'connection') continue
  const updates: One[] = []
  for await (const update of stream(route as Subscriptions<object, One>, {}))
    if (updates.push(update) === sent.length) break
  assert.deepStrictEqual(updates, sent)
  for (const call of calls) {
    const operation = (route as unknown as Record<string, Call>)[call] as Call
    assert.deepStrictEqual(await operation(sent[0] as OneInput), sent[0])
  }
}
const { fields, words } = await client.default.delete(sent[1] as OneInput)
const numbers: number[] = [
  fields.class, fields.constructor, fields.None, fields['1st'], fields['with-dash'], fields['😀'],
  fields['größe'], fields["it's"], fields.await, fields.model_config, fields._private,
]
assert.deepStrictEqual(numbers.map((one) => typeof one), numbers.map(() => 'number'))
assert.equal(Object.getOwnPropertyDescriptor(fields, '__proto__')?.value, 3)
const maybe: number | undefined = words.constructor
assert.equal(maybe, 1)
await client.match.match(sent[0] as OneInput)
await client.self.self(sent[0] as OneInput)
await client.new.new(sent[0] as OneInput)
client.connection.close()
"""


async def test_typescript(document: dict[str, Any], tmp_path: Path) -> None:
    project = TypeScriptProject(tmp_path, document)
    sent = json.dumps(json.dumps([wire(one) for one in values()]))
    # parsed: in a literal, `__proto__` would be the prototype
    text = f"export const sent: unknown[] = JSON.parse({sent})\n"
    project.write("values.ts", f"{text}export const calls: string[] = {json.dumps(CALLS)}\n")
    project.write("main.ts", MAIN)
    assert await asyncio.to_thread(project.compile, types=["node"]) == ""
    bundle = [
        *(str(BIN / "esbuild"), "main.ts", "--bundle", "--platform=node", "--format=esm"),
        *("--conditions=@topicwire/source", "--external:ws", "--outfile=main.mjs"),
        "--log-level=error",
    ]
    subprocess.run(bundle, cwd=tmp_path, check=True)  # noqa: ASYNC221 - nothing else runs yet
    app = Starlette()
    adapter().setup(app)
    async with serving(app) as url:
        node = await asyncio.create_subprocess_exec(
            *("node", "main.mjs", url),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await node.communicate()
    assert node.returncode == 0, said.decode()


async def test_python(document: dict[str, Any], tmp_path: Path) -> None:
    made = GeneratedClient(tmp_path, document, "reserved")
    app = Starlette()
    adapter().setup(app)
    with made.imported() as package:
        sent = TypeAdapter(package.models.OneInput)
        payloads = [sent.validate_json(json.dumps(wire(one))) for one in values()]
        async with serving(app) as url, package.GeneratedClient(url) as client:
            for name in ROUTES:
                route = _member(client, name)
                updates = route.stream(_model(package, "class")())
                for value in values():
                    update = await anext(updates)
                    assert json.loads(update.model_dump_json(by_alias=True)) == wire(value)
                await updates.aclose()
                for call in CALLS:
                    answer = await _member(route, call)(payloads[0])
                    assert json.loads(answer.model_dump_json(by_alias=True)) == wire(values()[0])


@pytest.mark.long
def test_mypy_and_pyright_in_strict_mode_accept_the_python_client(
    document: dict[str, Any], tmp_path: Path
) -> None:
    made = GeneratedClient(tmp_path, document, "reserved")
    assert made.mypy().startswith("Success")
    assert made.pyright().startswith("0 errors")


def _model(package: Any, name: str) -> Any:
    """The class of what a client sends as a model of the server's."""
    found = {one for one in vars(package.models) if one.strip("_") == f"{name}Input"}
    return getattr(package.models, found.pop())


def _member(owner: Any, name: str) -> Any:
    """By its name, or by that with an underscore where the client has the name for itself."""
    own = getattr(owner, f"{name}_", None)
    return getattr(owner, name) if own is None else own
