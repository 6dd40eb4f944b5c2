"""A small application in a folder of its own, for the generator to work on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packages.topicwire.tests import forked

from topicwire.codegen.config import AppConfig, load_config
from topicwire.codegen.discover import discover
from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.generate import Plan, generate, plan
from topicwire.codegen.model import Declaration
from topicwire.codegen.modules import ModuleIndex
from topicwire.codegen.template import read_template

PYPROJECT = """\
[tool.topicwire]
package = "acme"

[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = ["E", "F", "I"]

[tool.black]
line-length = 100

[tool.isort]
profile = "black"
line_length = 100
"""

TRADES = '''\
from pydantic import BaseModel


class TradeRequest(BaseModel):
    """What a client asks for."""

    symbols: list[str]


class Trade(BaseModel):
    """One trade."""

    symbol: str
    price: float

    class Venue(BaseModel):
        """Where it was made."""

        code: str


class Client(BaseModel):
    """A model with a name that the template uses for something else."""

    account: str


Trades = list[Trade]
'''

TEMPLATE = '''\
"""The template."""

from collections.abc import Sequence
from enum import Enum
from typing import Generic, TypeVar

from topicwire import (
    AnyTopicBuilder,
    Client,
    OperationRouter,
    SubscriptionResponse,
    TopicBuilder,
    Topics,
    TopicService,
)

_TRequest = TypeVar("_TRequest")
_TData = TypeVar("_TData")


class WsRouter(OperationRouter, Generic[_TRequest, _TData]):
    """A route to subscribe to."""

    def __init__(
        self,
        *,
        route: str = "",
        tags: Sequence[str | Enum] | None = None,
        service: TopicService[_TData] | None = None,
        topic_builder: AnyTopicBuilder[_TRequest] | None = None,
    ) -> None:
        super().__init__(prefix=f"{route}.", tags=tags, service=service)
        self.topic_builder: TopicBuilder[_TRequest] = TopicBuilder(route, topic_builder)

        # the operations
        @self.send("subscribe", reply="subscribe.response")
        async def send_subscribe(payload: _TRequest, client: Client) -> SubscriptionResponse:
            """Subscribe."""
            topics = self.topic_builder.topics(payload)
            client.subscribe(*topics)  # staged until the handler returns
            return SubscriptionResponse(status="ok", message="Subscribed", topic=topics[0])

        @self.recv("update")
        def recv_update(payload: _TData) -> None:
            """One update of a topic."""

    def publish(self, topic: Topics, data: _TData) -> None:
        """Send `data` to the subscribers of `topic`."""
        self._publish(topic, data)
'''

IMPORTS = """\
from typing import TYPE_CHECKING, TypeAlias

from acme.models.market import Trade, TradeRequest
from acme.shared.ws.generic_route import WsRouter
"""

WS = f"""\
{IMPORTS}
if TYPE_CHECKING:
    TradeWsRouter: TypeAlias = WsRouter[TradeRequest, Trade]
else:
    from .ws_generated import TradeWsRouter

trade_router = TradeWsRouter(route="trades", tags=["trading"])
"""

NO_ROUTERS = "# Its routers were removed.\n"
GENERATED = "src/acme/modules/trading/ws_generated"
WS_PATH = "src/acme/modules/trading/ws.py"
TEMPLATE_PATH = "src/acme/shared/ws/generic_route.py"


class Sample:
    """Its files are relative to `root`, the folder of its `pyproject.toml`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def populate(self) -> Sample:
        """Writes one module with one declaration, and everything that it needs."""
        exported = "Client, Trade, TradeRequest, Trades"
        listed = ", ".join(f'"{name}"' for name in exported.split(", "))
        files = {
            "pyproject.toml": PYPROJECT,
            "src/acme/__init__.py": "",
            "src/acme/models/__init__.py": "",
            "src/acme/models/market/__init__.py": (
                f"from .trades import {exported}\n\n__all__ = [{listed}]\n"
            ),
            "src/acme/models/market/trades.py": TRADES,
            "src/acme/shared/__init__.py": "",
            "src/acme/shared/ws/__init__.py": "",
            TEMPLATE_PATH: TEMPLATE,
            "src/acme/modules/__init__.py": "",
            WS_PATH: WS,
        }
        for path, text in files.items():
            self.write(path, text)
        return self

    @property
    def config(self) -> AppConfig:
        return load_config(self.root)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def declare(self, *lines: str, imports: str = IMPORTS) -> None:
        """A `ws.py` with these lines after the imports; the first stands in line 6."""
        self.write(WS_PATH, imports + "\n" + "\n".join(lines) + "\n")

    def declarations(self) -> list[Declaration]:
        index = ModuleIndex(self.config.src, self.root)
        return discover(self.config, index, read_template(self.config.template, index))

    def plan(self) -> Plan:
        return plan(self.config)

    def generate(self) -> Plan:
        return generate(self.config)

    def problems(self) -> tuple[Problem, ...]:
        """What keeps it from being generated; nothing may be written."""
        before = self.files()
        with pytest.raises(GenerationError) as caught:
            self.generate()
        assert self.files() == before
        return caught.value.problems

    def problem(self) -> Problem:
        problems = self.problems()
        assert len(problems) == 1, "\n".join(map(str, problems))
        return problems[0]

    def files(self) -> dict[str, bytes]:
        """Every file but caches, by its path."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and not {".topicwire_cache", "__pycache__", ".mypy_cache"} & set(path.parts)
        }

    def folders(self) -> set[str]:
        """Every folder but caches, by its path."""
        return {
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_dir() and not {".topicwire_cache", "__pycache__"} & set(path.parts)
        }

    def generated(self) -> dict[str, bytes]:
        """What lies in any `ws_generated`, and the manifest."""
        return {
            path: content
            for path, content in self.files().items()
            if "/ws_generated/" in path or path.startswith("generated/")
        }

    def python(self, code: str) -> str:
        """What a program that can import the application prints."""
        environment = {**os.environ, "PYTHONPATH": str(self.root / "src")}
        done = forked.python(self.root, code, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
