"""Key sets: given, read from a file, fetched; read again when it helps, and not more often."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.identity.keyring import SigningKey, issuing, key_set

from topicwire import DeclarationError
from topicwire.identity.keys import MAX_AGE_S, RETRY_EMPTY_S, RETRY_S, KeySet, KeySetError
from topicwire.testing import ManualClock

OLD = SigningKey("ES256", "old")
NEW = SigningKey("ES256", "new")


async def ids(keys: KeySet, key_id: str | None = None, algorithm: str = "ES256") -> list[str]:
    return [str(key.key_id) for key in await keys.candidates(algorithm, key_id)]


async def test_a_given_set_is_used_as_it_is() -> None:
    keys = KeySet(key_set(OLD, NEW))
    assert await ids(keys) == ["old", "new"]
    assert await ids(keys, "new") == ["new"]
    assert await ids(keys, "third") == []
    assert await ids(keys, "new", "RS256") == []


async def test_encryption_keys_and_unknown_kinds_are_passed_over() -> None:
    members: list[Any] = [{**OLD.jwk, "use": "enc"}, {"kty": "EC", "crv": "?"}, 5]
    members += [{"kty": ["EC"]}, {"kty": "RSA", "n": 5, "e": "AQAB"}, {"kty": "OKP"}, NEW.jwk]
    assert await ids(KeySet({"keys": members})) == ["new"]


@pytest.mark.parametrize("source", ["keys.json", "http://login.example/keys", 5, "ftp://x/y"])
def test_another_source_is_refused(source: Any) -> None:
    with pytest.raises(DeclarationError, match="https://"):
        KeySet(source)


@pytest.mark.parametrize("source", [{}, {"keys": []}, {"keys": "x"}, {"keys": [{"kty": "oct"}]}])
def test_a_given_set_without_keys_is_refused(source: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match="key set"):
        KeySet(source)


async def test_a_key_that_is_new_is_fetched_and_an_invented_one_only_now_and_then() -> None:
    clock = ManualClock()
    with issuing(OLD) as issuer:
        keys = KeySet(issuer.url, now_s=clock.now_s)
        assert issuer.asked == 0
        assert await ids(keys, "old") == ["old"]
        clock.advance(RETRY_S)
        issuer.serve(OLD, NEW)
        assert await ids(keys, "new") == ["new"]
        assert issuer.asked == 2
        for number in range(50):
            assert await ids(keys, f"invented {number}") == []
        assert issuer.asked == 2


async def test_all_who_wait_share_one_fetch_and_one_may_give_up() -> None:
    with issuing(OLD) as issuer:
        keys = KeySet(issuer.url)
        given_up = asyncio.ensure_future(ids(keys))
        waiting = [asyncio.ensure_future(ids(keys, "old")) for _ in range(5)]
        await asyncio.sleep(0)
        given_up.cancel()
        assert await asyncio.gather(*waiting) == [["old"]] * 5
        assert issuer.asked == 1


async def test_a_key_that_was_withdrawn_is_gone_when_the_set_is_old() -> None:
    clock = ManualClock()
    with issuing(OLD, NEW) as issuer:
        keys = KeySet(issuer.url, now_s=clock.now_s)
        assert await ids(keys, "old") == ["old"]
        issuer.serve(NEW)
        clock.advance(MAX_AGE_S)
        assert await ids(keys, "old") == []


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (302, b""), (200, b"<html>"), (200, b"[" * 2_000_000)]
)
async def test_what_cannot_be_read_again_stays_as_it_was(
    status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    with issuing(OLD) as issuer:
        keys = KeySet(issuer.url, now_s=clock.now_s)
        assert await ids(keys) == ["old"]
        issuer.status, issuer.body = status, body
        clock.advance(MAX_AGE_S)
        assert await ids(keys) == ["old"]
        assert await ids(keys) == ["old"]
        assert issuer.asked == 2
        assert "the key set stays as it was, 1 keys" in caplog.text


async def test_without_any_key_it_is_our_fault_and_is_tried_again_soon() -> None:
    clock = ManualClock()
    with issuing(OLD) as issuer:
        issuer.status = 503
        keys = KeySet(issuer.url, now_s=clock.now_s)
        for _ in range(3):
            with pytest.raises(KeySetError, match="no key to verify"):
                await ids(keys)
        assert issuer.asked == 1
        issuer.status = 200
        clock.advance(RETRY_EMPTY_S)
        assert await ids(keys) == ["old"]


async def test_a_file_is_read_when_it_is_needed(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "keys.json"
    keys = KeySet(path, now_s=clock.now_s)
    with pytest.raises(KeySetError):
        await ids(keys)
    path.write_text(json.dumps(key_set(OLD)), encoding="utf-8")
    clock.advance(RETRY_EMPTY_S)
    assert await ids(keys) == ["old"]


async def test_the_loop_runs_while_an_issuer_does_not_answer() -> None:
    """What would block the loop would never let the counting below begin."""
    with issuing(OLD) as issuer:
        keys = KeySet(issuer.url)
        reading = asyncio.ensure_future(ids(keys))
        turns = 0
        while not reading.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 1
        assert await reading == ["old"]


async def test_the_private_half_is_not_kept() -> None:
    key = SigningKey("ES256", "leaked")
    private = {**key.jwk, "d": "x" * 43}
    (kept,) = await KeySet({"keys": [private]}).candidates("ES256", "leaked")
    assert "d" not in kept._jwk_data
