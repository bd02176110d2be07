"""What a person sees before paying is what is sealed, also of an upload that can be read in two ways."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from meterai.kernel.refusals import Refusal
from meterai.pdf.opening.doubts import has_guessed
from meterai.pdf.opening.irregular import irregularity
from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, Reception, ReceptionRequest, SealRequest
from tests.corpus.test_corpus import FILES
from tests.pdf import ambiguous_files, samples, signed_files
from tests.pdf.ambiguous_files import HIGH, LOW, MADE
from tests.pdf.sealing import SealingBench

ORDERS = pytest.mark.parametrize(("first", "second"), [(LOW, HIGH), (HIGH, LOW)], ids=["low", "high"])
READ_IN_TWO_WAYS = ("number twice in a table", "entry of another object", "two generations", "packed twice")
"""PDFium reads another amount in them than qpdf."""
WITH_TABLES = ("fpdf-php", "itext", "jspdf", "pdfkit", "prawn", "reportlab", "tcpdf", "react-pdf")


def received(data: bytes, profile: Profile = Profile.FINAL, stamps: int = 1) -> Reception:
    return receive(ReceptionRequest(data=data, stamps=stamps, limits=OutputLimits(), profile=profile))


def received_or_code(data: bytes) -> Reception | str:
    try:
        return received(data)
    except Refusal as refusal:
        return refusal.code


def read_by_pdfium(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return " ".join(document[0].get_textpage().get_text_range().split())


def read_by_poppler(data: bytes, folder: Path) -> str:
    (folder / "read.pdf").write_bytes(data)
    command = ["pdftotext", "-raw", folder / "read.pdf", "-"]
    return " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@ORDERS
@pytest.mark.parametrize("kind", MADE)
def test_an_ambiguous_upload_is_refused_or_all_readers_read_of_it_what_was_shown(
    kind: str, first: bytes, second: bytes, tmp_path: Path
) -> None:
    upload = MADE[kind](first, second)
    found = received_or_code(upload)
    if not isinstance(found, Reception):
        assert found in ("pdf.ambiguous", "pdf.broken")
        return
    shown = read_by_pdfium(found.instead)
    assert "Rp" in shown
    assert read_by_poppler(found.instead, tmp_path) == shown
    try:
        before = read_by_pdfium(upload)
    except pypdfium2.PdfiumError:  # shows nothing
        return
    assert before == shown


@ORDERS
@pytest.mark.parametrize("kind", READ_IN_TWO_WAYS)
def test_what_is_read_in_two_ways_is_refused(kind: str, first: bytes, second: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        received(MADE[kind](first, second))
    assert (caught.value.code, caught.value.facts) == ("pdf.ambiguous", {"page": 1})


@pytest.mark.parametrize("producer", WITH_TABLES)
def test_a_false_entry_in_the_table_of_any_producer_is_refused(producer: str) -> None:
    letter = (FILES / producer / "letter.pdf").read_bytes()
    assert received(letter).instead
    with pytest.raises(Refusal, match=r"pdf\.ambiguous"):
        received(ambiguous_files.with_content_twice(letter))


@pytest.mark.parametrize("page", [1, 3])
def test_the_page_is_named(page: int) -> None:
    with pikepdf.open(io.BytesIO(samples.letter(3))) as pdf:
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pytest.raises(Refusal) as caught:
        received(ambiguous_files.with_content_twice(out.getvalue(), page))
    assert (caught.value.code, caught.value.facts) == ("pdf.ambiguous", {"page": page})


@pytest.mark.parametrize("kind", MADE)
def test_every_ambiguous_file_is_found_irregular_or_guessed(kind: str) -> None:
    data = MADE[kind](LOW, HIGH)
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream):
                item.read_raw_bytes()
        assert irregularity(data, pdf) or has_guessed(pdf)


@pytest.mark.parametrize("path", sorted(FILES.glob("*/letter.pdf")), ids=lambda path: path.parent.name)
def test_letters_of_all_producers_are_regular(path: Path) -> None:
    data = path.read_bytes()
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        assert irregularity(data, pdf) == ""


@pytest.mark.parametrize("path", sorted(FILES.glob("*/form.pdf")), ids=lambda path: path.parent.name)
def test_fields_that_became_part_of_the_page_look_as_before(path: Path) -> None:
    found = received(path.read_bytes())
    assert found.inspection.notices or "weasyprint" in path.parts
    assert found.differences == []
    assert found.before == b""


def _without_a_form() -> bytes:
    """Fields that some readers draw and PDFium does not."""
    pdf = pikepdf.open(io.BytesIO(samples.form()))
    del pdf.Root["/AcroForm"]
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_a_field_that_looks_different_must_be_confirmed_on_its_page() -> None:
    upload = _without_a_form()
    found = received(upload)
    (difference,) = found.differences
    seen = found.inspection.pages[difference.page - 1]
    assert difference.page == 1
    assert difference.boxes
    for left, bottom, right, top in difference.boxes:
        assert 0 <= left < right <= seen.width_pt
        assert 0 <= bottom < top <= seen.height_pt
    assert found.before == upload


def test_a_field_beside_its_page_does_no_harm() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.form()))
    pdf.pages[0].obj.Annots[0].Rect = pikepdf.Array([-900, -900, -800, -850])
    pdf.pages[0].obj.Annots.append(
        pdf.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[9, 9, 9, 9], AP={})
        )
    )
    pdf.pages[0].obj["/Contents"] = pdf.make_stream(pdf.pages[0].Contents.read_bytes() + b" 0 0 9 9 re f")
    out = io.BytesIO()
    pdf.save(out)
    assert received(out.getvalue()).differences == []


def test_a_change_outside_the_boxes_of_fields_is_refused() -> None:
    upload = _without_a_form()
    with pikepdf.open(io.BytesIO(upload)) as pdf:
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pytest.raises(Refusal, match=r"pdf\.ambiguous"):
        received(ambiguous_files.with_content_twice(out.getvalue()))


@pytest.mark.parametrize("profile", [Profile.FINAL, Profile.SIGN_LATER])
@pytest.mark.parametrize("count", [1, 2])
async def test_stamping_only_appends_to_what_was_shown(
    profile: Profile, count: int, bench: SealingBench
) -> None:
    found = received(samples.form(), profile, stamps=count)
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(found.placements)]
    request = SealRequest(
        data=found.instead,
        normalised=True,
        stamps=stamps,
        profile=profile,
        signing_time=datetime.now(UTC),
    )
    prepared = prepare_seal(request)
    assert prepared.data.startswith(found.instead)
    assert prepared.base_bytes == len(found.instead)
    assert prepared.data[len(found.instead) :].count(b"%%EOF") == 1  # all fields, and the first seal


@pytest.mark.parametrize(
    "make", [samples.letter, samples.form, samples.living, samples.broken_table, samples.encrypted]
)
def test_the_same_upload_gives_the_same_bytes(make: object) -> None:
    assert callable(make)
    data = make()
    request = ReceptionRequest(data=data, stamps=1, limits=OutputLimits(), password="rahasia")
    first, second = receive(request), receive(request)
    assert first.instead == second.instead != data


def test_a_file_with_places_to_sign_is_normalised_for_both_choices() -> None:
    upload = signed_files.waiting()
    final, later = (received(upload, one) for one in (Profile.FINAL, Profile.SIGN_LATER))
    assert (final.instead, final.otherwise) == (later.otherwise, later.instead)
    for data, form in ((final.instead, False), (later.instead, True)):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert ("/AcroForm" in pdf.Root) is form
    assert received(samples.letter()).otherwise == b""


def test_a_file_stored_before_uploads_were_normalised_is_normalised_when_stamped(bench: SealingBench) -> None:
    upload = samples.living()
    stamp = bench.stamp(Placement(page=1, x=400, y=100))
    request = SealRequest(data=upload, stamps=[stamp], signing_time=datetime.now(UTC))
    prepared = prepare_seal(request)
    assert prepared.data.startswith(received(upload).instead)
    assert b"/JavaScript" not in prepared.data
