from __future__ import annotations

import pytest

from trading_api.shared.config import Settings
from trading_api.shared.errors import ConfigError


def test_nothing_set_serves_all_modules_on_loopback() -> None:
    assert Settings.from_environment({}) == Settings(None, "127.0.0.1", 8000, "topicwire")


def test_every_setting_is_read() -> None:
    environment = {
        "ENABLED_MODULES": " datafeed, broker ,",
        "HOST": "0.0.0.0",
        "BACKEND_PORT": "0",
        "MARKET_SEED": "mine",
    }
    expected = Settings(("datafeed", "broker"), "0.0.0.0", 0, "mine")
    assert Settings.from_environment(environment) == expected


@pytest.mark.parametrize("text", ["http", "-1", "65536", "8 000", "٣"])
def test_a_port_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=f"BACKEND_PORT is {text!r}: a port is a number"):
        Settings.from_environment({"BACKEND_PORT": text})
