"""Where `make dev` serves, and what it says when it cannot."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from scripts.dev.settings import Address, Settings, SettingsError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_loopback_8000_and_5173_unless_told_otherwise() -> None:
    settings = Settings.read({})
    assert settings.backend.url == "http://localhost:8000"
    assert settings.frontend.url == "http://localhost:5173"
    assert settings.backend.host == settings.frontend.host == "127.0.0.1"


def test_empty_variables_count_as_unset() -> None:
    assert Settings.read({"HOST": "", "BACKEND_PORT": ""}) == Settings.read({})


def test_host_and_ports_from_the_environment() -> None:
    settings = Settings.read({"HOST": "10.1.2.3", "BACKEND_PORT": "1", "FRONTEND_PORT": "65535"})
    assert settings.backend == Address("10.1.2.3", 1, "BACKEND_PORT")
    assert settings.frontend.url == "http://10.1.2.3:65535"


@pytest.mark.parametrize(
    ("host", "opened", "asked"),
    [
        ("127.0.0.1", "http://localhost:8000", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://localhost:8000", "http://127.0.0.1:8000"),
        ("::", "http://localhost:8000", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000", "http://[::1]:8000"),
        ("box.example", "http://box.example:8000", "http://box.example:8000"),
    ],
)
def test_what_to_open_and_what_to_ask(host: str, opened: str, asked: str) -> None:
    backend = Settings.read({"HOST": host}).backend
    assert (backend.url, backend.reachable_url) == (opened, asked)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "8000.0", "http", "٣", " 8000"])
def test_a_port_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match=r"FRONTEND_PORT is '.*': a port is a whole number"):
        Settings.read({"FRONTEND_PORT": text})


def test_one_port_for_both_is_refused() -> None:
    with pytest.raises(SettingsError, match="both 8000"):
        Settings.read({"FRONTEND_PORT": "8000"})


def test_a_taken_port_is_refused_with_another_to_take(taken: int) -> None:
    with pytest.raises(SettingsError) as refused:
        Address("127.0.0.1", taken, "BACKEND_PORT").require_free()
    other = taken + 1 if taken < 65535 else taken - 1
    assert f"Port {taken} on 127.0.0.1 is taken" in str(refused.value)
    assert "nothing was started" in str(refused.value)
    assert f"BACKEND_PORT={other} make dev" in str(refused.value)


def test_a_port_taken_on_one_interface_is_taken_for_all(taken: int) -> None:
    with pytest.raises(SettingsError, match="is taken"):
        Address("0.0.0.0", taken, "BACKEND_PORT").require_free()


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"HOST is 192\.0\.2\.1, which cannot be listened on"):
        Address("192.0.2.1", 8000, "BACKEND_PORT").require_free()


def test_a_free_port_passes_and_stays_free(taken: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    assert free != taken
    Address("127.0.0.1", free, "BACKEND_PORT").require_free()
    Address("127.0.0.1", free, "BACKEND_PORT").require_free()
