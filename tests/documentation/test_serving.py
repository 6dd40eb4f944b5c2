"""docs/serving.md: its commands and settings are those of `topicwire serve`, its examples run."""

from __future__ import annotations

import gc
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from packages.topicwire.tests.asgi.gunicorn_worker import Worker

from tests.quickstart.specification import blocks, under
from topicwire import FastWSAdapter
from topicwire.asgi.served import THRESHOLDS
from topicwire.cli import main
from topicwire.cli import serve as command

PAGE = Path(__file__).parents[2] / "docs/serving.md"


def test_the_command_is_ours(capsys: pytest.CaptureFixture[str]) -> None:
    words = blocks(PAGE)[0].commands[0].split()
    assert words[0] == "topicwire"
    with pytest.raises(SystemExit):
        main([*words[1:], "--workers", "2"])
    # all of it is understood, up to what is refused
    assert capsys.readouterr().err.startswith("--workers 2: an application is served by one")


def test_the_words_of_uvicorn_are_what_topicwire_serve_sets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, Any] = {}
    # `uvicorn.main` is the command
    monkeypatch.setattr(sys.modules["uvicorn.main"], "run", lambda _, **said: given.update(said))
    words = under(PAGE, "What it sets")[0].commands[0].split()
    uvicorn.main(words[1:], standalone_mode=False)
    said = {"ws": command.WEBSOCKETS, "http": command.HTTP, "ws_per_message_deflate": False}
    assert {name: given[name] for name in said} == said
    table = re.findall(r"^\|[^|]+\| `(--[^`]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert " ".join(table).split() == words[2:]
    assert said == Worker.CONFIG_KWARGS


def test_the_worker_class_is_the_one_that_is_tested() -> None:
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        exec(under(PAGE, "What it sets")[1].text, names)  # noqa: S102 - our own documentation
    assert names["Worker"].CONFIG_KWARGS == Worker.CONFIG_KWARGS


def test_the_choice_is_one_of_the_adapters() -> None:
    [example] = under(PAGE, "Middleware")
    names: dict[str, Any] = {"FastWSAdapter": FastWSAdapter}
    exec(example.text, names)  # noqa: S102
    assert names["ws"].endpoint.bypass is True


def test_the_collector_is_set_as_it_says() -> None:
    [example] = under(PAGE, "Python's collector")
    before = gc.get_threshold()
    try:
        exec(example.text, {})  # noqa: S102
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
    numbers = re.findall(r"set_threshold\(([\d_, ]+)\)", PAGE.read_text("utf-8"))
    assert [tuple(map(int, one.split(","))) for one in numbers] == [THRESHOLDS]
