"""Planted violations of what gateways pay out and what the bank says."""

from __future__ import annotations

from tests.operations.plants import Plant, copy_of

_PAID_OUT = "payout_id IS NOT NULL"
_FEE = "amount = -5000"
_UNKNOWN = "explanation IS NULL"

ACCOUNTING_PLANTS = [
    Plant(
        "I32",
        0,
        "a gateway pays out more than is booked",
        "UPDATE accounting.settlement_report SET payout = payout + 1",
    ),
    Plant(
        "I32",
        0,
        "a gateway charged more than is booked",
        "UPDATE accounting.settlement_report SET cost_added = cost_added + 1",
    ),
    Plant(
        "I32", 0, "a pay-out is booked of which no report is here", "DELETE FROM accounting.settlement_report"
    ),
    Plant(
        "I32",
        1,
        "the bank has another sum than is booked",
        f"UPDATE accounting.bank_line SET amount = amount + 1 WHERE {_UNKNOWN}",
    ),
    Plant("I32", 1, "a line of the bank is gone", f"DELETE FROM accounting.bank_line WHERE {_PAID_OUT}"),
    Plant(
        "I32",
        1,
        "a line is told as explained, and its money still waits",
        f"UPDATE accounting.bank_line SET explanation = 'other', words = NULL WHERE {_UNKNOWN}",
    ),
    Plant(
        "I32",
        1,
        "a line of the bank is booked twice",
        copy_of("ledger.transfer", "code = 'bank_receipt' AND amount = 700", id="gen_random_uuid()"),
    ),
    Plant(
        "I32",
        2,
        "money that nobody knows is shown to nobody",
        "UPDATE accounting.difference SET resolved_at = found_at",
    ),
    Plant(
        "I32",
        3,
        "a line has another explanation than the last one it was given",
        f"UPDATE accounting.bank_line SET explanation = 'other' WHERE {_FEE}",
    ),
    Plant(
        "I32",
        3,
        "an explanation is gone from the history",
        "DELETE FROM accounting.bank_explanation",
    ),
    Plant(
        "I4",
        4,
        "a gateway's pay-out is booked as the bank's cost",
        """UPDATE ledger.account SET debits_posted = debits_posted
                + CASE kind WHEN 'bank_cost' THEN 1 ELSE -1 END
            WHERE kind IN ('bank_cost', 'bank_transit')""",
    ),
]
