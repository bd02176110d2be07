"""Midtrans Payouts (Iris): money to bank accounts and e-wallets (docs.midtrans.com, "Payouts API")."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.outside_service import Answer, CallLimits, CircuitBreaker, OutsideService
from meterai.sales.ports import PayoutRequest, PayoutResult, PayoutState

_STATES = {
    "queued": PayoutState.QUEUED,
    "approved": PayoutState.PROCESSED,
    "processed": PayoutState.PROCESSED,
    "completed": PayoutState.COMPLETED,
    "failed": PayoutState.FAILED,
    "rejected": PayoutState.FAILED,
}
_NOT_THE_ACCOUNT = frozenset(("004", "005", "008", "009", "016", "018", "021", "022", "023", "024"))
"""Error codes of failed payouts that another account would not solve ("Payouts API", error codes): a fault or
a time-out of the bank, its balance or ours. A failure without a code counts as one of the account."""


_KEY_REFUSED = frozenset((401, 403))
"""The provider refuses our key and took nothing. A 404 or 429 is not listed: a proxy may answer so to the
repeat of a request that the provider took."""


type _Reference = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]+\Z")]
"""The provider's id of the payout. The database takes no NUL."""


class _Payout(msgspec.Struct, frozen=True):
    reference_no: _Reference
    status: str
    error_code: str = ""


class _Created(msgspec.Struct, frozen=True):
    payouts: tuple[_Payout, ...]


class IrisPayouts:
    """PayoutProvider over the Iris protocol; `base_url` ends in /iris/api/v1."""

    name = "iris"
    remembers = timedelta(hours=24)
    """Keys older than that are removed each midnight, UTC ("Payouts API", HTTP(S) header)."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        limits: CallLimits | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        authorization = base64.b64encode(f"{api_key}:".encode()).decode()
        self._service = OutsideService(
            base_url,
            unavailable_code="payout.unavailable",
            headers={
                "Authorization": f"Basic {authorization}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
            limits=limits,
            breaker=breaker,
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._service.close()

    async def pay(self, request: PayoutRequest) -> PayoutResult:
        """See PayoutProvider. X-Idempotency-Key is our reference: a repeat is given the first answer."""
        payout = {
            "beneficiary_name": request.name,
            "beneficiary_account": request.account,
            "beneficiary_bank": request.bank,
            "amount": f"{request.amount}.00",
            "notes": request.note[:100],
        }
        answer = await self._service.call(
            "POST",
            "/payouts",
            body=msgspec.json.encode({"payouts": [payout]}),
            headers={"X-Idempotency-Key": request.reference},
            repeat=True,
        )
        if answer.status == 409 or b"idempotency-key is not unique" in answer.body:
            raise Refusal(Kind.CONFLICT, "payout.mismatch")
        if answer.status in (400, 422):
            raise Refusal(Kind.INVALID, "payout.refused")
        if answer.status in _KEY_REFUSED:
            raise _unusable(f"status_{answer.status}", sent=False)
        created = _decode(answer, _Created)
        if len(created.payouts) != 1:
            raise _unusable("not_one_payout")
        return _result(created.payouts[0])

    async def get_status(self, provider_reference: str) -> PayoutResult:
        """See PayoutProvider. A reference may look as the provider likes."""
        answer = await self._service.call("GET", f"/payouts/{quote(provider_reference, safe='')}")
        if answer.status == 404:
            return PayoutResult(provider_reference=provider_reference, state=PayoutState.MISSING)
        payout = _decode(answer, _Payout)
        if payout.reference_no != provider_reference:
            raise _unusable("answer_of_another_payout")
        return _result(payout)


def _decode[T](answer: Answer, form: type[T]) -> T:
    if answer.status not in (200, 201):
        raise _unusable(f"status_{answer.status}")
    try:
        return read_json(answer.body, form)
    except msgspec.DecodeError:
        raise _unusable("unreadable") from None


def _result(payout: _Payout) -> PayoutResult:
    state = _STATES.get(payout.status)
    if state is None:
        raise _unusable("unknown_state")
    if state is PayoutState.FAILED and payout.error_code in _NOT_THE_ACCOUNT:
        state = PayoutState.FELL_THROUGH
    return PayoutResult(provider_reference=payout.reference_no, state=state, failure=payout.error_code)


def _unusable(reason: str, *, sent: bool = True) -> Refusal:
    return Refusal(Kind.UNAVAILABLE, "payout.unavailable", reason=reason, sent=sent)
