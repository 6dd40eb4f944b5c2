"""The one file that says which version of the generator made what, so that no other has to.

A new version that changes nothing else is then one line of a diff, and `--check` names it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from topicwire.codegen.config import AppConfig
from topicwire.codegen.version import GENERATOR_VERSION

Kind = Literal["document", "typescript"]
"""What other commands than `topicwire generate` make; the routers are the manifest's own."""

KINDS: tuple[Kind, ...] = ("document", "typescript")


def maker() -> str:
    """This version, as the manifest says it."""
    return f"topicwire {GENERATOR_VERSION}"


def recorded(config: AppConfig) -> dict[str, str]:
    """What the manifest on disk says; nothing where there is none that can be read."""
    try:
        found = json.loads(config.manifest.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    texts = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in texts if isinstance(value, str)}


def kept(config: AppConfig) -> dict[str, str]:
    """What the manifest on disk says of documents and clients: `generate` leaves it there."""
    found = recorded(config)
    return {kind: found[kind] for kind in KINDS if kind in found}


def noted(config: AppConfig, kind: Kind) -> str:
    """The manifest as it is once this version has made `kind`."""
    return manifest_text({**recorded(config), kind: maker()})


def manifest_text(content: Mapping[str, str]) -> str:
    """The manifest's text, the same whichever command was run last."""
    first = [key for key in ("generator", "template", *KINDS) if key in content]
    return json.dumps({key: content[key] for key in [*first, *content]}, indent=2) + "\n"


def other_maker(config: AppConfig, kind: Kind) -> str | None:
    """What `--check` objects to: another version made `kind`."""
    found = recorded(config).get(kind)
    if found is None or found == maker():
        return None
    return f"the {kind} was made by {found}; this is {maker()}"
