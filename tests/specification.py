"""The table of docs/specification.md: each line of the specification, and the tests that carry it.

`python -m tests.specification` writes it anew; `tests/test_specification.py` holds it fresh.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs/specification.md"
PYTHON_TESTS = ("packages/topicwire/tests", "backend/tests", "tests")
TYPESCRIPT_TESTS = ("packages/client/test", "frontend/src", "e2e")
LINES = range(1, 37)
PITFALLS = range(1, 27)

_ROW = re.compile(r"^\| (\d+) \| (.*?) \| .* \|$")
_TYPESCRIPT_TITLE = re.compile(
    r"""\b(?:test|it|describe)(?:\.\w+)?\(\s*(['"`])(.+?)\1""", re.DOTALL
)


def carried(kind: str) -> dict[int, list[tuple[str, str]]]:
    """Number → the tests that carry it, as (file, name); `kind` is `checklist` or `pitfall`."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for file, name, text in (*_python_tests(), *_typescript_tests()):
        for number in _numbers(kind, text):
            found[number].append((file, name))
    return found


def _numbers(kind: str, text: str) -> set[int]:
    numbers: set[int] = set()
    for listed in re.findall(rf"{kind}s? ((?:\d+(?:-\d+)?(?:, (?:and )?| and )?)+)", text):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", listed):
            numbers.update(range(int(first), int(last or first) + 1))
    return numbers


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


def rendered(document: str) -> str:
    """The document with its test column written anew."""
    tests = carried("checklist")
    return "\n".join(_row(line, tests) for line in document.splitlines()) + "\n"


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
    return re.sub(r"\s*\(?(?:checklist|pitfall)s? [\d, and-]+[):]*\s*", "", name).strip()


if __name__ == "__main__":
    TABLE.write_text(rendered(TABLE.read_text(encoding="utf-8")), encoding="utf-8")
