"""Orders, items, payments, refunds: their states and the legal moves between them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

STAMPS_PER_DOCUMENT_MAX = 10


DOCUMENTS_PER_ORDER_MAX = 10


UNPAID_PIECES_MAX = 200
"""How many stamps the unpaid orders of one customer may hold, large orders aside."""


LARGE_PIECES_MAX = 10_000
"""The pieces of quota in the largest order: above `UNPAID_PIECES_MAX` its buyer needs an NPWP."""


def is_large(pieces: int) -> bool:
    """Whether an order of `pieces` stamps needs a buyer with an NPWP, who pays by virtual account."""
    return pieces > UNPAID_PIECES_MAX


class Flow(StrEnum):
    """What an order is for."""

    STAMP = "stamp"  # buy and stamp in one go
    QUOTA = "quota"  # buy now, stamp later


class OrderState(StrEnum):
    """Where an order stands. The page of each state names the next step (I20)."""

    DRAFT = "draft"  # being filled in
    AWAITING_PAYMENT = "awaiting_payment"  # placed: stock is reserved, a payment is open or can be opened
    PAID = "paid"  # credited; documents are being stamped
    COMPLETED = "completed"  # every item has ended
    EXPIRED = "expired"  # not paid in time; money that still comes is fulfilled or returned
    CANCELLED = "cancelled"  # by the customer; money that still comes is returned


class OrderTransition(StrEnum):
    """What moves an order."""

    PLACE = "place"
    PAY = "pay"
    COMPLETE = "complete"
    EXPIRE = "expire"
    CANCEL = "cancel"
    REPLACE = "replace"  # a refused document was replaced by another


ORDER_MOVES: Mapping[tuple[OrderState, OrderTransition], OrderState] = {
    (OrderState.DRAFT, OrderTransition.PLACE): OrderState.AWAITING_PAYMENT,
    (OrderState.DRAFT, OrderTransition.CANCEL): OrderState.CANCELLED,
    (OrderState.AWAITING_PAYMENT, OrderTransition.PAY): OrderState.PAID,
    (OrderState.AWAITING_PAYMENT, OrderTransition.EXPIRE): OrderState.EXPIRED,
    (OrderState.AWAITING_PAYMENT, OrderTransition.CANCEL): OrderState.CANCELLED,
    (OrderState.EXPIRED, OrderTransition.PAY): OrderState.PAID,  # late, and stock exists
    (OrderState.PAID, OrderTransition.COMPLETE): OrderState.COMPLETED,
    (OrderState.PAID, OrderTransition.REPLACE): OrderState.PAID,
    (OrderState.COMPLETED, OrderTransition.REPLACE): OrderState.PAID,
}


class ItemState(StrEnum):
    """Where an item of an order stands."""

    WAITING = "waiting"  # for the payment
    STAMPING = "stamping"
    DONE = "done"  # stamped, or quota ready to use
    REFUSED = "refused"  # the document can't be stamped; its quota is unused
    REFUNDING = "refunding"  # all of it given back, money on its way
    REFUNDED = "refunded"


class ItemTransition(StrEnum):
    """What moves an item."""

    START = "start"
    CREDIT = "credit"
    STAMP = "stamp"
    REFUSE = "refuse"
    REPLACE = "replace"
    REFUND = "refund"
    REFUND_PAID = "refund_paid"
    REFUND_RETURNED = "refund_returned"  # the bank sent it back to us


ITEM_MOVES: Mapping[tuple[ItemState, ItemTransition], ItemState] = {
    (ItemState.WAITING, ItemTransition.START): ItemState.STAMPING,
    (ItemState.WAITING, ItemTransition.CREDIT): ItemState.DONE,
    (ItemState.STAMPING, ItemTransition.STAMP): ItemState.DONE,
    (ItemState.STAMPING, ItemTransition.REFUSE): ItemState.REFUSED,
    (ItemState.REFUSED, ItemTransition.REPLACE): ItemState.STAMPING,
    (ItemState.REFUSED, ItemTransition.REFUND): ItemState.REFUNDING,
    (ItemState.DONE, ItemTransition.REFUND): ItemState.REFUNDING,  # quota only, all of it unused
    (ItemState.REFUNDING, ItemTransition.REFUND_PAID): ItemState.REFUNDED,
    (ItemState.REFUNDED, ItemTransition.REFUND_RETURNED): ItemState.REFUNDING,
}


class PaymentState(StrEnum):
    """Where one attempt to pay stands."""

    CREATING = "creating"  # the gateway was asked, its answer is not here yet
    PENDING = "pending"
    SETTLED = "settled"  # the money came and is booked; `PaymentOutcome` says for what
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"  # the gateway took no such payment
    REVERSED = "reversed"  # the money was taken back without us


ASKED_FOR = timedelta(days=3)
"""How long after its end the gateway is asked about an attempt without money, which may come late."""


class PaymentTransition(StrEnum):
    """What moves a payment."""

    CHARGE = "charge"
    SETTLE = "settle"
    EXPIRE = "expire"
    CANCEL = "cancel"
    FAIL = "fail"
    REVERSE = "reverse"


PAYMENT_MOVES: Mapping[tuple[PaymentState, PaymentTransition], PaymentState] = {
    (PaymentState.CREATING, PaymentTransition.CHARGE): PaymentState.PENDING,
    (PaymentState.SETTLED, PaymentTransition.REVERSE): PaymentState.REVERSED,
    # Money may come whatever we had written before: late, after a cancellation, after a lost answer.
    **{
        (state, PaymentTransition.SETTLE): PaymentState.SETTLED
        for state in PaymentState
        if state not in (PaymentState.SETTLED, PaymentState.REVERSED)
    },
    **{
        (state, transition): after
        for state in (PaymentState.CREATING, PaymentState.PENDING)
        for transition, after in (
            (PaymentTransition.EXPIRE, PaymentState.EXPIRED),
            (PaymentTransition.CANCEL, PaymentState.CANCELLED),
            (PaymentTransition.FAIL, PaymentState.FAILED),
        )
    },
}


OPEN_PAYMENTS = frozenset({PaymentState.CREATING, PaymentState.PENDING})


class PaymentOutcome(StrEnum):
    """What a settled payment was booked for."""

    CREDITED = "credited"
    REFUNDED_LATE = "refunded_late"  # the order had ended, and nothing was left to sell
    REFUNDED_AMOUNT = "refunded_amount"  # another amount than the order's
    REFUNDED_DOUBLE = "refunded_double"  # the order was paid already


class RefundState(StrEnum):
    """Where a refund stands. It is owed from its first state on."""

    NEEDS_ACCOUNT = "needs_account"  # the gateway can't return it: the customer names a bank account
    PAYABLE = "payable"
    SENT = "sent"  # the payout provider has it
    PAID = "paid"  # a payout may still come back: the provider is asked for some days


class RefundTransition(StrEnum):
    """What moves a refund."""

    NAME_ACCOUNT = "name_account"
    STOP = "stop"  # by the customer, before the payout is ordered
    SEND = "send"
    PAY = "pay"
    REFUSE = "refuse"  # by gateway or bank, for good: an account, or another one, is needed
    GO_AGAIN = "go_again"  # the payout failed, and not for the account: another one goes there
    RETURN = "return"  # the bank sent back what had arrived: another account is needed
    SET_OFF = "set_off"  # the bank took the payment back before we returned it


REFUND_MOVES: Mapping[tuple[RefundState, RefundTransition], RefundState] = {
    (RefundState.NEEDS_ACCOUNT, RefundTransition.NAME_ACCOUNT): RefundState.PAYABLE,
    (RefundState.NEEDS_ACCOUNT, RefundTransition.SET_OFF): RefundState.PAID,
    (RefundState.PAYABLE, RefundTransition.NAME_ACCOUNT): RefundState.PAYABLE,  # another one, in time
    (RefundState.PAYABLE, RefundTransition.STOP): RefundState.NEEDS_ACCOUNT,
    (RefundState.PAYABLE, RefundTransition.SET_OFF): RefundState.PAID,
    (RefundState.PAYABLE, RefundTransition.SEND): RefundState.SENT,
    (RefundState.PAYABLE, RefundTransition.PAY): RefundState.PAID,
    (RefundState.PAYABLE, RefundTransition.REFUSE): RefundState.NEEDS_ACCOUNT,
    (RefundState.PAYABLE, RefundTransition.GO_AGAIN): RefundState.PAYABLE,
    (RefundState.SENT, RefundTransition.PAY): RefundState.PAID,
    (RefundState.SENT, RefundTransition.REFUSE): RefundState.NEEDS_ACCOUNT,
    (RefundState.SENT, RefundTransition.GO_AGAIN): RefundState.PAYABLE,
    (RefundState.PAID, RefundTransition.RETURN): RefundState.NEEDS_ACCOUNT,
}


PAYOUT_UNSURE = "payout.unsure"
"""The payout may have gone out long ago: its provider would not recognise a repeat."""


PAYOUT_MISMATCH = "payout.mismatch"
"""The provider had the payout's id before, with other content, at an unknown time."""


