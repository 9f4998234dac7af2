"""What every test may use: scaled patience, free ports, a real broker."""

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from wire.broker import EmbeddedBroker

PATIENCE = float(os.environ.get("SENSORSWARM_TEST_PATIENCE", "1"))


@pytest.fixture(scope="session")
def patience() -> Callable[[float], float]:
    """Seconds to wait for something that should come soon, scaled for slow machines in one place."""
    return lambda seconds: seconds * PATIENCE


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    """A real broker for the whole session; use topics of your own."""
    with EmbeddedBroker(port=0) as running:
        yield running
