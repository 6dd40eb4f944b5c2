"""An update as an object, for code that holds one before it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic

from typing_extensions import TypeVar

_TData = TypeVar("_TData", default=Any)


@dataclass(frozen=True)  # without slots, which SubscriptionUpdate[Trade](...) does not survive
class SubscriptionUpdate(Generic[_TData]):
    """One update on its way to a topic: what `router.updates_queue` takes."""

    topic: str
    payload: _TData
