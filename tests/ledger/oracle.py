"""A second ledger in plain Python, one operation at a time, with which the database is compared."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from meterai.ledger.model import (
    Side,
)
from tests.ledger.posting import (
    Transfer,
    TransferKind,
)

Outcome = int | str
"""Number of new transfers, or the code of the refusal."""


@dataclass
class Sums:
    """The four sums of an account."""

    side: Side
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def overdrawn(self) -> bool:
        if self.side is Side.CREDIT:
            return self.debits_posted + self.debits_pending > self.credits_posted
        return self.side is Side.DEBIT and self.credits_posted + self.credits_pending > self.debits_posted


@dataclass
class Oracle:
    """Books of one world of accounts."""

    accounts: dict[uuid.UUID, Sums]
    transfers: dict[uuid.UUID, Transfer] = field(default_factory=dict)

    def post(self, batch: Sequence[Transfer]) -> Outcome:
        """The answer that `posting.post` must give. Changes the books unless it is a refusal."""
        filled = [self._filled(transfer) for transfer in batch]
        if None in filled:
            return "ledger.unknown"
        complete = [transfer for transfer in filled if transfer is not None]
        for transfer in complete:
            if self.transfers.get(transfer.id, transfer) != transfer:
                return "ledger.id_reused"
        fresh = [transfer for transfer in complete if transfer.id not in self.transfers]
        ended = [t.pending_id for t in (*self.transfers.values(), *fresh) if t.pending_id]
        if len(ended) != len(set(ended)):
            return "ledger.already_ended"
        after = copy.deepcopy(self.accounts)
        for transfer in fresh:
            _apply(after, transfer)
        if any(sums.overdrawn for sums in after.values()):
            return "ledger.insufficient"
        self.accounts = after
        self.transfers |= {transfer.id: transfer for transfer in fresh}
        return len(fresh)

    def _filled(self, transfer: Transfer) -> Transfer | None:
        if transfer.kind in (TransferKind.SINGLE, TransferKind.PENDING):
            return transfer
        assert transfer.pending_id is not None
        held = self.transfers.get(transfer.pending_id)
        if held is None or held.kind is not TransferKind.PENDING:
            return None
        return Transfer(
            id=transfer.id,
            kind=transfer.kind,
            code=transfer.code,
            reference_id=transfer.reference_id,
            organisation_id=transfer.organisation_id,
            debit=held.debit,
            credit=held.credit,
            amount=held.amount,
            pending_id=held.id,
        )


def _apply(accounts: dict[uuid.UUID, Sums], transfer: Transfer) -> None:
    assert transfer.debit is not None
    assert transfer.credit is not None
    amount = transfer.amount or 0
    debit, credit = accounts[transfer.debit], accounts[transfer.credit]
    if transfer.kind is not TransferKind.SINGLE:
        held = amount if transfer.kind is TransferKind.PENDING else -amount
        debit.debits_pending += held
        credit.credits_pending += held
    if transfer.kind in (TransferKind.SINGLE, TransferKind.POST):
        debit.debits_posted += amount
        credit.credits_posted += amount
