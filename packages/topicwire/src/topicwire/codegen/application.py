"""The application's documents, made without a server: it is imported, nothing is opened."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from starlette.applications import Starlette

from topicwire.asyncapi.document import build, dumps
from topicwire.asyncapi.validate import validate
from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import ConfigError, GenerationError
from topicwire.codegen.faults import problem_in_application

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter


_TO_NAME: Final = (
    "It is to name an application on which a FastWSAdapter is set up, the FastWSAdapter, or a "
    "function without arguments that returns either, or `(api_app, ws_app)`."
)


@dataclass(frozen=True, slots=True)
class Application:
    """What `app` of the settings names, or its factory returned.

    Attributes:
        adapter: serves the WebSocket routes.
        api: the FastAPI application; None where there is an adapter alone.
    """

    adapter: FastWSAdapter
    api: Any | None = None

    def asyncapi(self) -> str:
        """The AsyncAPI document as text, the same bytes for the same application.

        Raises:
            DocumentError: it cannot be made, or what was made is not right.
        """
        document = build(self.adapter)
        validate(document)
        return dumps(document)

    def openapi(self) -> str:
        """The OpenAPI document as text.

        Raises:
            ConfigError: the application has none.
        """
        schema = getattr(self.api, "openapi", None)
        if schema is None:
            raise ConfigError(
                "The application has no OpenAPI document: [tool.topicwire] app names no FastAPI "
                "app, and no factory of one. Let it, or leave --openapi out."
            )
        return json.dumps(schema(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_application(config: AppConfig) -> Application:
    """Find what `app` of the settings names; where that is a factory, call it.

    Raises:
        ConfigError: it is not set, cannot be imported, or is or returns something else.
        GenerationError: a line of the application fails when it is imported or called.
    """
    where = f"{config.shown(config.root / 'pyproject.toml')}: {config.table} app = {config.app!r}"
    module_name, _, attribute = config.app.partition(":")
    if not module_name or not attribute:
        package = config.package or "trading_api"
        raise ConfigError(
            f"{where}: it is to be `module:factory` or `module:app`, such as "
            f'`app = "{package}.app_factory:create_app"`.'
        )
    source = str(config.src)
    if source not in sys.path:
        sys.path.insert(0, source)
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except Exception as exc:
        _refuse(config, exc)
        if not isinstance(exc, ImportError | AttributeError):
            raise
        raise ConfigError(
            f"{where} cannot be imported: {exc}. Modules are looked for in "
            f"{config.shown(config.src)} (`src`). If a generated router is what is missing, run: "
            f"{config.command}"
        ) from exc
    try:
        made = _called(found, where)
    except Exception as exc:
        _refuse(config, exc)
        raise
    return _application(made, where)


def _refuse(config: AppConfig, error: Exception) -> None:
    """What a line of the application raises is told with its place, like any other mistake."""
    problem = problem_in_application(config, error)
    if problem is not None:
        raise GenerationError([problem]) from error


def _called(found: Any, where: str) -> Any:
    """What a factory returns. An application can be called, too, by a server alone."""
    if not callable(found) or _is_adapter(found) or isinstance(found, Starlette):
        return found
    try:
        inspect.signature(found).bind()
    except TypeError as exc:
        raise ConfigError(
            f"{where}: it cannot be called without arguments ({exc}). {_TO_NAME}"
        ) from exc
    except ValueError:
        pass  # it does not say what it takes
    return found()


def _application(made: Any, where: str) -> Application:
    api, adapter = made if isinstance(made, tuple) and len(made) == 2 else (None, made)  # noqa: PLR2004
    if isinstance(adapter, Starlette):
        served: Sequence[Any] = getattr(adapter.state, "topicwire", ())
        if len(served) != 1:
            raise ConfigError(
                f"{where}: {len(served)} adapters are set up on this application "
                "(`FastWSAdapter.setup(app)`), and the document is of one. Name the FastWSAdapter "
                "itself, or a factory that returns `(api_app, ws_app)`."
            )
        api, adapter = adapter, served[0]
    if not _is_adapter(adapter):
        raise ConfigError(f"{where} is, or returned, {type(made).__name__}. {_TO_NAME}")
    return Application(adapter, api)


def _is_adapter(value: Any) -> TypeGuard[FastWSAdapter]:
    from topicwire.asgi.adapter import FastWSAdapter  # noqa: PLC0415 - start-up time

    return isinstance(value, FastWSAdapter)
