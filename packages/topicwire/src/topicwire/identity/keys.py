"""Key sets (RFC 7517): given, read from a file, or fetched and kept for a while."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from topicwire.errors import DeclarationError, TopicwireError
from topicwire.identity.log import logger

KeySource: TypeAlias = Mapping[str, Any] | Path | str
"""A key set itself, `{"keys": [...]}`; the path of a file with one; or its address, `https://...`.
"""

FETCH_TIMEOUT_S: Final = 5.0
MIN_RSA_BITS: Final = 2_048
"""Of a key that may sign (RFC 7518, section 3.3); a shorter one is not used."""

MAX_SET_BYTES: Final = 1_048_576
MAX_AGE_S: Final = 600.0
"""After so long a set is fetched again before its keys are used."""

RETRY_S: Final = 30.0
"""A key that is not in the set has it fetched again, this often at most: whoever invents key ids
does not make us ask the issuer each time."""

RETRY_EMPTY_S: Final = 1.0
"""The same while there is no key at all."""

_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class KeySetError(TopicwireError, RuntimeError):
    """A key set cannot be read or has no key to verify with, and there is none from before."""


class KeySet:
    """Public keys, by what a token says of its own.

    The event loop never waits for a file or a network: a thread reads, once for all who wait. When
    reading fails, the keys of before go on to be used, and a warning is logged.

    Args:
        source: where the keys are.
        now_s: a clock that never goes back.

    Raises:
        DeclarationError: the source is none of the three, or is given and has no key.
    """

    def __init__(self, source: KeySource, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._keys: Sequence[PyJWK] = ()
        self._read = _reader(source)
        self._read_s: float | None = None
        self._tried_s: float | None = None
        self._reading: asyncio.Task[None] | None = None
        if isinstance(source, Mapping):
            try:
                self._keys = _usable(source)
            except KeySetError as error:
                raise DeclarationError(str(error)) from error

    async def candidates(self, algorithm: str, key_id: str | None) -> Sequence[PyJWK]:
        """Return the keys that may have signed a token: one as a rule, and often none.

        Args:
            algorithm: that the token names.
            key_id: that the token names; None when it names none.

        Raises:
            KeySetError: there are no keys, since they cannot be read.
        """
        if self._is_old():
            await self._refresh()
        found = self._find(algorithm, key_id)
        if not found:
            await self._refresh()
            found = self._find(algorithm, key_id)
        return found

    def _find(self, algorithm: str, key_id: str | None) -> Sequence[PyJWK]:
        return [
            key
            for key in self._keys
            if key.algorithm_name == algorithm and key_id in (None, key.key_id)
        ]

    def _is_old(self) -> bool:
        return self._read is not None and (
            self._read_s is None or self._now_s() - self._read_s >= MAX_AGE_S
        )

    def _may_read(self) -> bool:
        patience_s = RETRY_S if self._keys else RETRY_EMPTY_S
        return self._tried_s is None or self._now_s() - self._tried_s >= patience_s

    async def _refresh(self) -> None:
        read = self._read
        if read is not None and self._reading is None and self._may_read():
            self._reading = asyncio.get_running_loop().create_task(self._read_again(read))
        if self._reading is not None:
            # who gives up waiting does not stop it for the others
            await asyncio.shield(self._reading)
        if not self._keys:
            raise KeySetError("there is no key to verify tokens with: the log says why")

    async def _read_again(self, read: Callable[[], Any]) -> None:
        self._tried_s = self._now_s()
        try:
            self._keys = _usable(await asyncio.to_thread(read))
            self._read_s = self._now_s()
        except KeySetError as error:
            logger().warning("the key set stays as it was, %d keys: %s", len(self._keys), error)
        finally:
            self._reading = None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None  # whoever could redirect could give us keys of their own


def _reader(source: KeySource) -> Callable[[], Any] | None:
    if isinstance(source, Mapping):
        return None
    if isinstance(source, Path):
        return lambda: _parsed(_file(source), str(source))
    if isinstance(source, str):
        address = urlsplit(source)
        is_local = address.scheme == "http" and address.hostname in _LOOPBACK
        if address.scheme == "https" or is_local:
            return lambda: _parsed(_fetched(source), source)
    raise DeclarationError(
        f"the keys are {type(source).__name__} {source!r}: pass a dictionary with `keys`, the "
        "`pathlib.Path` of a file with one, or its address, which begins with https:// (http:// "
        "on this machine alone)."
    )


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_SET_BYTES + 1)
    except OSError as error:
        raise KeySetError(f"the key set {path} cannot be read: {error.strerror}") from error


def _fetched(url: str) -> bytes:
    is_local = urlsplit(url).hostname in _LOOPBACK
    opener = build_opener(_NoRedirect, *([ProxyHandler({})] if is_local else []))
    try:
        with opener.open(url, timeout=FETCH_TIMEOUT_S) as response:
            read: bytes = response.read(MAX_SET_BYTES + 1)
            return read
    except (OSError, ValueError, HTTPException) as error:  # a status or a redirect is an OSError
        raise KeySetError(f"the key set {url} cannot be fetched: {error}") from error


def _parsed(data: bytes, where: str) -> Any:
    if len(data) > MAX_SET_BYTES:
        raise KeySetError(f"the key set {where} is larger than {MAX_SET_BYTES} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise KeySetError(f"the key set {where} is not JSON") from error


def _usable(value: object) -> Sequence[PyJWK]:
    """Return the public keys that sign. What is secret, or for encryption, is never among them."""
    members = value.get("keys") if isinstance(value, Mapping) else None
    if not isinstance(members, Sequence) or isinstance(members, str):
        raise KeySetError('a key set is {"keys": [...]} (RFC 7517), and this is none')
    keys = []
    for member in members:
        if not isinstance(member, Mapping) or str(member.get("kty")) not in {"RSA", "EC", "OKP"}:
            continue
        if member.get("use", "sig") != "sig":
            continue
        # the private half is not needed, and need not stay in memory
        public = {name: part for name, part in member.items() if name not in _PRIVATE}
        try:
            key = PyJWK(public)
        except PyJWTError:
            continue  # a kind that is not known here: others of the set are
        if member["kty"] != "RSA" or key.key.key_size >= MIN_RSA_BITS:
            keys.append(key)
    if not keys:
        raise KeySetError(
            f"the key set has no public key to verify with, of {len(members)}: RSA of at least "
            f"{MIN_RSA_BITS} bits, EC or OKP, `use` being `sig` where it is given"
        )
    return keys


_PRIVATE: Final = {"d", "p", "q", "dp", "dq", "qi", "oth"}
