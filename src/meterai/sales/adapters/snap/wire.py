"""What BI-SNAP says, read strictly: response codes, amounts such as "10000.00", states as our words."""

from __future__ import annotations

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.sales.ports import GatewayState

AMOUNT: Final = re.compile(r"[1-9][0-9]{0,12}\.00")
_NONE: Final = re.compile(r"(0(\.0{1,2})?)?")
_CODE: Final = re.compile(r"[1-5][0-9]{6}")
SERVICE_BYTES: Final = 8
"""Length of partnerServiceId: the company's number at a bank, with spaces before it."""
CUSTOMER_DIGITS: Final = 13
"""Length of customerNo: with a company's number of five digits people type 18, as at most banks."""

_STATES: Final = {
    "00": GatewayState.SETTLED,
    "01": GatewayState.PENDING,  # initiated
    "02": GatewayState.PENDING,  # paying
    "03": GatewayState.PENDING,
    "04": GatewayState.REFUNDED,
    "05": GatewayState.CANCELLED,
    "06": GatewayState.DENIED,  # failed
    "07": GatewayState.MISSING,
    "08": GatewayState.EXPIRED,
    "09": GatewayState.DENIED,  # rejected
}
"""latestTransactionStatus and paymentFlagStatus."""


class Service(StrEnum):
    """Service codes: the fourth and fifth digit of a response code."""

    INQUIRY_VA = "24"
    PAYMENT_VA = "25"
    STATUS_VA = "26"
    CREATE_VA = "27"
    DELETE_VA = "31"
    QR_GENERATE = "47"
    QR_QUERY = "51"
    QR_NOTIFY = "52"
    TOKEN = "73"  # noqa: S105 - a number
    QR_CANCEL = "77"
    QR_REFUND = "78"


class Meaning(StrEnum):
    """What a response code says to us."""

    DONE = "done"
    IN_PROCESS = "in_process"
    NO_TOKEN = "no_token"  # noqa: S105 - the token has ended: fetch another and ask again
    KEY_REFUSED = "key_refused"  # our keys or our numbers are not known: no fault of this payment
    MISSING = "missing"
    DUPLICATE = "duplicate"  # this reference was used before
    REPEATED_ID = "repeated_id"  # this X-EXTERNAL-ID came before on this day
    LATER = "later"  # the balance is short, or a limit of the day
    BUSY = "busy"  # too many calls
    REFUSED = "refused"


_MEANINGS: Final = {
    "40101": Meaning.NO_TOKEN,
    "40314": Meaning.LATER,  # insufficient funds
    "40401": Meaning.MISSING,  # transaction not found
    "40408": Meaning.KEY_REFUSED,  # invalid merchant
    "40412": Meaning.MISSING,  # invalid bill or virtual account
    "40416": Meaning.KEY_REFUSED,  # partner not found
    "40900": Meaning.REPEATED_ID,
    "40901": Meaning.DUPLICATE,
}
"""Status and case of a response code; the service between them does not matter."""
_BY_STATUS: Final = {
    "200": Meaning.DONE,
    "202": Meaning.IN_PROCESS,
    "401": Meaning.KEY_REFUSED,
    "429": Meaning.BUSY,
}

type _Kept = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
"""Text that is stored: the database takes no NUL."""


class Amount(msgspec.Struct, frozen=True):
    """Money as SNAP writes it."""

    value: str = ""
    currency: str = "IDR"


class RefundMade(msgspec.Struct, frozen=True, rename="camel"):
    """One refund in a list of them."""

    partner_refund_no: str = ""
    refund_amount: Amount = Amount()
    refund_status: str = "00"


class More(msgspec.Struct, frozen=True, rename="camel"):
    """additionalInfo, as far as we read it."""

    refund_history: tuple[RefundMade, ...] = ()
    sandbox_payment_page: str = ""  # the sandbox's page on which a person pays


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """virtualAccountData."""

    partner_service_id: str = ""
    customer_no: str = ""
    virtual_account_no: _Kept = ""
    trx_id: str = ""
    payment_request_id: _Kept = ""
    reference_no: _Kept = ""
    payment_flag_status: str = ""
    paid_amount: Amount | None = None
    total_amount: Amount | None = None
    additional_info: More | None = None


class Said(msgspec.Struct, frozen=True, rename="camel"):
    """The fields of an answer that we read; others are ignored, as the standard asks."""

    response_code: str = ""
    access_token: str = ""
    expires_in: str | int = "0"
    reference_no: _Kept = ""
    partner_reference_no: str = ""
    original_reference_no: _Kept = ""
    original_partner_reference_no: str = ""
    qr_content: _Kept = ""
    latest_transaction_status: str = ""
    amount: Amount | None = None
    partner_refund_no: str = ""
    refund_amount: Amount | None = None
    refund_history: tuple[RefundMade, ...] = ()
    virtual_account_data: Account | None = None
    additional_info: More | None = None

    @property
    def meaning(self) -> Meaning:
        """What the response code says. Raises: Refusal UNAVAILABLE `gateway.unavailable` for no such code."""
        return meaning_of(self.response_code)

    @property
    def refunds(self) -> tuple[RefundMade, ...]:
        """The refunds that went through."""
        listed = self.refund_history or (self.additional_info or More()).refund_history
        return tuple(refund for refund in listed if refund.refund_status == "00")


def meaning_of(code: str) -> Meaning:
    """What a response code says: three digits of HTTP's status, two of the service, two of the case."""
    if not _CODE.fullmatch(code):
        raise unusable("no_response_code")
    if code[0] == "5":
        raise unusable(f"response_code_{code}")
    return _MEANINGS.get(code[:3] + code[5:]) or _BY_STATUS.get(code[:3], Meaning.REFUSED)


def state_of(word: str) -> GatewayState:
    """Our word for latestTransactionStatus or paymentFlagStatus."""
    return _STATES.get(word, GatewayState.UNKNOWN)


def amount_text(amount: int) -> dict[str, str]:
    """Rupiah as SNAP writes them."""
    return {"value": f"{amount}.00", "currency": "IDR"}


def amount_of(amount: Amount | None) -> Rupiah:
    """The amount, strictly of the form "10000.00" in rupiah and not 0; anything else is no usable answer."""
    if amount is None or amount.currency != "IDR" or not AMOUNT.fullmatch(amount.value):
        raise unusable("amount_unreadable")
    return Rupiah(int(amount.value[:-3]))


def is_nothing(amount: Amount | None) -> bool:
    """Whether no money is named."""
    return amount is None or _NONE.fullmatch(amount.value) is not None


def service_id(company: str) -> str:
    """partnerServiceId: the company's number at a bank, with spaces before it up to eight bytes."""
    return company.strip().rjust(SERVICE_BYTES)


def customer_no(reference: str) -> str:
    """The customer's part of the number of a virtual account. Follows from the attempt's reference, so that
    the account can be asked for by it."""
    digest = hashlib.sha256(reference.encode()).digest()
    return f"{int.from_bytes(digest[:8]) % 10**CUSTOMER_DIGITS:0{CUSTOMER_DIGITS}d}"


def account_no(number: str) -> str:
    """A virtual account's number as people type it: banks pad it with spaces on either side."""
    return number.replace(" ", "")


def read_unambiguous[T](raw: bytes, form: type[T]) -> T:
    """Reads JSON of the given form in which no object names a key twice: two readers would see two things.

    Raises: msgspec.DecodeError.
    """
    try:
        json.loads(raw, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None
    return read_json(raw, form)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def unusable(reason: str) -> Refusal:
    """The refusal for an answer that we can't use."""
    return Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason=reason)
