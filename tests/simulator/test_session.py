"""A session: settings that are out of range, and which broker is used."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from simulator.session import Settings, broker_for
from wire.broker import EmbeddedBroker, listening
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"buildings": 0}, "--buildings 0"),
        ({"sensors": -1}, "--sensors -1"),
        ({"buildings": 10**6, "sensors": 10**6}, "--buildings times --sensors"),
        ({"interval_s": 0.0}, "--interval 0"),
        ({"interval_s": float("nan")}, "--interval nan"),
        ({"duration_s": -1.0}, "--duration -1"),
        ({"duration_s": float("inf")}, "--duration inf"),
        ({"anomaly_rate": -0.5}, "--anomaly-rate -0.5"),
        ({"seed": -1}, "--seed -1"),
        ({"qos": 3}, "--qos 3"),
        ({"speed": 0.0}, "--speed 0"),
    ],
)
def test_numbers_out_of_range_are_named(settings, named):
    """One line with the option, its value and what would do."""
    with pytest.raises(SensorSwarmError) as caught:
        Settings(**settings).check()
    assert str(caught.value).startswith(named)


def test_defaults_are_in_range():
    """What is used when nothing is said passes its own check."""
    Settings().check()


def test_an_authority_without_tls_is_refused():
    """A CA file that would silently not be used."""
    with pytest.raises(SensorSwarmError, match="mqtts"):
        Settings(broker_ca=Path("ca.pem")).tls(BrokerAddress.parse("mqtt://localhost"))


def test_the_broker_named_is_used_as_it_is():
    """Nothing is started, and what is no URL is refused."""
    console = Console(file=io.StringIO())
    with broker_for("mqtt://example.org:1234", console) as address:
        assert (address.host, address.port) == ("example.org", 1234)
    with pytest.raises(SensorSwarmError, match="is no MQTT URL"), broker_for("example.org", console):
        pass


def test_a_broker_is_started_only_where_none_listens():
    """The first starts one and says which ports, the second uses it, and it ends with the first."""
    with EmbeddedBroker(port=0) as probe:
        port = probe.port
    out = io.StringIO()
    console = Console(file=out)
    with broker_for(None, console, port=port) as first:
        assert f"MQTT 5 clients use port {port + 1}" in out.getvalue()
        assert listening("127.0.0.1", port)
        with broker_for(None, console, port=port) as second:
            assert second == first
        assert listening("127.0.0.1", port)
        assert "using the one at" in out.getvalue()
    assert not listening("127.0.0.1", port)
