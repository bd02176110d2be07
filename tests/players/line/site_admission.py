"""The site's part of a simulated line: the steps of `use_cases/claim_pass.py`, with a dict for the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.queue_keys import KEY_ID
from meterai.waiting_room.rules.admission import check_ticket, lane_of, wait_s
from meterai.waiting_room.rules.frontier_moves import frontier_then
from meterai.waiting_room.rules.model import Lane, Policy, QueueState, Schedule
from meterai.waiting_room.rules.tickets import Ticket, read_ticket
from tests.players.line.controller import Kept
from tests.players.line.signing import KeyedHash

_SHUT = {
    QueueState.HALTED: "queue.halted",
    QueueState.OUT_OF_STOCK: "queue.out_of_stock",
    QueueState.CLOSED: "queue.closed",
}


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass: its holder may enter."""

    id: bytes
    number: int
    at: float
    lane: Lane
    position: tuple[int, int]
    is_late_ticket: bool


class SiteAdmission:
    """Gives each id at most one pass."""

    def __init__(
        self, folder: QueueFolder, signer: KeyedHash, kept: Kept, schedule: Schedule, policy: Policy
    ) -> None:
        self.published = Published(folder)
        # Only `verify` is used of a ticket's key.
        self._keys = {KEY_ID: cast(Ed25519PublicKey, signer)}
        self.kept, self.schedule, self.policy = kept, schedule, policy
        self.passes: dict[bytes, Pass] = {}
        self.knocking: dict[bytes, float] = {}

    def claim(self, text: str, contact: str, now: float) -> Pass:
        """Returns the pass, made now or before. Raises: Refusal as `claim_pass`."""
        ticket = read_ticket(text, self._keys, self.published.event)
        if self.published.id_of(contact) != ticket.id:
            raise Refusal(Kind.FORBIDDEN, "ticket.other_contact")
        if (held := self.passes.get(ticket.id)) is not None:
            return held
        lane, position, is_late = self._call_of(ticket, now)
        share = self.policy.returners_percent
        after = self.kept.admission.filled(self.kept.rate, share, now).entered(lane)
        if after is None:
            self.knocking[ticket.id] = now
            knocking = self._knocking(now)
            wait = wait_s(self.kept.rate, share, lane, knocking=knocking)
            raise Refusal(Kind.BUSY, "queue.door_full", retry_after_s=wait)
        self.kept.admission = after
        self.kept.claimed += 1
        self.knocking.pop(ticket.id, None)
        given = Pass(ticket.id, len(self.passes), now, lane, position, is_late)
        self.passes[ticket.id] = given
        return given

    def _call_of(self, ticket: Ticket, now: float) -> tuple[Lane, tuple[int, int], bool]:
        if (shut := _SHUT.get(self.kept.state)) is not None:
            raise Refusal(Kind.UNAVAILABLE, shut)
        place = self.published.place_of(ticket)
        late = frontier_then(self.kept.memory.trail, now, ago_s=self.policy.claim_minutes * 60)
        lane = None if place is None else lane_of(self.kept.frontier, late, ticket.window, place)
        if lane is None or place is None:
            raise Refusal(Kind.CONFLICT, "queue.not_called")
        is_late = not self.published.is_listed(ticket)
        if is_late and (ticket.window, ticket.gate) not in self.kept.dead:
            raise Refusal(Kind.FORBIDDEN, "ticket.unlisted")
        if is_late:
            check_ticket(self.schedule, ticket)
        return lane, (ticket.window, place), is_late

    def _knocking(self, now: float) -> int:
        """People who knocked in the last half minute and are not in."""
        if len(self.knocking) > 1_000:
            self.knocking = {id: at for id, at in self.knocking.items() if now - at < 30}
        return len(self.knocking)
