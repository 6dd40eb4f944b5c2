"""Settings, read from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from trading_api.shared.errors import ConfigError

_HIGHEST_PORT = 65_535


@dataclass(frozen=True)
class Settings:
    """What can be set, each by the variable named."""

    enabled_modules: tuple[str, ...] | None = None
    """ENABLED_MODULES: names, separated by commas. Unset or empty: every module that is found."""

    host: str = "127.0.0.1"
    """HOST: the address to listen on. The default is reached from this machine alone."""

    port: int = 8000
    """BACKEND_PORT: 0 takes any free one."""

    market_seed: str = "topicwire"
    """MARKET_SEED: another seed is another simulated market over the same daily bars."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings of this process, or of the mapping given.

        Raises:
            ConfigError: A variable holds what it may not.
        """
        env = os.environ if environment is None else environment
        names = [name.strip() for name in env.get("ENABLED_MODULES", "").split(",")]
        return cls(
            enabled_modules=tuple(filter(None, names)) or None,
            host=env.get("HOST") or cls.host,
            port=_port(env.get("BACKEND_PORT")),
            market_seed=env.get("MARKET_SEED") or cls.market_seed,
        )


def _port(text: str | None) -> int:
    if not text:
        return Settings.port
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        raise ConfigError(
            f"BACKEND_PORT is {text!r}: a port is a number from 0 (any free one) to {_HIGHEST_PORT}"
        )
    return int(text)
