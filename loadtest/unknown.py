"""What the server sent that could not be understood: counted by kind, the first of each kept. Pure."""

from __future__ import annotations

from collections import Counter

from loadtest.secrecy import hide

_EXAMPLE_CHARACTERS = 200


class Unknown:
    """Counts of what was not understood, over all clients of the process.

    Attributes:
        kinds: how many of each kind.
        examples: the first of each kind, without secrets, cut short.
        secrets: what the server was shown, and may say back.
    """

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.secrets: set[str] = set()

    @property
    def first(self) -> str:
        """The first of all; empty when everything was understood."""
        return next(iter(self.examples.values()), "")

    @property
    def total(self) -> int:
        """How many, of all kinds."""
        return self.kinds.total()

    def count(self, kind: str, example: object) -> None:
        """Count one; `example` is kept, cut short, when it is the first of its kind."""
        self.kinds[kind] += 1
        if kind not in self.examples:
            text = example.decode(errors="replace") if isinstance(example, bytes | bytearray) else str(example)
            text = hide(text, self.secrets)
            self.examples[kind] = text if len(text) <= _EXAMPLE_CHARACTERS else f"{text[:_EXAMPLE_CHARACTERS]}..."
