"""What clients say of documents and boxes, in all the ways in which they say it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meterai.api.wire.bodies import Said
from meterai.api.wire.resources.document_facts import changed_facts, check_said, read_facts
from meterai.api.wire.resources.signing_fields import profile_of, read_box
from meterai.kernel.refusals import Refusal
from meterai.partners.stamps.facts import DocumentType, StampFacts
from meterai.partners.stamps.serial_facts import SerialFacts

ALL = {
    "namadoc": "4b", "nodoc": "INV-7", "tgldoc": "2026-12-01", "nilaidoc": "7500000",
    "namejidentitas": "KTP", "noidentitas": "3173012345678901", "namedipungut": "Budi Santoso",
}  # fmt: skip


def test_facts_are_read_as_clients_say_them() -> None:
    facts = read_facts(ALL)
    assert (facts.type, facts.number, facts.date, facts.value) == (
        DocumentType.SUM_OF_MONEY, "INV-7", date(2026, 12, 1), 7_500_000,
    )  # fmt: skip
    assert facts.liable is not None
    assert (facts.liable.identity_type, facts.liable.identity) == ("nik", "3173012345678901")
    assert (
        read_facts({"nodoc": "0", "nilaidoc": "false", "tgldoc": "", "namejidentitas": "KTP"}) == StampFacts()
    )
    for text, value in {"10000.00": 10_000, "7.500.000": 7_500_000, "0": 0}.items():
        assert read_facts({"nilaidoc": text}).value == value
    for text, kind in {"3": "statement", "4A": "sum_of_money", "Akta Notaris": "other"}.items():
        assert read_facts({"namadoc": text}).type == kind
    assert read_facts({"tgldoc": "2026-12-01T10:00:00+07:00"}).date == date(2026, 12, 1)
    npwp = read_facts(ALL | {"namejidentitas": "NPWP", "noidentitas": "01.234.567.8-901.000"}).liable
    assert npwp is not None
    assert npwp.identity == "012345678901000"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("namadoc", "9"), ("tgldoc", "2026-02-30"), ("tgldoc", "01-12-2026"), ("nilaidoc", "banyak"),
        ("nilaidoc", "-1"), ("nilaidoc", "1e3"), ("nilaidoc", "9" * 17), ("namejidentitas", "SIM"),
        ("noidentitas", "12"), ("namedipungut", "B" * 200), ("nodoc", "x" * 100), ("namedipungut", "a\nb"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(field: str, wrong: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_facts(ALL | {field: wrong})
    assert (caught.value.code, caught.value.facts) == ("wire.field_wrong", {"field": field})


def test_collectors_say_all_and_a_document_without_number_is_reported_as_they_say_it() -> None:
    assert check_said(read_facts(ALL), ALL, needed=True) == read_facts(ALL)
    without = ALL | {"nodoc": "0"}
    assert check_said(read_facts(without), without, needed=True).number == "0"
    assert check_said(read_facts(without), without, needed=False).number is None
    for field in ALL:
        said = ALL | {field: ""}
        with pytest.raises(Refusal) as caught:
            check_said(read_facts(said), said, needed=True)
        assert (caught.value.code, caught.value.facts["fields"]) == ("facts.missing", field)
    wrong = ALL | {"noidentitas": "31730123456789"}
    with pytest.raises(Refusal, match=r"facts\.identity"):
        check_said(read_facts(wrong), wrong, needed=False)


def test_a_change_keeps_what_it_does_not_name() -> None:
    known = changed_facts(None, ALL)
    assert known == SerialFacts(facts=read_facts(ALL), wire_type="4b")
    for field, text in {"nilaidoc": "1", "namedipungut": "Ani", "namejidentitas": "NIK"}.items():
        changed = changed_facts(known, {field: text, "tgldoc": "", "sn": "x"})
        assert changed == SerialFacts(facts=read_facts(ALL | {field: text}), wire_type="4b")


def said(**texts: Any) -> Said:
    return Said(texts={name: str(value) for name, value in texts.items()}, tree={})


def corners(*four: Any) -> Said:
    return said(**dict(zip(("visLLX", "visLLY", "visURX", "visURY"), four, strict=True)))


def test_boxes_and_pages_come_as_texts_and_numbers() -> None:
    for four in [(100, 200, 180.5, 280), ("100.0", "200", "180,5", 280.0)]:
        box = read_box(corners(*four))
        assert box is not None
        assert (box.corners, box.page) == ((100, 200, 180.5, 280), 1)
    assert read_box(corners("", "", "", "")) is None
    for wrong in [("x", 1, 2, 3), (1, "", 2, 3), ("nan", 1, 2, 3), (1, "inf", 2, 3)]:
        with pytest.raises(Refusal, match=r"wire\.field_wrong"):
            read_box(corners(*wrong))
    for page, meant in [(2, 2), (0, 0), (-4, -4), ("2", 2), (2.0, 2), ("", 1), (1e300, 10**6)]:
        found = read_box(said(visLLX=1, visLLY=1, visURX=9, visURY=9, visSignaturePage=page))
        assert found is not None
        assert found.page == meant


def test_a_level_says_what_may_follow() -> None:
    assert profile_of(said(certificatelevel="NOT_CERTIFIED")) == "sign_later"
    assert profile_of(said(certificatelevel="no_changes_allowed")) == "final"
    with pytest.raises(Refusal, match=r"wire\.field_wrong"):
        profile_of(said(certificatelevel="CERTIFIED"))
