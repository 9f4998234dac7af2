"""The reference server as its command starts it, and a full garbage collection at SIGUSR1."""

from __future__ import annotations

import gc
import signal

from reference_server.cli import main

if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, lambda *_: gc.collect())
    main()
