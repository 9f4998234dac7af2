"""Options of the locustfile."""

from types import SimpleNamespace

import pytest

from loadtest.options import endpoint, parse_backoff, read
from wire.errors import SensorSwarmError

GIVEN = {
    "fleet": "4",
    "buildings_per_manager": 2,
    "swarm_seed": 7,
    "backoff": "1,2.5",
    "jitter": "none",
    "ws_path": "/ws",
    "jwt_secret": "",
    "run_dir": "",
}


def test_options_become_settings():
    """Numbers, delays and absent values are read as what they mean."""
    settings = read(SimpleNamespace(**GIVEN))
    assert settings.roster.fleet == ("b-0001", "b-0002", "b-0003", "b-0004")
    assert settings.backoff.delays_s == (1.0, 2.5)
    assert (settings.secret, settings.run_dir) == (None, None)


@pytest.mark.parametrize(
    ("host", "path", "port", "name"),
    [("ws://127.0.0.1:8765", "/ws", 8765, "/ws"), ("http://h/", "x/y", 80, "/x/y")],
)
def test_http_is_taken_as_ws(host, path, port, name):
    """The path is appended once, whatever slashes are given."""
    uri = endpoint(host, path)
    assert (uri.secure, uri.port, uri.path) == (False, port, name)


@pytest.mark.parametrize("host", [None, "", "wss://h", "ftp://h", "127.0.0.1:8765", "ws://", "ws://h:port"])
def test_a_host_that_cannot_be_is_refused(host):
    """One line names --host and an address that would do."""
    with pytest.raises(SensorSwarmError, match="--host"):
        endpoint(host, "/ws")


@pytest.mark.parametrize("text", ["", "1,x", "-1"])
def test_a_backoff_that_is_none_is_refused(text):
    """One line names --backoff."""
    with pytest.raises(SensorSwarmError, match="--backoff"):
        parse_backoff(text, "full")
