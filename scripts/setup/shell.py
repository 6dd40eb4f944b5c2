"""The commands of the documentation, for a shell: `poetry`, `topicwire`, Node's."""

from __future__ import annotations

from scripts.repository import BIN
from scripts.setup import node, python_env


def ensure() -> None:
    """Puts `topicwire` beside the tools that were brought, and prints how to find them all."""
    python_env.ensure()
    node.link("topicwire", BIN / "topicwire")
    print("To have poetry, topicwire and Node's commands in this shell:")
    print(f'  export PATH="{node.BIN}:$PATH"')
