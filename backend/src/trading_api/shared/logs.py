"""Where the application's log goes when a server runs it."""

import logging
import os

from uvicorn.config import LOG_LEVELS
from uvicorn.logging import DefaultFormatter

_UNSET = logging.NOTSET


def configure_logging() -> None:
    """Write the logs of `trading_api` and `topicwire` beside uvicorn's, at uvicorn's level.

    `UVICORN_LOG_LEVEL=debug` and `--log-level debug` therefore show them too: `trading_api.ws` then
    has a line for each subscription and each publish. Calling it again changes the level and adds
    nothing.
    """
    level = logging.getLogger("uvicorn.error").level
    if level == _UNSET:
        level = LOG_LEVELS.get(os.environ.get("UVICORN_LOG_LEVEL", "info").lower(), logging.INFO)
    for name in ("trading_api", "topicwire"):
        logger = logging.getLogger(name)
        logger.setLevel(max(level, logging.DEBUG))
        if not logger.handlers:
            handler = logging.StreamHandler()
            handler.setFormatter(DefaultFormatter("%(levelprefix)s %(name)s: %(message)s"))
            logger.addHandler(handler)
