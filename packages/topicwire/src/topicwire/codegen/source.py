"""A Python file as text and as a syntax tree, with exact positions; never imported.

The tree is the standard library's: importing a concrete-syntax parser takes longer (0.4 s) than
the whole of `topicwire generate --check` may. Edits are made in the text, at the positions of the
tree, so comments, docstrings and layout survive. What Python 3.11 cannot parse (`type X = …`,
`class X[T]`) is first rewritten into what it can, character for character, so that positions hold.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

from topicwire.codegen.errors import GenerationError, Problem

_NEW_SYNTAX = re.compile(r"\btype\s+\w|\b(?:class|def)\s+\w+\s*\[")
TOO_DEEP = (
    "something here is nested deeper than Python can follow.",
    "Break it into pieces with names of their own.",
)
TYPE_STATEMENT = "type"  # `type X = …` is parsed as `type.X = …`


@dataclass(frozen=True, slots=True)
class TypeParameters:
    """`[TReq, TData]` after a class's name: where it stands in the text, and its names."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(slots=True)
class SourceFile:
    """One file: `shown` is how its path is printed; lines of `text` end with a line feed."""

    path: Path
    shown: str
    text: str
    tree: ast.Module = field(repr=False)
    type_parameters: dict[int, TypeParameters] = field(default_factory=dict)
    """By the line of the `class`."""
    lines: list[str] = field(default_factory=list, repr=False)
    _starts: list[int] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        position = 0
        for line in self.lines:
            self._starts.append(position)
            position += len(line) + 1

    def column(self, line: int, utf8_column: int) -> int:
        """A column of the tree (bytes) as one of the text (characters)."""
        text = self.lines[line - 1]
        if text.isascii():
            return utf8_column
        return len(text.encode()[:utf8_column].decode(errors="replace"))

    def offset(self, line: int, utf8_column: int) -> int:
        """A position of the tree as an index into `text`."""
        return self._starts[line - 1] + self.column(line, utf8_column)

    def line_start(self, line: int) -> int:
        """The index of a line's first character."""
        return self._starts[line - 1]

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node stands in `text`."""
        end_line, end_column = node.end_lineno, node.end_col_offset
        if end_line is None or end_column is None:  # the parser sets both; the types allow None
            return self.offset(node.lineno, node.col_offset), len(self.text)
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def problem(self, node: ast.expr | ast.stmt, message: str, cure: str = "") -> Problem:
        """A refusal that points at a node."""
        column = self.column(node.lineno, node.col_offset)
        start, end = self.span(node)
        return Problem(
            path=self.shown,
            line=node.lineno,
            column=column,
            width=max(1, min(end - start, len(self.lines[node.lineno - 1]) - column)),
            message=message,
            excerpt=self.lines[node.lineno - 1],
            cure=cure,
        )


def read_source(path: Path, shown: str) -> SourceFile:
    """The file at `path`, in the encoding that Python would read it in; any line ends will do.

    Raises:
        GenerationError: it is missing, not text, or not Python.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        cure = "Create it, or correct [tool.topicwire] in pyproject.toml."
        raise _refused(shown, 0, "no such file.", cure) from error
    except OSError as error:
        message = f"this file cannot be read: {error.strerror}."
        cure = "Let a file be there that this user may read; until then nothing is generated."
        raise _refused(shown, 0, message, cure) from error
    return parse_source(_text(content, shown), path, shown)


