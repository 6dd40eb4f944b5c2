"""The tables of docs/specification.md and docs/reliability.md: what is said, and who tests it.

A test carries a line of the specification, a pitfall or a trap by saying so: `checklist 14`,
`pitfall 7`, `trap: a slow handler while pings arrive`. `python -m tests.specification` writes the
tables anew; `tests/test_specification.py` holds them fresh.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs/specification.md"
RELIABILITY = ROOT / "docs/reliability.md"
PYTHON_TESTS = ("packages/topicwire/tests", "backend/tests", "tests")
TYPESCRIPT_TESTS = ("packages/client/test", "frontend/src", "e2e")
LINES = range(1, 37)
PITFALLS = range(1, 27)

TRAPS = (
    "pending A5, B6, then A7 under key conflation with a cut after A7",
    "two overlapping requests of one connection, one dropped",
    "a replay larger than the queue bound",
    "staleness of latest in bytes behind a stalled socket",
    "the only subscriber away for longer than the linger and shorter than the replay",
    "an epoch change under live subscribers",
    "a client that can never keep up",
    "a storm of file-descriptor reuse",
    "a subscriber that joins in the middle of a fan-out",
    "a slow handler while pings arrive",
    "a refused login seen from a real browser",
    "a producer that ends without a word",
)
"""What a naive test misses. Rows 1 to 12 of the table of traps."""

_ROW = re.compile(r"^\| (\d+) \| (.*?) \| .* \|$")
_TYPESCRIPT_TITLE = re.compile(
    r"""\b(?:test|it|describe)(?:\.\w+)?\(\s*(['"`])(.+?)\1""", re.DOTALL
)


def carried(kind: str) -> dict[int, list[tuple[str, str]]]:
    """Number → the tests that carry it, as (file, name); `kind` is `checklist` or `pitfall`."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for file, name, text in _tests():
        for number in _numbers(kind, text):
            found[number].append((file, name))
    return found


def _numbers(kind: str, text: str) -> set[int]:
    numbers: set[int] = set()
    for listed in re.findall(rf"{kind}s? ((?:\d+(?:-\d+)?(?:, (?:and )?| and )?)+)", text):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", listed):
            numbers.update(range(int(first), int(last or first) + 1))
    return numbers


@cache
def _tests() -> tuple[tuple[str, str, str], ...]:
    return (*_python_tests(), *_typescript_tests())


def _python_tests() -> Iterator[tuple[str, str, str]]:
    for folder in PYTHON_TESTS:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    continue
                if node.name.lower().startswith("test"):
                    yield str(path.relative_to(ROOT)), node.name, ast.get_docstring(node) or ""


def _typescript_tests() -> Iterator[tuple[str, str, str]]:
    for folder in TYPESCRIPT_TESTS:
        paths = [*(ROOT / folder).rglob("*.test.ts"), *(ROOT / folder).rglob("*.spec.ts")]
        for path in sorted(paths):
            if "node_modules" in path.parts:
                continue
            for _, title in _TYPESCRIPT_TITLE.findall(path.read_text(encoding="utf-8")):
                yield str(path.relative_to(ROOT)), title, title


def trapped() -> dict[int, list[tuple[str, str]]]:
    """Number of a trap → the tests that carry it by its words."""
    tests = [(file, name, _plain(text)) for file, name, text in _tests()]
    return {
        number: [(file, name) for file, name, text in tests if f"trap: {_plain(trap)}" in text]
        for number, trap in enumerate(TRAPS, 1)
    }


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("`", "").split())


def rendered(document: str) -> str:
    """docs/specification.md with its test column written anew."""
    tests = carried("checklist")
    return "\n".join(_row(line, tests) for line in document.splitlines()) + "\n"


def rendered_reliability(document: str) -> str:
    """docs/reliability.md with its test columns written anew: pitfalls first, then traps."""
    pitfalls, traps = document.split("## Traps")
    kept, tests = carried("pitfall"), trapped()
    return "\n".join(
        [
            *(_row(line, kept) for line in pitfalls.splitlines()),
            *(_row(line, tests) for line in ("## Traps" + traps).splitlines()),
            "",
        ]
    )


def _row(line: str, tests: dict[int, list[tuple[str, str]]]) -> str:
    match = _ROW.match(line)
    if match is None:
        return line
    number, statement = int(match[1]), match[2]
    by_file: dict[str, list[str]] = defaultdict(list)
    for file, name in tests[number]:
        by_file[file].append(f"`{_short(name)}`")
    cells = [
        f"[{Path(file).name}](../{file}): {', '.join(names)}" for file, names in by_file.items()
    ]
    return f"| {number} | {statement} | {'<br>'.join(cells)} |"


def _short(name: str) -> str:
    plain = re.sub(r"\s*\(?(?:checklist|pitfall)s? [\d, and-]+[):]*\s*", "", name)
    return re.sub(r"\s*\(?trap: .*$", "", plain).strip() or name


if __name__ == "__main__":
    for path, render in ((TABLE, rendered), (RELIABILITY, rendered_reliability)):
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
