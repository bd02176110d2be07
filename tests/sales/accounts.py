"""The seller's accounts, for tests that look at balances."""

from __future__ import annotations

from meterai.ledger.model import (
    SELLER,
    AccountKind,
    account_id,
)

STOCK = account_id(AccountKind.SELLER_STOCK, SELLER)
CLEARING = account_id(AccountKind.GATEWAY_CLEARING, SELLER)
SUSPENSE = account_id(AccountKind.SUSPENSE, SELLER)
FACE_VALUE_PAYABLE = account_id(AccountKind.FACE_VALUE_PAYABLE, SELLER)
FEE_INCOME = account_id(AccountKind.FEE_INCOME, SELLER)
RECEIVABLE = account_id(AccountKind.RECEIVABLE, SELLER)
VAT_PAYABLE = account_id(AccountKind.VAT_PAYABLE, SELLER)
GATEWAY_COST = account_id(AccountKind.GATEWAY_COST, SELLER)
REFUND_PAYABLE = account_id(AccountKind.REFUND_PAYABLE, SELLER)
PAYOUT_CASH = account_id(AccountKind.PAYOUT_CASH, SELLER)
