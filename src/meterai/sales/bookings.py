"""The transfers of each step of an order. Arrows read debit -> credit.

A transfer's id is made from what it settles, so that a step done twice books once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from meterai.kernel.ids import derived_id
from meterai.ledger.model import (
    SELLER,
    Account,
    AccountKind,
    Transfer,
    TransferCode,
    account_id,
    lot,
    lot_account_id,
    move,
    post_reservation,
    reserve,
    void_reservation,
)
from meterai.sales.order import Item, Order, Payment, Refund

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


def lots_of(order: Order) -> list[Account]:
    """The quota lots that the order's items will buy."""
    assert order.customer_id is not None
    return [lot(item.id, organisation_id=SELLER, customer_id=order.customer_id) for item in order.items]


def reservations(order: Order, expires_at: datetime) -> list[Transfer]:
    """Holds the order's stamps: seller's stock -> lot, one reservation per item."""
    return [
        reserve(
            reservation_id(item),
            TransferCode.RESERVE_SALE,
            debit=STOCK,
            credit=lot_account_id(item.id),
            amount=item.quantity,
            reference_id=order.id,
            organisation_id=SELLER,
            expires_at=expires_at,
        )
        for item in order.items
    ]


def reservation_id(item: Item) -> uuid.UUID:
    """The id of the reservation that holds an item's stamps until it is paid."""
    return derived_id("reserve-sale", item.id)


def release(order: Order) -> list[Transfer]:
    """Frees the stamps of an order that ended without money."""
    return [
        void_reservation(
            derived_id("release-sale", item.id),
            TransferCode.RELEASE_SALE,
            pending_id=reservation_id(item),
            reference_id=order.id,
            organisation_id=SELLER,
        )
        for item in order.items
    ]


def receive_payment(order: Order, payment: Payment, amount: int, cost: int) -> list[Transfer]:
    """Money with the gateway: clearing -> suspense; what the gateway keeps: cost -> clearing."""
    return _moves(
        order,
        [
            ("payment", TransferCode.PAYMENT, payment.id, CLEARING, SUSPENSE, amount),
            ("gateway-cost", TransferCode.GATEWAY_COST, payment.id, GATEWAY_COST, CLEARING, cost),
        ],
    )


def sale(order: Order, *, late: bool) -> list[Transfer]:
    """The order's money: suspense -> face value, fee, VAT; its stamps: held, or (late) from stock."""
    money = _moves(
        order,
        [
            (
                "sale-face",
                TransferCode.SALE_FACE_VALUE,
                order.id,
                SUSPENSE,
                FACE_VALUE_PAYABLE,
                order.face_value,
            ),
            ("sale-fee", TransferCode.SALE_FEE, order.id, SUSPENSE, FEE_INCOME, order.fee - order.vat),
            ("sale-vat", TransferCode.SALE_VAT, order.id, SUSPENSE, VAT_PAYABLE, order.vat),
        ],
    )
    return money + (_late_stamps(order) if late else _held_stamps(order))


def _held_stamps(order: Order) -> list[Transfer]:
    return [
        post_reservation(
            derived_id("sale", item.id),
            TransferCode.SALE,
            pending_id=reservation_id(item),
            reference_id=order.id,
            organisation_id=SELLER,
        )
        for item in order.items
    ]


def _late_stamps(order: Order) -> list[Transfer]:
    return _moves(
        order,
        [
            ("late-sale", TransferCode.SALE, item.id, STOCK, lot_account_id(item.id), item.quantity)
            for item in order.items
        ],
    )


def owe_suspense(order: Order, payment: Payment, amount: int) -> list[Transfer]:
    """Money that bought nothing: suspense -> owed to the payer."""
    return _moves(
        order,
        [("refund-suspense", TransferCode.REFUND_SUSPENSE, payment.id, SUSPENSE, REFUND_PAYABLE, amount)],
    )


def owe_quota(order: Order, item: Item, refund_id: uuid.UUID, pieces: int) -> list[Transfer]:
    """Unused stamps: lot -> stock; their whole price, fee and VAT included -> owed to the customer."""
    fee = (item.unit_fee - item.unit_vat) * pieces
    return _moves(
        order,
        [
            ("refund-quota", TransferCode.REFUND_QUOTA, refund_id, lot_account_id(item.id), STOCK, pieces),
            (
                "refund-face",
                TransferCode.REFUND_FACE_VALUE,
                refund_id,
                FACE_VALUE_PAYABLE,
                REFUND_PAYABLE,
                item.unit_face_value * pieces,
            ),
            ("refund-fee", TransferCode.REFUND_FEE, refund_id, FEE_INCOME, REFUND_PAYABLE, fee),
            (
                "refund-vat",
                TransferCode.REFUND_VAT,
                refund_id,
                VAT_PAYABLE,
                REFUND_PAYABLE,
                item.unit_vat * pieces,
            ),
        ],
    )


def pay_refund(order: Order, refund: Refund, *, by_gateway: bool) -> list[Transfer]:
    """A refund paid: owed -> the gateway's clearing, or the payout account. Once for each account tried."""
    source = CLEARING if by_gateway else PAYOUT_CASH
    name = f"refund-paid-{refund.round}"
    return _moves(order, [(name, TransferCode.REFUND_PAID, refund.id, REFUND_PAYABLE, source, refund.amount)])


def return_refund(order: Order, refund: Refund) -> list[Transfer]:
    """A payout that the bank sent back: the payout account -> owed, as before."""
    name = f"refund-returned-{refund.round}"
    return _moves(
        order, [(name, TransferCode.REFUND_RETURNED, refund.id, PAYOUT_CASH, REFUND_PAYABLE, refund.amount)]
    )


def reverse_payment(order: Order, payment: Payment) -> list[Transfer]:
    """Money that a bank took back out of the gateway: owed to us -> clearing."""
    assert payment.paid_amount is not None
    return _moves(
        order,
        [("reversal", TransferCode.REVERSAL, payment.id, RECEIVABLE, CLEARING, payment.paid_amount)],
    )


def set_off(order: Order, refund_id: uuid.UUID, amount: int) -> list[Transfer]:
    """What we owe for stamps taken back pays what is owed to us: owed by us -> owed to us."""
    return _moves(
        order, [("refund-set-off", TransferCode.REFUND_PAID, refund_id, REFUND_PAYABLE, RECEIVABLE, amount)]
    )


type _Line = tuple[str, TransferCode, uuid.UUID, uuid.UUID, uuid.UUID, int]


def _moves(order: Order, lines: Iterable[_Line]) -> list[Transfer]:
    """Transfers of (name, code, what they settle, debit, credit, amount); an amount of 0 moves nothing."""
    return [
        move(
            derived_id(name, settled_id),
            code,
            debit=debit,
            credit=credit,
            amount=amount,
            reference_id=order.id,
            organisation_id=SELLER,
        )
        for name, code, settled_id, debit, credit, amount in lines
        if amount > 0
    ]
