"""What the house accounts (all accounts but lots) must have been debited and credited.

The figures come from deposits, payments, orders and refunds. So a transfer under a wrong code is noticed too.
"""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meterai.ledger.model import DISTRIBUTOR, ISSUER, PARTNER_KINDS, SELLER, AccountKind, books
from meterai.operations.invariants.conditions import ITEMS_WITH_ORDERS, PAID_FOR, REVERSED, SETTLED

# A line of the bank moves from where it was, at first unexplained, to the account of its explanation.
_MOVED = """SELECT l.amount, e.account AS kind,
        coalesce(lag(e.account) OVER (PARTITION BY e.line_id ORDER BY e.round), 'bank_unexplained') AS before
    FROM accounting.bank_explanation e JOIN accounting.bank_line l ON l.id = e.line_id"""
_EXPLAINED_KINDS = (
    AccountKind.BANK_UNEXPLAINED,
    AccountKind.BANK_TRANSIT,
    AccountKind.PAYOUT_CASH,
    AccountKind.FACE_VALUE_PAYABLE,
    AccountKind.VAT_PAYABLE,
    AccountKind.BANK_COST,
    AccountKind.BANK_OTHER,
)
EXPLAINED = f"""
        SELECT {
    ", ".join(
        f"""sum(abs(amount)) FILTER (WHERE amount > 0 AND {debit} = '{kind}'
            OR amount < 0 AND {credit} = '{kind}') AS {kind}_{side}"""
        for kind in _EXPLAINED_KINDS
        for side, debit, credit in (("debits", "before", "kind"), ("credits", "kind", "before"))
    )
} FROM ({_MOVED}) moved"""

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
    ), reports AS (  -- of gateways
        SELECT sum(payout + payout_withdrawn) AS paid_out, sum(payout_withdrawn) AS withdrawn,
            sum(cost_added) AS cost_added, sum(cost_reduced) AS cost_reduced
        FROM accounting.settlement_report
    ), bank AS (
        SELECT sum(amount) FILTER (WHERE amount > 0) AS came, -sum(amount) FILTER (WHERE amount < 0) AS went
        FROM accounting.bank_line
    ), explained AS ({EXPLAINED})"""


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
        debits=("payments.paid", "reports.withdrawn", "reports.cost_reduced"),
        credits=(
            "payments.cost",
            "payments.taken_back",
            "refunds.paid_by_gateway",
            "set_off.not_by_gateway",
            "reports.paid_out",
            "reports.cost_added",
        ),
    ),
    ExpectedTotals(
        K.SUSPENSE,
        debits=("sold.face_value", "sold.fee", "sold.vat", "refunds.without_item"),
        credits=("payments.paid",),
    ),
    ExpectedTotals(
        K.FACE_VALUE_PAYABLE,
        debits=("pieces_back.face_value", "explained.face_value_payable_debits"),
        credits=("sold.face_value", "explained.face_value_payable_credits"),
    ),
    ExpectedTotals(K.FEE_INCOME, debits=("pieces_back.fee",), credits=("sold.fee",)),
    ExpectedTotals(
        K.VAT_PAYABLE,
        debits=("pieces_back.vat", "explained.vat_payable_debits"),
        credits=("sold.vat", "explained.vat_payable_credits"),
    ),
    ExpectedTotals(
        K.GATEWAY_COST,
        debits=("payments.cost", "reports.cost_added"),
        credits=("reports.cost_reduced",),
    ),
    ExpectedTotals(
        K.REFUND_PAYABLE,
        debits=("refunds.paid", "payouts.returned"),
        credits=("refunds.owed", "payouts.returned"),
    ),
    ExpectedTotals(K.RECEIVABLE, debits=("payments.taken_back",), credits=("set_off.amount",)),
    ExpectedTotals(
        K.PAYOUT_CASH,
        debits=("payouts.returned", "explained.payout_cash_debits"),
        credits=(
            "refunds.paid_by_payout",
            "set_off.not_by_payout",
            "payouts.returned",
            "explained.payout_cash_credits",
        ),
    ),
    ExpectedTotals(
        K.BANK_TRANSIT,
        debits=("reports.paid_out", "explained.bank_transit_debits"),
        credits=("reports.withdrawn", "explained.bank_transit_credits"),
    ),
    ExpectedTotals(K.BANK_CASH, debits=("bank.came",), credits=("bank.went",)),
    ExpectedTotals(
        K.BANK_UNEXPLAINED,
        debits=("bank.went", "explained.bank_unexplained_debits"),
        credits=("bank.came", "explained.bank_unexplained_credits"),
    ),
    *(
        ExpectedTotals(kind, debits=(f"explained.{kind}_debits",), credits=(f"explained.{kind}_credits",))
        for kind in (K.BANK_COST, K.BANK_OTHER)
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
