"""Contacts: how a person writes an e-mail address or phone number, and the one form in which we keep it."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from meterai.kernel.errors import Kind, Refusal

ContactKind = Literal["email", "phone"]

_PHONE_FILLERS = re.compile(r"[\s().\-\u00a0\u2010-\u2015\u202a-\u202e]")
# ITU-T E.164: at most 15 digits. Indonesian mobile numbers start with 8 after the country code 62.
_INDONESIAN = re.compile(r"(?:\+?62|0062)0?(8[0-9]{7,11})|0(8[0-9]{7,11})|(8[0-9]{8,11})")
_FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})")
# RFC 5321 4.1.2 without quoted local parts and address literals, which nobody types and senders mistrust.
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+{_LABEL}")
_EMAIL_LENGTH_MAX = 254
_LOCAL_LENGTH_MAX = 64


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


def canonical_contact(text: str) -> Contact:
    """Reads an e-mail address or phone number as people type it: `0812-3456 7890`, `62812...`, `+62 812...`.

    Phone numbers of other countries need their `+` and country code.

    Raises: Refusal INVALID `contact.unreadable`.
    """
    trimmed = text.strip()
    if "@" in trimmed:
        return _email(trimmed)
    digits = _PHONE_FILLERS.sub("", trimmed)
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
