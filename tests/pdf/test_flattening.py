"""Fields and comments become page content and look as before."""

from __future__ import annotations

import io
from copy import copy
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageChops

from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.placement import Placement
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

LETTER = b"BT /F1 24 Tf 100 600 Td (Surat) Tj ET"
BLACK_TEXT = b"BT /F1 20 Tf 0 g 5 12 Td (BUDI SANTOSO) Tj ET"


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _with_comment(content: bytes = LETTER, **entries: Any) -> bytes:
    """A page with a comment or field that has its own appearance.

    `entries`: those of the annotation; None removes one.
    """
    pdf = pikepdf.open(io.BytesIO(samples.page_file(content=content)))
    name = pikepdf.Name
    font = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    pdf.pages[0].obj["/Resources"] = resources
    look = pdf.make_stream(
        BLACK_TEXT, Type=name.XObject, Subtype=name.Form, BBox=[0, 0, 300, 40], Resources=resources
    )
    comment = pikepdf.Dictionary(
        Type=name.Annot, Subtype=name.Stamp, Rect=[100, 500, 400, 540], F=4, AP=pikepdf.Dictionary(N=look)
    )
    for key, value in entries.items():
        if value is None:
            del comment["/" + key]
        else:
            comment["/" + key] = value
    comment = pdf.make_indirect(comment)
    pdf.pages[0].obj["/Annots"] = pikepdf.Array([comment])
    if comment["/Subtype"] == "/Widget":
        comment["/FT"], comment["/T"] = name.Tx, "nama"
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=[comment])
    return _saved(pdf)


def _pictures(data: bytes) -> tuple[Image.Image, Image.Image]:
    """The page before and after flattening."""
    flat = prepare_document(DocumentRequest(data=data)).data
    with pikepdf.open(io.BytesIO(flat)) as pdf:
        assert "/Annots" not in pdf.pages[0].obj
    before, after = (
        render_image(RenderRequest(data=version, page=1, width_px=595)).convert("L")
        for version in (data, flat)
    )
    return before, after


def _assert_same(before: Image.Image, after: Image.Image) -> None:
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40


def _ink(picture: Image.Image) -> int:
    """Dark dots where the comment is."""
    place = picture.crop((100, picture.height - 540, 400, picture.height - 500))
    return sum(place.histogram()[:200])


@pytest.mark.parametrize(
    "content",
    [
        b"q " + LETTER + b" Q",
        b"q 0.5 0 0 0.5 0 0 cm q " + LETTER,
        b"q 0 590 612 60 re W n q " + LETTER,
        b"q 1 0 0 -1 0 842 cm q " + LETTER,
        b"q Q 0.5 0 0 0.5 0 0 cm Q " + LETTER,
        b"Q q q 0.5 0 0 0.5 0 0 cm " + LETTER,
        b"q 0.5 0 0 0.5 0 0 cm % Q\n(Q \\) Q) pop BI /W 1 /H 4 /BPC 8 /CS /G ID  Q Q EI " + LETTER,
    ],
    ids=["balanced", "smaller", "cut off", "upside down", "Q too many", "both", "no operators"],
)
def test_a_field_stays_where_it_was_though_the_page_leaves_a_state_behind(content: bytes) -> None:
    before, after = _pictures(_with_comment(content))
    assert _ink(before) > 500
    _assert_same(before, after)


def test_balanced_content_is_not_written_anew() -> None:
    content = b"q " + LETTER + b" (Q) pop Q"
    flat = prepare_document(DocumentRequest(data=_with_comment(content))).data
    with pikepdf.open(io.BytesIO(flat)) as pdf:
        parts = [part.read_bytes() for part in pdf.pages[0].obj["/Contents"]]
    assert content in parts


@pytest.mark.parametrize("content", [pikepdf.Array(), None, 3])
def test_a_page_without_content_keeps_its_comment(content: Any) -> None:
    pdf = pikepdf.open(io.BytesIO(_with_comment()))
    if content is None:
        del pdf.pages[0].obj["/Contents"]
    else:
        pdf.pages[0].obj["/Contents"] = content
    before, after = _pictures(_saved(pdf))
    assert _ink(before) > 500
    _assert_same(before, after)


@pytest.mark.parametrize(("kind", "seen"), [("Stamp", True), ("FreeText", True), ("Widget", False)])
def test_a_comment_marked_invisible_is_as_readers_show_it(kind: str, seen: bool) -> None:
    before, after = _pictures(_with_comment(Subtype=pikepdf.Name("/" + kind), F=5))
    assert (_ink(before) > 500) is seen
    _assert_same(before, after)


