"""What may go wrong at the gateway, by script: for all charges, or for one order id."""

from __future__ import annotations

import msgspec


class Faults(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Zero and false: nothing goes wrong. Fields ending in `_next` count calls and run down to zero."""

    # notices
    notice_delay_seconds: float = 0
    notice_copies: int = 1  # how often each notice is sent
    notice_lost: bool = False
    notice_forged: bool = False  # signed with another key
    notice_reordered: bool = False  # after the settlement's notice a stale "pending" follows
    notice_amount: int = 0  # the notice names this amount, rightly signed
    # the API
    charge_fails_next: int = 0  # 500 before anything happened
    charge_answer_lost_next: int = 0  # charged, then the connection is cut
    charge_in_process_next: int = 0  # 202: an earlier request under the same key is still being done
    charge_delay_seconds: float = 0
    status_fails_next: int = 0
    status_delay_seconds: float = 0
    status_huge_next: int = 0  # an answer of 100 MB
    status_redirect_next: int = 0  # 302 to a machine inside
    status_garbled_next: int = 0  # 200 with HTML
    refund_fails_next: int = 0
    refund_answer_lost_next: int = 0  # refunded, then the connection is cut
    refund_in_process_next: int = 0
    refund_later_next: int = 0  # 414: the merchant's balance is short
    refund_refused: bool = False  # for good
    wallet_closed: bool = False  # ShopeePay gives nothing back, as each night from 23.55 to 06.00
    payout_fails_next: int = 0
    payout_answer_lost_next: int = 0
    payout_fell_through_next: int = 0  # 016: the merchant's balance is short
    payout_unapproved: bool = False  # what is ordered stays queued for as long as this is set
    payout_rejected: bool = False  # ordered payouts end as failed
    payout_delay_seconds: float = 0.5  # from queued to completed
    payout_returned_seconds: float = 0  # seconds after which the bank sends a completed payout back
    forget_idempotency_keys: bool = False
    # BI-SNAP alone; tokens are for all charges
    token_fails_next: int = 0
    token_ended_next: int = 0  # 401xx01: the token is not known any more
    # money
    paid_amount: int = 0  # the payer's bank moves this amount instead
    pay_after_expiry: bool = False  # an expired or cancelled charge can still be paid
    other_app: bool = False  # another app than GoPay's scans its code: the charge turns into one of QRIS
    reversal: str = ""  # "deny" | "chargeback": the settled payment is taken back ...
    reversal_seconds: float = 1  # ... this many seconds after it was settled
    # the settlement report
    report_late: bool = False  # no report comes
    report_leaves_out: bool = False  # it does not name the charge
    report_amount: int = 0  # it names this amount
    report_fee: int = 0  # it names this fee


class FaultScript:
    """The faults in force: a charge's own ones, else the global ones."""

    def __init__(self) -> None:
        self.everywhere = Faults()
        self.by_order: dict[str, Faults] = {}

    def of(self, order_id: str) -> Faults:
        """The faults that apply to a charge."""
        return self.by_order.get(order_id, self.everywhere)

    def take(self, order_id: str, name: str) -> bool:
        """Whether the counted fault `name` fires now; counts it down."""
        faults = self.of(order_id)
        left: int = getattr(faults, name)
        if left > 0:
            setattr(faults, name, left - 1)
        return left > 0

    def set(self, order_id: str | None, faults: Faults) -> None:
        """Replaces the faults of one charge, or the global ones; without an order id, forgets all others."""
        if order_id is None:
            self.everywhere = faults
            self.by_order.clear()
            return
        if len(self.by_order) >= 10_000:
            self.by_order.pop(next(iter(self.by_order)))
        self.by_order[order_id] = faults
