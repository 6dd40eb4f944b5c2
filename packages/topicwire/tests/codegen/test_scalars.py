"""The scalar map: what it may say, what it makes of a document, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from packages.topicwire.tests.codegen.typescript_project import BIN, ROOT, TypeScriptProject
from packages.topicwire.tests.corpus import corpus_adapter
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of
from pydantic import BaseModel, Field

from topicwire.asyncapi.document import build, dumps
from topicwire.asyncapi.json_lines import line_of
from topicwire.codegen.config import load_config
from topicwire.codegen.errors import ConfigError
from topicwire.codegen.scalars import Scalar, made_scalars, read_scalars, scalar_faults
from topicwire.codegen.typescript import TypeScriptFiles, generate
from topicwire.codegen.typescript_members import AmbiguousUnionError

TOPICWIRE = Path(sys.executable).with_name("topicwire")
DATE = {
    "type": "Date",
    "decode": "(text) => new Date(text)",
    "encode": "(date) => date.toISOString()",
}
DECIMAL = {
    "type": "Decimal",
    "import": "import { Decimal } from './page/decimal.js'",
    "decode": "(text) => new Decimal(text)",
    "encode": "String",
}
TABLE: dict[str, dict[str, object]] = {"date-time": {**DATE}, "decimal": {**DECIMAL}}


def map_of(table: Mapping[str, Mapping[str, object]] | None = None) -> tuple[Scalar, ...]:
    return made_scalars(table or TABLE, Path("/"))


def typescript(data: Any, table: Mapping[str, Mapping[str, object]] | None = None) -> Any:
    document = json.loads(dumps(build(adapter_of({"route": (ListenRequest, data)}))))
    return generate(document, scalars=map_of(table))


class Trade(BaseModel):
    at: datetime
    price: Decimal


class Quote(BaseModel):
    at: datetime
    bid: float


class Date(BaseModel):
    """Has the name of what stands for moments."""

    at: datetime


class Plain(BaseModel):
    text: str


def test_where_nothing_is_mapped_not_a_byte_changes() -> None:
    document = json.loads(dumps(build(corpus_adapter())))
    made = generate(document, scalars=map_of({"no-such-format": DATE}))
    assert made == generate(document)
    assert made.codecs is None


def test_only_the_routes_in_which_something_is_mapped_are_converted() -> None:
    routes: dict[str, tuple[Any, Any]] = {
        "trades": (ListenRequest, Trade),
        "plain": (ListenRequest, Plain),
    }
    made = generate(json.loads(dumps(build(adapter_of(routes)))), scalars=map_of())
    assert "routeNames: readonly RouteEntry<Routes>[] = ['plain', trades]" in made.client
    assert "plain: Route<ListenRequest, Plain" in made.client
    assert "trades: ConvertedRoute<ListenRequest, Trade" in made.client
    assert made.codecs is not None
    assert "Plain" not in made.codecs
    assert "import type { Decimal } from '../page/decimal.js'" in made.types
    assert "import { Decimal } from '../page/decimal.js'" in made.codecs


def test_a_bundle_holds_the_codecs_of_the_routes_in_use_alone(tmp_path: Path) -> None:
    routes: dict[str, tuple[Any, Any]] = {
        "trades": (ListenRequest, Trade),
        "quotes": (ListenRequest, Quote),
        "plain": (ListenRequest, Plain),
    }
    document = build(adapter_of(routes))
    project = TypeScriptProject(tmp_path, document, made_scalars(TABLE, tmp_path))
    project.write(
        "page/decimal.ts", "export class Decimal { constructor(readonly t: string) {} }\n"
    )
    project.write(
        "quotes.ts",
        "import { createClient } from '@topicwire/client/scalars'\n"
        "import { quotes } from './ws-client-generated/codecs.js'\n"
        "import type { Routes } from './ws-client-generated/index.js'\n"
        "export const client: unknown = createClient<Routes>([quotes, 'plain'], { url: '' })\n",
    )
    plain = TypeScriptProject(tmp_path / "unmapped", document)
    plain.write(
        "plain.ts",
        "import { createClient } from '@topicwire/client'\n"
        "import { routeNames, type Routes } from './ws-client-generated/index.js'\n"
        "export const client: unknown = createClient<Routes>(routeNames, { url: '' })\n",
    )
    one, none = bundled(project, "quotes.ts"), bundled(plain, "plain.ts")
    assert "toISOString" in one
    assert "Decimal" not in one
    for word in ("toISOString", "encode:", "either", "encodingRoute"):
        assert word not in none, word


def bundled(project: TypeScriptProject, name: str) -> str:
    options = ("--bundle", "--format=esm", "--conditions=@topicwire/source", "--log-level=error")
    return subprocess.run(
        [BIN / "esbuild", name, *options],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_names_of_models_and_routes_hide_nothing_of_the_map(tmp_path: Path) -> None:
    routes: dict[str, tuple[Any, Any]] = {
        "date": (ListenRequest, Date),
        "trade": (ListenRequest, list[Trade]),
        "dateTimeScalar": (ListenRequest, datetime),
        "text": (ListenRequest, Decimal | None),
        "new": (ListenRequest, tuple[datetime, ...]),
    }
    project = TypeScriptProject(tmp_path, build(adapter_of(routes)), made_scalars(TABLE, tmp_path))
    project.write("page/decimal.ts", "export class Decimal {\n  constructor(_: string) {}\n}\n")
    project.write(
        "main.ts",
        "import { createClient, type Client } from '@topicwire/client/scalars'\n"
        "import { routeNames, type Routes } from './ws-client-generated/index.js'\n"
        "import { Decimal } from './page/decimal.js'\n"
        "const ws: Client<Routes> = createClient<Routes>(routeNames, { url: '' })\n"
        "void ws.date.subscribe('a', {}, ({ at }): number => at.getTime())\n"
        "void ws.trade.subscribe('a', {}, ([one]): number | undefined => one?.at.getTime())\n"
        "void ws.dateTimeScalar.subscribe('a', {}, (at): number => at.getTime())\n"
        "void ws.text.subscribe('a', {}, (price): boolean => price instanceof Decimal)\n"
        "void ws.new.subscribe('a', {}, ([at]): number | undefined => at?.getTime())\n",
    )
    assert project.compile() == ""


class Tagged(BaseModel):
    kind: Literal["a"]
    at: datetime


class Other(BaseModel):
    kind: Literal["b"]
    at: str


class Untagged(BaseModel):
    at: datetime
    more: int


class Holder(BaseModel):
    fine: int
    either: Untagged | Plain | Other


def test_keys_stay_text_and_pairs_are_typed() -> None:
    class Book(BaseModel):
        by_moment: dict[datetime, Decimal]
        by_price: dict[Decimal, list[datetime]]
        pairs: list[tuple[datetime, Decimal]]

    made: TypeScriptFiles = typescript(Book)
    assert "by_moment: { [key: string]: Decimal }" in made.types
    assert "by_price: { [key: string]: Date[] }" in made.types
    assert "pairs: [Date, Decimal][]" in made.types
    assert made.codecs is not None
    assert "by_moment: { record: decimalScalar }" in made.codecs
    assert "by_price: { record: { list: dateTimeScalar } }" in made.codecs
    assert "pairs: { list: { items: [dateTimeScalar, decimalScalar] } }" in made.codecs


@pytest.mark.parametrize(
    "data",
    [
        *(datetime | None, datetime | int, list[datetime] | datetime | Trade | None),
        Literal["now", 1, True] | datetime,
        Annotated[Tagged | Other, Field(discriminator="kind")],
        Trade | Quote | Plain,  # what two have alike is converted alike
        dict[str, datetime] | int,
        dict[date, datetime],
    ],
)
def test_what_can_be_told_apart_is_converted(data: Any) -> None:
    made: TypeScriptFiles = typescript(data)
    assert made.codecs is not None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (datetime | str, r"`date-time` is mapped to Date, and nothing tells such a string from"),
        (datetime | date, r"nothing tells such a string from any other string"),
        (datetime | Decimal, r"`date-time` and `decimal` are mapped, and nothing tells which"),
        (list[datetime] | list[str], r"nothing tells which of several lists"),
        (Untagged | Other, r"`at` is a mapped scalar in one of several objects"),
        (Tagged | Untagged | Other, r"`at` is a mapped scalar in one of several objects"),
        (dict[str, datetime] | Other, r"mapped scalar in one of several objects"),
        (Holder, r"components/schemas/Holder/properties/either: `at` is a mapped scalar"),
    ],
)
def test_what_cannot_is_refused_with_its_place_and_a_cure(data: Any, reason: str) -> None:
    with pytest.raises(AmbiguousUnionError, match=reason) as caught:
        typescript(data)
    assert re.match(r"#/components/(messages|schemas)/\w+", str(caught.value))
    assert "leave" in caught.value.cure


def test_a_type_that_cannot_be_told_when_it_is_sent_is_refused() -> None:
    """A moment as a number is no longer told from any other number."""
    table = {"date-time": {**DATE, "type": "number", "decode": "Date.parse"}}
    assert typescript(datetime | None, table).codecs is not None
    with pytest.raises(AmbiguousUnionError, match="a number may stand there too"):
        typescript(datetime | int, table)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ([], r"\[x\] is to be a table of formats, such as \"date-time\" = {"),
        ({"date": "Date"}, r"'date' is to be a table, not 'Date'"),
        ({"date": {"type": "Date"}}, r"'date' lacks `decode`: \"date-time\" = {"),
        ({"date": {**DATE, "decod": "x"}}, r"'date' has an unknown key 'decod'. Known: type"),
        ({"date": {**DATE, "type": 1}}, r"'date' type = 1: it is to be TypeScript"),
        ({"date": {**DATE, "decode": "(a) => {\n}"}}, r"decode has several lines. Put the"),
        ({"date": {**DATE, "import": 1}}, r"import = 1: it is to be an import statement"),
        ({"date": {**DATE, "import": "Date"}}, r"it is to be like `import { Decimal } from"),
        ({"date": {**DATE, "import": "import { 1 } from 'x'"}}, r"it is to be like `import {"),
        ({"date": {**DATE, "import": "import { Route } from 'x'"}}, r"Route as Other"),
        (
            {
                "date": {**DATE, "import": "import { A } from 'x'"},
                "time": {**DATE, "import": ["import { A } from 'y'"]},
            },
            r"'time' imports another 'A' than a format before it",
        ),
    ],
)
def test_a_map_that_says_nothing_usable_is_refused_by_its_format(table: Any, fault: str) -> None:
    faults = [*scalar_faults("x", table)]
    assert any(re.search(fault, one) for one in faults), faults


def test_settings_with_such_a_map_are_refused_with_the_file(tmp_path: Path) -> None:
    tool = '[tool.topicwire.typescript]\ntypes = "t"\nclient = "c"\n'
    entry = '[tool.topicwire.typescript.scalars]\n"date-time" = { type = "Date" }\n'
    (tmp_path / "pyproject.toml").write_text(tool + entry)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, needs=())
    named = rf"{tmp_path}/pyproject.toml: \[tool.topicwire.typescript.scalars\] 'date-time' lacks"
    assert re.match(named, str(caught.value))
    with pytest.raises(ConfigError, match=r"map.toml: 'date-time' lacks `decode`"):
        read_scalars(written(tmp_path / "map.toml", '"date-time" = { type = "Date" }'))
    with pytest.raises(ConfigError, match=r"map.toml: error: this is not TOML"):
        read_scalars(written(tmp_path / "map.toml", "{"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_scalars(tmp_path / "none.toml")


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


MAP = """\
"date-time" = { type = "Date", decode = "(text) => new Date(text)", encode = "(at) => at.toJSON()" }
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(TOPICWIRE), "client", "typescript", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_takes_a_map_for_a_document_alone(tmp_path: Path) -> None:
    document = build(adapter_of({"trades": (ListenRequest, Trade)}))
    written(tmp_path / "asyncapi.json", dumps(document))
    written(tmp_path / "map.toml", MAP)
    alone = ("--document", "asyncapi.json", "--types", "types", "--client", "client")
    mapped = (*alone, "--scalars", "map.toml")
    assert run(tmp_path, *mapped).returncode == 0
    assert "at: Date\n" in (tmp_path / "types/index.ts").read_text()
    assert (tmp_path / "client/codecs.ts").is_file()
    assert run(tmp_path, *mapped, "--check").returncode == 0
    stale = run(tmp_path, *alone, "--check")
    assert stale.returncode == 1
    assert "client/codecs.ts: extra" in stale.stderr
    written(tmp_path / "map.toml", MAP.replace("toJSON", "toISOString"))
    stale = run(tmp_path, *mapped, "--check")
    assert (stale.returncode, "client/codecs.ts: differs" in stale.stderr) == (1, True)
    assert run(tmp_path, *alone).returncode == 0
    assert not (tmp_path / "client/codecs.ts").exists()


