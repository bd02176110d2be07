"""What the house accounts (all accounts but lots) must have been debited and credited.

The figures come from deposits, payments, orders and refunds. So a transfer under a wrong code is noticed too.
"""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meterai.ledger.model import DISTRIBUTOR, ISSUER, PARTNER_KINDS, SELLER, AccountKind, books
from meterai.operations.invariants.conditions import ITEMS_WITH_ORDERS, PAID_FOR, REVERSED, SETTLED

_FIGURES = f"""
    stock AS (
        SELECT sum(amount) FILTER (WHERE code = 'deposit') AS deposited,
            sum(amount) FILTER (WHERE code = 'issue') AS issued,
            sum(amount) FILTER (WHERE code = 'supply') AS supplied
        FROM ledger.transfer WHERE code IN ('deposit', 'issue', 'supply')
    ), partners AS (
        SELECT sum(pieces) AS issued, sum(returned) AS returned FROM partners.block WHERE giver = '{ISSUER}'
    ), payments AS (  -- an unknown amount counts 1, so that it is noticed
        SELECT sum(coalesce(paid_amount, 1)) FILTER (WHERE {SETTLED}) AS paid,
            sum(coalesce(gateway_cost, 1)) FILTER (WHERE {SETTLED}) AS cost,
            sum(coalesce(paid_amount, 1)) FILTER (WHERE {REVERSED}) AS taken_back
        FROM sales.payment
    ), sold AS (
        SELECT sum(face_value) AS face_value, sum(fee - vat) AS fee, sum(vat) AS vat
        FROM sales.orders WHERE {PAID_FOR}
    ), pieces_back AS (
        SELECT sum(i.refunded_quantity * i.unit_face_value) AS face_value,
            sum(i.refunded_quantity * (i.unit_fee - i.unit_vat)) AS fee,
            sum(i.refunded_quantity * i.unit_vat) AS vat
        FROM {ITEMS_WITH_ORDERS} WHERE i.refunded_quantity > 0
    ), refunds AS (
        SELECT sum(amount) AS owed, sum(quantity) AS pieces,
            sum(amount) FILTER (WHERE item_id IS NULL) AS without_item,
            sum(amount) FILTER (WHERE state = 'paid') AS paid,
            sum(amount) FILTER (WHERE state = 'paid' AND channel = 'gateway') AS paid_by_gateway,
            sum(amount) FILTER (WHERE state = 'paid' AND channel = 'payout') AS paid_by_payout
        FROM sales.refund
    ), payouts AS (
        SELECT sum(amount) AS returned FROM ledger.transfer WHERE code = 'refund_returned'
    ), set_off AS (  -- refunds that were paid by what the bank took back
        SELECT sum(r.amount) AS amount, -sum(r.amount) FILTER (WHERE r.channel = 'gateway') AS not_by_gateway,
            -sum(r.amount) FILTER (WHERE r.channel = 'payout') AS not_by_payout
        FROM (SELECT DISTINCT reference_id FROM ledger.transfer WHERE code = 'reversal') taken_back
        JOIN sales.payment p ON p.order_id = taken_back.reference_id AND ({REVERSED})
        JOIN sales.refund r ON r.order_id = p.order_id AND r.payment_id = p.id AND r.state = 'paid'
            AND r.reference = p.reference
    )"""


class ExpectedTotals(msgspec.Struct, frozen=True):
    """The figures (`query.column` of those above) whose sum an account must have been debited and credited.

    None: part 2 of I3 checks that side.
    """

    kind: AccountKind
    debits: tuple[str, ...] | None = ()
    credits: tuple[str, ...] | None = ()


