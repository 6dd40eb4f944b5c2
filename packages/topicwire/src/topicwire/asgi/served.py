"""The application as `topicwire serve` and `make dev` serve it: the collector holds it up less.

Python's collector of circles looks at every object that has survived, again and again, and nothing
else runs meanwhile. What an application has when it has started stays for as long as it does, so it
is taken out of the collector's sight then.
"""

from __future__ import annotations

import gc
import importlib
import os
from typing import Any, Final, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from topicwire.errors import TopicwireError

VARIABLE: Final = "TOPICWIRE_APP"
"""Of the environment: `module:app`, for `application`."""

THRESHOLDS: Final = (10_000, 20, 10)
"""Of the collector: objects more before the young ones are looked at; so many of these before the
next generation is; so many of those before everything is. Python's own are 700, 10 and 10."""


class AppError(TopicwireError, ValueError):
    """What is to be served cannot be found, or is no ASGI application."""


def find(name: str) -> ASGIApp:
    """Return the ASGI application that `module:app` names.

    Raises:
        AppError: there is no such module or name, or it is something else. What a module raises
            by itself when it is imported goes on.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise AppError(f"{name!r} is to be `module:app`, such as `main:app`.")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing != module_name and not module_name.startswith(f"{missing}."):
            raise  # one that the module itself imports
        raise AppError(
            f"{name}: there is no module {missing!r}. Modules are looked for in this folder, and "
            "where Python has its packages."
        ) from None
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise AppError(f"{name}: {module_name} has no {attribute!r}.")
        found = getattr(found, part)
    if not callable(found):
        raise AppError(
            f"{name} is of type {type(found).__name__}: it is to be an ASGI application, such as "
            "`FastAPI()` or `Starlette()` on which a FastWSAdapter is set up."
        )
    return cast("ASGIApp", found)


def application() -> ASGIApp:
    """Return the application that the variable TOPICWIRE_APP names, for `uvicorn --factory`.

    Raises:
        AppError: as `find`.
    """
    return settled(find(os.environ.get(VARIABLE, "")))


def settled(app: ASGIApp) -> ASGIApp:
    """Return `app`, for which the collector is set when it has started."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                settle()
            await send(message)

        await app(scope, receive, told)

    return served


def settle() -> None:
    """Take what there is now out of the collector's sight, and let it look less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
