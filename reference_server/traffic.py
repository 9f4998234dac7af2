"""What was handed to clients' connections since the start: plain numbers, read when somebody asks. Pure."""

from __future__ import annotations


class Traffic:
    """Sums over all clients.

    Attributes:
        readings: deliveries as they came, one reading to one client; what a resume or a catch-up brought is no part.
        alerts: the same of alerts and their ends.
        sent_bytes: WebSocket frames of all messages, without pings and close frames.
    """

    __slots__ = ("alerts", "readings", "sent_bytes")

    def __init__(self) -> None:
        self.readings = 0
        self.alerts = 0
        self.sent_bytes = 0

    def add(self, clients: int, readings: int, alerts: int, frames_bytes: int) -> None:
        """Count what each of so many clients was given."""
        self.readings += clients * readings
        self.alerts += clients * alerts
        self.sent_bytes += clients * frames_bytes
