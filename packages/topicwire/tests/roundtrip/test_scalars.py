"""Mapped scalars there and back: a real server, TypeScript, values of the map's classes."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen.typescript_project import BIN, TypeScriptProject
from packages.topicwire.tests.corpus import corpus_adapter
from packages.topicwire.tests.corpus.values import same
from packages.topicwire.tests.roundtrip.sampling import sample
from packages.topicwire.tests.roundtrip.scalars import (
    FILES,
    MAIN,
    MAPPED,
    REFUSED,
    scalars,
    values,
)
from packages.topicwire.tests.serving import serving
from starlette.applications import Starlette

from topicwire.asyncapi.document import build
from topicwire.settings import Settings

COUNTS = [pytest.param(10, id="10"), pytest.param(200, id="200", marks=pytest.mark.long)]


@pytest.mark.parametrize("count", COUNTS)
async def test_mapped_scalars_are_what_the_map_says_at_any_depth(
    count: int, tmp_path: Path
) -> None:
    samples = {one.name: sample(one, count) for one in MAPPED}
    heard: dict[str, list[Any]] = {one.name: [] for one in MAPPED}
    adapter = corpus_adapter(
        MAPPED,
        heard=lambda name, value: heard[name].append(value),
        feeds=samples,
        settings=Settings(max_commands_per_s=100_000, max_waiting_commands=1_000),
    )
    app = Starlette()
    adapter.setup(app)
    project = TypeScriptProject(tmp_path, build(adapter), scalars(tmp_path))
    for name, text in {**FILES, "refused.ts": REFUSED, "main.ts": MAIN}.items():
        project.write(name, text)
    project.write("values.ts", values(samples))
    assert await asyncio.to_thread(project.compile, types=["node"]) == ""
    bundle = [
        *(str(BIN / "esbuild"), "main.ts", "--bundle", "--platform=node", "--format=esm"),
        *("--conditions=@topicwire/source", "--external:ws", "--outfile=main.mjs"),
        "--log-level=error",
    ]
    subprocess.run(bundle, cwd=tmp_path, check=True)  # noqa: ASYNC221 - nothing else runs yet
    async with serving(app) as url:
        node = await asyncio.create_subprocess_exec(
            *("node", "main.mjs", url),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await node.communicate()
    assert node.returncode == 0, said.decode()
    made = json.loads(said)
    for one in MAPPED:
        # a duration of `seconds` is a number where it is received
        assert made[one.name] > 0 or one.name == "seconds", f"{one.name}: nothing was converted"
        for value, wanted in zip(heard[one.name], samples[one.name], strict=True):
            assert same(value, wanted), f"{one.name}: {value!r} is not {wanted!r}"
