"""What targets that ask by GET have in common: what is to be seen is the query, and an answer the acknowledgement.

A token that the handshake does not carry goes where HTTP has its place for it: Authorization, as a bearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from loadtest.targets.carried import CarriedConversation
from loadtest.targets.json_schema import BUILDING, BUILDINGS, USER
from loadtest.targets.json_templates import fill
from loadtest.transport import Message


class HttpConversation(CarriedConversation):
    """One client's side."""

    def ask(self, buildings: Sequence[str]) -> Sequence[Message]:
        """There is no way to ask for more."""
        del buildings
        return ()

    def begin(self, token: str | None) -> None:
        """Begin a connection."""
        self.reset()
        self._token = token

    def get(self, *queries: str, fields: Sequence[bytes] = ()) -> bytes:
        """What the connection makes a GET of: what is to be seen, and more of the query and of the fields."""
        wanted = query_of(self._protocol.spec.subscribe, self._manager.user, self._manager.buildings)
        query = "&".join(part for part in (wanted, *queries) if part)
        bearer = [] if self._token is None else [b"Authorization: Bearer " + self._token.encode()]
        return b"\r\n".join([query.encode(), *fields, *bearer])

    def accepted(self, arrival_ts: float) -> None:
        """Note the first answer."""
        self.welcomed = self.live = True
        for building in self._manager.buildings:
            self._books.subscribed(building, arrival_ts)


def query_of(template: Any, user: str, buildings: Sequence[str]) -> str:  # noqa: ANN401 - text or nothing
    """Query that asks for buildings: in one, parted by commas, or, where it says {building}, once for each of them."""
    if not template:
        return ""
    names = {USER: quote(user, safe=""), BUILDINGS: ",".join(quote(one, safe="") for one in buildings)}
    each = buildings if BUILDING in template else [""]
    return "&".join(str(fill(template, {**names, BUILDING: quote(one, safe="")})) for one in each)
