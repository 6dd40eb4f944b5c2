"""What `import topicwire` gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

import topicwire


def test_every_public_name_is_there() -> None:
    for name in topicwire.__all__:
        assert getattr(topicwire, name) is not None
    assert set(topicwire.__all__) == set(topicwire._HOME_OF)
    assert set(topicwire.__all__) <= set(dir(topicwire))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        topicwire.nonsense  # noqa: B018 - that is the test


def test_importing_it_imports_no_server() -> None:
    code = "import sys, topicwire; print({'starlette', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
