"""The answers that every reply is held against are those that the engine gives."""

from __future__ import annotations

from topicwire.asyncapi.protocol_rules import ANSWERS
from topicwire.replies import ErrorDetail, SubscriptionResponse, TopicPosition


def test_they_are_written_as_the_engine_writes_them() -> None:
    for answer in ANSWERS:
        again = SubscriptionResponse.model_validate(answer, strict=True)
        assert again.model_dump(mode="json") == answer


def test_each_field_that_the_engine_may_fill_in_is_in_one_of_them() -> None:
    said = {key for answer in ANSWERS for key in answer}
    assert said == SubscriptionResponse.model_fields.keys()
    (details,) = [answer["details"] for answer in ANSWERS if "details" in answer]
    assert {key for one in details for key in one} == ErrorDetail.model_fields.keys()
    (topics,) = [answer["topics"] for answer in ANSWERS if "topics" in answer]
    required = {name for name, one in TopicPosition.model_fields.items() if one.is_required()}
    assert required <= {key for one in topics for key in one}
