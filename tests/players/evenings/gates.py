"""Gates in this process. Each has a clock of its own, may die, and may lose its last tickets or its disk."""

from __future__ import annotations

import shutil
from functools import partial

import msgspec

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.files.gate_journal import RECORD_BYTES
from meterai.waiting_room.files.promise_book import Promise, PromiseBook
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.queue_keys import GateKeys
from meterai.waiting_room.files.window_files import GateSign
from meterai.waiting_room.rules.tickets import Ticket
from tests.players.evenings.clocks import Clocks


class Gate:
    """A gate, which runs from its start until it dies."""

    def __init__(self, folder: QueueFolder, keys: GateKeys, number: int, clocks: Clocks) -> None:
        self._folder, self._clocks, self.number = folder, clocks, number
        cache = PublishedCache(folder, monotonic=lambda: clocks.now)
        wall = partial(clocks.of, f"gate {number}")
        self.issuer = TicketIssuer(cache, keys, gate=number, wall=wall, monotonic=lambda: clocks.now)
        self._promises = PromiseBook(folder.gate(number))
        self.tick()

    def tick(self) -> None:
        """The regular work of a gate."""
        self.issuer.published.look()
        self.issuer.close_windows()
        self.issuer._found_until = 0.0
        self._promises.write()
        journal = self.issuer.journal
        sign = GateSign(
            self.number,
            self._clocks.of(f"gate {self.number}"),
            journal.closed_through,
            unsure_through=journal.unsure_through,
            there_from=self.issuer.started_in,
        )
        (self._folder.gate(self.number) / "gate.json").write_bytes(msgspec.json.encode(sign))

    def join(self, contact: str) -> tuple[Ticket, str] | None:
        """A ticket and its text. None: nobody can join now."""
        window = self.issuer.window()
        if window is None:
            return None
        issued = self.issuer.issue(self.issuer.id_of(contact), window.number)
        self.issuer.journal.flush()
        return issued.ticket, issued.text

    def promise(self, ticket: Ticket, *, within_s: int) -> None:
        """Shows a person by when they will be done."""
        at = int(self._clocks.of(f"gate {self.number}"))
        given = Promise(id=ticket.id, window=ticket.window, given_at=at, done_by=at + within_s)
        self._promises.give(given)

    def close(self) -> None:
        """Ends it in good order."""
        self.issuer.close()

    def die(self, *, lost: int) -> None:
        """Ends it as `kill -9` does. Its disk never had the last tickets of the open window."""
        window = self.issuer.window()
        self.issuer.close()
        if window is None:
            return
        path = self._folder.gate(self.number) / f"w{window.number}.joins"
        if path.exists():
            with path.open("r+b") as file:
                file.truncate(max(0, path.stat().st_size - lost * RECORD_BYTES))

    def lose_disk(self) -> None:
        """Ends it. Its folder is gone."""
        self.issuer.close()
        shutil.rmtree(self._folder.gate(self.number))
