"""JSON Web Tokens (RFC 7519), verified by a key set: the ready-made `Authenticator`.

Needs `pip install topicwire[jwt]`. The cryptography is PyJWT's and pyca's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import jwt

from topicwire.errors import DeclarationError, Rejected
from topicwire.identity.handshake import Handshake
from topicwire.identity.keys import KeySet, KeySource
from topicwire.identity.log import logger
from topicwire.types import Principal

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""Accepted by default."""

ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""What may be accepted: never `none`, and no secret that the verifier would share."""

MAX_TOKEN_CHARACTERS: Final = 16_384


class JwtAuthenticator:
    """Knows clients by a JSON Web Token: a bearer token, or a cookie; and by `auth` messages.

    Guarantee: a principal is returned only for a token that a key of the set signed, by one of
    `algorithms`, that names `issuer` and `audience`, has a subject, and has not expired. Why one
    is refused is logged at INFO, by the check that failed, by the logger of the adapter that asks
    (`logger_name`); the client is told that it is refused.

        FastWSAdapter(..., authenticate=JwtAuthenticator(
            "https://login.example/.well-known/jwks.json",
            issuer="https://login.example/", audience="trading"))

    Args:
        keys: the key set: itself, the `Path` of a file, or an `https://` address. A file and an
            address are read on first use, again every ten minutes, and when a token names a key
            that is not known; by a thread, so that nobody waits for it but who needs it.
        issuer: `iss` must be it, or one of them.
        audience: `aud` must have it, or one of them; None accepts tokens that are for anyone,
            which an issuer of tokens for several services should not be trusted with.
        algorithms: accepted, of `ASYMMETRIC`.
        leeway_s: by how much the clocks of issuer and server may differ.
        cookie: the name of a cookie with the token, for browsers that have signed in; None for
            none. A bearer token goes before it.
        now_s: tells when the keys are to be read again, in seconds of any beginning; tests pass
            their own. A token's expiry is judged by the wall clock.

    Raises:
        DeclarationError: an algorithm is not allowed, or the keys cannot be used.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str | Sequence[str],
        audience: str | Sequence[str] | None,
        algorithms: Sequence[str] = ALGORITHMS,
        leeway_s: float = 10.0,
        cookie: str | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        refused = [name for name in algorithms if name not in ASYMMETRIC]
        if refused or not algorithms or isinstance(algorithms, str):
            raise DeclarationError(
                f"algorithms={algorithms!r}: a list of one or more of "
                f"{', '.join(sorted(ASYMMETRIC))}. `none` signs nothing, and whoever can verify "
                "HS256 can sign it too."
            )
        self._keys = KeySet(keys, now_s=now_s)
        self._issuer = issuer
        self._audience = audience
        self._algorithms = frozenset(algorithms)
        self._leeway_s = leeway_s
        self.cookie = cookie

    async def authenticate(self, websocket: Handshake, /) -> Principal | None:
        """Return who the client is, by its bearer token or else by its cookie.

        Raises:
            Rejected: the cookie is not valid.
            KeySetError: the keys cannot be read: a fault of the server, not of the client.
        """
        token = websocket.bearer
        if token is not None:
            return await self.authenticate_token(token)
        if self.cookie is None or (token := websocket.cookies.get(self.cookie)) is None:
            return None
        principal = await self.authenticate_token(token)
        if principal is None:
            raise Rejected("the session is not valid", code="unauthenticated")
        return principal

    async def authenticate_token(self, token: str, /) -> Principal | None:
        """Return who the bearer of `token` is; None when it is not valid.

        Raises:
            KeySetError: the keys cannot be read: a fault of the server, not of the client.
        """
        try:
            return await self._verified(token)
        except _NotValidError as error:
            logger().info("a token is refused: %s", error)
            return None

    async def _verified(self, token: str) -> Principal:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise _NotValidError("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except Exception as error:  # whatever it is, this is no token
            raise _NotValidError(type(error).__name__) from error
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise _NotValidError("its algorithm is not allowed")
        if not isinstance(key_id, str | None):
            raise _NotValidError("its key id is no string")
        for key in await self._keys.candidates(algorithm, key_id):
            try:
                return self._principal(self._claims(token, key, algorithm))
            except jwt.InvalidSignatureError:
                continue  # of a token without a key id any key may be the one
            except _NotValidError:
                raise
            except Exception as error:  # whatever is wrong with it, it is refused
                raise _NotValidError(type(error).__name__) from error
        raise _NotValidError("no key of the set has signed it")

    def _claims(self, token: str, key: jwt.PyJWK, algorithm: str) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._audience,
            issuer=self._issuer,
            leeway=self._leeway_s,
            options={
                "require": ["exp", "iss", "sub"],
                "verify_aud": self._audience is not None,
                "enforce_minimum_key_length": True,
            },
        )

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        if not claims["sub"]:
            raise _NotValidError("its subject is empty")
        return Principal(
            subject=claims["sub"],
            expires_at=float(claims["exp"]) + self._leeway_s,
            scopes=_scopes(claims),
            claims=MappingProxyType(dict(claims)),
        )


class _NotValidError(Exception):
    """Why a token is refused: said in the log alone."""


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return what `scope` (RFC 8693) or `scp` grants: a text with spaces, or a list."""
    granted = claims.get("scope", claims.get("scp", ""))
    parts = granted.split() if isinstance(granted, str) else granted
    return frozenset(one for one in parts if isinstance(one, str)) if parts else frozenset()
