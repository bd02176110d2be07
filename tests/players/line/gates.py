"""Gates as in processes of their own: the real ticket issuer and published files, with clocks that may be
wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.queue_keys import GateKeys
from meterai.waiting_room.files.window_files import GateSign
from tests.players.line.signing import KeyedHash


class Gate:
    """One gate. `shift_s`: the error of its machine's clock."""

    def __init__(
        self,
        folder: QueueFolder,
        signer: KeyedHash,
        number: int,
        clock: Callable[[], float],
        *,
        shift_s: float,
    ) -> None:
        self.number, self.folder, self.clock, self.shift_s = number, folder, clock, shift_s
        # Only `sign` is used of a ticket's key.
        self._keys = GateKeys(ticket=cast(Ed25519PrivateKey, signer), event=folder.event_key())
        self.frozen_until = 0.0
        self.issuer: TicketIssuer | None = None
        self.start()

    @property
    def answers(self) -> bool:
        """Whether the gate answers visitors."""
        return self.issuer is not None and self.clock() >= self.frozen_until

    def start(self) -> None:
        """Starts the process."""
        shelf = PublishedCache(self.folder, monotonic=self.clock)
        shelf.look()
        self.issuer = TicketIssuer(
            shelf,
            self._keys,
            gate=self.number,
            wall=lambda: self.clock() + self.shift_s,
            monotonic=self.clock,
        )

    def end(self) -> None:
        """Ends the process. Its files stay; open requests get no answer."""
        if self.issuer is not None:
            self.issuer.close()
        self.issuer = None

    def lose_files(self) -> None:
        """Ends the process and removes its disk."""
        self.end()
        shutil.rmtree(self.folder.gate(self.number))

    def look(self) -> None:
        """Does its regular work: reads published documents, writes its sign of life, closes windows."""
        if self.issuer is None or not self.answers:
            return
        self.issuer.published.look()
        journal = self.issuer.journal
        sign = GateSign(
            self.number, self.issuer.now(), journal.closed_through, unsure_through=journal.unsure_through
        )
        (self.folder.gate(self.number) / "gate.json").write_bytes(msgspec.json.encode(sign))
        self.issuer.close_windows()

    def join(self, contact: str) -> str | None:
        """Makes a ticket. Its record is on the disk after `flush`. None: nobody can join."""
        assert self.issuer is not None
        window = self.issuer.window()
        if window is None:
            return None
        return self.issuer.issue(self.issuer.id_of(contact), window.number).text

    def flush(self) -> None:
        """Makes issued tickets durable. They are handed out after that."""
        if self.issuer is not None:
            self.issuer.journal.flush()
