"""Planted violations in the chain of partners (`tests.partners.organisations`)."""

from __future__ import annotations

from tests.operations.plants import Plant, copy_of
from tests.operations.world import HASH_KEY, KEY, named, serial_of

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

_WAITING, _RETURNED, _HASHED, _ON_ITS_WAY = (
    f"serial = '{serial_of(name)}'" for name in ("waiting", "returned", "hashed", "on its way")
)
_STRANGERS_DOCUMENT = f"'{named('document', 'alice')}'"

PARTNER_PLANTS += [
    Plant(
        "I2",
        0,
        "a serial number that was taken is being stamped, and its stamp is not held",
        f"UPDATE stamping.serial SET state = 'allocated', job_id = '{named('job', 'on its way')}',"
        f" ordinal = 2, placement = '{{}}', reservation_id = gen_random_uuid() WHERE {_WAITING}",
    ),
    Plant(
        "I3",
        2,
        "the stamp of a serial number that waits is gone",
        _account("debits_posted = debits_posted + 1", "kind = 'unstamped'"),
    ),
    Plant(
        "I8",
        2,
        "a hash was signed without a counted attempt",
        "DELETE FROM stamping.sign_attempt WHERE hash_request_id IS NOT NULL",
    ),
    Plant(
        "I8",
        3,
        "the cycle's stamps were signed with the key for hashes",
        f"UPDATE stamping.sign_attempt SET key_id = '{HASH_KEY}' WHERE key_id = '{KEY}'",
    ),
    Plant(
        "I16",
        3,
        "a serial number was taken for somebody else's document",
        f"UPDATE stamping.taken_serial SET document_id = {_STRANGERS_DOCUMENT} WHERE {_WAITING}",
    ),
    Plant(
        "I16",
        3,
        "a serial number that was taken stands on another document",
        f"UPDATE stamping.taken_serial SET document_id = NULL WHERE {_ON_ITS_WAY}",
    ),
    Plant(
        "I27",
        3,
        "a hash was signed on another day than its stamp was used",
        f"UPDATE stamping.taken_serial SET used_at = used_at - interval '1 month' WHERE {_HASHED}",
    ),
    Plant(
        "I28",
        1,
        "stamps of serial numbers that wait are gone",
        _account("credits_posted = credits_posted - 1", "kind = 'unstamped'"),
    ),
    Plant(
        "I31",
        0,
        "a serial number that waits has no stamp",
        _account("debits_posted = debits_posted + 1", "kind = 'unstamped'"),
    ),
    Plant(
        "I31",
        0,
        "the stamp of a serial number is on its way, and no job stamps it",
        _account("debits_pending = debits_pending + 1", "kind = 'unstamped'"),
    ),
    Plant(
        "I31",
        1,
        "a serial number was used, and no hash signed for it",
        "DELETE FROM stamping.hash_signature",
    ),
    Plant(
        "I31",
        1,
        "a stamp was used twice for one serial number",
        copy_of("ledger.transfer", "code = 'stamp_serial'", id="gen_random_uuid()"),
    ),
    Plant(
        "I31",
        1,
        "a serial number was given back twice",
        copy_of("ledger.transfer", "code = 'return_serial'", id="gen_random_uuid()"),
    ),
    Plant(
        "I31",
        1,
        "a serial number that went back waits again",
        f"UPDATE stamping.serial SET state = 'unstamped' WHERE {_RETURNED}",
    ),
    Plant(
        "I31",
        1,
        "a stamp was taken for a serial number that is gone",
        f"DELETE FROM stamping.taken_serial WHERE {_WAITING}",
    ),
    Plant(
        "I31",
        2,
        "nobody took a serial number that waits",
        f"DELETE FROM stamping.taken_serial WHERE {_WAITING}",
    ),
    Plant(
        "I31",
        3,
        "hashes of one serial number are of two files",
        copy_of(
            "stamping.hash_request",
            "true",
            id="gen_random_uuid()",
            number="2",
            source_sha256="repeat('ab', 16)::bytea",
        ),
    ),
    Plant(
        "I31",
        3,
        "a hash of a serial number is missing",
        "UPDATE stamping.hash_request SET number = 2",
    ),
]
