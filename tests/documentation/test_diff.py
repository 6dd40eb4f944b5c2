"""docs/diff.md: every row of its tables is run, and every rule has one."""

from __future__ import annotations

import ast
import asyncio
import copy
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from packages.topicwire.tests.contractdiff.documents import Document, compared
from pydantic import BaseModel

from tests.documentation.execution import execute
from tests.quickstart.specification import blocks, under
from topicwire import FastWSAdapter, WsRouter
from topicwire.asyncapi.document import build
from topicwire.contractdiff.changes import ConnectionRule, DeliveryRule, RouteRule, SchemaRule
from topicwire.contractdiff.compare import Comparison
from topicwire.contractdiff.containment.formats import FORMATS, WITHOUT_RULE
from topicwire.contractdiff.report import as_json
from topicwire.types import Direction

PAGE = Path(__file__).parents[2] / "docs/diff.md"
TEXT = PAGE.read_text(encoding="utf-8")
CELL = re.compile(r"(?<!\\)\|")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [
        [cell.strip().strip("`").replace("\\|", "|") for cell in CELL.split(line)[1:-1]]
        for line in lines
    ]


@cache
def names() -> dict[str, Any]:
    """What the page's examples define."""
    found: dict[str, Any] = {"__name__": "example"}
    for block in blocks(PAGE):
        if block.language == "python":
            asyncio.run(execute(block.text, PAGE.name, found))
    return found


def document(*routers: Any) -> Document:
    adapter = FastWSAdapter(title="Example", version="1", path="/ws")
    for router in routers:
        adapter.include_router(router)
    built: Document = json.loads(json.dumps(build(adapter)))
    return built


def payload(body: str) -> Any:
    scope = dict(names())
    return model("Payload", body, scope)


def model(name: str, body: str, scope: dict[str, Any]) -> Any:
    source = f"class {name}(BaseModel): {body}"
    # Without this module's own `from __future__`.
    exec(compile(source, PAGE.name, "exec", dont_inherit=True), scope)  # noqa: S102 - ours
    return scope[name]


class Nothing(BaseModel):
    pass


MESSAGES = [
    pytest.param(rule, before, after, direction, expected, id=f"{rule}-{number}-{direction}")
    for number, (rule, before, after, *verdicts) in enumerate(rows("Rules of messages"))
    for direction, expected in zip(("to_server", "to_client"), verdicts, strict=True)
]


@pytest.mark.parametrize(("rule", "before", "after", "direction", "expected"), MESSAGES)
def test_a_rule_of_messages(
    rule: str, before: str, after: str, direction: Direction, expected: str
) -> None:
    documents = []
    for body in (before, after):
        model = payload(body)
        is_sent = direction == "to_server"
        generic: Any = WsRouter
        types = (model, Nothing) if is_sent else (Nothing, model)
        documents.append(document(generic[types](route="things")))
    report = compared(*documents)
    found = {
        one.severity + ("" if one.is_certain else " (assumed)")
        for one in report.changes
        if one.rule == rule
    }
    assert found == ({expected} - {"—"}), report
    others = {one.rule for one in report.changes if one.severity == "breaking"}
    assert others <= {rule} or (rule, direction) == ("message", "to_client")


@pytest.mark.parametrize(("rule", "before", "after", "expected"), rows("Rules of routes"))
def test_a_rule_of_routes(rule: str, before: str, after: str, expected: str) -> None:
    made = [eval(f"[{cell}]", dict(names())) for cell in (before, after)]  # noqa: S307 - ours
    report = compared(*(document(*routers) for routers in made))
    only(report, rule, expected)


@pytest.mark.parametrize(("rule", "before", "after", "expected"), rows("Rules of delivery"))
def test_a_rule_of_delivery(rule: str, before: str, after: str, expected: str) -> None:
    made = [
        eval(f"WsRouter[Ask, Tick](route='ticks', {cell})", dict(names()))  # noqa: S307 - ours
        for cell in (before, after)
    ]
    only(compared(*(document(router) for router in made)), rule, expected)


@pytest.mark.parametrize(("rule", "before", "after", "expected"), rows("Rules of the connection"))
def test_a_rule_of_the_connection(rule: str, before: str, after: str, expected: str) -> None:
    plain = document(names()["ticks"]())
    only(compared(*(edited(plain, cell) for cell in (before, after))), rule, expected)


def edited(plain: Document, cell: str) -> Document:
    made = copy.deepcopy(plain)
    pointer, _, value = cell.partition(": ")
    *parts, last = pointer.removeprefix("#/").split("/")
    holder: Any = made
    for part in parts:
        holder = holder[part]
    holder[last] = json.loads(value)
    return made


def only(report: Comparison, rule: str, expected: str) -> None:
    """One change is of interest to anybody, and it is this."""
    found = [
        (one.rule, one.severity)
        for one in report.changes
        if one.severity != "cosmetic" and (one.direction is None or one.rule == rule)
    ]
    assert (rule, expected) in {(one.rule, one.severity) for one in report.changes}
    assert found in ([], [(rule, expected)])


@pytest.mark.parametrize(
    ("heading", "rules"),
    [
        ("Rules of messages", SchemaRule),
        ("Rules of routes", RouteRule),
        ("Rules of delivery", DeliveryRule),
        ("Rules of the connection", ConnectionRule),
    ],
)
def test_every_rule_has_a_row(heading: str, rules: Any) -> None:
    assert {row[0] for row in rows(heading)} == set(get_args(rules))


def test_the_formats_are_the_codes() -> None:
    listed = TEXT.partition("Formats are held as rules")[2].partition("\n\n")[0]
    held, _, free = listed.partition("forbid nothing")
    assert set(re.findall(r"`([\w-]+)`", held)) == set(FORMATS)
    assert set(re.findall(r"`([\w-]+)`", free)) == set(WITHOUT_RULE)


def test_the_example_is_what_the_command_prints(tmp_path: Path) -> None:
    printed = next(block.text for block in blocks(PAGE) if block.text.startswith("$ topicwire"))
    command, _, expected = printed.partition("\n")
    scope = dict(names())
    deep = model("Deep", "symbol: str; depth: int", scope)
    old = document(names()["ticks"]())
    generic: Any = WsRouter
    new = document(generic[deep, scope["Tick"]](route="ticks"))
    new = json.loads(json.dumps(new).replace("/Deep", "/Ask").replace('"Deep"', '"Ask"'))
    (tmp_path / "generated").mkdir()
    for name, content in (("released.json", old), ("generated/asyncapi.json", new)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("topicwire"), *command.split()[2:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == (expected, 1)


def test_the_step_for_ci_compares_what_is_committed() -> None:
    step = under(PAGE, "In CI")[0].text
    committed = re.search(r"topicwire diff /tmp/base.json (\S+)", step)
    assert committed is not None
    assert (PAGE.parents[1] / committed[1]).is_file()
    assert f':{committed[1]}" > /tmp/base.json' in step


def test_the_keys_of_json_are_listed() -> None:
    old, new = (document(names()[name]()) for name in ("ticks", "asking"))
    report = as_json(compared(old, new), old="", new="", holds=True)
    section = TEXT.partition("\n## For machines\n")[2].partition("\n## ")[0]
    head = "\n".join(re.findall(r"^\| (.+?) \|", section, re.MULTILINE))
    listed = [one.removeprefix("….") for one in re.findall(r"`([^`]+)`", head)]
    assert listed == [*list(report)[:5], "changes[]", *report["changes"][0]]
    assert isinstance(ast.literal_eval(repr(report)), dict)
