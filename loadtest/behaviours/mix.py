"""How many clients are of which kind, by weight. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from wire.errors import SensorSwarmError


def parse_mix(text: str, kinds: tuple[str, ...]) -> dict[str, float]:
    """Weights from text like "manager=90,slow=5".

    Raises:
        SensorSwarmError: not of that form, an unknown kind, one named twice, or no weight above 0.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        kind, _, number = part.strip().partition("=")
        if kind not in kinds:
            raise SensorSwarmError(f"--behaviour {text!r}: no behaviour is called {kind!r}; use {', '.join(kinds)}")
        if kind in weights:
            raise SensorSwarmError(f"--behaviour {text!r}: {kind} is named twice")
        try:
            weights[kind] = float(number)
        except ValueError:
            weights[kind] = -1.0
        if not 0 <= weights[kind] < float("inf"):
            raise SensorSwarmError(f"--behaviour {text!r}: give each kind a weight, such as manager=90,slow=10")
    if not any(weights.values()):
        raise SensorSwarmError(f"--behaviour {text!r}: every weight is 0; give one above it")
    return {kind: weight for kind, weight in weights.items() if weight}


class Mix:
    """Deals kinds one after the other so that every beginning is as close to the weights as whole clients can be.

    This is smooth weighted round-robin: each turn every kind gains its weight, the richest is dealt and pays the sum.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = dict(weights)
        self._sum = sum(weights.values())
        self._credit = dict.fromkeys(weights, 0.0)

    def next(self) -> str:
        """Kind of the next client."""
        for kind, weight in self._weights.items():
            self._credit[kind] += weight
        kind = max(self._credit, key=lambda each: self._credit[each])
        self._credit[kind] -= self._sum
        return kind
