"""The official parser of AsyncAPI, which runs in Node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.typescript_project import run_node

from topicwire.asyncapi.document import dumps


def parse(*documents: dict[str, Any]) -> list[Any]:
    """Return `{valid, diagnostics}` of each document, all from one process of Node."""
    said: list[Any] = run_node(
        Path(__file__).with_name("parse.mjs"), json.dumps([dumps(one) for one in documents])
    )
    return said