@pytest.mark.parametrize("kind", ["Stamp", "Widget"])
@pytest.mark.parametrize("states", [False, True], ids=["one face", "faces by state"])
@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("apart", [False, True], ids=["its layer alone", "the face in another"])
def test_a_comment_in_a_layer_is_seen_when_the_layer_is(
    apart: bool, shown: bool, states: bool, kind: str
) -> None:
    """PDFium always shows an annotation, but shows page content as every reader does."""
    pdf = pikepdf.open(io.BytesIO(_with_comment(Subtype=pikepdf.Name("/" + kind))))
    layer, another = (
        pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=name)) for name in ("Catatan", "Cap")
    )
    off = pikepdf.Array([] if shown else [layer])
    pdf.Root["/OCProperties"] = pikepdf.Dictionary(
        OCGs=pikepdf.Array([layer, another]), D=pikepdf.Dictionary(OFF=off, Order=pikepdf.Array([layer]))
    )
    comment = pdf.pages[0].obj["/Annots"][0]
    comment["/OC"] = layer
    comment["/AP"] = pdf.make_indirect(comment["/AP"])
    if apart:
        comment["/AP"]["/N"]["/OC"] = another
        comment["/AP"]["/N"]["/Matrix"] = pikepdf.Array(
            [1, 0, 0, 1, 300, 0]
        )  # its box is fitted all the same
    if states:
        comment["/AP"]["/N"] = pikepdf.Dictionary(On=comment["/AP"]["/N"])
        comment["/AS"] = pikepdf.Name.On
    outside = pdf.make_indirect(copy(comment))  # shares its face with the one in the layer
    del outside["/OC"]
    outside["/Rect"] = pikepdf.Array([100, 400, 400, 440])
    pdf.pages[0].obj["/Annots"].append(outside)
    _, after = _pictures(_saved(pdf))
    assert (_ink(after) > 500) is shown
    assert _ink(ImageChops.offset(after, 0, -100)) > 500


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn by the reader", "in a layer"])
def test_a_box_whose_state_has_a_name_in_latin_1_stays_ticked(drawn: bool) -> None:
    """`Sí`, as written by programs from before Unicode: not a text that Python could read."""
    pdf = pikepdf.open(io.BytesIO(_with_comment(Subtype=pikepdf.Name.Widget)))
    box, form = pdf.pages[0].obj["/Annots"][0], pdf.Root["/AcroForm"]
    states = pikepdf.Object.parse(b"<< /S#ED 0 /Off 0 >>")
    for state in list(states.keys()):
        states[state] = box["/AP"]["/N"]
    box["/AP"] = pikepdf.Dictionary(N=states)
    box["/FT"], box["/AS"] = pikepdf.Name.Btn, pikepdf.Object.parse(b"/S#ED")
    if drawn:
        form["/NeedAppearances"] = True
    else:
        box["/OC"] = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Isian"))
    before, after = _pictures(_saved(pdf))
    assert _ink(before) > 100
    _assert_same(before, after)


@pytest.mark.parametrize(
    ("kind", "faces"),
    [("Link", "<< /N 0 >>"), ("Highlight", "<< >>"), ("Square", "<< /N << /On 0 >> >>")],
)
def test_a_link_and_a_comment_without_a_face_stay_what_they_are(kind: str, faces: str) -> None:
    """qpdf drops anything with an entry for appearances: the target of a link, a highlighter's mark."""
    entries = {"AP": pikepdf.Object.parse(faces.encode())}
    data = _with_comment(Subtype=pikepdf.Name("/" + kind), Dest="bab 2", C=[1, 1, 0], **entries)
    flat = prepare_document(DocumentRequest(data=data)).data
    with pikepdf.open(io.BytesIO(data)) as old, pikepdf.open(io.BytesIO(flat)) as new:
        (before,), (after,) = (pdf.pages[0].obj["/Annots"] for pdf in (old, new))
        assert (after["/Subtype"], str(after["/Dest"])) == ("/" + kind, "bab 2")
        assert after["/AP"].to_json() == before["/AP"].to_json()


@pytest.mark.parametrize("faces", [None, pikepdf.Dictionary()], ids=["no entry", "an empty entry"])
async def test_a_written_comment_that_the_reader_draws_is_seen_under_the_seal(
    faces: pikepdf.Dictionary | None, bench: SealingBench
) -> None:
    """PDFium draws a comment without its own appearance, but not in a file whose form has no fonts, such
    as ours."""
    data = _with_comment(Subtype=pikepdf.Name.FreeText, AP=faces, Contents="SUDAH", DA="/Helv 20 Tf 0 g")
    sealed = await bench.seal(data, bench.stamp(Placement(page=1, x=60, y=700, size=54.0)))
    before, after = (
        render_image(RenderRequest(data=version, page=1, width_px=595)).convert("L").crop((0, 250, 595, 842))
        for version in (data, sealed)
    )
    assert sum(before.crop((100, 50, 400, 96)).histogram()[:200]) > 500
    _assert_same(before, after)
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        assert [str(item["/Subtype"]) for item in pdf.pages[0].obj["/Annots"]] == ["/Widget"]
