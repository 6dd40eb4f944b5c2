"""Writes `_conformance.py`: what makes type checkers compare generated classes with declarations.

Under the `TYPE_CHECKING` guard a checker sees the generic alias and never the generated class, so
a missing export, or a payload type that was changed without generating anew, would pass. This file
names both at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from topicwire.codegen.config import AppConfig
from topicwire.codegen.model import Declaration
from topicwire.codegen.python import GeneratedModule, header
from topicwire.codegen.template import Template

CONFORMANCE_FILE = "_conformance.py"

_DOCSTRING = '''\
"""For type checkers alone: generated routers have the declared types.

Where a router is declared, checkers see the generic alias, and the
interpreter the generated class. Here both are named, so that one without
the other is an error.
"""
'''

_HEAD = '''\
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from topicwire import RouterOf
    from {template} import {router}
    from {package} import {names}

    RequestT = TypeVar("RequestT")
    DataT = TypeVar("DataT")

    def same_types(
        declared: {router}[RequestT, DataT], generated: RouterOf[RequestT, DataT]
    ) -> None:
        """Refuses a generated router of other types than declared."""
'''

_EACH = """
    def {function}(declared: {module}.{name}, generated: {output}.{name}) -> None:
        same_types(declared, generated)
"""


def conformance_module(
    config: AppConfig, template: Template, declarations: Sequence[Declaration]
) -> GeneratedModule | None:
    """The file for the declarations of one folder.

    None for a template whose parameters are not the two that `RouterOf` speaks of.
    """
    if len(template.parameters) != 2:  # noqa: PLR2004 - a request and its data
        return None
    ordered = sorted(declarations, key=lambda one: one.name)
    modules = {one.module.rpartition(".")[2] for one in ordered}
    body = _HEAD.format(
        template=template.module,
        router=template.class_name,
        package=ordered[0].module.rpartition(".")[0],
        names=", ".join(sorted({*modules, config.output})),
    )
    each = [
        _EACH.format(
            function=one.module_name,
            module=one.module.rpartition(".")[2],
            name=one.name,
            output=config.output,
        )
        for one in ordered
    ]
    sources = sorted({one.path for one in ordered})
    head = f"{header(config, sources)}\n{_DOCSTRING}"
    return GeneratedModule(head, body + "".join(each))
