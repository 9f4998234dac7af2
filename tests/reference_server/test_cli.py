"""The command, as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import trustme
import websockets
from cryptography.hazmat.primitives.asymmetric import ec

from reference_server.identity import mint
from reference_server.identity.passwords import hash_password
from reference_server.server import listen
from wire.broker import EmbeddedBroker

SECRET = "a secret of the tests, long enough for HS256"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `python -m reference_server` with options; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*options: str, **variables: str) -> subprocess.Popen[str]:
        environment = {key: value for key, value in os.environ.items() if key != "SENSORSWARM_JWT_SECRET"}
        environment |= {"XDG_STATE_HOME": str(tmp_path), "COLUMNS": "200"} | variables
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_server", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_serve_and_stop(
    start: Start, broker: EmbeddedBroker, patience: Callable[[float], float], number: signal.Signals
) -> None:
    """It says where it serves, serves, and a signal ends it in seconds with 0 and no traceback; clients get 1012."""
    process = start("--broker", broker.url, "--port", "0", SENSORSWARM_JWT_SECRET=SECRET)
    assert process.stdout is not None
    line = await asyncio.to_thread(process.stdout.readline)
    assert line.startswith("serving ws://127.0.0.1:")
    assert broker.url in line
    assert "SENSORSWARM_JWT_SECRET" in line
    assert SECRET not in line
    url = line.split()[1]
    async with asyncio.timeout(patience(20)):
        async with websockets.connect(url) as socket:
            await socket.send(
                json.dumps({"type": "hello", "token": mint(SECRET, "m", ["b-1"], 60), "subscribe": "all"})
            )
            assert json.loads(await socket.recv())["type"] == "welcome"
            assert json.loads(await socket.recv())["type"] == "subscribed"
            health = url.replace("ws:", "http:").replace("/ws", "/healthz")
            body: Any = await asyncio.to_thread(lambda: urllib.request.urlopen(health).read())  # noqa: S310 - our own
            assert json.loads(body)["clients"] == 1
            stopped_at = time.monotonic()
            process.send_signal(number)
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1012
        out, err = await asyncio.to_thread(process.communicate)
    assert time.monotonic() - stopped_at < patience(5)
    assert (process.returncode, out, err) == (0, "", "")


async def test_keys_users_and_revocations_from_files(
    start: Start, broker: EmbeddedBroker, patience: Callable[[float], float], tmp_path: Path
) -> None:
    """A server with public keys and users: signed tokens and logins are let in, HS256 and revoked ones are not."""
    key = ec.generate_private_key(ec.SECP256R1())
    entry = dict(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)) | {"kid": "k"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [entry]}))
    (tmp_path / "revoked").write_text("gone\n")
    hashed = hash_password("correct horse", bytes(16), n=2**14, p=1)
    (tmp_path / "users.toml").write_text(f'[users.m-2]\npassword = "{hashed}"\nbuildings = ["b-2"]\n')
    files = {"--jwks": "jwks.json", "--revoked": "revoked", "--users": "users.toml"}
    options = [text for option, name in files.items() for text in (option, str(tmp_path / name))]
    process = start("--broker", broker.url, "--port", "0", "--audience", "dash", *options)
    assert process.stdout is not None
    line = await asyncio.to_thread(process.stdout.readline)
    assert "jwks.json" in line
    url = line.split()[1]

    async def answer(token: str | None, cookie: str | None = None) -> dict[str, Any]:
        headers = None if cookie is None else {"Cookie": cookie}
        async with websockets.connect(url, additional_headers=headers) as socket:
            await socket.send(json.dumps({"type": "hello", "token": token, "subscribe": "all"}))
            return dict(json.loads(await socket.recv()))

    def log_in() -> str:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=patience(10))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/login", "user=m-2&password=correct+horse", form)
        with connection.getresponse() as response:
            given = str(response.headers["Set-Cookie"])
        connection.close()
        return given.partition(";")[0]

    signed = {"audience": "dash", "algorithm": "ES256", "kid": "k"}
    async with asyncio.timeout(patience(20)):
        assert (await answer(mint(key, "m-1", ["b-1"], 60, **signed)))["user"] == "m-1"
        assert (await answer(mint(key, "m-1", ["b-1"], 60, jti="gone", **signed)))["reason"].startswith("token revoked")
        assert (await answer(mint(SECRET, "m-1", ["b-1"], 60, audience="dash")))["code"] == 4500
        cookie = await asyncio.to_thread(log_in)
        assert (await answer(None, cookie))["user"] == "m-2"
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.to_thread(process.communicate)
    assert (process.returncode, out, err) == (0, "", "")


async def test_tls_metrics_and_a_log_for_machines(
    start: Start, broker: EmbeddedBroker, patience: Callable[[float], float], tmp_path: Path
) -> None:
    """All of it at once: wss, figures on a port of their own, JSON lines, and a drain that a second signal ends."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    tls = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    other = ("--metrics-port", "0", "--log", "json", "--drain", "3600", "--jwt-secret", SECRET)
    process = start("--broker", broker.url, "--port", "0", *tls, *other)
    assert process.stdout is not None
    line = await asyncio.to_thread(process.stdout.readline)
    url, metrics = line.split()[1], line.split()[-1]
    assert url.startswith("wss://127.0.0.1:")
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def figures() -> str:
        with urllib.request.urlopen(metrics, timeout=patience(10)) as response:  # noqa: S310 - our own
            return str(response.read().decode())

    async with asyncio.timeout(patience(20)), contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(websockets.connect(url, ssl=context)) for _ in range(2)]
        for socket in sockets:
            hello = {"type": "hello", "token": mint(SECRET, "m", ["b-1"], 60), "subscribe": "all"}
            await socket.send(json.dumps(hello))
            assert json.loads(await socket.recv())["type"] == "welcome"
        assert "sensorswarm_clients 2.0" in await asyncio.to_thread(figures)
        process.send_signal(signal.SIGTERM)
        while "sensorswarm_draining 1.0" not in await asyncio.to_thread(figures):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        for socket in sockets:
            await socket.wait_closed()
            assert socket.close_code == 1012
        _, err = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    lines = [json.loads(text) for text in err.splitlines()]
    assert [(item["message"], item.get("code")) for item in lines] == [
        ("draining", None),
        ("client left", 1012),
        ("client left", 1012),
    ]
    assert SECRET not in err


