"""A second parser reads the prepared file: errors are found before payment, not after it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.stamping.in_jail.preparation import check_reads_again, prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import PreparedSeal, SealRequest, Stamp
from tests.pdf import samples

NOW = datetime(2026, 9, 6, 16, 40, tzinfo=UTC)


@pytest.fixture(scope="module")
def prepared() -> PreparedSeal:
    stamp = Stamp(
        serial=SerialNumber("0" * 22), code="HTTPS://X.ID", placement=Placement(page=1, x=400, y=100)
    )
    return prepare_seal(SealRequest(data=samples.two_pages(), stamps=[stamp], signing_time=NOW))


def with_data(prepared: PreparedSeal, data: bytes) -> PreparedSeal:
    return msgspec.structs.replace(prepared, data=data)


def refused(prepared: PreparedSeal) -> str:
    with pytest.raises(Refusal) as refusal:
        check_reads_again(prepared)
    return refusal.value.code


def test_what_was_prepared_passes(prepared: PreparedSeal) -> None:
    check_reads_again(prepared)


def test_a_page_more_or_less_is_refused(prepared: PreparedSeal) -> None:
    for pages in (1, 3):
        assert refused(msgspec.structs.replace(prepared, pages=pages)) == "pdf.broken"


def test_an_increment_whose_table_must_be_guessed_is_refused(prepared: PreparedSeal) -> None:
    head, offset, tail = prepared.data.rpartition(b"startxref\n")
    lost = head + offset + b"7" + tail
    assert refused(with_data(prepared, lost)) == "pdf.broken"


def test_a_catalog_of_the_increment_that_breaks_off_is_refused(prepared: PreparedSeal) -> None:
    end = prepared.data.index(b"endobj", prepared.data.index(b"/Perms", prepared.base_bytes))
    broken = prepared.data[:end] + b"xxxxxx" + prepared.data[end + 6 :]
    assert refused(with_data(prepared, broken)) == "pdf.broken"
