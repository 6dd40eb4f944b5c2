"""The reply to a subscription as JSON: the usual one by hand, any other one by Pydantic."""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import to_json

from topicwire.replies import SubscriptionResponse

_USUAL: Final = frozenset({"status", "message", "topic"})
"""What a handler gives that subscribes."""


def is_usual(response: Any) -> bool:
    """Say whether a handler has said that it has subscribed to one topic, and nothing further."""
    return (
        type(response) is SubscriptionResponse
        and response.model_fields_set <= _USUAL
        and response.status == "ok"
        and type(response.message) is type(response.topic) is str  # it may be of `model_construct`
    )


def usual_json(
    response: SubscriptionResponse,
    epoch: str,
    seq: int,
    *,
    recovered: bool | None,
    snapshot: bool | None,
    full_state: bool,
    stale_after_s: float | None,
    delivery: str | None,
) -> bytes:
    """Return a reply that `is_usual`, with what the engine adds. Pydantic writes the same.

    Copying, validating and writing the model, which asks about each field whether it is set, would
    be a tenth of what a subscription costs.
    """
    rest: dict[str, object] = {}
    if recovered is not None:
        rest["recovered"] = recovered
    if snapshot is not None:
        rest["snapshot"] = snapshot
    if full_state:
        rest["full_state"] = True
    if stale_after_s is not None:
        rest["stale_after_s"] = stale_after_s
    if delivery is not None:
        rest["delivery"] = delivery
    return to_json(
        {
            "status": "ok",
            "message": response.message,
            "topic": response.topic,
            "epoch": epoch,
            "seq": seq,
            **rest,
        }
    )
