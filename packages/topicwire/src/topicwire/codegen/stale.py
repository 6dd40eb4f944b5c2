"""Why generated files are not what they should be, each by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from topicwire.codegen.config import AppConfig
from topicwire.codegen.generate import Plan


@dataclass(frozen=True, slots=True)
class StaleReason:
    """A file, and what is wrong with it."""

    path: str
    what: str


def stale_reasons(config: AppConfig, planned: Plan) -> list[StaleReason]:
    """Everything that `--check` objects to; empty when all is fresh."""
    return list(_reasons(config, planned))


def _reasons(config: AppConfig, planned: Plan) -> Iterator[StaleReason]:
    changes = planned.changes
    sources = {planned.file_of(config, one): one for one in planned.declarations}
    template = config.shown(config.template)
    for path in changes.missing:
        declared = sources.get(path)
        why = f", declared at {declared.shown}:{declared.line}" if declared else ""
        yield StaleReason(config.shown(path), f"missing{why}")
    for path in changes.changed:
        if path == config.manifest:
            yield from _manifest_reasons(config, planned)
            continue
        declared = sources.get(path)
        if declared is None:
            yield StaleReason(config.shown(path), "differs from what the declarations give")
        else:
            yield StaleReason(
                config.shown(path),
                f"differs from what {declared.shown}:{declared.line} ({declared.signature}) "
                f"and {template} give: one of the three was changed",
            )
    for path in changes.extra:
        yield StaleReason(config.shown(path), "extra: nothing declares it")


def _manifest_reasons(config: AppConfig, planned: Plan) -> Iterator[StaleReason]:
    manifest = config.shown(config.manifest)
    wanted = json.loads(planned.changes.files[config.manifest])
    try:
        found = json.loads(config.manifest.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.keys() != wanted.keys():
        yield StaleReason(manifest, "was changed by hand")
        return
    if found.get("generator") != wanted.get("generator"):
        yield StaleReason(manifest, f"made by {found['generator']}; this is {wanted['generator']}")
    if found.get("template") != wanted.get("template"):
        yield StaleReason(
            config.shown(config.template), f"the template was changed since {manifest} was made"
        )
    if found == wanted:
        yield StaleReason(manifest, "is formatted differently")
