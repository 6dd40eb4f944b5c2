"""The version of the generator, as the one file of its output that names it says."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


@cache
def generator_version() -> str:
    """The installed version of topicwire."""
    return version("topicwire")
