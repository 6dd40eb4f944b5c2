"""The generated Python client of a document, imported; and its values as JSON."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import TypeAdapter

from topicwire.asyncapi.document import dumps
from topicwire.codegen.client_python.package import generate, naming


def write(document: dict[str, Any], folder: Path) -> str:
    """Write the client's package into `folder`. Returns its name."""
    document = json.loads(dumps(document))
    names = naming(document)
    for path, text in generate(document, names).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return names.package


def imported(document: dict[str, Any], folder: Path, patch: pytest.MonkeyPatch) -> Any:
    """The client's package, written and imported."""
    package = write(document, folder)
    patch.syspath_prepend(folder)
    return importlib.import_module(package)


class TypesOf:
    """The types of a generated route, as its annotations say."""

    def __init__(self, route: Any) -> None:
        hints = get_type_hints(type(route).echo, include_extras=True)
        self.request: TypeAdapter[Any] = TypeAdapter(get_args(type(route).__orig_bases__[0])[0])
        self.sent: TypeAdapter[Any] = TypeAdapter(hints["payload"])
        self.received: TypeAdapter[Any] = TypeAdapter(hints["return"])


def read(kind: TypeAdapter[Any], value: Any) -> Any:
    """The typed value of a JSON value."""
    return kind.validate_json(json.dumps(value))


def written(kind: TypeAdapter[Any], value: Any) -> Any:
    """The JSON value of a typed value."""
    return json.loads(kind.dump_json(value, by_alias=True))
