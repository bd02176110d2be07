"""The file that leaves the jail, ready to be signed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
import pytest

from meterai.kernel.refusals import Refusal
from meterai.stamping.in_jail.increment import Increment
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.in_jail.stamp_fields import StampField
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


@pytest.mark.parametrize(
    "body",
    [
        b"<< /Lang (id-ID /Pages 2 0 R >>",
        b"<< /A#2 1 >>",
        b"<< /A 1 /B >>",
    ],
)
def test_a_page_that_pyhanko_can_not_read_is_refused(body: bytes) -> None:
    data = samples.letter()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[0].obj
        field = StampField(name="Emet", page=page, rectangle=(9, 9, 99, 99), rotation=0, lock=False, text="")
        start = data.index(b"%d 0 obj" % page.objgen[0])
        end = data.index(b"endobj", start)
        broken = data[:start] + (b"%d 0 obj\n" % page.objgen[0] + body).ljust(end - start) + data[end:]
        with pytest.raises(Refusal, match=r"pdf\.broken"):
            Increment(io.BytesIO(broken)).add_field(field, tagged=False)
