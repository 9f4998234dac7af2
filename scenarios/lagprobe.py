"""Asks a server for its event loop's lag once a second, in a thread: a server that hangs must not hold up the run."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.request

_EVERY_S = 1.0
_PATIENCE_S = 2.0


class LagProbe:
    """Keeps the last `loop_lag_ms` that /healthz told. The thread ends with the process, or with `stop`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lag_ms: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="lag-probe", daemon=True)
        self._thread.start()

    def take(self) -> float | None:
        """Give what was told since the last call, in milliseconds; None where nothing was."""
        lag_ms, self._lag_ms = self._lag_ms, None
        return lag_ms

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()
        self._thread.join()

    def _ask_on(self) -> None:
        while not self._stopped.wait(_EVERY_S):
            self._lag_ms = loop_lag_ms(self._url)


def loop_lag_ms(url: str) -> float | None:
    """Ask once; None where nobody answers, or the answer has no lag in it."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as response:  # noqa: S310 - our own http:// address
            told = json.load(response)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    lag_ms = told.get("loop_lag_ms") if isinstance(told, dict) else None
    return float(lag_ms) if isinstance(lag_ms, int | float) else None
