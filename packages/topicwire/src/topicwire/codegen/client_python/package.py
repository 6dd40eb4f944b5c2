"""The files of a generated client: an installable package with its models and its routes.

A pure function of the document: no source of the server is needed, and no clock.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from dataclasses import dataclass
from typing import Any, Final

from topicwire.asyncapi.contract import Contract, read_contract
from topicwire.codegen.client_python.models import models
from topicwire.codegen.client_python.names import class_names, pascal, snake
from topicwire.codegen.client_python.routes import routes
from topicwire.codegen.client_python.source import (
    HEADER,
    LINE_LENGTH,
    TARGET,
    docstring,
    formatted,
    one_line,
)
from topicwire.codegen.client_python.types import Types
from topicwire.codegen.errors import ConfigError
from topicwire.codegen.version import GENERATOR_VERSION

COMMAND: Final = "topicwire client python"
_VERSION: Final = re.compile(r"v?(\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?)")
_PACKAGE: Final = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN: Final = {
    "package": {*sys.stdlib_module_names, "pydantic", "topicwire", "typing_extensions"},
    "client": {"Client", "ClientOptions", "OperationsOf", "RouteOf", "TypeAdapter", "TypedDict"}
    | {"Annotated", "Decimal", "Field", "Literal", "NotRequired", "Payload", "UpdateStream"}
    | {"Base64Bytes", "BigInt", "AnyFloat", "JsonValue", "Never", "UUID", "Unpack", "NOTHING"},
}
_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Naming:
    """What the package and the class of the client are called."""

    package: str
    client: str


def naming(document: Any, package: str | None = None, client: str | None = None) -> Naming:
    """Return the names that are given, and for the others those that the document's title gives.

    Raises:
        ConfigError: a name is none that Python can have.
    """
    info = document.get("info") if isinstance(document, dict) else None
    title = str(info.get("title", "")) if isinstance(info, dict) else ""
    word = snake(title)
    word = word if _PACKAGE.fullmatch(word) else f"topicwire_{word}".strip("_")
    package = package or f"{word}_client"
    client = client or f"{pascal(word.replace('_', ' '))}Client"
    for what, name, form, example in (
        ("package", package, _PACKAGE, "trading_client"),
        ("client", client, _CLASS, "TradingClient"),
    ):
        if not form.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN[what]:
            raise ConfigError(
                f"{name!r} cannot be the name of the Python {what}: it is to be like `{example}`, "
                "and nothing else's that the client needs."
            )
    return Naming(package, client)


def generate(document: Any, names: Naming, command: str = COMMAND) -> dict[str, str]:
    """Write a client for every route of `document`.

    Args:
        document: an AsyncAPI document of ours, as parsed JSON.
        names: of the package and of its client.
        command: how the header says the files are made again.

    Returns:
        The text of each file, by its path below the folder of the package's pyproject.toml.

    Raises:
        DocumentError: the document is not ours, or is broken.
        FormatError: Ruff is not installed.
    """
    contract = read_contract(document, facts=True)
    types = Types(
        {one.name: one for one in contract.types}, class_names(one.name for one in contract.types)
    )
    title = one_line(contract.title)
    header = (
        f"{HEADER}from the AsyncAPI document of {title}.\n"
        f"# Do not edit: `{command}` writes it again.\n"
    )
    models(types)  # which attribute stands for which property
    # what has no name is named where it is first seen, in either module
    routes_text = routes(contract, types, names.client)
    models_text = models(types)
    folder = names.package
    texts = {
        f"{folder}/__init__.py": _exports(contract, names),
        f"{folder}/models.py": docstring(f"What travels between {title} and its clients.")
        + "\n"
        + models_text,
        f"{folder}/routes.py": docstring(f"The routes of {title}, and the client that has them.")
        + "\n"
        + routes_text,
    }
    return {
        "pyproject.toml": header + _project(contract, names),
        f"{folder}/py.typed": header,
        **{path: formatted(f"{header}\n{text}", path) for path, text in texts.items()},
    }


def _exports(contract: Contract, names: Naming) -> str:
    return (
        docstring(f"A client of {one_line(contract.title)}: `{names.client}`.")
        + f"\nfrom . import models\nfrom .routes import {names.client}\n\n"
        + f'__all__ = ["{names.client}", "models"]\n'
    )


def _project(contract: Contract, names: Naming) -> str:
    version = _VERSION.fullmatch(contract.version)
    return f"""
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = {_toml(names.package.replace("_", "-"))}
version = {_toml(version[1] if version else "0")}
description = {_toml(f"A typed client of {one_line(contract.title)}")}
requires-python = ">=3.11"
dependencies = ["topicwire[client]>={GENERATOR_VERSION}"]

[tool.hatch.build.targets.wheel]
packages = [{_toml(names.package)}]

[tool.ruff]
line-length = {LINE_LENGTH}
target-version = {_toml(TARGET)}
"""


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
