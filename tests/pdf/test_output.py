"""What the stamped file will be is known before payment, and can be made to fit."""

from __future__ import annotations

import io

import pikepdf
import pytest
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

from meterai.stamping.placement import Placement
from meterai.stamping.preparation import measure_output
from meterai.stamping.requests import MeasureRequest, OutputLimits, RewriteRequest
from meterai.stamping.rewriting import rewrite

PLACES = [Placement(page=1, x=420, y=120), Placement(page=1, x=80, y=120)]
CASN = OutputLimits(bytes_max=800_000, pdf_version_min="1.6")


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "make", [samples.letter, samples.photograph, lambda: samples.page_file(object_streams=True)]
)
async def test_the_measured_size_is_a_close_upper_bound(make, count: int, bench: SealingBench) -> None:  # type: ignore[no-untyped-def]
    data = make()
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(PLACES[:count])]
    sealed = await bench.seal(data, *stamps)
    measured = measure_output(MeasureRequest(data=data, placements=PLACES[:count])).output_bytes
    assert len(sealed) <= measured <= len(sealed) + 2_500 * count


async def test_the_version_is_what_the_seal_needs(bench: SealingBench) -> None:
    data = samples.letter()
    assert data.startswith(b"%PDF-1.3")
    measured = measure_output(MeasureRequest(data=data, placements=PLACES[:1], limits=CASN))
    assert (measured.pdf_version, measured.version_low) == ("1.7", False)
    sealed = await bench.seal(data, bench.stamp(PLACES[0]))
    assert sealed.startswith(b"%PDF-1.7")
    newer = OutputLimits(pdf_version_min="2.0")
    assert measure_output(MeasureRequest(data=data, placements=PLACES[:1], limits=newer)).version_low


def test_a_large_picture_is_made_to_fit_with_consent() -> None:
    data = samples.photograph()
    assert measure_output(MeasureRequest(data=data, placements=PLACES[:1], limits=CASN)).too_large
    smaller = rewrite(RewriteRequest(data=data, images="smaller", bytes_max=700_000))
    assert smaller.pictures_changed == 1
    measured = measure_output(MeasureRequest(data=smaller.data, placements=PLACES[:1], limits=CASN))
    assert not measured.too_large
    with pikepdf.open(io.BytesIO(smaller.data)) as pdf:
        assert pdf.pages[0].obj["/Resources"]["/XObject"]["/Photo"]["/Width"] >= 1100


def test_packing_anew_loses_nothing() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.two_pages()))
    loose = io.BytesIO()
    pdf.save(loose, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
    rewritten = rewrite(RewriteRequest(data=loose.getvalue(), images="keep"))
    assert len(rewritten.data) < len(loose.getvalue())
    assert rewritten.pictures_changed == 0
    contents = [page.obj["/Contents"].read_bytes() for page in pdf.pages]
    after = pikepdf.open(io.BytesIO(rewritten.data))
    assert [page.obj["/Contents"].read_bytes() for page in after.pages] == contents


def test_a_wanted_version_is_written() -> None:
    rewritten = rewrite(RewriteRequest(data=samples.letter(), pdf_version="2.0"))
    assert (rewritten.pdf_version, rewritten.data[:8]) == ("2.0", b"%PDF-2.0")
