"""A tick stays when fields become part of the page, though its appearance lacks what qpdf wants."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops

from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.placement import Placement
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

N = pikepdf.Name
TICK = b"0 g 2 2 20 26 re f "


def face(pdf: pikepdf.Pdf, content: bytes, box: bytes, matrix: bytes = b"") -> Any:
    made = pdf.make_stream(content, Subtype=N.Form)
    for key, value in (("/BBox", box), ("/Matrix", matrix)):
        if value:
            made[key] = pikepdf.Object.parse(value)
    return made


def ticked(
    box: bytes = b"", matrix: bytes = b"", *, content: bytes = TICK, state: bytes = b"/Ya", **entries: Any
) -> bytes:
    """A page with a ticked box, and one that is not."""
    pdf = pikepdf.open(io.BytesIO(samples.page_file(rotation=entries.pop("rotation", 0), content=b"")))
    name = pikepdf.Object.parse(state)
    on, off = face(pdf, content, box, matrix), face(pdf, b"0 G 1 1 28 28 re S", b"[0 0 30 30]")
    states = pikepdf.Object.parse(b"<< %s 0 /Off 0 >>" % state)
    for key in list(states.keys()):
        states[key] = off if key == "/Off" else on
    fields = pikepdf.Array()
    for number, chosen in enumerate((name, N.Off)):
        rectangle = [100 + 100 * number, 500, 130 + 100 * number, 530]
        field = pikepdf.Dictionary(
            Type=N.Annot,
            Subtype=N.Widget,
            FT=N.Btn,
            T=f"kotak{number}",
            Rect=rectangle,
            F=4,
            AS=chosen,
            V=chosen,
        )
        field["/AP"] = pikepdf.Dictionary(N=states)
        for key, value in entries.items():
            field["/" + key] = value
        fields.append(pdf.make_indirect(field))
    pdf.pages[0].obj["/Annots"] = fields
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=fields)
    pdf.save(out := io.BytesIO())
    return out.getvalue()


def picture(data: bytes) -> Image.Image:
    with pypdfium2.PdfDocument(data) as document:
        document.init_forms()
        image: Image.Image = document[0].render(scale=2).to_pil().convert("L")
        return image.copy()


def ink(image: Image.Image) -> int:
    return sum(image.histogram()[:100])


BOXES = {
    "a box": b"[0 0 30 30]",
    "no box": b"",
    "a number": b"5",
    "a text": b"(0 0 30 30)",
    "names in it": b"[/a 0 30 30]",
    "corners the other way": b"[30 30 0 0]",
}
MATRICES = {
    "no matrix": b"",
    "larger, and moved": b"[1.5 0 0 1.5 7 7]",
    "turned": b"[0 1 -1 0 0 0]",
    "slanted": b"[1 0.2 0.3 1 0 0]",
    "no matrix at all": b"[1 0 0]",
}


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("matrix", MATRICES)
def test_a_tick_stays(box: str, matrix: str) -> None:
    data = ticked(BOXES[box], MATRICES[matrix])
    flat = prepare_document(DocumentRequest(data=data)).data
    before, after = picture(data), picture(flat)
    assert ink(before) > 1000
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40
    with pikepdf.open(io.BytesIO(flat)) as pdf:
        assert "/Annots" not in pdf.pages[0].obj


@pytest.mark.parametrize("box", [b"[0 0 0 0]", b"[0 0 30]", b"[0 0 30 30 9]", b"[0 0 30 0]"])
def test_what_nobody_saw_does_not_appear(box: bytes) -> None:
    data = ticked(box)
    before, after = picture(data), picture(prepare_document(DocumentRequest(data=data)).data)
    assert before.crop((190, 600, 270, 700)).tobytes() == after.crop((190, 600, 270, 700)).tobytes()


@pytest.mark.parametrize("state", [b"/Ya", b"/S#ED", b"/a#20b", b"/1", b"/Yes#2FOn"])
def test_the_state_may_have_any_name(state: bytes) -> None:
    data = ticked(state=state)
    before, after = picture(data), picture(prepare_document(DocumentRequest(data=data)).data)
    assert ink(before) > 1000
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40


def test_a_state_written_as_text_is_shown() -> None:
    data = ticked(b"[0 0 30 30]")
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.pages[0].obj["/Annots"][0]["/AS"] = pikepdf.String("Ya")
        pdf.save(out := io.BytesIO())
    before, after = (
        picture(out.getvalue()),
        picture(prepare_document(DocumentRequest(data=out.getvalue())).data),
    )
    assert ink(before) > 1000
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40


@pytest.mark.parametrize("kind", ["Stamp", "FreeText", "Square"])
@pytest.mark.parametrize("rotation", [0, 90])
def test_a_comment_without_a_box_stays(kind: str, rotation: int) -> None:
    data = ticked(Subtype=N("/" + kind), rotation=rotation)
    before, after = picture(data), picture(prepare_document(DocumentRequest(data=data)).data)
    assert ink(before) > 1000
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40


def test_what_reaches_out_of_its_place_is_kept_whole() -> None:
    data = ticked(content=b"0 g -20 -20 80 80 re f")
    before, after = picture(data), picture(prepare_document(DocumentRequest(data=data)).data)
    assert ink(before) > 20_000
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40


async def test_a_tick_is_under_the_seal(bench: SealingBench) -> None:
    data = ticked()
    sealed = await bench.seal(data, bench.stamp(Placement(page=1, x=300, y=60, size=54.0)))
    before, after = (picture(version).crop((0, 0, 595, 800)) for version in (data, sealed))
    assert sum(ImageChops.difference(before, after).histogram()[64:]) < 40
