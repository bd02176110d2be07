"""What the delivery of messages needs from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from meterai.partners.webhooks.model import Answer


class SendsMessages(Protocol):
    """Sends messages to addresses that partners name."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Sends one message and returns what came of it. Raises nothing when the receiver fails."""
        ...

    async def close(self) -> None:
        """Closes the connections."""
        ...
