"""What is generated in this repository, from what, and by which command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.repository import BACKEND, BIN, FRONTEND


@dataclass(frozen=True, slots=True)
class Artifact:
    """One generator: `command` writes, with `--check` it only compares and exits 1 by name."""

    name: str
    what: str
    command: tuple[str, ...]
    cwd: Path


# In the order of their making: each reads what the ones above it wrote.
ARTIFACTS = (
    Artifact(
        "routers",
        "modules/*/ws_generated/ from the declarations in modules/*/ws.py",
        (str(BIN / "topicwire"), "generate"),
        BACKEND,
    ),
    Artifact(
        "documents",
        "backend/generated/{asyncapi,openapi}.json from the application",
        (str(BIN / "topicwire"), "spec", "--openapi", "generated/openapi.json"),
        BACKEND,
    ),
    Artifact(
        "ws-client",
        "frontend/src/clients/ws-{types,client}-generated/ from asyncapi.json",
        (str(BIN / "topicwire"), "client", "typescript"),
        BACKEND,
    ),
    Artifact(
        "rest-client",
        "frontend/src/clients/openapi-generated/ from openapi.json",
        ("node", "scripts/generate-openapi.mjs"),
        FRONTEND,
    ),
)


def chosen(names: Sequence[str]) -> list[Artifact]:
    """The artifacts of these names, all of them when none is named, in making order."""
    return [artifact for artifact in ARTIFACTS if not names or artifact.name in names]
