"""The account to which a refund goes that the gateway can't return."""

from __future__ import annotations

import unicodedata

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.pasted_text import digits_of, seen

BANKS = {
    "bca": "BCA",
    "bni": "BNI",
    "bri": "BRI",
    "mandiri": "Bank Mandiri",
    "bsi": "Bank Syariah Indonesia",
    "btn": "BTN",
    "cimb": "CIMB Niaga",
    "danamon": "Danamon",
    "permata": "Permata",
    "maybank": "Maybank Indonesia",
    "panin": "Panin Bank",
    "ocbc": "OCBC",
    "mega": "Bank Mega",
    "jago": "Bank Jago",
    "gopay": "GoPay",
    "ovo": "OVO",
}
"""The payout provider's short names of banks and e-wallets, and what people call them."""

HOLDER_LENGTH_MAX = 70


class BankAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the payout provider takes it. Make one with `read_bank_account`."""

    bank: str
    number: str
    holder: str

    def __repr__(self) -> str:
        return f"BankAccount(bank={self.bank!r})"  # no personal data in logs


def read_bank_account(bank: str, number: str, holder: str) -> BankAccount:
    """Reads what a person typed; spaces, dashes and dots in the number are fine.

    Raises: Refusal INVALID `refund.bank_unknown`, `refund.account_unreadable`, `refund.holder_missing`.
    """
    if bank not in BANKS:
        raise Refusal(Kind.INVALID, "refund.bank_unknown")
    digits = digits_of(number)
    if not (digits.isascii() and digits.isdigit() and 6 <= len(digits) <= 20):
        raise Refusal(Kind.INVALID, "refund.account_unreadable")
    name = " ".join(unicodedata.normalize("NFKC", seen(holder)).split())
    if not 2 <= len(name) <= HOLDER_LENGTH_MAX or not name.isprintable():
        raise Refusal(Kind.INVALID, "refund.holder_missing")
    return BankAccount(bank=bank, number=digits, holder=name)