K = AccountKind
STAMPS = (
    ExpectedTotals(K.ISSUANCE, debits=("stock.issued", "partners.issued"), credits=("partners.returned",)),
    ExpectedTotals(K.DISTRIBUTOR_STOCK, debits=("stock.supplied",), credits=("stock.issued",)),
    ExpectedTotals(K.SELLER_STOCK, debits=None, credits=("stock.supplied", "refunds.pieces")),
    ExpectedTotals(K.USED, credits=None),
)
RUPIAH = (
    ExpectedTotals(K.TREASURY_PREPAID, debits=("stock.deposited",)),
    ExpectedTotals(K.DISTRIBUTOR_FUNDS, credits=("stock.deposited",)),
    ExpectedTotals(
        K.GATEWAY_CLEARING,
        debits=("payments.paid",),
        credits=("payments.cost", "payments.taken_back", "refunds.paid_by_gateway", "set_off.not_by_gateway"),
    ),
    ExpectedTotals(
        K.SUSPENSE,
        debits=("sold.face_value", "sold.fee", "sold.vat", "refunds.without_item"),
        credits=("payments.paid",),
    ),
    ExpectedTotals(K.FACE_VALUE_PAYABLE, debits=("pieces_back.face_value",), credits=("sold.face_value",)),
    ExpectedTotals(K.FEE_INCOME, debits=("pieces_back.fee",), credits=("sold.fee",)),
    ExpectedTotals(K.VAT_PAYABLE, debits=("pieces_back.vat",), credits=("sold.vat",)),
    ExpectedTotals(K.GATEWAY_COST, debits=("payments.cost",)),
    ExpectedTotals(
        K.REFUND_PAYABLE,
        debits=("refunds.paid", "payouts.returned"),
        credits=("refunds.owed", "payouts.returned"),
    ),
    ExpectedTotals(K.RECEIVABLE, debits=("payments.taken_back",), credits=("set_off.amount",)),
    ExpectedTotals(
        K.PAYOUT_CASH,
        debits=("payouts.returned",),
        credits=("refunds.paid_by_payout", "set_off.not_by_payout", "payouts.returned"),
    ),
)

_IDS = {account.kind: str(account.id) for account in books(ISSUER, DISTRIBUTOR, SELLER)}
_ALL_IDS = ", ".join(f"'{each}'" for each in _IDS.values())


def wrong_totals(accounts: Iterable[ExpectedTotals]) -> str:
    """SQL of a part: the accounts that were debited or credited something else than expected."""
    expected = " UNION ALL ".join(
        f"SELECT '{_IDS[each.kind]}'::uuid AS id, '{each.kind}' AS kind,"
        f" {_sum_of(each.debits)} AS debits, {_sum_of(each.credits)} AS credits"
        for each in accounts
    )
    return f"""
        WITH {_FIGURES}
        SELECT expected.id::text AS subject,
            format('%s: debits %s, credits %s; told are %s, %s', expected.kind, coalesce(a.debits_posted, 0),
                   coalesce(a.credits_posted, 0), expected.debits, expected.credits) AS fact
        FROM ({expected}) expected LEFT JOIN ledger.account a ON a.id = expected.id
        WHERE coalesce(a.debits_posted, 0) <> expected.debits
            OR coalesce(a.credits_posted, 0) <> expected.credits
        """


def _sum_of(figures: tuple[str, ...] | None) -> str:
    """SQL: the sum of figures. A query that nothing asks for is not run."""
    if figures is None:
        return "NULL::numeric"
    queries_and_columns = (figure.split(".") for figure in figures)
    return " + ".join(
        (
            "0::numeric",
            *(f"coalesce((SELECT {column} FROM {query}), 0)" for query, column in queries_and_columns),
        )
    )


_PARENTS_KINDS = ", ".join(f"'{kind}'" for kind in (K.CREDIT_GRANTED, K.PARTNER_CASH, K.PARTNER_SALES))
_PARTNERS_KINDS = ", ".join(
    f"'{kind}'" for kind in sorted({*PARTNER_KINDS, K.USED, K.TREASURY_PREPAID, K.DISTRIBUTOR_FUNDS})
)
OTHER_ACCOUNTS = f"""
        SELECT id::text AS subject, format('an account of kind %s that nobody has', kind) AS fact
        FROM ledger.account WHERE kind <> 'lot' AND id NOT IN ({_ALL_IDS})
            AND greatest(debits_posted, credits_posted, debits_pending, credits_pending) > 0
            AND NOT (kind IN ({_PARTNERS_KINDS})
                AND organisation_id IN (SELECT id FROM partners.organisation))
            AND NOT (kind IN ({_PARENTS_KINDS}) AND organisation_id = '{ISSUER}')
        """
"""A part: accounts with something on them that are no lots, no house accounts and not those of partners."""
