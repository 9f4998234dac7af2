"""What every test may use: scaled patience, free ports, a real broker."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from wire import ports
from wire.broker import EmbeddedBroker

# A shell that starts us in the background makes us ignore SIGINT, and what we start would too: Ctrl-C is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PATIENCE = float(os.environ.get("SENSORSWARM_TEST_PATIENCE", "1"))


@pytest.fixture(scope="session")
def patience() -> Callable[[float], float]:
    """Seconds to wait for something that should come soon, scaled for slow machines in one place."""
    return lambda seconds: seconds * PATIENCE


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody listens on now, nor on the one after it."""
    return ports.free_port(in_a_row=2)


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    """A real broker for the whole session; use topics of your own."""
    with EmbeddedBroker(port=0) as running:
        yield running
