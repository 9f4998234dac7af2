"""One short load from the simulator to the server over each broker and each way to it."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme

from tests.mosquitto import Mosquitto, needs_mosquitto
from wire.broker import EmbeddedBroker
from wire.ports import free_port
from wire.records import PUBLISHED, PublishedTotal, read_records

pytestmark = pytest.mark.end_to_end


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("mosquitto", marks=needs_mosquitto),
        pytest.param("mosquitto by wss", marks=needs_mosquitto),
    ]
)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Options that lead both to a broker, and those of the simulator besides."""
    if request.param == "embedded":
        with EmbeddedBroker(port=0) as embedded:
            yield ["--broker", embedded.url], ["--qos", "1"]
    elif request.param == "mosquitto":
        with Mosquitto() as broker:
            yield ["--broker", broker.url], ["--qos", "1", "--retain", "--user-property", "site=north"]
    else:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        for name, identity in (("server", "127.0.0.1"), ("client", "gateway@example.org")):
            authority.issue_cert(identity).private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{name}.pem")
        files = f"cafile {tmp_path}/ca.pem", f"certfile {tmp_path}/server.pem", f"keyfile {tmp_path}/server.pem"
        port = free_port()
        lines = f"listener {port} 127.0.0.1", "protocol websockets", *files, "require_certificate true"
        with Mosquitto(*lines):
            to_it = ["--broker", f"wss://127.0.0.1:{port}/mqtt", "--mqtt-version", "3.1.1"]
            yield [*to_it, "--broker-ca", "ca.pem", "--broker-cert", "client.pem"], ["--qos", "2"]


def test_every_reading_sent_is_served(
    way: tuple[list[str], list[str]], start: Callable[..., Any], tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """The server counts as many readings as the simulator has sent: none lost, none twice, none not understood."""
    to_broker, besides = way
    server = start("reference_server", *to_broker, "--port", "0", "--alerts", "none")
    line = server.process.stdout.readline()
    while not line.startswith("serving"):
        line = server.process.stdout.readline()
        assert line
    health = line.split()[1].replace("ws:", "http:").replace("/ws", "/healthz")
    load = ["--buildings", "3", "--sensors", "20", "--interval", "0.5", "--duration", "1.5", "--run-dir", "run"]
    code, said = start("simulator", *to_broker, *besides, *load).finish(patience(60))
    assert code == 0, said
    assert ("aiomqtt" in said) == ("wss" in to_broker[1])
    [total] = read_records(tmp_path / "run" / PUBLISHED, PublishedTotal)
    assert total.sent == total.intended > 100
    assert total.unacknowledged == 0
    deadline = time.monotonic() + patience(10)
    while True:
        with urllib.request.urlopen(health) as answer:  # noqa: S310 - our own
            served = orjson.loads(answer.read())
        if served["readings"] >= total.sent or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert (served["readings"], served["duplicates"], served["malformed"]) == (total.sent, total.copies, {})
