"""Options of the locustfile."""

import argparse
from typing import Any

import pytest

from loadtest.options import declare, endpoint, read
from wire.errors import SensorSwarmError


class Parser(argparse.ArgumentParser):
    """Takes what Locust's parser takes, and keeps the names of the variables."""

    variables: list[str]

    def add_argument(self, *names: str, env_var: str = "", include_in_web_ui: bool = True, **rest: Any) -> Any:
        self.variables = [*getattr(self, "variables", []), env_var]
        return super().add_argument(*names, **rest)


def given(*options: str) -> argparse.Namespace:
    parser = Parser()
    declare(parser)
    return parser.parse_args(options)


def test_without_options_everything_has_its_default():
    """The defaults themselves can be read."""
    settings = read(given())
    assert len(settings.roster.fleet) == 50
    assert settings.backoff.delays_s == (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    assert (settings.keepalive.interval_s, settings.keepalive.timeout_s) == (20.0, 20.0)
    assert (settings.secret, settings.run_dir, settings.max_unknown) == (None, None, None)


def test_options_become_settings():
    """Numbers and delays are read as what they mean."""
    settings = read(given("--fleet", "4", "--backoff", "1,2.5", "--jitter", "none", "--max-unknown", "0"))
    assert settings.roster.fleet == ("b-0001", "b-0002", "b-0003", "b-0004")
    assert (settings.backoff.delays_s, settings.backoff.jitter) == ((1.0, 2.5), "none")
    assert settings.max_unknown == 0


def test_every_option_has_a_variable_of_its_own():
    """A container is configured by variables; none is used twice."""
    parser = Parser()
    declare(parser)
    names = [name for name in parser.variables if name]
    assert all(name.startswith("SENSORSWARM_") for name in names)
    assert len(set(names)) == len(names) > 20


@pytest.mark.parametrize("text", ["-1", "x", "1.5", "²"])
def test_a_limit_that_is_none_is_refused(text):
    """One line names --max-unknown and what 0 means."""
    with pytest.raises(SensorSwarmError, match=r"--max-unknown .*0 tolerates none"):
        read(given("--max-unknown", text))


@pytest.mark.parametrize(
    ("host", "path", "secure", "port", "name"),
    [
        ("ws://127.0.0.1:8765", "/ws", False, 8765, "/ws"),
        ("http://h/", "x/y", False, 80, "/x/y"),
        ("wss://h", "/ws", True, 443, "/ws"),
        ("https://h:8443/", "ws", True, 8443, "/ws"),
    ],
)
def test_http_is_taken_as_ws(host, path, secure, port, name):
    """And https as wss; the path is appended once, whatever slashes are given."""
    uri = endpoint(host, path)
    assert (uri.secure, uri.port, uri.path) == (secure, port, name)


@pytest.mark.parametrize("host", ["ftp://me:hunter2@h", "ws://me:hunter2@h:port", "ws://me:hunter2@h:99999"])
def test_a_password_in_a_host_is_not_repeated(host):
    """What is wrong is told without it."""
    with pytest.raises(SensorSwarmError, match="--host") as refused:
        endpoint(host, "/ws")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("host", [None, "", "ftp://h", "127.0.0.1:8765", "ws://", "wss://", "ws://h:port"])
def test_a_host_that_cannot_be_is_refused(host):
    """One line names --host and an address that would do."""
    with pytest.raises(SensorSwarmError, match="--host"):
        endpoint(host, "/ws")


def test_a_target_is_read_with_the_options(tmp_path):
    """The shipped one by default; a file in full, before there is load."""
    assert read(given()).target.path == "/ws"
    path = tmp_path / "t.toml"
    path.write_text('path = "/live"\n[reading]\nsensor = "/id"\n')
    settings = read(given("--target", str(path)))
    assert (settings.target.path, settings.ws_path) == ("/live", "")
    path.write_text('[reading]\nsensor = "id"\n')
    with pytest.raises(SensorSwarmError, match=r"t\.toml:2: reading\.sensor"):
        read(given("--target", str(path)))


def test_more_managers_than_tokens_and_intruders_of_whom_nothing_could_be_said_are_refused(tmp_path):
    """Both are wrong usage, told before there is load."""
    path = tmp_path / "t.toml"
    path.write_text('[auth]\nkind = "file"\nin = "header"\nfile = "keys"\n[reading]\nsensor = "/id"\n')
    (tmp_path / "keys").write_text("k1\nk2\n")
    options = given("--target", str(path))
    options.num_users = 3
    with pytest.raises(SensorSwarmError, match="-u 3: the target has tokens for 2 managers"):
        read(options)
    options.num_users = 2
    assert read(options).target.most_managers == 2
    options.behaviour = "manager=9,intruder=1"
    with pytest.raises(SensorSwarmError, match=r"--behaviour intruder: .*kind is not"):
        read(options)