def test_the_command_names_file_and_line_of_what_it_refuses(tmp_path: Path) -> None:
    text = dumps(build(adapter_of({"held": (ListenRequest, Holder)})))
    written(tmp_path / "asyncapi.json", text)
    written(tmp_path / "map.toml", MAP)
    options = ("--document", "asyncapi.json", "--types", "types", "--client", "client")
    refused = run(tmp_path, *options, "--scalars", "map.toml")
    assert refused.returncode == 2
    lines = text.splitlines()
    line = next(at for at, one in enumerate(lines, 1) if one.strip() == '"either": {')
    assert refused.stderr.startswith(
        f"asyncapi.json:{line}: error: #/components/schemas/Holder/properties/either: `at` is a "
    )
    assert "leave the format out of the scalar map" in refused.stderr
    assert not (tmp_path / "types").exists()


def test_the_line_of_a_place_in_a_document() -> None:
    text = '{\n "a": [1,\n  {"b\\n": {\n"c": "}"}}],\n "d": null\n}'
    for path, line in {
        (): 1, ("a",): 2, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b\n"): 3, ("a", 1, "b\n", "c"): 4,
        ("a", 1, "x"): 3, ("d",): 5, ("d", "e"): 5, ("nothing", "there"): 1, ("a", 7): 2,
    }.items():  # fmt: skip
        assert line_of(text, path) == line, path
    assert line_of(json.dumps(json.loads(text)), ("a", 1)) == 1


def test_the_map_of_the_documentation_is_a_map() -> None:
    text = (ROOT / "docs/code-generation.md").read_text(encoding="utf-8")
    (block,) = re.findall(
        r"```toml\n(\[tool\.topicwire\.typescript\.scalars\]\n.*?)```", text, re.DOTALL
    )
    table = tomllib.loads(block)["tool"]["topicwire"]["typescript"]["scalars"]
    assert [*scalar_faults("x", table)] == []
    assert "at: Date\n" in typescript(Trade, table).types