PAYOUT_MISSING = "payout.missing"
"""The provider took the payout and does not know it now."""


PAYOUT_UNAPPROVED = "payout.unapproved"
"""The provider took the payout and keeps it until somebody approves it there."""


PAYOUT_UNCOVERED = "payout.uncovered"
"""The gateway says that the payment never came, or is gone."""


REFUND_STOPPED = "refund.stopped"
"""The customer stopped the payout to the account that had been named."""


IN_DOUBT = (
    "gateway.refund_mismatch",
    PAYOUT_MISMATCH,
    PAYOUT_UNSURE,
    PAYOUT_MISSING,
    PAYOUT_UNAPPROVED,
    PAYOUT_UNCOVERED,
)
"""The failures for which a refund waits for an officer. With all but the last two, its money went out in
another way, or may have."""


class RefundReason(StrEnum):
    """Why money goes back."""

    CUSTOMER = "customer"  # unused quota, at the customer's wish
    GIVEN = "given"  # unused stamps, by the decision of two officers
    REFUSED = "refused"  # a document that could not be stamped
    LATE = "late"
    WRONG_AMOUNT = "wrong_amount"
    DOUBLE = "double"
    REVERSED = "reversed"  # unused stamps of a payment that the bank took back: set off against it


class RefundChannel(StrEnum):
    """How money goes back."""

    GATEWAY = "gateway"
    PAYOUT = "payout"


