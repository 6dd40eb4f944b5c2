"""Many parts are formatted as one text, and come out as each would alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.codegen.sample import Sample

from topicwire.codegen.format import FormatError, format_python, ruff_executable

PARTS = [
    "import os\nfrom acme import b\nfrom acme import a\nprint(os,a,b)",
    "class A:\n  x=1\n\n\n\n  def f(self): return  1\n  # the last word\n",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json\n\nclass B: ...",
    "'not a docstring'",
    "try:\n    import json\nexcept ImportError:\n    json=None",
    "# a comment\nimport sys\nx = (\n  1,)\n",
    "@decorated\nclass C: pass",
]


def alone(app: Sample, text: str) -> str:
    """The text as Ruff leaves a file that holds nothing else."""
    name = str(app.root / "src/acme/alone.py")
    for command in (["check", "--fix-only", "--exit-zero", "--select", "I"], ["format"]):
        done = subprocess.run(
            [ruff_executable(), *command, "--quiet", "--stdin-filename", name, "-"],
            cwd=app.root,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stdout
    return text


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("format") / "app").populate()


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=5))
def test_each_part_comes_out_as_it_would_alone(shared: Sample, texts: list[str]) -> None:
    parts = {shared.root / f"src/acme/part{at}.py": text for at, text in enumerate(texts)}
    formatted = format_python(shared.config, parts)
    assert list(formatted) == list(parts)
    assert list(formatted.values()) == [alone(shared, text) for text in texts]


def test_the_part_that_is_not_python_is_named(app: Sample) -> None:
    good, bad = app.root / "src/acme/good.py", app.root / "src/acme/bad.py"
    with pytest.raises(FormatError) as caught:
        format_python(app.config, {good: "x = 1", bad: "x = = 1"})
    assert "what was generated for src/acme/bad.py" in str(caught.value)


def test_without_ruff_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setitem(sys.modules, "ruff", None)
    with pytest.raises(FormatError, match=r"pip install 'topicwire\[codegen\]'"):
        ruff_executable()


def test_ruff_is_found_through_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Path(ruff_executable()).resolve()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert Path(ruff_executable()).resolve() == expected


def test_nothing_to_format_starts_nothing(app: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert format_python(app.config, {}) == {}
