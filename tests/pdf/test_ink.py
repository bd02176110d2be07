"""What lies under a place: text, drawings, fields. Lines to sign on and the word "Meterai" do not count."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from meterai.pdf.ink import ink_under
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.page_box import Rectangle
from tests.pdf import samples

BOX = (300.0, 100.0, 390.0, 190.0)
FONT = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)


def text(x: float, y: float, words: str, size: float = 11, mode: int = 0) -> bytes:
    return f"BT /F {size} Tf {mode} Tr {x} {y} Td ({words}) Tj ET\n".encode()


def page(
    content: bytes, *, rotation: int = 0, user_unit: float = 1.0, crop: Rectangle | None = None
) -> bytes:
    plain = samples.page_file(content=content, rotation=rotation, user_unit=user_unit, crop=crop)
    with pikepdf.open(io.BytesIO(plain)) as pdf:
        pdf.pages[0].obj["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=FONT))
        pdf.save(out := io.BytesIO())
    return out.getvalue()


def scanned(data: bytes, *, noise: int = 10, paper: int = 238, turn: float = 0.0) -> bytes:
    """The page as a scanner of 150 dpi makes it: grey paper, noise, soft letters, perhaps skewed."""
    with pypdfium2.PdfDocument(data) as document:
        picture: Image.Image = document[0].render(scale=150 / 72).to_pil().convert("L")
    picture = picture.rotate(turn, Image.Resampling.BICUBIC, fillcolor=255)
    grain = Image.frombytes("L", picture.size, random.Random(5).randbytes(picture.width * picture.height))
    picture = picture.filter(ImageFilter.GaussianBlur(0.6)).point([v * paper // 255 for v in range(256)])
    picture = Image.blend(picture, grain, noise / 255)
    picture.save(out := io.BytesIO(), "JPEG", quality=55)
    pdf = pikepdf.new()
    samples.add_scan(pdf, out.getvalue(), picture.size)
    pdf.save(done := io.BytesIO())
    return done.getvalue()


NOTHING = {
    "an empty page": b"",
    "text beside the place": text(100, 140, "Rp 1.000.000") + text(392, 140, "Budi"),
    "text above the place": text(300, 193, "Hormat kami"),
    "a dotted line": text(250, 140, "." * 80),
    "a dotted line that ends in the place": text(250, 140, "." * 30),
    "a spaced dotted line": text(250, 140, ". " * 60),
    "a line of underscores": text(250, 140, "_" * 40),
    "a line of dashes": text(250, 140, "-" * 40),
    "a ruled line": b"0.7 w 250 140 m 500 140 l S",
    "a dashed line": b"0.7 w [3 3] 0 d 250 140 m 500 140 l S",
    "a narrow filled box as a line": b"250 140 250 0.9 re f",
    "a frame for a stamp": b"0.5 w 310 110 70 70 re S",
    "a dashed frame": b"0.5 w [2 1.5] 0 d 310 110 70 70 re S",
    "a table without text": b"0.5 w "
    + b" ".join(b"%d 90 m %d 200 l S" % (x, x) for x in range(290, 400, 20)),
    "Meterai": text(325, 140, "Meterai"),
    "e-Meterai": text(320, 140, "e-Meterai"),
    "Materai": text(325, 140, "MATERAI"),
    "Materai with its price": text(310, 140, "Materai Rp 10.000,-", 9),
    "Meterai in a frame on a line": text(325, 140, "Meterai") + b"310 110 70 70 re S 250 120 m 500 120 l S",
    "Meterai in brackets above dots": text(322, 150, "\\(Meterai\\)") + text(290, 120, "." * 40),
    "Meterai between two names": text(220, 140, "Budi") + text(325, 140, "Meterai") + text(420, 140, "Siti"),
    "text that nobody sees": text(310, 140, "Rp 1.000.000", mode=3),
    "a coloured page": b"1 0.98 0.9 rg 0 0 600 900 re f",
}

DRAWN = {
    "an amount": text(310, 140, "Rp 1.000.000"),
    "one dot": text(310, 140, "."),
    "small letters": text(310, 140, "Rp 1.000", 5),
    "letters in yellow": b"1 1 0 rg " + text(310, 140, "Rp 1.000.000"),
    "letters in light grey": b"0.85 g " + text(310, 140, "Rp 1.000.000"),
    "letters in white on black": b"300 100 90 90 re f 1 g " + text(310, 140, "Rp 1.000"),
    "the end of a line": text(220, 140, "sejumlah Rp 1.000.000"),
    "a name on a dotted line": text(250, 140, "." * 80) + text(310, 142, "Budi"),
    "a name among dots": text(310, 140, "..... Budi ....."),
    "an amount on a ruled line": b"250 138 m 500 138 l S " + text(310, 140, "9.000"),
    "an amount after Meterai": text(305, 140, "Meterai Rp 9.000.000"),
    "Meterai within a sentence": text(250, 140, "biaya meterai 10.000 ditanggung pihak kedua"),
    "Meterai over an amount": text(325, 140, "Meterai") + text(325, 140, "9.000.000"),
    "an amount over Meterai": text(325, 140, "9.000.000") + text(325, 140, "Meterai"),
    "Meterai in white over an amount": text(325, 140, "9.000") + b"1 g " + text(325, 140, "Meterai"),
    "Meterai and an amount in one go": text(310, 140, "Meterai" + " " * 20 + "9.000.000"),
    "a handwritten signature": b"1 w 310 140 m " + b" ".join(
        b"%d %d l" % (310 + 4 * n, 140 + (n * 7) % 13) for n in range(1, 16)
    ) + b" S",
    "a thick bar": b"250 140 250 6 re f",
    "a grey box": b"0.7 g 310 110 40 40 re f",
    "a black place": b"290 90 110 110 re f",
    "a column of the letter l": b"".join(text(340, 180 - 10 * n, "l") for n in range(7)),
    "a column of ones": b"".join(text(340, 180 - 10 * n, "1") for n in range(7)),
    "a column of minus signs": b"".join(text(340, 180 - 10 * n, "-") for n in range(7)),
    "two equal signs": text(340, 140, "=="),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_lines_and_the_word_meterai_are_no_ink(name: str) -> None:
    assert ink_under(page(NOTHING[name]), 1, BOX) is Ink.NOTHING


@pytest.mark.parametrize("name", DRAWN)
def test_whatever_says_something_is_ink(name: str) -> None:
    assert ink_under(page(DRAWN[name]), 1, BOX) is Ink.DRAWN


SCANS: dict[str, Callable[[bytes], bytes]] = {
    "clean": lambda data: scanned(data, noise=0, paper=255),
    "usual": scanned,
    "dark and noisy": lambda data: scanned(data, noise=24, paper=215),
    "skewed": lambda data: scanned(data, turn=0.4),
}


@pytest.mark.parametrize("kind", SCANS)
@pytest.mark.parametrize(
    "name", ["an empty page", "a dotted line", "a ruled line", "a line of underscores", "a frame for a stamp"]
)
def test_a_scan_with_lines_is_free(kind: str, name: str) -> None:
    assert ink_under(SCANS[kind](page(NOTHING[name])), 1, BOX) is Ink.NOTHING


@pytest.mark.parametrize("kind", SCANS)
@pytest.mark.parametrize(
    "name", ["an amount", "a name on a dotted line", "a handwritten signature", "a grey box"]
)
def test_a_scan_with_ink_is_not_free(kind: str, name: str) -> None:
    assert ink_under(SCANS[kind](page(DRAWN[name])), 1, BOX) is Ink.DRAWN


def test_one_digit_on_a_scan_is_ink() -> None:
    assert ink_under(scanned(page(text(340, 140, "0", 8))), 1, BOX) is Ink.DRAWN


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("user_unit", [1.0, 2.0])
def test_the_place_is_the_one_that_people_see(rotation: int, user_unit: float) -> None:
    """A mark near one corner of the visible page is found there, and in no other corner."""
    crop = (100.0, 200.0, 300.0, 500.0)
    data = page(b"105 205 20 20 re f", rotation=rotation, user_unit=user_unit, crop=crop)
    width, height = (300.0, 200.0) if rotation in (90, 270) else (200.0, 300.0)
    corners = {"lower left": (0, 0), "upper left": (0, 1), "upper right": (1, 1), "lower right": (1, 0)}
    found = [
        name
        for name, (right, up) in corners.items()
        if ink_under(
            data,
            1,
            (
                *(user_unit * (right * (width - 60)), user_unit * up * (height - 60)),
                *(user_unit * (right * (width - 60) + 60), user_unit * (up * (height - 60) + 60)),
            ),
            user_unit,
        )
    ]
    assert found == [list(corners)[rotation // 90]]


def annotated(place: Rectangle, *, kind: str = "Widget", **entries: object) -> bytes:
    with pikepdf.open(io.BytesIO(page(b""))) as pdf:
        item = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Rect=list(place), **entries)
        item["/Subtype"] = pikepdf.Name(f"/{kind}")
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([pdf.make_indirect(item)])
        if kind == "Widget":
            pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pdf.pages[0].obj["/Annots"])
        pdf.save(out := io.BytesIO())
    return out.getvalue()


@pytest.mark.parametrize("field", ["/Tx", "/Btn", "/Ch", "/Sig"])
@pytest.mark.parametrize(
    "place", [(310, 110, 350, 130), (0, 0, 600, 800), (350, 130, 310, 110), (389, 100, 500, 140)]
)
def test_a_field_is_found_empty_or_not(field: str, place: Rectangle) -> None:
    assert ink_under(annotated(place, FT=pikepdf.Name(field), T="a"), 1, BOX) is Ink.FIELD


@pytest.mark.parametrize("place", [(310, 110, 310, 110), (391, 100, 500, 140), (0, 0, 0, 0)])
def test_a_field_elsewhere_is_not_found(place: Rectangle) -> None:
    assert ink_under(annotated(place, FT=pikepdf.Name.Sig, T="a"), 1, BOX) is Ink.NOTHING


@pytest.mark.parametrize("kind", ["FreeText", "Square", "Highlight", "Stamp", "Ink", "Text"])
def test_a_comment_is_found(kind: str) -> None:
    assert ink_under(annotated((310, 110, 350, 130), kind=kind, Contents="x"), 1, BOX) is Ink.COMMENT


@pytest.mark.parametrize("kind", ["Link", "Popup"])
def test_what_draws_nothing_is_seen_through(kind: str) -> None:
    assert ink_under(annotated((310, 110, 350, 130), kind=kind, Border=[0, 0, 0]), 1, BOX) is Ink.NOTHING


def test_several_places_of_an_open_document() -> None:
    with pypdfium2.PdfDocument(page(text(310, 140, "Meterai") + text(100, 600, "isi"))) as document:
        document.init_forms()
        assert ink_under(document, 1, BOX) is Ink.NOTHING
        assert ink_under(document, 1, (90, 590, 150, 650)) is Ink.DRAWN
        shown = document[0].render(scale=1).to_pil().convert("L")
        assert shown.crop((310, 690, 350, 710)).getextrema()[0] < 128, "the word is drawn again"


def test_the_word_in_a_form_that_the_page_draws() -> None:
    with pikepdf.open(io.BytesIO(page(b"/X Do"))) as pdf:
        resources = pdf.pages[0].obj["/Resources"]
        resources["/XObject"] = pikepdf.Dictionary(
            X=pdf.make_stream(
                text(325, 140, "Meterai"),
                Subtype=pikepdf.Name.Form,
                BBox=[0, 0, 600, 800],
                Resources=pikepdf.Dictionary(Font=resources["/Font"]),
            )
        )
        pdf.save(out := io.BytesIO())
    assert ink_under(out.getvalue(), 1, BOX) is Ink.NOTHING
