"""Every message that a test sends or receives is one message of the app's own document.

The official schema and parser prove little about a document; this proves that it says what
travels. Put it around every test:

    @pytest.fixture(autouse=True)
    def every_message_is_documented() -> Iterator[None]:
        with conforming():
            yield
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.document import build
from topicwire.asyncapi.errors import DocumentError, FrameMismatchError
from topicwire.asyncapi.frames import FrameValidator
from topicwire.types import Direction

_KEPT = 4096  # messages of one adapter that are known to conform
_SHOWN = 5  # faults that one failure lists


class Conformance:
    """Observes adapters, and holds each message against the document of its adapter.

    It never raises while it observes, since nobody would hear of it: faults are kept.

    Attributes:
        faults: what did not conform, in order.
        matched: how often each message of the documents was seen, by name.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.matched: dict[str, int] = {}
        self._documents: WeakKeyDictionary[FastWSAdapter, _Document] = WeakKeyDictionary()

    def __call__(self, adapter: FastWSAdapter, direction: Direction, message: str) -> None:
        """Look at one message. `adapter.observers` takes this object as it is."""
        try:
            name = self._document(adapter).match(message, direction)
        except DocumentError as fault:
            self.faults.append(f"{adapter.title}: {fault}")
        except Exception as fault:  # noqa: BLE001 - whatever it is, the message was not compared
            self.faults.append(f"{adapter.title}: cannot compare: {fault!r}")
        else:
            self.matched[name] = self.matched.get(name, 0) + 1

    def verify(self) -> None:
        """Accept what was observed.

        Raises:
            FrameMismatchError: a message did not conform; the first few are quoted.
        """
        if self.faults:
            more = len(self.faults) - _SHOWN
            rest = [f"… and {more} more"] if more > 0 else []
            raise FrameMismatchError("\n".join([*self.faults[:_SHOWN], *rest]))

    def _document(self, adapter: FastWSAdapter) -> _Document:
        operations = [
            operation for router in adapter.routers for operation in router.operations.values()
        ]
        known = self._documents.get(adapter)
        # Operations may be registered after the first message; the same ones, the same document.
        if known is None or known.operations != operations:
            known = self._documents[adapter] = _Document(adapter, operations)
        return known


class _Document:
    def __init__(self, adapter: FastWSAdapter, operations: list[Any]) -> None:
        self.operations = operations
        self._frames = FrameValidator(build(adapter))
        self._known: dict[tuple[Direction, str], str] = {}

    def match(self, message: str, direction: Direction) -> str:
        name = self._known.get((direction, message))
        if name is None:
            name = self._frames.match(message, direction)
            if len(self._known) < _KEPT:
                # One update goes to many subscribers.
                self._known[direction, message] = name
        return name


@contextmanager
def conforming() -> Iterator[Conformance]:
    """Observe every adapter of this process, and at the end raise for what did not conform.

    Raises:
        FrameMismatchError: a message matched no message of its adapter's document, or several.
    """
    conformance = Conformance()
    FastWSAdapter.observers.append(conformance)
    try:
        yield conformance
    finally:
        FastWSAdapter.observers.remove(conformance)
    conformance.verify()
