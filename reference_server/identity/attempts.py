"""How often a password may be tried. Pure."""

from __future__ import annotations

import math
from collections import OrderedDict, deque

WINDOW_S = 60.0
PER_USER = 10
PER_ADDRESS = 30  # more than one user may come from one address
MAX_KEYS = 10_000


class Attempts:
    """At most `allowed` attempts of one key within any `window_s` seconds; those that were right do not count.

    An attempt counts from the moment it is made, or many at once would all be the first. Of the keys that were used
    longest ago, those beyond `max_keys` are forgotten, so that inventing keys fills no memory.
    """

    def __init__(self, allowed: int, *, window_s: float = WINDOW_S, max_keys: int = MAX_KEYS) -> None:
        self._allowed = allowed
        self._window_s = window_s
        self._max_keys = max_keys
        self._made: OrderedDict[str, deque[float]] = OrderedDict()  # monotonic seconds, oldest first

    def wait_s(self, key: str, now_s: float) -> int:
        """Whole seconds until `key` may try again; 0: now."""
        made = self._made.get(key)
        if made is None:
            return 0
        while made and now_s - made[0] >= self._window_s:
            made.popleft()
        return math.ceil(made[0] + self._window_s - now_s) if len(made) >= self._allowed else 0

    def made(self, key: str, now_s: float) -> None:
        """Count an attempt."""
        self._made.setdefault(key, deque()).append(now_s)
        self._made.move_to_end(key)
        if len(self._made) > self._max_keys:
            self._made.popitem(last=False)

    def was_right(self, key: str) -> None:
        """Take the last attempt back."""
        made = self._made.get(key)
        if made:
            made.pop()
