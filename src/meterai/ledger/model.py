"""Accounts, transfers, and the plan of accounts.

A transfer moves an amount of one unit from its debit account to its credit account. Reservations are
transfers too: `pending` holds the amount, and a later row of kind `post` or `void` that names it ends it.
No row ever changes. Arrows in comments read debit -> credit.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

import msgspec

from meterai.kernel.ids import derived_id

# The organisations every installation has; `customers.organisations` writes their rows (a test compares).
ISSUER = derived_id("organisation", "issuer")
DISTRIBUTOR = derived_id("organisation", "distributor")
SELLER = derived_id("organisation", "seller")


class Unit(StrEnum):
    """What an account counts. A transfer never crosses units."""

    IDR = "IDR"
    STAMP = "STAMP"


class Side(StrEnum):
    """On which side an account's balance must stay; the database refuses what would cross it."""

    CREDIT = "credit"  # never more debited or held than credited: stock, quota, what we owe
    DEBIT = "debit"  # never more credited or held than debited: what we own
    NONE = "none"


class AccountKind(StrEnum):
    """The plan of accounts. Every kind has one unit and one side (`unit_of`, `side_of`)."""

    # STAMP: issuance -> distributor_stock -> seller_stock -> lot -> used; for partners:
    # issuance -> partner_stock -> partner_stock of the next below -> used, each organisation with its own;
    # a serial number that is taken first and stamped later: partner_stock -> unstamped -> used
    ISSUANCE = "issuance"
    DISTRIBUTOR_STOCK = "distributor_stock"
    SELLER_STOCK = "seller_stock"
    LOT = "lot"
    PARTNER_STOCK = "partner_stock"
    UNSTAMPED = "unstamped"
    USED = "used"
    # IDR
    TREASURY_PREPAID = "treasury_prepaid"  # deposited at the treasury; of partners: and not yet drawn
    DISTRIBUTOR_FUNDS = "distributor_funds"
    GATEWAY_CLEARING = "gateway_clearing"  # with the payment gateway, on its way to us
    SUSPENSE = "suspense"  # paid, and not yet known for what
    FACE_VALUE_PAYABLE = "face_value_payable"  # owed to the chain above the seller
    FEE_INCOME = "fee_income"  # service fee without its VAT
    VAT_PAYABLE = "vat_payable"
    GATEWAY_COST = "gateway_cost"  # the gateway's price (MDR)
    REFUND_PAYABLE = "refund_payable"  # owed to customers, at once and by itself
    RECEIVABLE = "receivable"  # owed to us: a bank took the money of used stamps back
    PAYOUT_CASH = "payout_cash"  # from which refunds are paid that the gateway can't carry
    BANK_TRANSIT = "bank_transit"  # paid out by a gateway, not yet seen at our bank
    BANK_CASH = "bank_cash"  # on our bank account, by its statements
    BANK_UNEXPLAINED = "bank_unexplained"  # moved there, and not yet known for what
    BANK_COST = "bank_cost"  # fees and interest of the bank
    BANK_OTHER = "bank_other"  # moved there for what is booked elsewhere
    PARTNER_CASH = "partner_cash"  # what organisations below paid to this one
    PARTNER_SALES = "partner_sales"  # blocks that organisations below have paid
    PARTNER_FUNDS = "partner_funds"  # prepaid at the parent
    CREDIT_GRANTED = "credit_granted"  # to organisations below
    CREDIT_LINE = "credit_line"  # what of the credit is free
    CREDIT_OWED = "credit_owed"  # for blocks on credit


