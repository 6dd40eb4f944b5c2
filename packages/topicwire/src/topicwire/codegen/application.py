"""The application's documents, made without a server: its factory is called, nothing is opened."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from topicwire.asyncapi.document import build, dumps
from topicwire.asyncapi.validate import validate
from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import ConfigError

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter


@dataclass(frozen=True, slots=True)
class Application:
    """What the factory returned.

    Attributes:
        adapter: serves the WebSocket routes.
        api: the FastAPI application; None where the factory returns an adapter alone.
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
                "The application has no OpenAPI document: its factory returned no FastAPI app. "
                "Let it return `(api_app, ws_app)`, or leave --openapi out."
            )
        return json.dumps(schema(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_application(config: AppConfig) -> Application:
    """Call the factory that `[tool.topicwire] app` names.

    Raises:
        ConfigError: it is not set, cannot be imported, or returns something else.
    """
    module_name, _, attribute = config.app.partition(":")
    if not module_name or not attribute:
        raise ConfigError(
            f"{config.shown(config.root / 'pyproject.toml')}: [tool.topicwire] app = "
            f"{config.app!r}: it is to be `module:factory`, such as "
            f'`app = "{config.package}.app_factory:create_app"`.'
        )
    source = str(config.src)
    if source not in sys.path:
        sys.path.insert(0, source)
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as exc:
        raise ConfigError(
            f"[tool.topicwire] app = {config.app!r} cannot be imported: {exc}. If a generated "
            f"router is what is missing, run: {config.command}"
        ) from exc
    made: Any = factory() if callable(factory) and not _is_adapter(factory) else factory
    api, adapter = made if isinstance(made, tuple) and len(made) == 2 else (None, made)  # noqa: PLR2004
    if not _is_adapter(adapter):
        raise ConfigError(
            f"{config.app} returned {type(made).__name__}: it is to return `(api_app, ws_app)`, "
            "or the FastWSAdapter alone."
        )
    return Application(adapter, api)


def _is_adapter(value: Any) -> TypeGuard[FastWSAdapter]:
    from topicwire.asgi.adapter import FastWSAdapter  # noqa: PLC0415 - start-up time

    return isinstance(value, FastWSAdapter)
