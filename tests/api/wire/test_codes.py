"""Each refusal has a code that the tables explain, and that makes clients do the right thing."""

from __future__ import annotations

import pytest

from meterai.api.wire.answers import refused
from meterai.api.wire.codes import business_code, signing_code
from meterai.api.wire.endpoints import Style
from meterai.kernel.refusals import Kind, Refusal
from meterai.texts.wire import BUSINESS_CODES, SIGNING_CODES, WIRE_PROBLEMS, WIRE_WORDS

AGAIN = ("93", "94", "95", "96", "97")
"""What clients try again with the same serial number."""


@pytest.mark.parametrize(
    ("kind", "code", "business", "signing"),
    [
        (Kind.INVALID, "wire.field_missing", "96", "90"),
        (Kind.INVALID, "wire.profile_unknown", "96", "91"),
        (Kind.CONFLICT, "stamp.no_stock", "01", "92"),
        (Kind.BUSY, "client.day_cap", "01", "97"),
        (Kind.BUSY, "access.line", "97", "97"),
        (Kind.BUSY, "jail.busy", "97", "97"),
        (Kind.UNAUTHENTICATED, "access.token_ended", "02", "97"),
        (Kind.FORBIDDEN, "access.scope", "01", "90"),
        (Kind.NOT_FOUND, "serial.unknown", "01", "92"),
        (Kind.CONFLICT, "serial.other_document", "01", "92"),
        (Kind.UNAVAILABLE, "signer.unavailable", "99", "95"),
        (Kind.UNAVAILABLE, "key.none", "99", "93"),
        (Kind.INVALID, "hash.attributes", "96", "96"),
        (Kind.CONFLICT, "hash.other_source", "01", "96"),
        (Kind.CONFLICT, "hash.enough_requests", "01", "92"),
        (Kind.INVALID, "pdf.signed_damaged", "01", "80"),
        (Kind.INVALID, "pdf.signed_broken", "01", "81"),
        (Kind.INVALID, "pdf.encrypted", "01", "82"),
        (Kind.INVALID, "pdf.too_complex", "01", "82"),
        (Kind.INVALID, "pdf.certified", "01", "83"),
        (Kind.UNAVAILABLE, "server.fault", "99", "97"),
    ],
)
def test_a_refusal_has_its_code(kind: Kind, code: str, business: str, signing: str) -> None:
    refusal = Refusal(kind, code)
    assert (business_code(refusal), signing_code(refusal)) == (business, signing)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_code_is_explained_and_nobody_gives_a_serial_number_up_without_need(kind: Kind) -> None:
    refusal = Refusal(kind, "server.fault")
    assert business_code(refusal) in {one.code for one in BUSINESS_CODES}
    assert signing_code(refusal) in {one.code for one in SIGNING_CODES}
    if kind in (Kind.BUSY, Kind.UNAVAILABLE, Kind.UNAUTHENTICATED):
        assert signing_code(refusal) in AGAIN


def test_words_stand_on_one_line_in_both_languages() -> None:
    for code in (*WIRE_PROBLEMS, *WIRE_WORDS):
        words = refused(Refusal(Kind.INVALID, code), Style.SIGNING)["errorMessage"]
        indonesian, _, english = words.partition(" / ")
        assert indonesian != english
        assert english
        assert "{" not in words
        assert "\n" not in words
