"""Presence of people in line: "ready" shortly before their turn, and "present" around closing time.

The gate writes both into its folder for the controller, each id once per window or closing. They serve the
forecast of how many will come, and the certificate of attempt. A lost record costs nobody a place.
"""

from __future__ import annotations

from pathlib import Path

from meterai.waiting_room.files.queue_folder import append_whole
from meterai.waiting_room.rules.tickets import Ticket

READY_WITHIN_S = 180
PRESENT_AROUND_CLOSING_S = 1_800
_KNOWN_MAX = 100_000


class Presence:
    """The presence of people in one event at one gate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: set[bytes] = set()
        self._present: set[bytes] = set()
        self._unwritten: dict[Path, list[bytes]] = {}

    def ready(self, ticket: Ticket) -> None:
        """Notes that the ticket's holder looked when the turn was near."""
        name = ticket.id + ticket.window.to_bytes(3, "big")
        if self._is_new(self._ready, name):
            path = self._folder / f"w{ticket.window}.ready"
            self._unwritten.setdefault(path, []).append(ticket.id)

    def present(self, ticket: Ticket, now: float, *, closes_at: int) -> None:
        """Notes that the ticket's holder looked now, around closing time; once for each closing time."""
        if self._is_new(self._present, ticket.id + closes_at.to_bytes(8, "big")):
            record = ticket.id + int(now).to_bytes(4, "big")
            self._unwritten.setdefault(self._folder / "present", []).append(record)

    def write(self) -> list[str]:
        """Appends new records to the files. Returns their names.

        Raises: OSError; the next call writes the rest.
        """
        written = list(self._unwritten)
        for path in written:
            append_whole(path, b"".join(self._unwritten[path]))
            del self._unwritten[path]
        return [path.name for path in written]

    @staticmethod
    def _is_new(known: set[bytes], name: bytes) -> bool:
        if name in known:
            return False
        if len(known) >= _KNOWN_MAX:
            known.clear()
        known.add(name)
        return True
