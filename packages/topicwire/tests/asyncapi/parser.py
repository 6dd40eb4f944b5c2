"""The official parser of AsyncAPI, which runs in Node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packages.topicwire.tests.asking import ask

from topicwire.asyncapi.document import dumps

PARSER = Path(__file__).with_name("parse.mjs")


def parse(*documents: dict[str, Any]) -> list[Any]:
    """Return `{valid, diagnostics}` of each document."""
    said: list[Any] = ask("node", PARSER, [dumps(one) for one in documents])
    return said
