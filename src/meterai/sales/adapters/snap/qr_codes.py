"""QRIS over BI-SNAP, merchant-presented mode: generate (47), query (51), cancel (77), refund (78)."""

from __future__ import annotations

from typing import Any, Final

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.adapters.snap.client import SnapClient
from meterai.sales.adapters.snap.signing import timestamp
from meterai.sales.adapters.snap.wire import (
    Meaning,
    More,
    Said,
    Service,
    amount_of,
    amount_text,
    is_nothing,
    state_of,
    unusable,
)
from meterai.sales.ports import Channel, Charge, ChargeRequest, GatewayState, GatewayStatus, RefundResult

_CAME: Final = (GatewayState.SETTLED, GatewayState.REFUNDED)


class QrCodes:
    """Charges that people pay by scanning a code. `merchant`: our merchant id at the gateway."""

    def __init__(self, client: SnapClient, merchant: str) -> None:
        self._client, self._merchant = client, merchant

    async def open(self, request: ChargeRequest) -> Charge:
        """Opens a charge. A gateway that has one under this reference does not say its code again."""
        body = {
            "partnerReferenceNo": request.reference,
            "amount": amount_text(request.amount),
            "merchantId": self._merchant,
            "validityPeriod": timestamp(request.expires_at),
            "additionalInfo": {"description": request.description[:50]},
        }
        said = await self._client.call(Service.QR_GENERATE, "/v1.0/qr/qr-mpm-generate", body)
        if said.meaning in (Meaning.DUPLICATE, Meaning.REPEATED_ID):
            raise await self._lost(request)
        if said.meaning is not Meaning.DONE:
            raise refused(said, "gateway.charge_refused", Kind.INVALID)
        if said.partner_reference_no != request.reference or not said.qr_content:
            raise unusable("answer_of_another_charge")
        return Charge(
            reference=request.reference,
            transaction_id=said.reference_no,
            channel=Channel.QRIS,
            amount=request.amount,
            state=GatewayState.PENDING,
            qr_text=said.qr_content,
            payment_page_url=(said.additional_info or More()).sandbox_payment_page,
        )

    async def fetch(self, reference: str) -> GatewayStatus:
        """What stands of a charge."""
        return (await self._query(reference))[0]

    async def close(self, reference: str) -> GatewayStatus:
        """Cancels a charge that is not paid. Says what stands then."""
        status, said = await self._query(reference)
        if status.state is not GatewayState.PENDING:
            return status
        body = self._original(said, reference) | {"reason": "expired"}
        await self._client.call(Service.QR_CANCEL, "/v1.0/qr/qr-mpm-cancel", body)
        return await self.fetch(reference)

    async def refund(self, reference: str, amount: int, *, refund_key: str, reason: str) -> RefundResult:
        """Returns money. A refund that the gateway lists already is not asked for again."""
        status, said = await self._query(reference)
        if (made := _made(said, refund_key)) is not None:
            return _refunded(status, refund_key, amount, made=made)
        body = self._original(said, reference) | {
            "partnerRefundNo": refund_key,
            "refundAmount": amount_text(amount),
            "reason": reason,
        }
        answer = await self._client.call(Service.QR_REFUND, "/v1.0/qr/qr-mpm-refund", body)
        status, said = await self._query(reference)
        if (made := _made(said, refund_key)) is not None:
            return _refunded(status, refund_key, amount, made=made)
        if amount <= status.amount < amount + status.refunded:  # more than is left went back already
            raise refused(answer, "gateway.refund_mismatch", Kind.CONFLICT)
        raise _refund_refusal(answer)

    async def _lost(self, request: ChargeRequest) -> Refusal:
        status, said = await self._query(request.reference)
        known = status.state is not GatewayState.MISSING
        mismatch = known and status.amount != request.amount
        return refused(said, "gateway.charge_mismatch" if mismatch else "gateway.charge_lost", Kind.CONFLICT)

    async def _query(self, reference: str) -> tuple[GatewayStatus, Said]:
        body = {
            "originalPartnerReferenceNo": reference,
            "serviceCode": Service.QR_GENERATE,
            "merchantId": self._merchant,
        }
        said = await self._client.call(Service.QR_QUERY, "/v1.0/qr/qr-mpm-query", body, reads=True)
        state = state_of(said.latest_transaction_status)
        if said.meaning is Meaning.MISSING or (
            said.meaning is Meaning.DONE and state is GatewayState.MISSING
        ):
            return GatewayStatus(reference=reference, state=GatewayState.MISSING), said
        if said.meaning is not Meaning.DONE:
            raise unusable(f"response_code_{said.response_code}")
        if said.original_partner_reference_no != reference:
            raise unusable("answer_of_another_order")
        return _status(reference, state, said), said

    def _original(self, said: Said, reference: str) -> dict[str, Any]:
        return {
            "originalReferenceNo": said.original_reference_no,
            "originalPartnerReferenceNo": reference,
            "merchantId": self._merchant,
        }


def _status(reference: str, state: GatewayState, said: Said) -> GatewayStatus:
    amount = amount_of(said.amount)
    refunded = Rupiah(
        sum(amount_of(r.refund_amount) for r in said.refunds if not is_nothing(r.refund_amount))
    )
    if state is GatewayState.REFUNDED and not said.refunds:
        refunded = amount  # a gateway without a list of refunds gives back the whole
    elif state in _CAME and refunded:
        state = GatewayState.PARTIALLY_REFUNDED if refunded < amount else GatewayState.REFUNDED
    return GatewayStatus(
        reference=reference,
        state=state,
        transaction_id=said.original_reference_no,
        amount=amount,
        refunded=refunded,
        channel=Channel.QRIS,
    )


def _made(said: Said, refund_key: str) -> int | None:
    """What went back under this key; None when nothing did."""
    found = [amount_of(r.refund_amount) for r in said.refunds if r.partner_refund_no == refund_key]
    return sum(found) if found else None


def _refunded(status: GatewayStatus, refund_key: str, amount: int, *, made: int) -> RefundResult:
    if made != amount:
        raise Refusal(Kind.CONFLICT, "gateway.refund_mismatch")
    return RefundResult(
        reference=status.reference, refund_key=refund_key, amount=Rupiah(amount), state=status.state
    )


def _refund_refusal(answer: Said) -> Refusal:
    if answer.meaning is Meaning.LATER:
        return refused(answer, "gateway.refund_later", Kind.BUSY)
    if answer.meaning in (Meaning.DONE, Meaning.REPEATED_ID):
        return unusable("refund_not_listed")
    return refused(answer, "gateway.refund_refused", Kind.CONFLICT)


def refused(said: Said, code: str, kind: Kind) -> Refusal:
    """A refusal with the gateway's code as a fact."""
    return Refusal(kind, code, gateway_code=said.response_code)
