"""Keys that are made for a test and never kept, the tokens they sign, and an issuer's server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

ISSUER = "https://login.example/"
AUDIENCE = "trading"


class SigningKey:
    """A private key, its public half as a JWK, and what it signs."""

    def __init__(self, algorithm: str, key_id: str | None = "first") -> None:
        self.algorithm = algorithm
        self.key_id = key_id
        self.private: Any
        if algorithm.startswith("ES"):
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @property
    def jwk(self) -> dict[str, Any]:
        written = get_default_algorithms()[self.algorithm].to_jwk(
            self.private.public_key(), as_dict=True
        )
        named = {} if self.key_id is None else {"kid": self.key_id}
        return {**written, **named, "use": "sig", "alg": self.algorithm}

    def token(self, subject: str = "ann", *, expires_in_s: float = 60, **claims: Any) -> str:
        """Return a token. A claim that is None is left out."""
        body = {
            "sub": subject,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": int(time.time() + expires_in_s),
            **claims,
        }
        return jwt.encode(
            {name: value for name, value in body.items() if value is not None},
            self.private,
            algorithm=self.algorithm,
            headers={} if self.key_id is None else {"kid": self.key_id},
        )


def key_set(*keys: SigningKey) -> dict[str, Any]:
    return {"keys": [key.jwk for key in keys]}


class Issuer:
    """Serves a key set, and counts how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.asked = 0
        self.url = ""

    def serve(self, *keys: SigningKey) -> None:
        self.body = json.dumps(key_set(*keys)).encode()


@contextmanager
def issuing(*keys: SigningKey) -> Iterator[Issuer]:
    """Run an issuer on the loopback interface."""
    issuer = Issuer()
    issuer.serve(*keys)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            self.send_response(issuer.status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(issuer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
