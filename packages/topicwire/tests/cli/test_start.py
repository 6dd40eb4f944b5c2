"""What a command imports: Pydantic and FastAPI take longer than a whole check may."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from topicwire import FastWSAdapter, WsRouter
from topicwire.asyncapi.document import build, dumps


class Ask(BaseModel):
    symbol: str


class Tick(BaseModel):
    price: float


HEAVY = {"fastapi", "libcst", "pydantic", "pydantic_core", "starlette", "typing_extensions"}
CODE = f"""
import sys
from topicwire.cli import main
main(sys.argv[1:])
print("imported:", sorted({HEAVY} & set(sys.modules)))
"""


def imported(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=cwd, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.rpartition("imported: ")[2].strip()


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    adapter = FastWSAdapter(title="Trading", version="1.0.0")
    adapter.include_router(WsRouter[Ask, Tick](route="ticks"))
    file = tmp_path_factory.mktemp("start") / "asyncapi.json"
    file.write_text(dumps(build(adapter)), encoding="utf-8")
    return file


def test_a_client_of_typescript_is_written_and_checked_without_pydantic(document: Path) -> None:
    words = ["client", "typescript", "--document", document.name, "--types", "types"]
    words += ["--client", "client", "--validators", "validators"]
    for more in ((), ("--check",)):
        assert imported(*words, *more, cwd=document.parent) == "[]"


def test_documents_are_compared_without_pydantic(document: Path) -> None:
    assert imported("diff", document.name, document.name, cwd=document.parent) == "[]"
