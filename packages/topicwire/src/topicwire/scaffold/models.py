"""Steps 1 and 2: the models of a route, in a file of their own, and their exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from topicwire.scaffold.fields import Field
from topicwire.scaffold.names import RouteNames


def models_module(
    names: RouteNames, request: Sequence[Field], payload: Sequence[Field], home: str
) -> str:
    """Return the file that defines both models.

    Args:
        names: what they are called.
        request: the fields that a client sends to subscribe.
        payload: those of each update.
        home: the module of the file itself: nothing is imported from there.
    """
    imported = {
        name: module
        for one in (*request, *payload)
        for name, module in one.imports.items()
        if module != home
    }
    return "\n".join(
        [
            f'"""{names.words.capitalize()}: what is subscribed to, and what is sent."""',
            "",
            *import_lines({**imported, "BaseModel": "pydantic"}),
            "",
            "",
            *_class(names.request, f"Which {names.words} to follow.", request),
            "",
            "",
            *_class(names.model, f"One update of {names.words}.", payload),
            "",
        ]
    )


def import_lines(imports: Mapping[str, str]) -> list[str]:
    """Return an import statement for each name; what sorts them joins those of one module."""
    return [f"from {module} import {name}" for name, module in sorted(imports.items())]


def exports_module(docstring: str, relative: str, names: Sequence[str]) -> str:
    """Return an `__init__.py` that exports names of one of its modules."""
    listed = ", ".join(f'"{name}"' for name in sorted(names))
    return (
        f'"""{docstring}"""\n\n'
        f"from {relative} import {', '.join(sorted(names))}\n\n"
        f"__all__ = [{listed}]\n"
    )


def _class(name: str, docstring: str, fields: Sequence[Field]) -> list[str]:
    lines = [f"class {name}(BaseModel):", f'    """{docstring}"""']
    if fields:
        lines += ["", *(f"    {one.line}" for one in fields)]
    return lines