def refund_key(refund_id: uuid.UUID, channel: RefundChannel, attempt: int) -> str:
    """The id under which a refund goes out, so that a repeat pays once.

    `attempt`: the refund's `round`. A payout to another account has another round.
    """
    return refund_id.hex if channel is RefundChannel.GATEWAY else f"{refund_id.hex}-{attempt}"


def refund_channel(payment_channel: str) -> RefundChannel:
    """How money paid over this channel goes back: bank transfers can't be returned by the gateway."""
    return RefundChannel.PAYOUT if payment_channel.startswith("va_") else RefundChannel.GATEWAY


def next_order_state(state: str, transition: OrderTransition) -> OrderState:
    """The state after `transition`. An illegal move is a bug: use cases refuse it before, with a code."""
    after = ORDER_MOVES.get((OrderState(state), transition))
    assert after is not None, f"order: {transition} in {state}"
    return after


def next_item_state(state: str, transition: ItemTransition) -> ItemState:
    """The state after `transition`; see `next_order_state`."""
    after = ITEM_MOVES.get((ItemState(state), transition))
    assert after is not None, f"item: {transition} in {state}"
    return after


def next_payment_state(state: str, transition: PaymentTransition) -> PaymentState:
    """The state after `transition`; see `next_order_state`."""
    after = PAYMENT_MOVES.get((PaymentState(state), transition))
    assert after is not None, f"payment: {transition} in {state}"
    return after


def next_refund_state(state: str, transition: RefundTransition) -> RefundState:
    """The state after `transition`; see `next_order_state`."""
    after = REFUND_MOVES.get((RefundState(state), transition))
    assert after is not None, f"refund: {transition} in {state}"
    return after
