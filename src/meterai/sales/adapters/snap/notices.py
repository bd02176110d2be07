"""What a BI-SNAP gateway asks of us: a token, and to take its notices. Answers are in SNAP's own form."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.adapters.snap import signing
from meterai.sales.adapters.snap.client import TOKEN_PATH, Partner
from meterai.sales.adapters.snap.tokens import LIFE_SECONDS, GivenTokens
from meterai.sales.adapters.snap.wire import (
    AMOUNT,
    Amount,
    Service,
    read_unambiguous,
    state_of,
)
from meterai.sales.ports import Notice, Reply

PAYMENT_PATH: Final = "/v1.0/transfer-va/payment"
QR_PATH: Final = "/v1.0/qr/qr-mpm-notify"
SERVICES: Final = {
    TOKEN_PATH: Service.TOKEN,
    PAYMENT_PATH: Service.PAYMENT_VA,
    QR_PATH: Service.QR_NOTIFY,
}
"""The ends of the addresses that the gateway calls, and the service of each."""
CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""The largest difference between the gateway's clock and ours in a call for a token."""
_REFERENCE_MAX: Final = 64
_ECHOED: Final = (
    "partnerServiceId",
    "customerNo",
    "virtualAccountNo",
    "virtualAccountName",
    "trxId",
    "paymentRequestId",
    "paidAmount",
    "totalAmount",
)
"""What the answer to the notice of a transfer repeats, spaces and all."""


class _Payment(msgspec.Struct, frozen=True, rename="camel"):
    trx_id: str
    paid_amount: Amount
    payment_request_id: str = ""
    reference_no: str = ""


class _Scanned(msgspec.Struct, frozen=True, rename="camel"):
    original_partner_reference_no: str
    latest_transaction_status: str
    amount: Amount
    original_reference_no: str = ""


class NoticeDoor:
    """Checks and answers the gateway's calls. `bank_key`: with it the gateway signs that it wants a token."""

    def __init__(self, partner: Partner, bank_key: RSAPublicKey, *, clock: Callable[[], datetime]) -> None:
        self._partner, self._bank_key, self._clock = partner, bank_key, clock
        self._tokens = GivenTokens(partner.key)

    def read(self, raw: bytes, headers: Mapping[str, str], path: str) -> Notice | Reply:
        """Reads a call. The answer to one for a token comes at once.

        Raises: Refusal INVALID `payment.notice_unreadable`, FORBIDDEN `payment.notice_forged`.
        """
        said = {name.lower(): value for name, value in headers.items()}
        service = service_of(path)
        if service is Service.TOKEN:
            return self._give_token(raw, said)
        self._check(raw, said, path)
        if service is Service.PAYMENT_VA:
            return _read_payment(raw)
        if service is Service.QR_NOTIFY:
            return _read_scanned(raw)
        raise Refusal(Kind.NOT_FOUND, "api.not_found")

    def _give_token(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        stamp = headers.get("x-timestamp", "")
        asked = signing.read_timestamp(stamp)
        now = self._clock()
        signed = signing.is_token_call(
            self._bank_key, self._partner.client_id, stamp=stamp, signature=headers.get("x-signature", "")
        )
        if headers.get("x-client-key") != self._partner.client_id or not signed:
            raise _forged("signature")
        if asked is None or abs(asked - now) > CLOCKS_DIFFER:
            raise _forged("timestamp")
        if _object(raw).get("grantType") != "client_credentials":
            raise Refusal(Kind.INVALID, "payment.notice_unreadable")
        more = {
            "accessToken": self._tokens.give(now),
            "tokenType": "BearerToken",
            "expiresIn": str(LIFE_SECONDS),
        }
        return reply(Service.TOKEN, 200, more=more)

    def _check(self, raw: bytes, headers: Mapping[str, str], path: str) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._tokens.knows(token, self._clock()):
            raise _forged("token")
        stamp = headers.get("x-timestamp", "")
        text = signing.text_to_sign("POST", path, token=token, body=raw, stamp=stamp)
        if not signing.is_signed(self._partner.secret, text, headers.get("x-signature", "")):
            raise _forged("signature")
        if signing.read_timestamp(stamp) is None or not headers.get("x-external-id", "").isdecimal():
            raise Refusal(Kind.INVALID, "payment.notice_unreadable")


def acknowledge(raw: bytes, path: str) -> Reply:
    """Says that the notice is stored."""
    service = service_of(path)
    if service is not Service.PAYMENT_VA:
        return reply(Service.QR_NOTIFY, 200)
    said = _object(raw)
    account = {name: said[name] for name in _ECHOED if name in said}
    return reply(service, 200, more={"virtualAccountData": account | {"paymentFlagStatus": "00"}})


def refuse(refusal: Refusal, path: str) -> Reply:
    """Says in SNAP's form why a call is refused."""
    service = service_of(path)
    if refusal.kind is Kind.FORBIDDEN:
        ended = refusal.facts.get("reason") == "token"
        words = "Invalid Token (B2B)" if ended else "Unauthorized. [Signature]"
        return reply(service, 401, case="01" if ended else "00", message=words)
    if refusal.kind is Kind.INVALID:
        return reply(service, 400, message="Bad Request")
    if refusal.kind is Kind.NOT_FOUND:
        return reply(service, 404, message="Not Found")
    return reply(service, 500, message="General Error")


def reply(
    service: str,
    status: int,
    *,
    case: str = "00",
    message: str = "Successful",
    more: Mapping[str, Any] | None = None,
) -> Reply:
    """An answer in SNAP's form."""
    body = {"responseCode": f"{status}{service}{case}", "responseMessage": message, **(more or {})}
    return Reply(status=status, body=msgspec.json.encode(body))


def service_of(path: str) -> str:
    """The code of the service that a path names; "00" when it names none."""
    return next((code for end, code in SERVICES.items() if path.endswith(end)), "00")


def _read_payment(raw: bytes) -> Notice:
    said = _read(raw, _Payment)
    identity = said.payment_request_id or said.reference_no
    return _notice(
        said.trx_id, said.reference_no or identity, status="00", amount=said.paid_amount, of=identity
    )


def _read_scanned(raw: bytes) -> Notice:
    said = _read(raw, _Scanned)
    return _notice(
        said.original_partner_reference_no,
        said.original_reference_no,
        status=said.latest_transaction_status,
        amount=said.amount,
        of=said.original_reference_no,
    )


def _notice(reference: str, transaction_id: str, *, status: str, amount: Amount, of: str) -> Notice:
    """The same event has the same key, however often and under whatever X-EXTERNAL-ID it comes."""
    if not 0 < len(reference) <= _REFERENCE_MAX or not AMOUNT.fullmatch(amount.value):
        raise Refusal(Kind.INVALID, "payment.notice_unreadable")
    parts = "\x1f".join((reference, of, status, amount.value))
    return Notice(
        reference=reference,
        transaction_id=transaction_id,
        event_key=hashlib.sha256(parts.encode()).hexdigest(),
        state=state_of(status),
        amount=Rupiah(int(amount.value[:-3])),
    )


def _read[T](raw: bytes, form: type[T]) -> T:
    try:
        return read_unambiguous(raw, form)
    except msgspec.DecodeError:
        raise Refusal(Kind.INVALID, "payment.notice_unreadable") from None


def _object(raw: bytes) -> dict[str, Any]:
    return _read(raw, dict[str, Any])


def _forged(reason: str) -> Refusal:
    return Refusal(Kind.FORBIDDEN, "payment.notice_forged", reason=reason)
