"""The picture of a scanned page looks the same whether PDFium or libjpeg makes the scan smaller."""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import copy
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.verification.in_jail.looks.rendered import draw_page
from meterai.verification.in_jail.looks.scan_copies import lighten_scans, plain_jpegs

SIZE = (1240, 1754)


def scan(mode: str = "RGB", change: Callable[[pikepdf.Pdf, Any], None] | None = None) -> bytes:
    """An A4 page of 150 dots an inch with lines, and a blue seal where there is colour."""
    paper = Image.new("RGB", SIZE, (244, 242, 238))
    pen = ImageDraw.Draw(paper)
    for line in range(150, 1200, 37):
        pen.text((150, line), "menyatakan dengan sesungguhnya", fill=(40, 40, 45), font_size=24)
    pen.ellipse((800, 1300, 1000, 1500), outline=(50, 60, 190), width=8)
    packed = io.BytesIO()
    paper.convert(mode).save(packed, "JPEG", quality=60)
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842)).obj
    picture = pdf.make_stream(packed.getvalue(), Filter=pikepdf.Name.DCTDecode, BitsPerComponent=8)
    picture["/Type"], picture["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Image
    picture["/Width"], picture["/Height"] = SIZE
    picture["/ColorSpace"] = pikepdf.Name.DeviceGray if mode == "L" else pikepdf.Name.DeviceRGB
    if change is not None:
        change(pdf, picture)
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture))
    page["/Contents"] = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Scan Do Q")
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def drawn_light(data: bytes) -> Image.Image:
    """The page, 600 dots wide, drawn from a smaller copy of its scan."""
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    lighten_scans(page, lambda: plain_jpegs(data), scale=600 / page.get_width())
    picture: Image.Image = page.render(scale=600 / page.get_width()).to_pil().convert("RGB")
    document.close()
    return picture


def width_in_memory(data: bytes) -> int:
    """Width of the scan in PDFium's memory, after it was replaced for a page of 600 dots."""
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    lighten_scans(page, lambda: plain_jpegs(data), scale=600 / 595)
    (picture,) = page.get_objects([pdfium_c.FPDF_PAGEOBJ_IMAGE])
    width, _ = picture.get_px_size()
    document.close()
    return int(width)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_scan_looks_the_same_from_a_smaller_copy(mode: str) -> None:
    data = scan(mode)
    assert width_in_memory(data) == SIZE[0] // 2
    light = drawn_light(data)
    whole = render_image(RenderRequest(data=data, page=1, width_px=600)).convert("RGB")
    difference = ImageChops.difference(light, whole)
    assert max(ImageStat.Stat(difference).mean) < 3
    assert min(light.convert("L").crop((70, 70, 300, 580)).getextrema()) < 110, "the letters are there"


def _masked(pdf: pikepdf.Pdf, picture: Any) -> None:
    mask = pdf.make_stream(bytes(64), Width=8, Height=8, BitsPerComponent=8)
    mask["/Type"], mask["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Image
    mask["/ColorSpace"] = pikepdf.Name.DeviceGray
    picture["/SMask"] = mask


def _inverted(_: pikepdf.Pdf, picture: Any) -> None:
    picture["/Decode"] = pikepdf.Array([1, 0, 1, 0, 1, 0])


def _of_another_size(_: pikepdf.Pdf, picture: Any) -> None:
    picture["/Width"] = SIZE[0] + 60


def _inverted_elsewhere(pdf: pikepdf.Pdf, picture: Any) -> None:
    """By its bytes alone nobody can tell which of the two a page draws."""
    other = copy(picture)
    _inverted(pdf, other)
    pdf.Root["/Other"] = other


@pytest.mark.parametrize("change", [_masked, _inverted, _of_another_size, _inverted_elsewhere])
def test_a_picture_that_is_more_than_a_jpeg_is_left_to_pdfium(
    change: Callable[[pikepdf.Pdf, Any], None],
) -> None:
    assert width_in_memory(scan(change=change)) > SIZE[0] // 2


def test_a_broken_jpeg_is_left_to_pdfium() -> None:
    def cut(_: pikepdf.Pdf, picture: Any) -> None:
        picture.write(picture.read_raw_bytes()[:9000], filter=pikepdf.Name.DCTDecode)

    assert width_in_memory(scan(change=cut)) == SIZE[0]


def test_a_jpeg_of_another_kind_than_its_picture_says_is_left_to_pdfium() -> None:
    assert width_in_memory(scan("CMYK")) == SIZE[0]


def test_the_judge_compares_scans_by_smaller_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn whole, forty pages in colour took all the time of a jail process: nobody could check them."""
    replaced: list[Any] = []
    monkeypatch.setattr(
        "meterai.verification.in_jail.looks.scan_copies._replace", lambda *found: replaced.append(found)
    )
    with opened(scan()) as document:
        draw_page(document[0], lambda: plain_jpegs(scan()))
    assert len(replaced) == 1
