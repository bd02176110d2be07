"""What a controller asks of whatever carries its files to other hosts. What a gate asks: `gate_port`."""

from __future__ import annotations

from typing import Protocol


class DocumentCarrier(Protocol):
    """Brings what the leading controller publishes to all hosts.

    `path`: of a file, from the event's folder on. `publish` and `append` wait: call them in a thread. They
    return when the content is safe elsewhere, so the caller writes its own file afterwards.
    """

    @property
    def may_lead(self) -> bool:
        """Whether this controller's folder is up to date, and others could read what it publishes."""

    @property
    def hears_gates(self) -> bool:
        """Whether everything that gates sent is in the folder. While it is not, no window is closed."""

    async def run(self) -> None:
        """Keeps the folder up to date while another controller leads, until it is cancelled."""

    async def lead(self, epoch: int) -> None:
        """Takes over with the number of the lease. An earlier leader can publish nothing more.

        Raises: `Superseded` when a later one has taken over; OSError.
        """

    async def leave(self) -> None:
        """Follows another leader again."""

    async def open(self, event: str) -> None:
        """Makes folder and stream of an event agree, before it is conducted. Raises: as `publish`."""

    def publish(self, event: str, path: str, content: bytes) -> None:
        """Hands on a document as a whole. Raises: `Superseded`; OSError when it could not be handed on."""

    def append(self, event: str, path: str, offset: int, piece: bytes) -> None:
        """Hands on what is appended to a file at this offset. Raises: as `publish`."""
