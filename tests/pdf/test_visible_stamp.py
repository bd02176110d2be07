"""The stamp lies in its place, upright, on every kind of page, and its code can be read."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from meterai.pdf.inspection import inspect
from meterai.pdf.page_box import PageBox
from meterai.pdf.rendering import render_image, render_page
from meterai.pdf.requests import InspectRequest, RenderRequest
from meterai.signatures.stamp_code import decode_code, verify_code
from meterai.stamping.in_jail.places.proposal import propose_placement
from meterai.stamping.placement import Placement, Position, named_placement
from meterai.stamping.requests import ProposeRequest, Stamp
from meterai.stamping.stamp_face.artwork import artwork
from meterai.verification.in_jail import judge
from meterai.verification.model import Box, JudgeRequest
from meterai.verification.trust import load_trust
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

PAGES = {
    "plain": samples.page_file,
    "turned 90": lambda: samples.rotated(90),
    "turned 180": lambda: samples.rotated(180),
    "turned 270": lambda: samples.rotated(270),
    "turned -90": lambda: samples.rotated(-90),
    "cropped and turned": samples.cropped,
    "origin elsewhere": lambda: samples.page_file(media=(-300, -400, 295, 442)),
    "corners swapped": lambda: samples.page_file(media=(595, 842, 0, 0)),
    "crop box larger than the page": lambda: samples.page_file(crop=(-100, -100, 900, 900)),
    "user unit": lambda: samples.page_file(media=(0, 0, 297, 421), user_unit=2.0, rotation=90),
}


def find_code(data: bytes, page: int = 1, dots_per_inch: int = 200) -> tuple[str, tuple[float, float], float]:
    """Text of the code, its centre in points as seen, and how far it is turned (degrees)."""
    size = inspect(InspectRequest(data=data, allow_signed=True)).pages[page - 1]
    width = round(size.width_pt * dots_per_inch / 72)
    image = render_image(RenderRequest(data=data, page=page, width_px=width))
    found = zxingcpp.read_barcode(image)
    assert found is not None, "no code on the page"
    corners = [found.position.top_left, found.position.top_right]
    corners += [found.position.bottom_left, found.position.bottom_right]
    x = sum(corner.x for corner in corners) / 4 * 72 / dots_per_inch
    y = size.height_pt - sum(corner.y for corner in corners) / 4 * 72 / dots_per_inch
    return found.text, (x, y), found.orientation


def judged_box(data: bytes, bench: SealingBench) -> Box | None:
    """Where the verifier finds the stamp."""
    trust = load_trust(bench.folder / "trust")
    judgement = judge(JudgeRequest(data=data, trust=trust, moment=datetime.now(UTC)))
    return judgement.stamps[0].box


def check_code(data: bytes, stamp: Stamp, bench: SealingBench) -> None:
    text, (x, y), turned = find_code(data, stamp.placement.page)
    code = decode_code(text)
    assert code.serial == stamp.serial
    assert verify_code(code, {1: bench.code_key.public_bytes})
    place = stamp.placement
    assert (x, y) == pytest.approx((place.x + place.size * 0.347, place.y + place.size * 0.524), abs=1.5)
    assert abs(turned) <= 1


@pytest.mark.parametrize("name", PAGES)
async def test_the_code_is_read_back_where_the_stamp_was_put(name: str, bench: SealingBench) -> None:
    stamp = bench.stamp(Placement(page=1, x=310.5, y=97.25))
    data = await bench.seal(PAGES[name](), stamp)
    check_code(data, stamp, bench)
    found = judged_box(data, bench)
    assert found is not None
    assert (found.x, found.y, found.width, found.height) == pytest.approx((310.5, 97.25, 90, 90), abs=0.01)


@pytest.mark.parametrize("size", [54, 90, 110])
async def test_every_allowed_size_reads_at_300_dpi(size: float, bench: SealingBench) -> None:
    stamp = bench.stamp(Placement(page=1, x=300, y=200, size=size))
    text, _, _ = find_code(await bench.seal(samples.letter(), stamp), dots_per_inch=300)
    assert decode_code(text).serial == stamp.serial


@pytest.mark.parametrize("position", Position)
async def test_nine_positions_lie_on_a_turned_page(position: Position, bench: SealingBench) -> None:
    size = inspect(InspectRequest(data=samples.cropped())).pages[0]
    place = named_placement(position, page=1, width_pt=size.width_pt, height_pt=size.height_pt)
    stamp = bench.stamp(place)
    check_code(await bench.seal(samples.cropped(), stamp), stamp, bench)


async def test_poppler_draws_the_same_code(bench: SealingBench, written, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import subprocess

    stamp = bench.stamp(Placement(page=1, x=400, y=100))
    path = written(await bench.seal(samples.rotated(90), stamp))
    subprocess.run(["pdftoppm", "-r", "150", "-png", path, tmp_path / "page"], check=True)
    (picture,) = tmp_path.glob("page*.png")
    found = zxingcpp.read_barcode(Image.open(picture))
    assert found is not None
    assert decode_code(found.text).serial == stamp.serial


async def test_a_print_and_scan_at_150_dpi_still_reads(bench: SealingBench) -> None:
    stamp = bench.stamp(Placement(page=1, x=400, y=100))
    data = await bench.seal(samples.letter(), stamp)
    page = render_image(RenderRequest(data=data, page=1, width_px=round(595 / 72 * 150)))
    scanned = page.convert("L").rotate(1.3, fillcolor=255, resample=Image.Resampling.BICUBIC)
    out = io.BytesIO()
    scanned.save(out, "JPEG", quality=45)
    found = zxingcpp.read_barcode(Image.open(out))
    assert found is not None
    assert decode_code(found.text).serial == stamp.serial


async def test_the_stamp_is_in_the_widget_and_not_in_the_page(bench: SealingBench) -> None:
    data = await bench.seal(samples.letter(), bench.stamp(Placement(page=1, x=400, y=100)))
    before, after = (pikepdf.open(io.BytesIO(file)) for file in (samples.letter(), data))
    assert before.pages[0].obj["/Contents"].read_bytes() == after.pages[0].obj["/Contents"].read_bytes()
    assert "/XObject" not in after.pages[0].obj.get("/Resources", {})


async def test_the_words_the_law_wants_and_the_serial_number_can_be_selected(
    bench: SealingBench,
    written,  # type: ignore[no-untyped-def]
) -> None:
    import subprocess

    stamp = bench.stamp(Placement(page=1, x=400, y=100))
    path = written(await bench.seal(samples.page_file(content=b""), stamp))
    text = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
    joined = " ".join(text.split())
    for words in ("METERAI ELEKTRONIK", "SEPULUH RIBU RUPIAH", "10000", "SPESIMEN", stamp.serial):
        assert words in joined


def test_only_a_specimen_says_so() -> None:
    import zlib

    assert b"SPESIMEN" in zlib.decompress(artwork(specimen=True))
    assert b"SPESIMEN" not in zlib.decompress(artwork(specimen=False))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_to_the_page_and_back_is_where_one_started(rotation: int) -> None:
    box = PageBox(x0=-20, y0=30, x1=480, y1=730, rotation=rotation, user_unit=1.5)
    seen = (10.0, 20.0, 100.0, 120.0)
    assert box.to_visible(box.to_page(seen)) == pytest.approx(seen)


def test_the_proposed_place_is_empty_and_low_on_the_page() -> None:
    data = samples.letter()
    request = ProposeRequest(data=data, page=1, width_pt=595.28, height_pt=841.89)
    place = propose_placement(request)
    image = render_image(RenderRequest(data=data, page=1, width_px=595)).convert("L")
    top = image.height - round(place.y + place.size)
    under = image.crop((round(place.x), top, round(place.x + place.size), top + round(place.size)))
    assert under.getextrema() == (255, 255)
    assert place.y < 841.89 / 2
    second = propose_placement(
        ProposeRequest(data=data, page=1, width_pt=595.28, height_pt=841.89, taken=[place])
    )
    assert second != place


def test_a_page_without_colour_becomes_a_grey_picture_of_the_width_asked_for() -> None:
    picture = render_page(RenderRequest(data=samples.letter(), page=1))
    image = Image.open(io.BytesIO(picture.jpeg))
    assert (image.mode, image.width, picture.width_px) == ("L", 720, 720)
    assert len(picture.jpeg) < 80_000
    red = render_page(RenderRequest(data=samples.page_file(content=b"1 0 0 rg 50 50 200 200 re f"), page=1))
    assert Image.open(io.BytesIO(red.jpeg)).mode == "RGB"


@pytest.mark.parametrize(
    ("ink", "mode"), [("0.5 0.5 0.5", "L"), ("0.5 0.55 0.5", "L"), ("0.5 0.7 0.5", "RGB")]
)
def test_a_picture_is_grey_when_its_colours_hardly_differ(ink: str, mode: str) -> None:
    """As in a grey page that was scanned in colour."""
    data = samples.page_file(content=f"{ink} rg 40 40 120 30 re f".encode())
    assert Image.open(io.BytesIO(render_page(RenderRequest(data=data, page=1)).jpeg)).mode == mode


def test_letters_that_are_known_from_other_documents_look_the_same() -> None:
    requests = [RenderRequest(data=samples.letter(2), page=2, width_px=width) for width in (600, 333, 600)]
    first, small, again = (render_page(request).jpeg for request in requests)
    assert first == again != small