class TransferCode(StrEnum):
    """Why a transfer was made. Corrections are transfers with a code of their own."""

    DEPOSIT = "deposit"
    ISSUE = "issue"
    SUPPLY = "supply"
    RESERVE_SALE = "reserve_sale"
    SALE = "sale"
    RELEASE_SALE = "release_sale"
    PAYMENT = "payment"
    SALE_FACE_VALUE = "sale_face_value"
    SALE_FEE = "sale_fee"
    SALE_VAT = "sale_vat"
    GATEWAY_COST = "gateway_cost"
    GATEWAY_COST_DIFFERENCE = "gateway_cost_difference"
    GATEWAY_PAYOUT = "gateway_payout"
    BANK_RECEIPT = "bank_receipt"
    BANK_EXPLAINED = "bank_explained"
    RESERVE_STAMPING = "reserve_stamping"
    STAMPING = "stamping"
    RELEASE_STAMPING = "release_stamping"
    TAKE_SERIAL = "take_serial"
    STAMP_SERIAL = "stamp_serial"
    RETURN_SERIAL = "return_serial"
    REFUND_QUOTA = "refund_quota"
    REFUND_FACE_VALUE = "refund_face_value"
    REFUND_FEE = "refund_fee"
    REFUND_VAT = "refund_vat"
    REFUND_SUSPENSE = "refund_suspense"
    REFUND_PAID = "refund_paid"
    REFUND_RETURNED = "refund_returned"
    REVERSAL = "reversal"
    PARTNER_DEPOSIT = "partner_deposit"
    DEPOSIT_USED = "deposit_used"
    DEPOSIT_FREED = "deposit_freed"
    BLOCK_ISSUE = "block_issue"
    BLOCK = "block"
    BLOCK_PAID = "block_paid"
    BLOCK_RETURN = "block_return"
    BLOCK_REPAID = "block_repaid"
    CREDIT_GRANT = "credit_grant"
    CREDIT_CUT = "credit_cut"
    CREDIT_TAKEN = "credit_taken"
    CREDIT_FREED = "credit_freed"
    CREDIT_PAID = "credit_paid"
    PARTNER_PAYMENT = "partner_payment"
    PARTNER_PREPAID = "partner_prepaid"


_STAMP_KINDS = {
    AccountKind.ISSUANCE,
    AccountKind.DISTRIBUTOR_STOCK,
    AccountKind.SELLER_STOCK,
    AccountKind.LOT,
    AccountKind.PARTNER_STOCK,
    AccountKind.UNSTAMPED,
    AccountKind.USED,
}
_FREE_KINDS = {
    AccountKind.ISSUANCE,
    AccountKind.DISTRIBUTOR_FUNDS,
    AccountKind.GATEWAY_CLEARING,
    AccountKind.GATEWAY_COST,
    AccountKind.PAYOUT_CASH,
    AccountKind.BANK_TRANSIT,
    AccountKind.BANK_CASH,
    AccountKind.BANK_UNEXPLAINED,
    AccountKind.BANK_COST,
    AccountKind.BANK_OTHER,
    AccountKind.PARTNER_CASH,
    AccountKind.CREDIT_GRANTED,
}
PARTNER_KINDS = frozenset(
    {
        AccountKind.PARTNER_STOCK,
        AccountKind.UNSTAMPED,
        AccountKind.PARTNER_CASH,
        AccountKind.PARTNER_SALES,
        AccountKind.PARTNER_FUNDS,
        AccountKind.CREDIT_GRANTED,
        AccountKind.CREDIT_LINE,
        AccountKind.CREDIT_OWED,
    }
)
"""Kinds that only partners have, and the issuer as their parent (`partners.add_organisation`)."""


def unit_of(kind: AccountKind) -> Unit:
    """The unit that accounts of this kind count."""
    return Unit.STAMP if kind in _STAMP_KINDS else Unit.IDR


def side_of(kind: AccountKind) -> Side:
    """The side on which balances of this kind must stay."""
    if kind in (AccountKind.TREASURY_PREPAID, AccountKind.RECEIVABLE):
        return Side.DEBIT
    return Side.NONE if kind in _FREE_KINDS else Side.CREDIT


def account_id(kind: AccountKind, organisation_id: uuid.UUID) -> uuid.UUID:
    """The id of the one account of this kind that an organisation has. Lots: see `lot_account_id`."""
    assert kind is not AccountKind.LOT, "an organisation has many lots"
    return derived_id("account", kind, organisation_id)


def lot_account_id(item_id: uuid.UUID) -> uuid.UUID:
    """The id of the quota lot that an order's item buys."""
    return derived_id("lot", item_id)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account to open. `customer_id`: of quota lots, and the account holder of a partner's stock."""

    id: uuid.UUID
    kind: AccountKind
    organisation_id: uuid.UUID
    customer_id: uuid.UUID | None = None


def account(kind: AccountKind, organisation_id: uuid.UUID) -> Account:
    """The account of this kind that belongs to an organisation."""
    return Account(id=account_id(kind, organisation_id), kind=kind, organisation_id=organisation_id)


def books(issuer: uuid.UUID, distributor: uuid.UUID, seller: uuid.UUID) -> list[Account]:
    """Every account a chain of issuer, distributor and seller needs, but for lots and those of partners."""
    owner = {
        AccountKind.ISSUANCE: issuer,
        AccountKind.DISTRIBUTOR_STOCK: distributor,
        AccountKind.TREASURY_PREPAID: distributor,
        AccountKind.DISTRIBUTOR_FUNDS: distributor,
    }
    return [
        account(kind, owner.get(kind, seller))
        for kind in AccountKind
        if kind is not AccountKind.LOT and kind not in PARTNER_KINDS
    ]
