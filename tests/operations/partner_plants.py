"""Planted violations in the chain of partners (`tests.partners.organisations`)."""

from __future__ import annotations

from tests.operations.plants import Plant
from tests.operations.world import named

_FIRM = "(SELECT id FROM partners.organisation WHERE code = 'firm')"
_RETAIL = "(SELECT id FROM partners.organisation WHERE code = 'retail')"
_STOCK = f"kind = 'partner_stock' AND organisation_id = {_FIRM}"


def _account(change: str, where: str) -> str:
    return f"UPDATE ledger.account SET {change} WHERE {where}"


PARTNER_PLANTS = [
    Plant(
        "I3",
        6,
        "a partner's deposit was made larger in the audit trail",
        "UPDATE operations.audit_entry SET facts = facts || jsonb_build_object('amount', 1)"
        " WHERE action = 'partner.deposit'",
    ),
    Plant(
        "I3",
        2,
        "stamps left a partner's stock, and were neither used nor passed on",
        _account("debits_posted = debits_posted + 3", _STOCK),
    ),
    Plant("I3", 5, "a partner is gone and its accounts are not", "DELETE FROM partners.organisation"),
    Plant(
        "I16",
        0,
        "a job is paid from the stock of an organisation",
        f"UPDATE stamping.job SET lot_account_id = (SELECT id FROM ledger.account WHERE {_STOCK})",
    ),
    Plant(
        "I28",
        0,
        "a partner has stamps that nobody gave it",
        _account("credits_posted = credits_posted + 5", _STOCK),
    ),
    Plant(
        "I28",
        1,
        "stamps of the tree are gone",
        _account("debits_posted = debits_posted + 5", _STOCK),
    ),
    Plant(
        "I28",
        2,
        "a block skipped the organisation between",
        f"UPDATE partners.block SET giver = {_RETAIL} WHERE receiver = {_FIRM}",
    ),
    Plant(
        "I28",
        2,
        "a block is larger than what is booked for it",
        f"UPDATE partners.block SET pieces = pieces + 1 WHERE receiver = {_FIRM}",
    ),
    Plant(
        "I28",
        2,
        "pieces of a block came back and nobody listed them",
        f"UPDATE partners.block SET returned = 2 WHERE receiver = {_FIRM}",
    ),
    Plant(
        "I28",
        3,
        "a person owns the stock of an organisation",
        _account(f"customer_id = '{named('customer', 'alice')}'", _STOCK),
    ),
    Plant(
        "I29",
        0,
        "an organisation owes more than it may",
        f"UPDATE partners.agreement SET credit_limit = 1000 WHERE organisation_id = {_FIRM}",
    ),
    Plant(
        "I29",
        1,
        "an organisation has credit that nobody granted",
        _account(
            "credits_posted = credits_posted + 1000", f"kind = 'credit_line' AND organisation_id = {_FIRM}"
        ),
    ),
    Plant(
        "I30", 0, "a payment is larger than what is booked", "UPDATE partners.payment SET amount = amount + 1"
    ),
    Plant(
        "I30",
        0,
        "a deposit is larger than what is booked",
        "UPDATE partners.deposit SET amount = amount + 10000",
    ),
    Plant(
        "I30",
        0,
        "a block is cheaper than what is booked",
        f"UPDATE partners.block SET unit_price = unit_price - 1 WHERE receiver = {_RETAIL}",
    ),
    Plant(
        "I30",
        1,
        "a block is called paid, and nobody paid",
        f"UPDATE partners.block SET paid = 1 WHERE receiver = {_FIRM}",
    ),
]
