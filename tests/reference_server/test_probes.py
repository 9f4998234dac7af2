"""What probes are told."""

from __future__ import annotations

import json

import pytest

from reference_server.probes import probe


@pytest.mark.parametrize(
    ("path", "well", "status"),
    [
        ("/livez", True, 200),
        ("/livez", False, 200),
        ("/readyz", True, 200),
        ("/readyz", False, 503),
        ("/healthz", True, 200),
        ("/healthz", False, 503),
    ],
)
def test_status(path: str, well: bool, status: int) -> None:
    """Alive is who answers; ready and well is who can serve."""
    answer = probe(path, lambda: (well, {"status": "no broker", "clients": 3}))
    assert answer is not None
    assert answer.status == status
    assert ("Cache-Control", "no-store") in answer.headers


def test_bodies() -> None:
    """/readyz says why in words, /healthz gives the figures, and no other path is a probe."""

    def health() -> tuple[bool, dict[str, object]]:
        return False, {"status": "draining", "clients": 3}

    ready, figures = probe("/readyz", health), probe("/healthz", health)
    assert ready is not None
    assert figures is not None
    assert ready.body == "draining\n"
    assert json.loads(figures.body) == {"status": "draining", "clients": 3}
    assert probe("/ws", health) is None