def test_a_new_development_secret_is_shown_once(start: Start, broker: EmbeddedBroker, tmp_path: Path) -> None:
    """The run that makes it shows it on standard output, not in its log; the next one says only which file has it."""
    file = tmp_path / "sensorswarm" / "jwt-secret"
    for shown in (1, 0):
        process = start("--broker", broker.url, "--port", "0", "--log", "json")
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(shown + 1)]
        assert said[-1].startswith("serving ")
        assert str(file) in said[-1]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
        secret = file.read_text().strip()
        assert [line.count(secret) for line in said] == [1, 0][-len(said) :]
        assert secret not in out + err


def test_a_port_in_use_ends_with_2(start: Start, broker: EmbeddedBroker, free_port: int) -> None:
    """One line with who is to blame and the remedy, and exit code 2."""
    with listen("127.0.0.1", free_port):
        process = start("--broker", broker.url, "--port", str(free_port), "--jwt-secret", SECRET)
        _, err = process.communicate()
    assert process.returncode == 2
    assert f"127.0.0.1:{free_port}" in err
    assert "--port" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--broker", "http://x"], "http://x"),
        (["--broker", "mqtt://127.0.0.1:{free}"], "cannot be reached"),
        (["--broker", "mqtt://127.0.0.1:{free}", "--broker-ca", "x.pem"], "--broker-ca"),
        (["--topic", "x/{building}"], "topic template"),
        (["--time-scale", "0"], "--time-scale"),
        (["--silence", "-1"], "--silence"),
        (["--stuck", "temperature"], "--stuck"),
        (["--limits", "nowhere.toml"], "nowhere.toml"),
        (["--jwt-secret", ""], "--jwt-secret"),
        (["--jwks", "nowhere.json"], "--jwks nowhere.json: No such file"),
        (["--revoked", "nowhere"], "--revoked nowhere: No such file"),
        (["--users", "nowhere.toml"], "--users nowhere.toml: No such file"),
        (["--users", "pyproject.toml"], "--users pyproject.toml: needs a table"),
        (["--origin", "https://dash.example/"], "write it https://dash.example,"),
        (["--host", "256.0.0.1"], "256.0.0.1"),
        (["--host", "0.0.0.0", "--jwt-secret", "changeme"], "8 bytes can be guessed"),  # noqa: S104 - refused
        (["--tls-cert", "nowhere.pem"], "--tls-key come together"),
        (["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.key"], "nowhere.pem: No such file"),
        (["--max-connections", "2000000000"], "ulimit -n"),
        (["--metrics-port", "0", "--metrics-host", "256.0.0.1"], "choose another --metrics-port or --metrics-host"),
    ],
)
def test_bad_options_end_with_2_and_one_line(start: Start, free_port: int, options: list[str], named: str) -> None:
    """Whatever is wrong with the options is one line, exit code 2, never a traceback."""
    given = [option.replace("{free}", str(free_port)) for option in options]
    rest = [] if "--jwt-secret" in options else ["--jwt-secret", SECRET]
    process = start("--port", "0", *rest, *given)
    _, err = process.communicate()
    assert process.returncode == 2
    assert named in err
    assert err.count("\n") == 1
