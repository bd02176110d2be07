"""What the accounts of the house, which are all but lots, were debited and credited: as deposits, payments,
orders and refunds have it, whatever the codes of transfers say."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meterai.ledger.model import DISTRIBUTOR, ISSUER, SELLER, AccountKind, books
from meterai.operations.invariants.fingerprint import Balance, Sum
from meterai.operations.invariants.sources import (
    ACCOUNT,
    GIVEN_BACK,
    ORDER,
    PAID_FOR,
    PAYMENT,
    REFUND,
    REVERSED,
    SETTLED,
    SOLD,
)

_STOCK = """(SELECT code, amount FROM ledger.transfer WHERE code IN ('deposit', 'issue', 'supply')) stock"""
_SET_OFF = f"""(SELECT r.amount, r.channel
    FROM (SELECT DISTINCT reference_id FROM {GIVEN_BACK} WHERE code = 'reversal') taken_back
    JOIN sales.payment p ON p.order_id = taken_back.reference_id AND ({REVERSED})
    JOIN sales.refund r ON r.order_id = p.order_id AND r.payment_id = p.id AND r.state = 'paid'
        AND r.reference = p.reference) set_off"""
"""Refunds that were paid by what the bank took back: few, and indexes know them."""

_DEPOSITED, _ISSUED, _SUPPLIED = (
    Sum(_STOCK, "amount", f"code = '{code}'") for code in ("deposit", "issue", "supply")
)
_PAID = Sum(PAYMENT, "paid_amount", SETTLED)
_COST = Sum(PAYMENT, "gateway_cost", SETTLED)
_TAKEN_BACK = Sum(PAYMENT, "paid_amount", REVERSED)
_FACE_VALUE, _FEE, _VAT = (Sum(ORDER, price, PAID_FOR) for price in ("face_value", "fee - vat", "vat"))
_FACE_VALUE_BACK, _FEE_BACK, _VAT_BACK = (
    Sum(SOLD, f"i.refunded_quantity * ({price})", "i.refunded_quantity > 0")
    for price in ("i.unit_face_value", "i.unit_fee - i.unit_vat", "i.unit_vat")
)
_BOUGHT_NOTHING = Sum(REFUND, "amount", "item_id IS NULL")
_OWED = Sum(REFUND, "amount")
_PIECES_BACK = Sum(REFUND, "quantity", "quantity <> 0")
_PAID_BACK = Sum(REFUND, "amount", "state = 'paid'")
_RETURNED = Sum(GIVEN_BACK, "amount", "code = 'refund_returned'")
_BY_SET_OFF = Sum(_SET_OFF, "amount")


def _paid_by(channel: str) -> tuple[Sum, Sum]:
    """What left us that way: what was paid by it, less what was set off."""
    return (
        Sum(REFUND, "amount", f"state = 'paid' AND channel = '{channel}'"),
        Sum(_SET_OFF, "-amount", f"channel = '{channel}'"),
    )


class Told(msgspec.Struct, frozen=True):
    """What is told of an account. None: part 2 of I3 tells it."""

    kind: AccountKind
    debits: tuple[Sum, ...] | None = ()
    credits: tuple[Sum, ...] | None = ()


K = AccountKind
STAMPS = (
    Told(K.ISSUANCE, debits=(_ISSUED,)),
    Told(K.DISTRIBUTOR_STOCK, debits=(_SUPPLIED,), credits=(_ISSUED,)),
    Told(K.SELLER_STOCK, debits=None, credits=(_SUPPLIED, _PIECES_BACK)),
    Told(K.USED, credits=None),
)
RUPIAH = (
    Told(K.TREASURY_PREPAID, debits=(_DEPOSITED,)),
    Told(K.DISTRIBUTOR_FUNDS, credits=(_DEPOSITED,)),
    Told(K.GATEWAY_CLEARING, debits=(_PAID,), credits=(_COST, _TAKEN_BACK, *_paid_by("gateway"))),
    Told(K.SUSPENSE, debits=(_FACE_VALUE, _FEE, _VAT, _BOUGHT_NOTHING), credits=(_PAID,)),
    Told(K.FACE_VALUE_PAYABLE, debits=(_FACE_VALUE_BACK,), credits=(_FACE_VALUE,)),
    Told(K.FEE_INCOME, debits=(_FEE_BACK,), credits=(_FEE,)),
    Told(K.VAT_PAYABLE, debits=(_VAT_BACK,), credits=(_VAT,)),
    Told(K.GATEWAY_COST, debits=(_COST,)),
    Told(K.REFUND_PAYABLE, debits=(_PAID_BACK, _RETURNED), credits=(_OWED, _RETURNED)),
    Told(K.RECEIVABLE, debits=(_TAKEN_BACK,), credits=(_BY_SET_OFF,)),
    Told(K.PAYOUT_CASH, debits=(_RETURNED,), credits=(*_paid_by("payout"), _RETURNED)),
)

_IDS = {account.kind: str(account.id) for account in books(ISSUER, DISTRIBUTOR, SELLER)}
_ALL_IDS = ", ".join(f"'{each}'" for each in _IDS.values())
_HOUSE = f"(SELECT * FROM {ACCOUNT} WHERE id IN ({_ALL_IDS})) house"
_OF_NOBODY = f"""kind <> 'lot' AND id NOT IN ({_ALL_IDS})
    AND greatest(debits_posted, credits_posted, debits_pending, credits_pending) > 0"""


def as_told(accounts: Iterable[Told]) -> tuple[Balance, ...]:
    """That the accounts were debited and credited what is told of them."""
    return tuple(
        Balance((Sum(_HOUSE, side, f"id = '{_IDS[each.kind]}'"),), sums)
        for each in accounts
        for side, sums in (("debits_posted", each.debits), ("credits_posted", each.credits))
        if sums is not None
    )


def otherwise_than_told(accounts: Iterable[Told]) -> str:
    """A part: the accounts that were not."""
    told = " UNION ALL ".join(
        f"SELECT '{_IDS[each.kind]}'::uuid AS id, '{each.kind}' AS kind,"
        f" {_total(each.debits)} AS debits, {_total(each.credits)} AS credits"
        for each in accounts
    )
    return f"""
        SELECT told.id::text AS subject,
            format('%s: debits %s, credits %s; told are %s, %s', told.kind,
                   coalesce(a.debits_posted, 0), coalesce(a.credits_posted, 0), told.debits, told.credits)
                AS fact
        FROM ({told}) told LEFT JOIN ledger.account a ON a.id = told.id
        WHERE coalesce(a.debits_posted, 0) <> told.debits OR coalesce(a.credits_posted, 0) <> told.credits
        """


def _total(sums: tuple[Sum, ...] | None) -> str:
    if sums is None:
        return "NULL::numeric"
    return " + ".join(("0::numeric", *(f"(SELECT {one.sql()} FROM {one.source})" for one in sums)))


NO_OTHERS = Balance((Sum(ACCOUNT, where=_OF_NOBODY),))
OTHERS = f"""
        SELECT id::text AS subject, format('an account of kind %s that nobody has', kind) AS fact
        FROM {ACCOUNT} WHERE {_OF_NOBODY}
        """
"""A part: accounts besides those of the house and lots, with something on them."""
