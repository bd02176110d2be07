"""The proposed place touches no text where the page has room."""

from PIL import Image

from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.proposal import choose_place, propose_placement
from meterai.stamping.requests import ProposeRequest
from simulator.crowd.papers import make_letter


def test_the_proposed_place_touches_no_letter() -> None:
    letter = make_letter("SURAT LAMARAN", "Siti Contoh", size_bytes=30_000)
    place = propose_placement(ProposeRequest(data=letter, page=1, width_pt=595.28, height_pt=841.89))
    page: Image.Image = render_image(RenderRequest(data=letter, page=1, width_px=1190)).convert("L")
    scale = page.width / 595.28
    left, right = place.x * scale, (place.x + place.size) * scale
    top, bottom = page.height - (place.y + place.size) * scale, page.height - place.y * scale
    darkest, _ = page.crop((int(left), int(top), int(right), int(bottom))).getextrema()
    assert isinstance(darkest, int)
    assert darkest > 200, f"the stamp at {place} lies on something"


def test_ink_is_counted_under_the_square_alone() -> None:
    page = Image.new("L", (150, 212), 255)
    request = ProposeRequest(data=b"", page=1, width_pt=595.28, height_pt=841.89)
    usual = choose_place(page, request)
    scale = page.width / request.width_pt
    middle = round((usual.x + usual.size / 2) * scale), round(212 - (usual.y + usual.size / 2) * scale)
    page.putpixel(middle, 0)
    assert choose_place(page, request) != usual, "one dot in the middle is enough to move"
    page.putpixel(middle, 255)
    beside = round((usual.x + usual.size) * scale) + 4, middle[1]
    page.putpixel(beside, 0)
    assert choose_place(page, request) == usual, "a dot beside the square is no reason to move"
