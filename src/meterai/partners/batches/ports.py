"""What telling about batches needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from meterai.partners.batches.model import BatchDocument


class DrawsStamps(Protocol):
    """Draws the stamps of documents."""

    async def __call__(self, documents: Sequence[BatchDocument]) -> Mapping[str, str]:
        """Returns the picture of each serial number, as base64 of a JPEG.

        Raises: Refusal, such as UNAVAILABLE `signer.unavailable`.
        """
        ...
