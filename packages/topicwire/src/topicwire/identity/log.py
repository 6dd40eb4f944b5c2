"""Where those who verify log: an adapter lends its logger to whom it asks."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Final

LENT: Final[ContextVar[logging.Logger | None]] = ContextVar("topicwire.identity", default=None)
"""The logger of the adapter that asks."""

_OWN: Final = logging.getLogger("topicwire.identity")


def logger() -> logging.Logger:
    """Return the logger of the adapter that asks; `topicwire.identity` where none does."""
    return LENT.get() or _OWN
