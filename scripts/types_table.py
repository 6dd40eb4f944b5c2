"""`docs/types.md` from the corpus: `python -m scripts.types_table`, or `--check`.

The words stand here; each row is made from a declaration that the tests take there and back, and
the other tools' columns from what `bench/compare/constructs.py` has recorded.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct, corpus_adapter
from packages.topicwire.tests.roundtrip.sampling import sample

from topicwire.asyncapi.document import build, dumps
from topicwire.codegen.client_python.package import generate, naming

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/types.md"
RECORD = ROOT / "bench/results/constructs.json"
TOOLS = ("chanx", "Modelina", "FastWS")
PLEASANT = {
    Any: st.sampled_from([1, "a", None, True]),
    str: st.sampled_from(["AAPL", "a", "b", "some text"]),
    int: st.integers(1, 300),
    float: st.sampled_from([0.5, 189.25, -1.5]),
    Decimal: st.sampled_from([Decimal("1.50"), Decimal("189.2500")]),
    bytes: st.just(b"abc"),
    complex: st.just(1 + 2j),
}
WANTED = 180  # characters of an example
LONGEST = 260  # characters of a cell

WORDS = Path(__file__).with_suffix(".md")


def page() -> str:
    """The text of the page."""
    warnings.simplefilter("ignore")
    models = _Models()
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    tools = record["tools"]
    others = [
        [_verdict(tools[name]["constructs"].get(one.name)) for name in TOOLS] for one in CONSTRUCTS
    ]
    exact = [sum(map(_exact, tools[name]["constructs"].values())) for name in TOOLS]
    values = {
        "rows": "".join(_row(one, models) for one in CONSTRUCTS),
        "others": "".join(
            f"| {one.name} | {' | '.join(cells)} |\n"
            for one, cells in zip(CONSTRUCTS, others, strict=True)
        ),
        "all": str(len(CONSTRUCTS)),
        "exact": ", ".join(f"{name} {count}" for name, count in zip(TOOLS, exact, strict=True)),
        "count": str(record["values"]),
        **{name: tools[name]["version"] for name in TOOLS},
    }
    text = WORDS.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _row(one: Construct, models: _Models) -> str:
    received, sent = _travels(one)
    json_cell = _code(received) + ("" if sent == received else f"<br>→ {_code(sent)}")
    typescript = _code(one.received.replace("T.", "")) if one.received else "a union, in full"
    if one.sent:
        typescript += f"<br>→ {_code(one.sent.replace('T.', ''))}"
    cells = [one.name, _declaration(one), json_cell, typescript, models.cell(one)]
    return f"| {' | '.join(cells)} |\n"


def _travels(one: Construct) -> tuple[str, str]:
    value = _example(one)
    return _json(one.received_json(value)), _json(one.sent_json(value))


def _example(one: Construct) -> Any:
    """A value that is pleasant to read, the same each time."""
    plain = replace(one, special={**PLEASANT, **one.special})
    # Hypothesis mixes in constants of the modules that are loaded, in a test others than here.
    with patch.object(HypothesisProvider, "_maybe_draw_constant", return_value=None):
        values = sample(plain, 12)
    fitting = [value for value in values if len(_json(one.received_json(value))) <= WANTED]
    return max(fitting or values[:1], key=lambda value: len(_json(one.received_json(value))))


def _json(value: Any) -> str:
    return json.dumps(_sorted(value), ensure_ascii=True)


def _sorted(value: Any) -> Any:
    """The order of a set of strings is not the same in another process."""
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items()}
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return sorted(value)
    return [*map(_sorted, value)] if isinstance(value, list) else value


def _declaration(one: Construct) -> str:
    if one.declared:
        return _code(one.declared.replace("models.", "").replace("structures.", ""))
    source = textwrap.dedent(inspect.getsource(one.payload_type))
    (tree,) = _classes(source).values()
    lines = [*_members(tree)] or [f"class {tree.name}({ast.unparse(tree.bases[0])})"]
    return "<br>".join(map(_code, lines))


def _members(tree: ast.ClassDef) -> Iterator[str]:
    for base in tree.bases:
        if ast.unparse(base) not in {"BaseModel", "TypedDict", "NamedTuple"}:
            yield f"({ast.unparse(base)})"
    for one in tree.body:
        if isinstance(one, ast.AnnAssign | ast.Assign):
            yield ast.unparse(one)
        elif isinstance(one, ast.FunctionDef):
            head = ast.unparse(one).partition("\n    ")[0]
            yield " ".join(line.strip() for line in head.splitlines())


class _Models:
    """The Python client of the whole corpus, by what its source says."""

    def __init__(self) -> None:
        document = json.loads(dumps(build(corpus_adapter())))
        names = naming(document)
        texts = generate(document, names)
        self.routes = _classes(texts[f"{names.package}/routes.py"])
        self.models = _classes(texts[f"{names.package}/models.py"])

    def cell(self, one: Construct) -> str:
        """What the client has where the server sends the construct."""
        wanted = f"{one.name}route".replace("_", "")
        route = next(
            node
            for name, node in self.routes.items()
            if name.replace("_", "").lower() == wanted.lower()
        )
        echo = next(
            node
            for node in route.body
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("echo")
        )
        received = self._shown(echo.returns)
        sent = self._shown(echo.args.args[1].annotation)
        return received if sent == received else f"{received}<br>→ {sent}"

    def _shown(self, node: ast.expr | None) -> str:
        text = ast.unparse(node) if node is not None else "None"
        model = self.models.get(text.removeprefix("models."))
        if model is None:
            return _code(text.replace("models.", ""))
        fields = [ast.unparse(one) for one in model.body if isinstance(one, ast.AnnAssign)]
        return _code("; ".join(fields) or f"class {model.name}")


def _classes(source: str) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def _exact(verdict: Any) -> bool:
    return all(verdict.get(one) is True for one in ("received", "sent", "refuses"))


def _verdict(verdict: Any) -> str:
    if verdict is None:
        return "not run"
    if "fails" in verdict:
        return f"fails: {_code(verdict['fails'][:80])}"
    if _exact(verdict):
        return "exact"
    words = {
        "received": "not what is received",
        "sent": "not what is sent",
        "refuses": "takes what is wrong",
    }
    return ", ".join(text for key, text in words.items() if not verdict[key])


def _code(text: str) -> str:
    """A code span in a table."""
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    quote = "``" if "`" in text else "`"
    return f"{quote}{text.replace('|', chr(92) + '|')}{quote}"


def main() -> int:
    """Write the page, or say that it is stale."""
    text = page()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print("docs/types.md is fresh" if fresh else "docs/types.md is stale: make it again")
        return 0 if fresh else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
