"""The codes with which the wire answers a refusal. docs/wire.md and `texts/wire.py` say what they mean."""

from __future__ import annotations

from typing import Final

from meterai.kernel.refusals import Kind, Refusal

DONE: Final = "00"
_BY_KIND: Final = {
    Kind.INVALID: "96",
    Kind.MALFORMED: "96",
    Kind.TOO_LARGE: "96",
    Kind.WRONG_TYPE: "96",
    Kind.UNAUTHENTICATED: "02",
    Kind.BUSY: "97",
    Kind.UNAVAILABLE: "99",
}
_SPENT: Final = frozenset({"client.day_cap", "client.hour_cap", "partner.day_limit"})
"""Waiting helps, but clients know that there is no quota now."""
_SIGNING: Final = {
    "wire.field_missing": "90",
    "wire.field_wrong": "90",
    "wire.document_unknown": "90",
    "placement.covers": "90",
    "placement.outside": "90",
    "placement.page": "90",
    "placement.size": "90",
    "document.input_deleted": "90",
    "wire.profile_unknown": "91",
    "serial.unknown": "92",
    "serial.not_unstamped": "92",
    "serial.other_document": "92",
    "document.stamped_already": "92",
    "hash.enough_requests": "92",
    "wire.serial_given_up": "92",
    "adapter.chain": "93",
    "adapter.certificate": "94",
    "adapter.signature": "96",
    "adapter.other_source": "96",
    "signer.unavailable": "95",
    "sealing.stopped": "95",
    "wire.signing_failed": "96",
    "hash.attributes": "96",
    "hash.other_source": "96",
    "hash.unknown": "96",
    "pdf.signed_damaged": "80",
    "pdf.stamp_not_genuine": "80",
    "pdf.signed_irregular": "80",
    "pdf.signed_broken": "81",
    "pdf.encrypted": "82",
    "pdf.encryption_unknown": "82",
    "pdf.signed_encrypted": "82",
    "pdf.wrong_password": "82",
    "pdf.certified": "83",
    "pdf.signed_locked": "83",
}
"""What the codes of signing mean more exactly than the kind of a refusal."""
_SIGNING_BY_FAMILY: Final = {"pdf": "82", "key": "93"}
"""For the codes that begin so, and do not stand above."""
_SIGNING_BY_KIND: Final = {
    Kind.INVALID: "90",
    Kind.MALFORMED: "90",
    Kind.TOO_LARGE: "90",
    Kind.WRONG_TYPE: "90",
    Kind.NOT_FOUND: "92",
    Kind.GONE: "92",
    Kind.CONFLICT: "92",
    Kind.FORBIDDEN: "90",
}


def business_code(refusal: Refusal) -> str:
    """The `statusCode` of a refusal. A file that can't be stamped is refused; no field is wrong."""
    is_refused = refusal.code in _SPENT or refusal.code.startswith("pdf.")
    return "01" if is_refused else _BY_KIND.get(refusal.kind, "01")


def signing_code(refusal: Refusal) -> str:
    """The `errorCode` of a refusal: 97 for what can be tried again, 82 for every file that can't be read."""
    family = _SIGNING_BY_FAMILY.get(refusal.code.partition(".")[0])
    known = _SIGNING.get(refusal.code) or family
    return known or _SIGNING_BY_KIND.get(refusal.kind, "97")
