"""docs/testing.md: its examples run, one after the other."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from tests.documentation.execution import execute
from tests.documentation.server import serving
from tests.quickstart.specification import blocks

PAGE = Path(__file__).parents[2] / "docs/testing.md"


async def test_the_examples_run() -> None:
    names: dict[str, Any] = {"__name__": "example"}
    examples = [block.text for block in blocks(PAGE) if block.language == "python"]
    assert len(examples) > 5
    await execute(examples[0], PAGE.name, names)
    async with serving(names["app"]) as names["port"]:
        for example in examples[1:]:
            await execute(example, PAGE.name, names)
    contract = names["TestMyBackplane"]()
    tests = [name for name in dir(contract) if name.startswith("test_")]
    assert len(tests) > 10
    assert not inspect.iscoroutinefunction(getattr(contract, tests[0]))
