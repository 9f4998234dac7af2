"""What targets have in common whose messages, as the file describes them, travel inside of another protocol."""

from __future__ import annotations

from typing import Any

from loadtest.targets.json_conversation import JsonConversation


class CarriedConversation(JsonConversation):
    """Speaks as the target file says, once the carrier is dealt with. A message is what the target's format decodes."""

    def unpacked(self, carried: list[bytes], arrival_ts: float) -> list[Any]:
        """Messages in what a read brought; whatever only the carrier needs is answered and gone.

        Raises:
            ConnectionEndedError: the carrier's protocol is broken, or says goodbye.
        """
        raise NotImplementedError

    def take(self, messages: list[bytes], arrival_ts: float) -> None:
        """Understand and book what one read brought."""
        super().take(self.unpacked(messages, arrival_ts), arrival_ts)
