"""Every construct there and back: a real server, the TypeScript client, typed values compared."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen.typescript_project import BIN, TypeScriptProject
from packages.topicwire.tests.corpus import CONSTRUCTS, corpus_adapter
from packages.topicwire.tests.corpus.values import same
from packages.topicwire.tests.roundtrip.sampling import sample
from packages.topicwire.tests.roundtrip.typescript import program, values
from packages.topicwire.tests.serving import serving
from starlette.applications import Starlette

from topicwire.asyncapi.document import build
from topicwire.settings import Settings

COUNTS = [pytest.param(5, id="5"), pytest.param(200, id="200", marks=pytest.mark.long)]

Samples = Mapping[str, Sequence[Any]]

pytestmark = pytest.mark.filterwarnings("ignore:use Plain:DeprecationWarning")


def samples_of(count: int) -> Samples:
    samples = {one.name: sample(one, count) for one in CONSTRUCTS}
    assert sum(map(len, samples.values())) > 0.8 * count * len(CONSTRUCTS)
    return samples


class Server:
    """Publishes the samples to whoever subscribes, and keeps what it was sent."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.heard: dict[str, list[Any]] = {one.name: [] for one in CONSTRUCTS}
        self.adapter = corpus_adapter(
            heard=lambda name, value: self.heard[name].append(value),
            feeds=samples,
            settings=Settings(max_commands_per_s=100_000, max_waiting_commands=1_000),
        )
        self.app = Starlette()
        self.adapter.setup(self.app)

    def assert_it_heard_the_samples(self) -> None:
        for one in CONSTRUCTS:
            assert_same(one.name, self.heard[one.name], self.samples[one.name])


def assert_same(name: str, values: Sequence[Any], wanted: Sequence[Any]) -> None:
    assert len(values) == len(wanted), name
    for value, other in zip(values, wanted, strict=True):
        assert same(value, other), f"{name}: {value!r} is not {other!r}"


@pytest.mark.parametrize("count", COUNTS)
async def test_typescript(count: int, tmp_path: Path) -> None:
    """Received values are literals of the generated types, and so are sent ones."""
    server = Server(samples_of(count))
    project = TypeScriptProject(tmp_path, build(server.adapter))
    project.write("values.ts", values(server.samples, CONSTRUCTS))
    project.write("main.ts", program(CONSTRUCTS))
    assert await asyncio.to_thread(project.compile, types=["node"]) == ""
    bundle = [
        *(str(BIN / "esbuild"), "main.ts", "--bundle", "--platform=node", "--format=esm"),
        *("--conditions=@topicwire/source", "--external:ws", "--outfile=main.mjs"),
        "--log-level=error",
    ]
    subprocess.run(bundle, cwd=tmp_path, check=True)  # noqa: ASYNC221 - nothing else runs yet
    async with serving(server.app) as url:
        node = await asyncio.create_subprocess_exec(
            *("node", "main.mjs", url),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await node.communicate()
    assert node.returncode == 0, said.decode()
    server.assert_it_heard_the_samples()
