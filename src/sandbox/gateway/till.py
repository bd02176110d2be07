"""What the gateway does: open, pay, expire, cancel, refund, reverse charges. Each change sends a notice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from sandbox.gateway import channels
from sandbox.gateway.charges import Book, Payment, RefundMade, new_transaction_id
from sandbox.gateway.faults import FaultScript
from sandbox.gateway.notice_queue import NoticeQueue

IDEMPOTENCY_SECONDS = 300
_MOVES = {
    "settlement": {"pending"},
    "expire": {"pending"},
    "cancel": {"pending"},
    "deny": {"pending", "settlement"},
    "refund": {"settlement", "partial_refund"},
    "partial_refund": {"settlement", "partial_refund"},
    "chargeback": {"settlement", "partial_refund"},
}


class GatewayError(Exception):
    """An answer of Midtrans that is no success: its status_code and status_message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Till:
    """The gateway's behaviour, apart from HTTP."""

    def __init__(
        self, book: Book, script: FaultScript, sender: NoticeQueue, clock: Callable[[], float] = time.time
    ) -> None:
        self.book = book
        self.script = script
        self.sender = sender
        self.clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def charge(
        self,
        *,
        order_id: str,
        channel: str,
        amount: int,
        name: str,
        expires_at: float,
        bank: str = "",
        idempotency_key: str = "",
        va_number: str = "",
    ) -> Payment:
        """Opens a charge. A repeat under the same Idempotency-Key gives the first answer, for five minutes.

        `va_number`: that of a merchant who numbers its virtual accounts itself.

        Raises: GatewayError 406 for an order id that was used.
        """
        now = self.clock()
        known = self.book.find(order_id)
        if known is not None:
            fresh = now - known.created_at < IDEMPOTENCY_SECONDS and bool(idempotency_key)
            remembered = fresh and not self.script.of(order_id).forget_idempotency_keys
            if remembered and known.idempotency_key == idempotency_key and known.amount == amount:
                return known
            raise GatewayError(406, "order_id has already been utilized previously")
        payment = Payment(
            transaction_id=new_transaction_id(),
            order_id=order_id,
            channel=channel,
            bank=bank,
            va_number=va_number,
            amount=amount,
            name=name,
            created_at=now,
            expires_at=expires_at,
            idempotency_key=idempotency_key,
        )
        channels.give_means(payment)
        self.book.add(payment)
        return payment

    def find(self, key: str) -> Payment:
        """A charge by order id, transaction id or virtual account number, expired if its time is over.

        Raises: GatewayError 404.
        """
        payment = self.book.find(key)
        if payment is None:
            raise GatewayError(404, "Transaction doesn't exist.")
        if payment.status == "pending" and payment.expires_at <= self.clock():
            self._move(payment, "expire")
        return payment

    def pay(self, payment: Payment, *, amount: int = 0) -> Payment:
        """A person pays. Raises: GatewayError 412 when it can't be paid (any more)."""
        faults = self.script.of(payment.order_id)
        if payment.status in ("expire", "cancel") and faults.pay_after_expiry:
            payment.status = "pending"
        if payment.status != "pending":
            raise GatewayError(412, "Transaction can not be paid in its state")
        if payment.channel == "gopay" and faults.other_app:
            payment.channel = "qris"
        paid = amount or faults.paid_amount
        payment.paid_amount = paid if paid != payment.amount else 0
        payment.settled_at = self.clock()
        self._move(payment, "settlement")
        if faults.reversal:
            self._later(self._reverse_later(payment.transaction_id, faults.reversal, faults.reversal_seconds))
        return payment

    def expire(self, payment: Payment) -> Payment:
        """Closes an open charge. Raises: GatewayError 412."""
        return self._move(payment, "expire")

    def cancel(self, payment: Payment) -> Payment:
        """Cancels an open charge. Raises: GatewayError 412."""
        return self._move(payment, "cancel")

    def reverse(self, payment: Payment, how: str) -> Payment:
        """The provider takes the money back: "deny" or "chargeback". Raises: GatewayError 412."""
        return self._move(payment, how)

    def refund(
        self, payment: Payment, *, refund_key: str, amount: int, reason: str, directly: bool = True
    ) -> RefundMade:
        """Returns money. The same key and amount again is the same refund.

        Raises: GatewayError 418 not on this way, 414 not now, 406 key used for another amount, 412 else.
        """
        made = next((r for r in payment.refunds if r.refund_key == refund_key), None)
        if made is not None:
            if made.amount != amount:
                raise GatewayError(406, "Refund key is used for another amount")
            return made
        if not channels.is_refundable(payment.channel, directly=directly):
            raise GatewayError(418, "Payment provider doesn't support refund for this payment type")
        left = (payment.paid_amount or payment.amount) - payment.refunded
        if payment.status not in _MOVES["refund"] or not 0 < amount <= left:
            raise GatewayError(412, "Transaction status cannot be updated.")
        if self.script.of(payment.order_id).refund_refused:
            raise GatewayError(412, "Transaction status cannot be updated.")
        if self.script.take(payment.order_id, "refund_later_next"):
            raise GatewayError(414, "Refund rejected due to insufficient merchant balance")
        if payment.channel == "shopeepay" and self.script.of(payment.order_id).wallet_closed:
            raise GatewayError(412, "Refund is rejected by the payment provider.")
        made = RefundMade(refund_key, amount, reason[:255], len(payment.refunds) + 1, self.clock())
        payment.refunds.append(made)
        self._move(payment, "refund" if amount == left else "partial_refund")
        return made

    async def expire_overdue(self) -> None:
        """Expires charges whose time is over, once a second, for ever."""
        while True:
            for payment in self.book.overdue(self.clock()):
                self._move(payment, "expire")
            await asyncio.sleep(1)

    async def close(self) -> None:
        """Stops what was to happen later."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _move(self, payment: Payment, status: str) -> Payment:
        if payment.status not in _MOVES.get(status, ()):
            raise GatewayError(412, "Transaction status cannot be updated.")
        payment.status = status
        self.book.save(payment)
        self.sender.announce(payment, self.script.of(payment.order_id))
        return payment

    async def _reverse_later(self, transaction_id: str, how: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        payment = self.book.find(transaction_id)
        if payment is not None and payment.status in _MOVES.get(how, ()):
            self.reverse(payment, how)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
