"""The line of a value in a TOML file."""

from __future__ import annotations

import tomllib

import pytest

from topicwire.codegen.settings_lines import Key, line_of

TEXT = '''\
# [[tool.topicwire.app]] in a comment
[project]
name = "x"
readme = """
[[tool.topicwire.app]]
name = "in a text"
"""
list = [
  "[[tool.topicwire.app]]",
]

[[tool.topicwire.app]]
name = "one"
typescript.types = "a"
typescript.scalars = { date = { type = "Date" } }

 [[ tool . "topicwire" . app ]]  # the second
root = "two"
[tool.topicwire.app.python]
folder = "b"

[last]
key = 1'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("project",), 2),
        (("project", "readme"), 4),
        (("project", "list"), 8),
        (("project", "list", 0), 8),
        (("tool", "topicwire", "app"), 12),
        (("tool", "topicwire", "app", 0), 12),
        (("tool", "topicwire", "app", 0, "name"), 13),
        (("tool", "topicwire", "app", 0, "typescript", "types"), 14),
        (("tool", "topicwire", "app", 0, "typescript", "scalars", "date", "type"), 15),
        (("tool", "topicwire", "app", 1), 17),
        (("tool", "topicwire", "app", 1, "root"), 18),
        (("tool", "topicwire", "app", 1, "python"), 19),
        (("tool", "topicwire", "app", 1, "python", "folder"), 20),
        (("last", "key"), 23),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_value(path: tuple[Key, ...], line: int, end: str) -> None:
    text = TEXT.replace("\n", end)
    assert tomllib.loads(text)
    assert line_of(text, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("tool", "topicwire", "app", 1, "name"), 17),
        (("tool", "topicwire", "app", 1, "python", "class"), 19),
        (("tool", "topicwire", "app", 2), 12),
        (("nothing",), 1),
    ],
)
def test_what_is_not_there_is_missed_where_it_would_be(path: tuple[Key, ...], line: int) -> None:
    assert line_of(TEXT, path) == line
