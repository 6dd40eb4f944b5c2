"""Where in the application an error comes from, when it is imported or put together."""

from __future__ import annotations

import ast
import linecache
import re
import traceback
from pathlib import Path
from typing import NamedTuple

from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import Problem
from topicwire.errors import TopicwireError

_REFUSED_TYPE = re.compile(r"schema for (?:<class ')?(?:[\w.<>]*\.)?(\w+)")
_CIRCULAR = "partially initialized module"


def problem_in_application(config: AppConfig, error: BaseException) -> Problem | None:
    """Return the place in the application's own code that an error comes from.

    That is the line which cannot be parsed, or the innermost one below `src` that was running;
    None where none was: then it is no line of the application that is wrong.
    """
    place = _unparsed(config, error) or _running(config, error)
    if place is None:
        return None
    path, line = place
    field = _unschemed(path, line, error)
    if field is not None:
        line = field.line
    excerpt = _line(path, line)
    indent = len(excerpt) - len(excerpt.lstrip())
    column = (error.offset or 1) - 1 if isinstance(error, SyntaxError) else indent
    return Problem(
        path=config.shown(path),
        line=line,
        column=max(column, indent),
        width=1 if isinstance(error, SyntaxError) else len(excerpt.strip()),
        message=field.message if field is not None else _message(error),
        excerpt=excerpt,
        cure=_cure(config, error),
    )


class _Field(NamedTuple):
    line: int
    message: str


def _unschemed(path: Path, line: int, error: BaseException) -> _Field | None:
    """Find the field for whose type Pydantic has no schema: it names the type alone.

    A model is made where its class is defined, so that is the line which was running.
    """
    if type(error).__name__ != "PydanticSchemaGenerationError":
        return None
    said = _REFUSED_TYPE.search(str(error))
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError):
        return None
    for node in ast.walk(tree) if said else ():
        if isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.end_lineno or 0):
            for one in node.body:
                if isinstance(one, ast.AnnAssign) and said and _mentions(one.annotation, said[1]):
                    field = f"{node.name}.{ast.unparse(one.target)}"
                    return _Field(one.lineno, f"{field}: {_no_schema(said[1])}")
    return None


def _mentions(annotation: ast.expr, name: str) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return name in re.findall(r"\w+", annotation.value)
    inner = ast.walk(annotation)
    return any(name in {getattr(one, "id", ""), getattr(one, "attr", "")} for one in inner)


def _no_schema(name: str) -> str:
    from topicwire.wire.unreadable import ALLOWED  # noqa: PLC0415 - start-up time

    return f"Pydantic does not know how {name} is read and written. {ALLOWED}"


def _unparsed(config: AppConfig, error: BaseException) -> tuple[Path, int] | None:
    if not isinstance(error, SyntaxError) or not error.filename:
        return None
    path = Path(error.filename)
    return (path, error.lineno or 1) if _is_own(config, path) else None


def _running(config: AppConfig, error: BaseException) -> tuple[Path, int] | None:
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        path = Path(frame.filename)
        if _is_own(config, path):
            return path, frame.lineno or 1
    return None


def _is_own(config: AppConfig, path: Path) -> bool:
    return path.is_relative_to(config.src) and "site-packages" not in path.parts


def _line(path: Path, line: int) -> str:
    linecache.checkcache(str(path))
    return linecache.getline(str(path), line).rstrip("\n")


def _message(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, TopicwireError):
        return text
    kind = type(error).__name__
    return f"{kind}: {text}" if text else f"{kind}."


def _cure(config: AppConfig, error: BaseException) -> str:
    if isinstance(error, ImportError) and _CIRCULAR in str(error):
        return (
            "Two modules import each other. Move what both need into a third one, or import it "
            "where it is used."
        )
    if isinstance(error, ModuleNotFoundError) and config.output in (error.name or "").split("."):
        return f"If a generated router is what is missing, run: {config.command}"
    return ""
