"""Topic keys: the same request makes the same key in every language.

The default key is `route:` and the request as canonical JSON (RFC 8785), defaults filled in. A key
is at most 1,024 bytes of UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import rfc8785

from topicwire.errors import TopicKeyError, TopicTooLongError

MAX_TOPIC_BYTES: Final = 1_024


def canonical_json(value: object) -> str:
    """Return the one JSON text of `value` (RFC 8785): sorted keys, shortest numbers, no spaces.

    Raises:
        TopicKeyError: `value` has none: NaN, an infinity, an integer beyond 2**53 - 1, a lone
            surrogate, or something that is not JSON.
    """
    try:
        return rfc8785.dumps(value).decode()  # type: ignore[arg-type]  # it checks by itself
    except rfc8785.IntegerDomainError as error:  # its own text quotes the number
        raise TopicKeyError("an integer is beyond 2^53 - 1") from error
    except rfc8785.FloatDomainError as error:
        raise TopicKeyError("a number is NaN or infinite") from error
    except rfc8785.CanonicalizationError as error:
        raise TopicKeyError(str(error)) from error
    except UnicodeEncodeError as error:  # of a key, which it does not check
        raise TopicKeyError("a key has a lone surrogate") from error


def topic_key(route: str, request: object) -> str:
    """Return the default key of `request`, given as JSON values.

    Raises:
        TopicKeyError: the request has no canonical JSON.
        TopicTooLongError: the key is longer than `MAX_TOPIC_BYTES`.
    """
    return check_topic(f"{route}:{canonical_json(request)}")


def check_topic(topic: str) -> str:
    """Return `topic` when it can be one.

    Raises:
        TopicKeyError: it is empty, or has a lone surrogate.
        TopicTooLongError: it is longer than `MAX_TOPIC_BYTES`.
    """
    if not topic:
        raise TopicKeyError("the topic is empty")
    try:
        size = len(topic) if topic.isascii() else len(topic.encode())
    except UnicodeEncodeError as error:
        raise TopicKeyError("the topic has a lone surrogate") from error
    if size > MAX_TOPIC_BYTES:
        raise TopicTooLongError(size, MAX_TOPIC_BYTES)
    return topic


def topic_request(topic: str) -> Mapping[str, Any]:
    """Return the request that a default key was made of: what a service starts a topic from.

    `topic_request('trades:{"symbol":"AAPL"}')` is `{"symbol": "AAPL"}`.

    Raises:
        TopicKeyError: the key was made by a builder of your own, which alone can read it.
    """
    _, _, text = topic.partition(":")
    try:
        request = json.loads(text)
    except ValueError as error:
        raise TopicKeyError(f"{topic!r} is not a route, a colon and JSON") from error
    if not isinstance(request, dict):
        raise TopicKeyError(f"{topic!r} is not a route, a colon and a JSON object")
    return request
