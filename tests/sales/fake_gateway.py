"""A payment gateway and a payout provider in memory, with switches for what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.ports import (
    Channel,
    Charge,
    ChargeRequest,
    GatewayState,
    GatewayStatus,
    Notice,
    PayoutRequest,
    PayoutResult,
    PayoutState,
    RefundResult,
)
from meterai.sales.prices import ChannelCost


@dataclass
class Held:
    """A charge at the gateway."""

    request: ChargeRequest
    state: GatewayState = GatewayState.PENDING
    paid: int = 0
    refunds: dict[str, int] = field(default_factory=dict)


class FakeGateway:
    """PaymentGateway. `down`: nothing is answered. `in_trouble`: its breaker is open. `lose_answers`: the
    number of charges that are opened without an answer. `refuses`: how every call is answered."""

    name = "fake"
    costs: Mapping[Channel, ChannelCost] = {
        channel: ChannelCost(flat=4_000) if channel.is_virtual_account else ChannelCost(basis_points=70)
        for channel in Channel
    }
    notice_paths = frozenset({"/notices"})

    def __init__(self) -> None:
        self.charges: dict[str, Held] = {}
        self.down = False
        self.in_trouble = False
        self.lose_answers = 0
        self.refuse_charge: Refusal | None = None
        self.refuse_refund: Refusal | None = None
        self.refuses: Refusal | None = None
        self.on_expire: Callable[[str], None] | None = None
        self.calls: list[str] = []

    @property
    def is_healthy(self) -> bool:
        return not self.in_trouble

    def pay(self, reference: str, amount: int | None = None) -> None:
        """A person pays, whatever the charge's state is: banks do."""
        held = self.charges[reference]
        held.state, held.paid = GatewayState.SETTLED, amount or held.request.amount

    async def create_charge(self, request: ChargeRequest) -> Charge:
        self._called("create_charge")
        if self.refuse_charge is not None:
            raise self.refuse_charge
        held = self.charges.setdefault(request.reference, Held(request))
        assert held.request == request, "a repeat must ask the same"
        if self.lose_answers:
            self.lose_answers -= 1
            raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable")
        qris = request.channel is Channel.QRIS
        return Charge(
            reference=request.reference,
            transaction_id=f"tx-{request.reference}".lower(),
            channel=request.channel,
            amount=request.amount,
            state=held.state,
            qr_text=f"QR {request.reference}" if qris else "",
            va_number="" if qris else "9881234567890",
        )

    async def get_status(self, reference: str) -> GatewayStatus:
        self._called("get_status")
        held = self.charges.get(reference)
        if held is None:
            return GatewayStatus(reference=reference, state=GatewayState.MISSING)
        return GatewayStatus(
            reference=reference,
            state=held.state,
            transaction_id=f"tx-{reference}".lower(),
            amount=Rupiah(held.paid or held.request.amount),
            refunded=Rupiah(sum(held.refunds.values())),
            channel=held.request.channel,
        )

    async def refund(self, reference: str, amount: int, refund_key: str, reason: str) -> RefundResult:
        self._called("refund")
        if self.refuse_refund is not None:
            raise self.refuse_refund
        held = self.charges[reference]
        held.refunds.setdefault(refund_key, amount)
        assert sum(held.refunds.values()) <= held.paid, "more refunded than paid"
        return RefundResult(
            reference=reference,
            refund_key=refund_key,
            amount=Rupiah(amount),
            state=GatewayState.PARTIALLY_REFUNDED,
        )

    async def expire(self, reference: str) -> GatewayStatus:
        self._called("expire")
        if self.on_expire is not None:
            self.on_expire(reference)
        held = self.charges.get(reference)
        if held is not None and held.state is GatewayState.PENDING:
            held.state = GatewayState.EXPIRED
        return await self.get_status(reference)

    def parse_notice(self, raw: bytes, headers: Mapping[str, str], path: str = "") -> Notice:
        said = json.loads(raw)
        if said["signature"] != "right":
            raise Refusal(Kind.FORBIDDEN, "payment.notice_forged")
        return Notice(
            reference=said["reference"],
            transaction_id="",
            event_key=f"{said['reference']}:{said.get('event', 'settlement')}",
            state=GatewayState.SETTLED,
            amount=Rupiah(said.get("amount", 0)),
        )

    def acknowledge(self, raw: bytes, path: str) -> None:
        """In our own form."""

    def refuse_notice(self, refusal: Refusal, path: str) -> None:
        """In our own form."""

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.down:
            raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable")
        if self.refuses is not None:
            raise self.refuses


def notice(reference: str, *, signature: str = "right", event: str = "settlement") -> bytes:
    """A notice as the fake gateway sends it."""
    return json.dumps({"reference": reference, "signature": signature, "event": event}).encode()


class FakePayout:
    """PayoutProvider. `ends`: how payouts end when they are asked for."""

    name = "fake payout"
    remembers = timedelta(hours=24)

    def __init__(self) -> None:
        self.requests: dict[str, PayoutRequest] = {}
        self.ends = PayoutState.COMPLETED
        self.lose_answers = 0
        self.refuse: Refusal | None = None
        self.paid = 0

    def forget(self) -> None:
        """Midnight, a day later."""
        self.requests.clear()

    async def pay(self, request: PayoutRequest) -> PayoutResult:
        if self.refuse is not None:
            raise self.refuse
        self.paid += request.reference not in self.requests
        known = self.requests.setdefault(request.reference, request)
        assert known == request, "a repeat must ask the same"
        if self.lose_answers:
            self.lose_answers -= 1
            raise Refusal(Kind.UNAVAILABLE, "payout.unavailable")
        return PayoutResult(provider_reference=f"po{request.reference}", state=PayoutState.QUEUED)

    async def get_status(self, provider_reference: str) -> PayoutResult:
        failure = "016" if self.ends is PayoutState.FELL_THROUGH else "002"
        return PayoutResult(provider_reference=provider_reference, state=self.ends, failure=failure)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
