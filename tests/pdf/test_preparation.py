"""The file that leaves the jail, ready to be signed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
import pytest

from meterai.kernel.refusals import Refusal
from meterai.stamping.in_jail import preparation
from meterai.stamping.in_jail.increment import is_readable
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.model import SEAL_BYTES
from meterai.stamping.placement import Placement
from meterai.stamping.requests import SealRequest
from tests.pdf import samples
from tests.pdf.sealing import SealingBench


def request(make: Callable[[], bytes], bench: SealingBench) -> SealRequest:
    return SealRequest(
        data=make(),
        stamps=[bench.stamp(Placement(page=1, x=50, y=60))],
        signing_time=datetime(2026, 8, 17, 10, 45, tzinfo=UTC),
        reason="Pembubuhan (meterai) \\ 印紙",
        location="Surabaya",
    )


def test_the_byte_range_leaves_out_the_gap_alone(bench: SealingBench) -> None:
    prepared = prepare_seal(request(samples.letter, bench))
    gap = prepared.data[prepared.gap_start : prepared.gap_end]
    assert gap == b"<" + b"00" * SEAL_BYTES + b">"
    with pikepdf.open(io.BytesIO(prepared.data)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        numbers = [int(number) for number in field.V.ByteRange]
        assert str(field.V.Reason).endswith("Pembubuhan (meterai) \\ 印紙")
    rest = len(prepared.data) - prepared.gap_end
    assert numbers == [0, prepared.gap_start, prepared.gap_end, rest]


def test_a_file_packed_in_object_streams_is_sealed(bench: SealingBench) -> None:
    data = prepare_seal(request(lambda: samples.page_file(object_streams=True), bench)).data
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.Root.AcroForm.Fields[0].V.Filter == "/Adobe.PPKLite"


def test_what_pyhanko_can_not_read_is_refused(bench: SealingBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "is_readable", lambda body: b"/Page " not in body + b" ")
    with pytest.raises(Refusal, match=r"pdf\.broken"):
        prepare_seal(request(samples.letter, bench))


@pytest.mark.parametrize(
    ("body", "readable"),
    [
        (b"<< /Type /Catalog /Pages 2 0 R >>", True),
        (b"<< /Lang (id-ID) /Pages 2 0 R >>", True),
        (b"<< /Lang <fffe00> /Names << /A#20B [ 1 -.5 null ] >> >>", True),
        (b"<< /Lang (id-ID /Pages 2 0 R >>", False),
        (b"<< /A#2 1 >>", False),
        (b"<< /A 1 /B >>", False),
    ],
)
def test_a_dictionary_is_readable_when_pyhanko_reads_it(body: bytes, readable: bool) -> None:
    assert is_readable(body) is readable
