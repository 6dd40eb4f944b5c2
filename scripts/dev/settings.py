"""Where `make dev` serves: HOST, BACKEND_PORT and FRONTEND_PORT of the environment."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass

LARGEST_PORT = 65535
# What a server on every interface is reached at.
_EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not bound


class SettingsError(ValueError):
    """A setting that nothing can be served with; the message says which to use instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one server listens, and the variable that moves it."""

    host: str
    port: int
    variable: str

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        local = self.host in ("127.0.0.1", *_EVERY_INTERFACE)
        return f"http://{'localhost' if local else _bracketed(self.host)}:{self.port}"

    @property
    def reachable(self) -> str:
        """The host at which a server here is asked, where it listens on every interface too."""
        return _EVERY_INTERFACE.get(self.host, self.host)

    @property
    def reachable_url(self) -> str:
        """For a program: it need not know what this machine calls itself."""
        return f"http://{_bracketed(self.reachable)}:{self.port}"

    def require_free(self) -> None:
        """Returns when a server could listen here.

        Raises:
            SettingsError: The port is taken, or the host is not one of this machine.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            # As servers do: a connection that just ended does not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise SettingsError(self._why(error)) from error

    def _why(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            other = self.port + 1 if self.port < LARGEST_PORT else self.port - 1
            return (
                f"Port {self.port} on {self.host} is taken, by another `make dev` perhaps; nothing "
                f"was started. Stop what listens there, or choose another port: "
                f"{self.variable}={other} make dev"
            )
        if error.errno == errno.EACCES:
            return (
                f"Port {self.port} on {self.host} may not be used by this user; nothing was "
                f"started. Choose one above 1023: {self.variable}=8000 make dev"
            )
        return (
            f"HOST is {self.host}, which cannot be listened on ({error.strerror}); nothing was "
            f"started. Leave HOST unset for this machine alone, or set 0.0.0.0 for every interface."
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """The two addresses."""

    backend: Address
    frontend: Address

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From the environment; loopback, 8000 and 5173 where it says nothing.

        Raises:
            SettingsError: A port is no port, or both servers have the same.
        """
        host = environment.get("HOST") or "127.0.0.1"
        backend = Address(host, _port(environment, "BACKEND_PORT", 8000), "BACKEND_PORT")
        frontend = Address(host, _port(environment, "FRONTEND_PORT", 5173), "FRONTEND_PORT")
        if backend.port == frontend.port:
            message = f"BACKEND_PORT and FRONTEND_PORT are both {backend.port}: give each its own."
            raise SettingsError(message)
        return cls(backend, frontend)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable) or str(default)
    if text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_PORT:
        return int(text)
    message = f"{variable} is '{text}': a port is a whole number from 1 to {LARGEST_PORT}."
    raise SettingsError(message)
