"""The published documents of one queue as the site reads them: rules, seeds, joins; and the ids of contacts.

Published documents never change, so the site keeps what it has read.
"""

from __future__ import annotations

from collections import OrderedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Config, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import is_listed
from meterai.waiting_room.files.window_seeds import WindowSeeds
from meterai.waiting_room.rules.tickets import Ticket, contact_id, event_number, join_record, read_ticket

_TICKETS_KEPT_MAX = 10_000


class Published:
    """The published documents of a queue, and the key that makes ids of contacts.

    Raises on making: OSError while the queue has published nothing; Refusal `queue.document_*`.
    """

    def __init__(self, folder: QueueFolder) -> None:
        self.folder = folder
        self.event = event_number(folder.slug)
        self._good: OrderedDict[str, Ticket] = OrderedDict()
        """Tickets whose signature was checked. Each is read several times while its holder enters."""
        self._read_rules()
        self.event_key = folder.event_key()
        """Secret: makes ids of contacts, and the key of certificates."""
        self._seeds = WindowSeeds(folder, self.controller_key)

    def look(self) -> None:
        """Reads the rules again if they were published again. Raises: OSError."""
        if self._stamp != self.folder.config.stat().st_mtime_ns:
            self._read_rules()

    def read_ticket(self, text: str) -> Ticket:
        """Reads a ticket of this queue and checks its signature. Raises: Refusal `ticket.*`."""
        known = self._good.get(text)
        if known is None:
            known = self._good[text] = read_ticket(text, self._ticket_keys, self.event)
            if len(self._good) > _TICKETS_KEPT_MAX:
                self._good.popitem(last=False)
        return known

    def id_of(self, contact: str) -> bytes:
        """The id of a contact, by its name in line (`email:ani@contoh.id`), in this event."""
        return contact_id(self.event_key, contact)

    def place_of(self, ticket: Ticket) -> int | None:
        """The place inside its window, 0 to below 2^64; None until the window's seed is published."""
        return self.place_in(ticket.window, ticket.id)

    def place_in(self, window: int, id: bytes) -> int | None:
        """The place of an id in a window; None: see `place_of`."""
        return self._seeds.place_in(window, id)

    def has_list(self, window: int) -> bool:
        """Whether the complete list of a window is published."""
        return self.folder.window_ids(window).exists()

    def is_listed(self, ticket: Ticket) -> bool:
        """Whether the join stands in the published list of its window (a few small reads)."""
        return is_listed(self.folder, ticket.window, join_record(ticket))

    def newest_head(self) -> tuple[int, str] | None:
        """The head of the log in the newest status: entries, and tree head; None: no status can be read."""
        try:
            raw = self.folder.status.read_bytes()
            return published_documents.read(raw, Status, self.controller_key).log
        except (OSError, Refusal):
            return None

    def _read_rules(self) -> None:
        self._stamp = self.folder.config.stat().st_mtime_ns
        raw = self.folder.config.read_bytes()
        self.controller_key = public_key(published_documents.decode(raw, Config).controller_key)
        self.config = published_documents.read(raw, Config, self.controller_key)
        self._good.clear()
        self._ticket_keys = {number: public_key(text) for number, text in self.config.ticket_keys.items()}


def public_key(text: str) -> Ed25519PublicKey:
    """A public key by its name in the rules. Raises: ValueError."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
