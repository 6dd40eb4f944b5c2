"""The TypeScript compiler, started once for all projects that tests compile."""

from __future__ import annotations

from pathlib import Path

from packages.topicwire.tests.asking import ask

COMPILER = Path(__file__).with_name("tsc.mjs")


def compiled(folder: Path) -> str:
    """What `tsc -p` complains of in a folder with a `tsconfig.json`; "" when it is content."""
    said: str = ask("node", COMPILER, str(folder.resolve()))
    return said
