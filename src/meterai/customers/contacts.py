"""Contacts: how a person writes an e-mail address or phone number, and the one form in which we keep it."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.pasted_text import digits_of, seen

ContactKind = Literal["email", "phone"]

_BRACKETS = str.maketrans("", "", "()")
# ITU-T E.164: at most 15 digits. Indonesian mobile numbers start with 8 after the country code 62.
_INDONESIAN = re.compile(r"(?:\+?62|0062)0?(8[0-9]{7,11})|0(8[0-9]{7,11})|(8[0-9]{8,11})")
_FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})")
# RFC 5321 4.1.2 without quoted local parts and address literals, which nobody types and senders mistrust.
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+{_LABEL}")
_EMAIL_LENGTH_MAX = 254
_LOCAL_LENGTH_MAX = 64

_GMAIL = ("gmail.com", "googlemail.com")
"""One mailbox under both names, and with any dots."""
# ITU-T E.164: a country code has one to three digits. People write a trunk prefix 0 behind it all the same.
_COUNTRY = re.compile(r"(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|...)0*(.*)")
_MOBILE = {"52": r"1(\d{10})", "54": r"9(\d{10})", "55": r"(\d\d)9(\d{8})"}
"""Of Mexico, Argentina and Brazil, whose mobile numbers are written with a digit more, or without it."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person can be reached. Nothing says yet that it is theirs: a code does."""

    kind: ContactKind
    value: str
    """Canonical: lower-case e-mail address, or phone number in the form +628..."""

    def __repr__(self) -> str:
        return f"Contact(kind={self.kind!r})"  # the address itself stays out of logs and tracebacks

    @property
    def masked(self) -> str:
        """Enough for its owner to recognise it, too little for others: `a•••@example.com`, `+62•••••4321`."""
        if self.kind == "email":
            local, _, domain = self.value.partition("@")
            return f"{local[:1]}•••@{domain}"
        return f"{self.value[:3]}•••••{self.value[-4:]}"

    @property
    def name_in_line(self) -> str:
        """The contact's name in a line: the same for all spellings that reach one mailbox or telephone.

        Messages go to `value`, not to this.
        """
        return f"{self.kind}:{_mailbox(self.value) if self.kind == 'email' else _number(self.value)}"

    @property
    def names_in_line(self) -> tuple[str, ...]:
        """All names under which a ticket may have been taken.

        Gates once took each spelling for another contact (decision 0025). Such tickets are still good, and so
        are the certificates that their holders ask for."""
        return tuple(dict.fromkeys((self.name_in_line, f"{self.kind}:{self.value}")))


def canonical_contact(text: str) -> Contact:
    """Reads an e-mail address or phone number as people type it: `0812-3456 7890`, `62812...`, `+62 812...`.

    Phone numbers of other countries need their `+` and country code.

    Raises: Refusal INVALID `contact.unreadable`.
    """
    trimmed = seen(text).strip()
    if "@" in trimmed:
        return _email(trimmed)
    digits = trimmed if trimmed.isdecimal() else digits_of(trimmed).translate(_BRACKETS)
    if digits.isascii():
        if found := _INDONESIAN.fullmatch(digits):
            return Contact(kind="phone", value="+62" + next(group for group in found.groups() if group))
        if (found := _FOREIGN.fullmatch(digits)) and not found[1].startswith("62"):
            return Contact(kind="phone", value="+" + found[1])
    raise Refusal(Kind.INVALID, "contact.unreadable")


def _email(text: str) -> Contact:
    address = text.lower()
    local = address.partition("@")[0]
    fits = len(address) <= _EMAIL_LENGTH_MAX and len(local) <= _LOCAL_LENGTH_MAX
    if not fits or not address.isascii() or not _EMAIL.fullmatch(address):
        raise Refusal(Kind.INVALID, "contact.unreadable")
    return Contact(kind="email", value=address)


def _mailbox(address: str) -> str:
    """Without what people add behind a plus to sort their mail (RFC 5233, subaddressing)."""
    local, _, domain = address.partition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), _GMAIL[0]
    return f"{local}@{domain}"


def _number(number: str) -> str:
    """As it is called from abroad, without the digit that mobile numbers have in some countries."""
    found = _COUNTRY.fullmatch(number, 1)
    assert found, "a number has eight digits at least"
    country, national = found.groups()
    if country in _MOBILE and (mobile := re.fullmatch(_MOBILE[country], national)):
        national = "".join(mobile.groups())
    return f"+{country}{national}"
