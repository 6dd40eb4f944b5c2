"""The official parser of AsyncAPI, which runs in Node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packages.topicwire.tests.codegen.typescript_project import run_node

from topicwire.asyncapi.document import dumps


def parse(document: dict[str, Any]) -> Any:
    """Return `{valid, diagnostics}`."""
    return run_node(Path(__file__).with_name("parse.mjs"), dumps(document))
