"""What the server sent that could not be understood: counted by kind, the first one kept. Pure."""

from __future__ import annotations

from collections import Counter

_EXAMPLE_CHARACTERS = 200


class Unknown:
    """Counts of what was not understood, over all clients of the process."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.first = ""

    def count(self, kind: str, example: object) -> None:
        """Count one; `example` is kept, cut short, when it is the first of all."""
        self.kinds[kind] += 1
        if not self.first:
            text = example.decode(errors="replace") if isinstance(example, bytes | bytearray) else str(example)
            self.first = text if len(text) <= _EXAMPLE_CHARACTERS else f"{text[:_EXAMPLE_CHARACTERS]}..."