def _text(content: bytes, shown: str) -> str:
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        message = "there is a null byte: this file is damaged, half-written, or no text."
        raise _refused(shown, line, message, "Save it again as text; the generated files stay.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte {content[error.start]:#04x} is not {error.encoding}: {error.reason}."
        cure = "Save the file as UTF-8, whole; or say in its first line what it is in, as PEP 263."
        raise _refused(shown, line, message, cure) from error
    except SyntaxError as error:  # an encoding that does not exist, or not UTF-8 without one said
        line = _first_line_that_is_not_utf8(content)
        message = f"this file cannot be decoded: {error.msg}."
        raise _refused(shown, line, message, "Save the file as UTF-8, whole.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first_line_that_is_not_utf8(content: bytes) -> int:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 1


def _refused(shown: str, line: int, message: str, cure: str) -> GenerationError:
    return GenerationError([Problem(shown, line, 0, 0, message, cure=cure)])


def parse_source(text: str, path: Path, shown: str) -> SourceFile:
    """The text as a file.

    Raises:
        GenerationError: it is not Python; the message has the line and what the parser says.
    """
    try:
        lowered, parameters = _lower(text) if _NEW_SYNTAX.search(text) else (text, {})
        tree = ast.parse(lowered, filename=shown)
    except (SyntaxError, ValueError) as error:
        raise GenerationError([_syntax_problem(text, shown, error)]) from error
    except (RecursionError, MemoryError) as error:
        raise _refused(shown, 0, *TOO_DEEP) from error
    return SourceFile(path, shown, text, tree, parameters)


def parse_expression(text: str) -> ast.expr | None:
    """What a quoted annotation says; None where that is no expression."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def refuse_what_does_not_compile(file: SourceFile) -> None:
    """What parses may still not compile: a `return` outside of a function.

    Raises:
        GenerationError: Python refuses it, at that line.
    """
    try:
        compile(file.tree, file.shown, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise GenerationError([_syntax_problem(file.text, file.shown, error)]) from error


def _syntax_problem(text: str, shown: str, error: Exception) -> Problem:
    if isinstance(error, SyntaxError):
        line, column, message = error.lineno or 1, (error.offset or 1) - 1, error.msg
    else:
        line, column, message = 1, 0, str(error)  # such as a lone surrogate
    lines = text.split("\n")
    excerpt = lines[line - 1] if 0 < line <= len(lines) else ""
    cure = "Correct the syntax; the generated files stay as they were until then."
    return Problem(shown, line, max(0, column), 1, f"this is not Python: {message}.", excerpt, cure)


def _lower(text: str) -> tuple[str, dict[int, TypeParameters]]:
    """Python 3.12's statements as 3.11 can parse them, of the same length and lines."""
    characters = list(text)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    tokens = _tokens(text)
    parameters: dict[int, TypeParameters] = {}

    def index(position: tuple[int, int]) -> int:
        return starts[position[0] - 1] + position[1]

    for at, token in enumerate(tokens[:-2]):
        name, after = tokens[at + 1], tokens[at + 2]
        if token.type != tokenize.NAME or name.type != tokenize.NAME:
            continue
        if keyword.iskeyword(name.string):
            continue
        if token.string == "type" and after.string in ("=", "["):
            characters[index(token.end)] = "."
        elif token.string in ("class", "def") and after.string == "[":
            close = _closing(tokens, at + 2)
            start, end = index(after.start), index(tokens[close].end)
            if token.string == "class":
                names = _parameter_names(tokens[at + 3 : close])
                parameters[token.start[0]] = TypeParameters(start, end, names)
            _blank(characters, start, end)
            if tokens[close + 1].string == "(":
                characters[index(tokens[close + 1].start)] = " "
            else:
                characters[end - 1] = ")"
            characters[start] = "("
    return "".join(characters), parameters


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    """Those that mean something; none when the text breaks off, which the parser tells better."""
    try:
        return [
            token
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type not in (tokenize.COMMENT, tokenize.NL)
        ]
    except tokenize.TokenError:
        return []


def _closing(tokens: list[tokenize.TokenInfo], opening: int) -> int:
    depth = 0
    for at in range(opening, len(tokens)):
        if tokens[at].string in ("[", "(", "{"):
            depth += 1
        elif tokens[at].string in ("]", ")", "}"):
            depth -= 1
            if depth == 0:
                return at
    return len(tokens) - 2  # never closed: the parser says so


def _parameter_names(tokens: list[tokenize.TokenInfo]) -> tuple[str, ...]:
    names: list[str] = []
    depth, expected = 0, True
    for token in tokens:
        if token.string in ("[", "(", "{"):
            depth += 1
        elif token.string in ("]", ")", "}"):
            depth -= 1
        elif depth == 0 and token.string == ",":
            expected = True
        elif expected and token.type == tokenize.NAME:
            names.append(token.string)
            expected = False
    return tuple(names)


def _blank(characters: list[str], start: int, end: int) -> None:
    for at in range(start, end):
        if characters[at] != "\n":
            characters[at] = " "
