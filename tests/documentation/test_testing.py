"""docs/testing.md: its examples run, one after the other."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

from tests.documentation.server import serving
from tests.quickstart.specification import blocks

PAGE = Path(__file__).parents[2] / "docs/testing.md"


async def test_the_examples_run() -> None:
    names: dict[str, Any] = {"__name__": "example"}
    examples = [block.text for block in blocks(PAGE) if block.language == "python"]
    assert len(examples) > 5
    await _run(examples[0], names)
    async with serving(names["app"]) as names["port"]:
        for example in examples[1:]:
            await _run(example, names)
    contract = names["TestMyBackplane"]()
    tests = [name for name in dir(contract) if name.startswith("test_")]
    assert len(tests) > 10
    assert not inspect.iscoroutinefunction(getattr(contract, tests[0]))


async def _run(example: str, names: dict[str, Any]) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(example, PAGE.name, "exec", flags=flags, dont_inherit=True)
    result = eval(code, names)  # noqa: S307 - our own documentation
    if inspect.isawaitable(result):
        await result
