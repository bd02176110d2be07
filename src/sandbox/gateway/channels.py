"""The ways to pay: what each one gives the payer, and what Midtrans says of it."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

from sandbox.gateway.qris import qris_payload

if TYPE_CHECKING:
    from sandbox.gateway.charges import Payment

_NUMBERS = {"bca": ("39010", 6), "bni": ("98800001", 8), "bri": ("26215", 13), "permata": ("8528", 12)}
"""How the number at each bank begins, and how many digits follow."""
_BILLER_CODE = "70012"
_NAMES = {"qris": "QRIS", "gopay": "GoPay", "shopeepay": "ShopeePay", "echannel": "Mandiri Bill"}
_CREATED = {
    "qris": "QRIS transaction is created",
    "gopay": "GoPay transaction is created",
    "shopeepay": "ShopeePay transaction is created",
    "echannel": "OK, Mandiri Bill transaction is successful",
}


def is_offered(payment_type: str, bank: str) -> bool:
    """Tells whether the merchant has this way to pay."""
    return payment_type in _NAMES or (payment_type == "bank_transfer" and bank in _NUMBERS)


def is_refundable(payment_type: str, *, directly: bool) -> bool:
    """Tells whether money goes back on this way. ShopeePay's goes back only directly."""
    return payment_type in ("qris", "gopay") or (payment_type == "shopeepay" and directly)


def give_means(payment: Payment) -> None:
    """Puts into a new charge what its payer needs."""
    if payment.channel in ("qris", "gopay"):
        payment.qr_string = qris_payload(amount=payment.amount, order_id=payment.order_id)
    if payment.channel == "gopay":
        payment.app_link = f"gojek://gopay/merchanttransfer?tref=SANDBOX{uuid.uuid4().hex[:18].upper()}"
    elif payment.channel == "shopeepay":
        link = "https://wallet.sandbox.invalid/universal-link/wallet/pay"  # nobody's: no app opens
        payment.app_link = f"{link}?deep_and_deferred=1&token={uuid.uuid4().hex}"
    elif payment.channel == "echannel":
        payment.biller_code = _BILLER_CODE
        payment.va_number = _digits("", 12)
    elif payment.channel == "bank_transfer" and not payment.va_number:
        payment.va_number = _digits(*_NUMBERS[payment.bank])


def said_of(payment: Payment) -> dict[str, Any]:
    """What each answer and notice says of the way to pay. A wallet's link is in none but the first."""
    if payment.channel == "qris":
        return {"acquirer": "gopay"}
    if payment.channel == "echannel":
        return {"biller_code": payment.biller_code, "bill_key": payment.va_number}
    if payment.bank == "permata":
        return {"permata_va_number": payment.va_number}
    if payment.channel == "bank_transfer":
        numbers = [{"bank": payment.bank, "va_number": payment.va_number}]
        return {"va_numbers": numbers, "payment_amounts": []}
    return {}


def created(payment: Payment, public_url: str) -> dict[str, Any]:
    """What only the answer to a charge says."""
    message = _CREATED.get(payment.channel, "Success, Bank Transfer transaction is created")
    actions = []
    if payment.channel in ("qris", "gopay"):
        picture = f"{public_url}/v2/{payment.channel}/{payment.transaction_id}/qr-code"
        actions.append({"name": "generate-qr-code", "method": "GET", "url": picture})
    if payment.app_link:
        actions.append({"name": "deeplink-redirect", "method": "GET", "url": payment.app_link})
    code = {"qr_string": payment.qr_string} if payment.channel == "qris" else {}
    return {"status_message": message, "actions": actions} | code


def name_of(payment: Payment) -> str:
    """The way to pay, for people."""
    return _NAMES.get(payment.channel) or f"VA {payment.bank.upper()}".rstrip()


def _digits(beginning: str, count: int) -> str:
    return f"{beginning}{random.randrange(10**count):0{count}d}"  # noqa: S311 - a number, no secret
