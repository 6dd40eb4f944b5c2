"""The scalar map: which TypeScript type stands for a format, and how values become it and back."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.errors import ConfigError

_KEYS = ("type", "decode", "encode", "import")
_NEEDED = ("type", "decode", "encode")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_IMPORT = re.compile(
    r"import\s+(?:(?P<default>[A-Za-z_$][\w$]*)|\*\s+as\s+(?P<all>[A-Za-z_$][\w$]*)"
    r"|\{(?P<named>[^{}]*)\})\s+from\s+(?P<quote>['\"])(?P<source>[^'\"]+)(?P=quote)\s*;?"
)
_NAMED = re.compile(r"([A-Za-z_$][\w$]*)(?:\s+as\s+([A-Za-z_$][\w$]*))?")
TAKEN = frozenset(
    {
        "Codec", "ConvertedRoute", "Operation", "Route", "RouteCodecs", "RouteEntry", "Routes",
        "Scalar", "routeNames",
    }
)  # fmt: skip
"""What generated files call something of their own."""

EXAMPLE = (
    '"date-time" = { type = "Date", decode = "(text) => new Date(text)", '
    'encode = "(date) => date.toISOString()" }'
)


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """A name that a scalar's code needs imported."""

    source: str
    """A package, or an absolute path."""

    name: str
    """What it is exported as; `default`, or `*` for all of the module."""

    local: str

    def statement(self, folder: Path, *, is_type: bool) -> str:
        """Return the import for a file in `folder`."""
        source = self.source
        if Path(source).is_absolute():
            source = Path(os.path.relpath(source, folder)).as_posix()
            source = source if source.startswith(".") else f"./{source}"
        kind = "import type" if is_type else "import"
        if self.name == "*":
            return f"{kind} * as {self.local} from '{source}'\n"
        if self.name == "default":
            return f"{kind} {self.local} from '{source}'\n"
        name = self.name if self.name == self.local else f"{self.name} as {self.local}"
        return f"{kind} {{ {name} }} from '{source}'\n"


@dataclass(frozen=True, slots=True)
class Scalar:
    """What stands for one format.

    Attributes:
        format: of the schema, such as `date-time`.
        type: TypeScript.
        decode: a TypeScript function from what travels to the type.
        encode: a TypeScript function back.
        imports: names that these use.
    """

    format: str
    type: str
    decode: str
    encode: str
    imports: tuple[Import, ...] = ()

    def used(self, *texts: str) -> frozenset[str]:
        """Return every name in `texts`, which are code of this scalar."""
        return frozenset(word for text in texts for word in _WORD.findall(_QUOTED.sub("", text)))

    @property
    def names(self) -> frozenset[str]:
        """Every name in its code: nothing beside it may be called so."""
        return self.used(self.type, self.decode, self.encode) | {one.local for one in self.imports}

    @property
    def type_imports(self) -> tuple[Import, ...]:
        """What the type alone needs."""
        words = self.used(self.type)
        return tuple(one for one in self.imports if one.local in words)


def read_scalars(file: Path) -> tuple[Scalar, ...]:
    """Return the map in a TOML file of its own, which has the formats at its top.

    Raises:
        ConfigError: it cannot be read, or is no such map.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: the scalar map cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: error: this is not TOML: {error}.") from error
    faults = [f"{file}: {fault}" for fault in scalar_faults("", table)]
    if faults:
        raise ConfigError("\n".join(faults))
    return made_scalars(table, file.resolve().parent)


def scalar_faults(name: str, table: object) -> Iterator[str]:
    """Yield what is wrong with a map.

    Args:
        name: of the table; "" where it is all of a file.
        table: as TOML has it.
    """
    where = f"[{name}] " if name else ""
    if not isinstance(table, Mapping):
        yield f"{where}is to be a table of formats, such as {EXAMPLE}."
        return
    locals_: dict[str, Import] = {}
    for key, value in table.items():
        faults = [*_entry_faults(value)]
        yield from (f"{where}{key!r} {fault}" for fault in faults)
        for one in () if faults else _imports(value.get("import", ()), Path("/")):
            if locals_.setdefault(one.local, one) != one:
                yield (
                    f"{where}{key!r} imports another {one.local!r} than a format before it. Give "
                    f"one of them another name: `{{ {one.name} as Other }}`."
                )


def _entry_faults(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"is to be a table, not {value!r}: {EXAMPLE}."
        return
    for key, one in value.items():
        if key not in _KEYS:
            yield f"has an unknown key {key!r}. Known: {', '.join(_KEYS)}."
        elif key == "import":
            yield from _import_faults(one)
        elif not isinstance(one, str) or not one.strip():
            yield f"{key} = {one!r}: it is to be TypeScript."
        elif "\n" in one.strip():
            yield (
                f"{key} has several lines. Put the function into a module of yours, and import it: "
                "import = \"import { fromText } from './scalars.js'\"."
            )
    yield from (f"lacks `{key}`: {EXAMPLE}." for key in _NEEDED if key not in value)


def _import_faults(value: object) -> Iterator[str]:
    statements = [value] if isinstance(value, str) else value
    if not isinstance(statements, list) or not all(isinstance(one, str) for one in statements):
        yield f"import = {value!r}: it is to be an import statement, or a list of them."
        return
    for statement in statements:
        match = _IMPORT.fullmatch(statement.strip())
        parts = [] if match is None else [*_names(match)]
        if not parts or any(name is None for name in parts):
            yield (
                f"import = {statement!r}: it is to be like `import {{ Decimal }} from "
                "'decimal.js'`, `import Decimal from 'decimal.js'` or `import * as decimal from "
                "'decimal.js'`."
            )
        for name in parts:
            if name is not None and name[1] in TAKEN:
                yield (
                    f"imports the name {name[1]!r}, which generated files have for something else. "
                    f"Give it another: `{{ {name[0]} as Other }}`."
                )


def made_scalars(table: Mapping[str, Mapping[str, object]], folder: Path) -> tuple[Scalar, ...]:
    """Return a map that has no faults.

    Args:
        table: as TOML has it.
        folder: where relative imports begin.
    """
    return tuple(
        Scalar(
            format=key,
            type=str(value["type"]).strip(),
            decode=str(value["decode"]).strip(),
            encode=str(value["encode"]).strip(),
            imports=tuple(_imports(value.get("import", ()), folder)),
        )
        for key, value in sorted(table.items())
    )


def _imports(value: object, folder: Path) -> Iterator[Import]:
    statements: Sequence[object] = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]  # a list, as was found before
    for statement in statements:
        match = _IMPORT.fullmatch(str(statement).strip())
        if match is not None:
            source = match["source"]
            if source.startswith("."):
                source = os.path.normpath(folder / source)
            yield from (Import(source, *name) for name in _names(match) if name is not None)


def _names(match: re.Match[str]) -> Iterator[tuple[str, str] | None]:
    """Yield each imported name and what it is called here; None for what is no name."""
    if match["default"]:
        yield "default", match["default"]
    elif match["all"]:
        yield "*", match["all"]
    else:
        for part in filter(None, (one.strip() for one in match["named"].split(","))):
            named = _NAMED.fullmatch(part)
            yield None if named is None else (named[1], named[2] or named[1])
