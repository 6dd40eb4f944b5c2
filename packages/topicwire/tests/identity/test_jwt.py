"""JSON Web Tokens against a key set."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.identity.keyring import AUDIENCE, ISSUER, SigningKey, key_set
from starlette.applications import Starlette

from topicwire import DeclarationError, FastWSAdapter, Rejected
from topicwire.identity import Handshake
from topicwire.identity.jwt import JwtAuthenticator
from topicwire.testing import ConnectionEnded, connect

KEY = SigningKey("ES256")


def authenticator(*keys: SigningKey, **options: Any) -> JwtAuthenticator:
    given = {"issuer": ISSUER, "audience": AUDIENCE, "leeway_s": 0.0, **options}
    return JwtAuthenticator(key_set(*(keys or (KEY,))), **given)


def handshake(headers: dict[str, str], subprotocols: list[str] | None = None) -> Handshake:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Handshake(
        {"type": "websocket", "path": "/", "headers": raw, "subprotocols": subprotocols or []}
    )


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_names_its_subject(algorithm: str) -> None:
    key = SigningKey(algorithm)
    before = int(time.time())
    principal = await authenticator(key).authenticate_token(
        key.token("ann", scope="read trade", desk="x")
    )
    assert principal is not None
    assert principal.subject == "ann"
    assert principal.scopes == {"read", "trade"}
    assert principal.claims["desk"] == "x"
    assert principal.expires_at is not None
    assert principal.expires_at >= before + 60
    assert "desk" not in repr(principal)


async def test_scopes_may_be_a_list() -> None:
    principal = await authenticator().authenticate_token(KEY.token(scp=["read", 1]))
    assert principal is not None
    assert principal.scopes == {"read"}


@pytest.mark.parametrize(
    "token",
    [
        KEY.token(expires_in_s=-1),
        KEY.token(exp=None),
        KEY.token(sub=None),
        KEY.token(subject=""),
        KEY.token(iss="https://another.example/"),
        KEY.token(iss=None),
        KEY.token(aud="another"),
        KEY.token(aud=None),
        KEY.token(nbf=int(time.time()) + 600),
        KEY.token(exp="soon"),
        SigningKey("ES256").token(),
        SigningKey("ES256", "unknown").token(),
        SigningKey("RS256").token(),
        KEY.token()[:-8],
        KEY.token() + "." + KEY.token(),
        "x" * 20_000,
        "",
        "é.é.é",
    ],
    ids=range(18),
)
async def test_a_token_that_is_not_right_in_every_respect_is_refused(token: str) -> None:
    assert await authenticator().authenticate_token(token) is None


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", None, [], 5, "RS384"])
async def test_what_is_not_on_the_list_is_refused_whatever_the_token_says(algorithm: Any) -> None:
    head = part({"alg": algorithm, "typ": "JWT", "kid": "first"})
    body = KEY.token().split(".")[1]
    for signature in ("", part("x"), KEY.token().split(".")[2]):
        assert await authenticator().authenticate_token(f"{head}.{body}.{signature}") is None


async def test_a_public_key_is_no_secret_to_sign_with() -> None:
    """The oldest attack on key sets: HS256, by the public key."""
    head = part({"alg": "HS256", "typ": "JWT", "kid": "first"})
    signed = f"{head}.{KEY.token().split('.')[1]}"
    mac = hmac.digest(json.dumps(KEY.jwk).encode(), signed.encode(), "sha256")
    signature = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    assert await authenticator().authenticate_token(f"{signed}.{signature}") is None


async def test_a_secret_in_the_set_verifies_nothing() -> None:
    secret = {"kty": "oct", "kid": "first", "alg": "HS256", "k": part("x" * 40)}
    with pytest.raises(DeclarationError, match="no public key to verify with, of 1"):
        JwtAuthenticator({"keys": [secret]}, issuer=ISSUER, audience=AUDIENCE)


async def test_a_key_that_is_too_short_verifies_nothing() -> None:
    key = SigningKey("RS256")
    key.private = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)  # noqa: S505 - as it says
    with pytest.raises(DeclarationError, match="at least 2048 bits"):
        authenticator(key)
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = key.token()
    assert await authenticator(key, KEY).authenticate_token(token) is None


@pytest.mark.parametrize("algorithms", [["none"], ["RS256", "HS256"], [], "RS256"])
def test_only_signatures_that_the_verifier_cannot_make_may_be_allowed(algorithms: Any) -> None:
    with pytest.raises(DeclarationError, match="whoever can verify"):
        authenticator(algorithms=algorithms)


async def test_without_a_key_id_every_key_of_the_algorithm_is_tried() -> None:
    first, second = SigningKey("ES256", None), SigningKey("ES256", "x")
    second_unnamed = SigningKey("ES256", None)
    second_unnamed.private = second.private
    known = authenticator(SigningKey("RS256"), first, second)
    assert await known.authenticate_token(second_unnamed.token()) is not None


async def test_a_leeway_lets_an_expired_token_in_and_prolongs_it() -> None:
    principal = await authenticator(leeway_s=30.0).authenticate_token(KEY.token(expires_in_s=-5))
    assert principal is not None
    assert principal.expires_at is not None
    assert principal.expires_at > time.time()


async def test_several_issuers_and_any_audience() -> None:
    known = authenticator(issuer=["https://b.example/", ISSUER], audience=None)
    assert await known.authenticate_token(KEY.token(aud="whatever")) is not None


async def test_a_bearer_token_goes_before_the_cookie() -> None:
    known = authenticator(cookie="session")
    for_cookie = {"cookie": f"session={KEY.token('cookie')}"}
    principal = await known.authenticate(handshake(for_cookie))
    assert principal is not None
    assert principal.subject == "cookie"
    both = {**for_cookie, "authorization": f"Bearer {KEY.token('header')}"}
    principal = await known.authenticate(handshake(both))
    assert principal is not None
    assert principal.subject == "header"


async def test_a_bad_cookie_is_refused_at_once_and_none_leaves_the_first_message() -> None:
    known = authenticator(cookie="session")
    with pytest.raises(Rejected, match="not valid") as refused:
        await known.authenticate(handshake({"cookie": "session=x"}))
    assert refused.value.code == "unauthenticated"
    assert await known.authenticate(handshake({"cookie": "other=x"})) is None
    assert await authenticator().authenticate(handshake({"cookie": "session=x"})) is None


async def test_why_a_token_is_refused_is_logged_and_never_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "topicwire.identity")
    token = KEY.token(expires_in_s=-5)
    await authenticator().authenticate_token(token)
    assert caplog.messages == ["a token is refused: ExpiredSignatureError"]


async def test_it_is_logged_where_all_of_the_app_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    known = authenticator()
    for name in ("shop", "office"):
        app = Starlette()
        FastWSAdapter(title=name, version="1", logger_name=name, authenticate=known).setup(app)
        with pytest.raises(ConnectionEnded):
            async with connect(app, token="x"):
                pass
        with pytest.raises(ConnectionEnded):
            async with connect(app, auth="x"):
                pass
        said = [one for one in caplog.records if "a token is refused" in one.message]
        assert [one.name for one in said] == [name, name]
        caplog.clear()


@given(st.text(alphabet="eyJhbGciOiJub25lIn0._-", max_size=80) | st.text(max_size=40))
async def test_nothing_that_is_sent_as_a_token_raises(token: str) -> None:
    assert await authenticator().authenticate_token(token) is None


async def test_a_header_of_twelve_thousand_lists_is_only_refused() -> None:
    head = base64.urlsafe_b64encode(b"[" * 11_000).decode().rstrip("=")
    assert await authenticator().authenticate_token(f"{head}.x.x") is None
