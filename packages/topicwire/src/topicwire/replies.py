"""The replies that the engine gives by itself, and an application may extend, as models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from topicwire.types import Delivery, ErrorCode


def _unset(value: object) -> bool:
    return value is None


class ErrorDetail(BaseModel):
    """Where a payload is wrong. Never carries a value that was sent."""

    path: str = Field(description="Dotted path into the payload, `symbols.0`; empty for all of it.")
    message: str
    kind: str = Field(description="Pydantic's name of the error, `string_too_short`.")


class TopicPosition(BaseModel):
    """One topic of a subscription, and the position after which its updates follow."""

    topic: str
    epoch: str
    seq: int
    recovered: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description="Whether everything after the position that was given follows.",
    )
    snapshot: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description="true when the topic's present state follows the reply; false when none does.",
    )
    full_state: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description="true when each update is the topic's whole state.",
    )


class SubscriptionResponse(BaseModel):
    """The reply to subscribe and unsubscribe. What is unset is left out of the message.

    A handler gives `status`, `message` and `topic`; the engine fills in `epoch`, `seq`,
    `recovered` and `topics`. A route may answer with a subclass that has more fields. They need
    defaults, since the engine answers by itself when a producer fails to start.
    """

    status: Literal["ok", "error"]
    message: str
    topic: str = Field(description="The topic whose updates follow; the first one, of several.")
    symbol: str | None = Field(default=None, exclude_if=_unset)
    code: ErrorCode | str | None = Field(
        default=None, exclude_if=_unset, description="What went wrong, when `status` is error."
    )
    details: list[ErrorDetail] | None = Field(
        default=None, exclude_if=_unset, description="What in the request is wrong."
    )
    epoch: str | None = Field(
        default=None, exclude_if=_unset, description="Names the life of the topic's numbering."
    )
    seq: int | None = Field(
        default=None, exclude_if=_unset, description="The updates after this one follow."
    )
    recovered: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "The answer to `resume`: true when everything after the given position follows, of "
            "every topic; false when it cannot, and nothing of it is sent."
        ),
    )
    snapshot: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "true when the topic's present state follows the reply. Until it has come, whoever "
            "loses the connection has nothing to resume from. false when none does, on a route "
            "where updates are changes of one: who lacks it subscribes again."
        ),
    )
    full_state: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "true when each update is the topic's whole state, so that the last one is the present "
            "state. Absent where an update may be a change."
        ),
    )
    stale_after_s: float | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "Each topic promises an update at least so often, in seconds: one that is silent for "
            "longer is stale. Unset where nothing is promised."
        ),
    )
    delivery: Delivery | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "What becomes of updates while the client is behind; absent where every one is sent. "
            "Where it is there, a number that is left out is no loss."
        ),
    )
    topics: list[TopicPosition] | None = Field(
        default=None, exclude_if=_unset, description="Every topic, when there are several."
    )
