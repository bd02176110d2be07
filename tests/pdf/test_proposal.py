"""Stamps are proposed where people sign: by words, else near the last ink. They cover nothing there."""

from __future__ import annotations

import io
import math

import msgspec
import pikepdf
import pytest
from PIL import Image

from meterai.pdf.ink import Ink, ink_under
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.pdf.page_box import Rectangle
from meterai.pdf.profiles import Profile
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.places.proposal import propose_placement
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement, overlap
from meterai.stamping.requests import OutputLimits, ProposeRequest, ReceptionRequest
from simulator.crowd.papers import make_letter
from tests.attacks.signing import signed_by_somebody
from tests.pdf.test_ink import page, scanned, text

NEAR_PT = 40 / 25.4 * 72
BODY = b"".join(text(60, 790 - 16 * line, "Saya menyatakan bahwa data ini benar.") for line in range(6))
NOTES = b"".join(
    text(60, 160 - 16 * line, "Catatan panitia tentang berkas ini, baris terakhir.") for line in range(6)
)
"""Below the place to sign, so that the last ink is far from it."""
ROOM = (330.0, 420.0, 470.0, 480.0)
"""Where people sign in these letters."""


def below(words: str) -> bytes:
    """Words above the room to sign."""
    return text(330, 484, words)


WORDS: dict[str, bytes] = {
    "a closing": below("Hormat saya,"),
    "a closing of an office": below("Hormat kami,"),
    "a statement": below("Yang menyatakan,"),
    "the maker of a statement": below("Yang membuat pernyataan"),
    "the signer of a contract": below("PIHAK KEDUA,"),
    "an applicant": below("Pemohon"),
    "the old spelling": text(340, 450, "Materai"),
    "what a stamp costs": text(340, 450, "Meterai Rp10.000"),
    "a stamp in brackets": text(340, 450, "\\(Materai Rp. 10.000,-\\)"),
    "a signature": below("Tanda tangan"),
    "a name in brackets": text(330, 408, "\\(Siti Rahmawati\\)"),
    "a name to be written": text(330, 408, "\\(nama\\)"),
    "dots in brackets": text(330, 408, "\\(........................\\)"),
    "the number of an official": text(330, 408, "NIP 196804121990032001"),
    "a date": below("Semarang, 1 Desember 2026"),
    "an English closing": below("Yours sincerely,"),
    "an English signature": text(330, 408, "Signature"),
    "signed by": below("Signed by"),
}


def proposed(data: bytes, stamps: int = 1) -> list[Placement]:
    return receive(ReceptionRequest(data=data, stamps=stamps, limits=OutputLimits())).placements


def distance(place: Placement, box: Rectangle) -> float:
    one = place.rectangle
    across = max(one[0] - box[2], box[0] - one[2], 0.0)
    up = max(one[1] - box[3], box[1] - one[3], 0.0)
    return math.hypot(across, up)


def joined(*files: bytes) -> bytes:
    """One file with the pages of these."""
    whole = pikepdf.new()
    for one in files:
        with pikepdf.open(io.BytesIO(one)) as pdf:
            whole.pages.extend(pdf.pages)
    whole.save(out := io.BytesIO())
    return out.getvalue()


@pytest.mark.parametrize("words", WORDS)
def test_words_say_where_people_sign(words: str) -> None:
    data = page(BODY + WORDS[words] + NOTES)
    (place,) = proposed(data)
    assert distance(place, ROOM) <= 10
    assert ink_under(data, 1, place.rectangle) is Ink.NOTHING
    (elsewhere,) = proposed(page(BODY + NOTES))
    assert distance(elsewhere, ROOM) > NEAR_PT, "without the words it is the last ink"


@pytest.mark.parametrize(
    "words", ["Dengan hormat,", "yang menyatakan bahwa semua benar.", "Hormat saya kepada Ibu."]
)
def test_words_in_a_sentence_are_no_place_to_sign(words: str) -> None:
    (place,) = proposed(page(BODY + below(words) + NOTES))
    assert distance(place, ROOM) > NEAR_PT


def test_the_stamp_lies_on_the_word_that_waits_for_it() -> None:
    frame = b"330 440 90 30 re S "
    data = page(BODY + below("Hormat saya,") + frame + text(340, 450, "Meterai") + text(330, 370, "Siti"))
    (place,) = proposed(data)
    assert distance(place, (340, 450, 380, 460)) == 0
    assert ink_under(data, 1, place.rectangle) is Ink.NOTHING


def test_the_heavier_words_win() -> None:
    known = text(60, 484, "Mengetahui,") + text(60, 410, "\\(Kepala Desa\\)")
    (place,) = proposed(page(BODY + known + below("Yang menyatakan,") + NOTES))
    assert distance(place, ROOM) <= 10


def test_two_stamps_lie_near_two_signers() -> None:
    signers = text(60, 484, "PIHAK PERTAMA,") + below("PIHAK KEDUA,")
    first, second = proposed(page(BODY + signers + NOTES), stamps=2)
    assert not overlap(first, second)
    assert all(distance(place, (60, 420, 470, 480)) <= NEAR_PT for place in (first, second))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("user_unit", [1.0, 1.5])
def test_the_page_is_read_as_people_see_it(rotation: int, user_unit: float) -> None:
    data = page(BODY + below("Hormat saya,") + NOTES, rotation=rotation, user_unit=user_unit)
    box = open_document(data, DEFAULT_LIMITS).pages[0].box
    (place,) = proposed(data)
    assert distance(place, box.to_visible(ROOM)) <= NEAR_PT * user_unit
    assert ink_under(data, 1, place.rectangle, user_unit) is Ink.NOTHING


def test_the_last_page_with_such_words_gets_the_stamp() -> None:
    letter, other = page(BODY + below("Hormat saya,")), page(NOTES)
    assert [place.page for place in proposed(joined(letter, other, scanned(other)))] == [1]
    assert [place.page for place in proposed(joined(letter, other, letter))] == [3]


def test_without_words_the_last_page_with_ink_gets_it() -> None:
    white = page(b"1 g 0 0 595 842 re f")
    (place,) = proposed(joined(page(BODY), page(BODY + text(330, 500, "Siti Rahmawati")), white, page(b"")))
    assert place.page == 2
    assert distance(place, (330, 500, 410, 560)) <= 10


def test_a_scan_is_stamped_near_its_last_ink() -> None:
    letter = scanned(page(BODY + below("Hormat saya,") + text(330, 408, "Siti Rahmawati")))
    (place,) = proposed(letter)
    assert distance(place, ROOM) <= NEAR_PT
    assert ink_under(letter, 1, place.rectangle) is Ink.NOTHING


def test_the_foot_of_a_page_is_not_its_last_ink() -> None:
    data = page(BODY + text(330, 500, "Siti Rahmawati") + text(200, 30, "Jalan Merdeka 1, Jakarta"))
    (place,) = proposed(data)
    assert distance(place, (330, 500, 410, 560)) <= 10


def test_a_smaller_stamp_is_proposed_where_there_is_little_room() -> None:
    lines = [text(40, 830 - 12 * line, "Saya menyatakan bahwa data ini benar. " * 4) for line in range(69)]
    gap = b"".join(lines[:30] + lines[37:])
    (place,) = proposed(page(gap))
    assert place.size < 90
    assert ink_under(page(gap), 1, place.rectangle) is Ink.NOTHING


def test_a_full_page_still_gets_a_proposal() -> None:
    (place,) = proposed(page(b"0.2 g 0 0 595 842 re f"))
    assert place.size == 90


def test_a_signed_file_is_stamped_where_people_sign() -> None:
    data = signed_by_somebody(page(BODY + below("Hormat saya,") + NOTES), box=(40, 700, 140, 740))
    (place,) = proposed(data)
    assert distance(place, ROOM) <= NEAR_PT
    assert ink_under(data, 1, place.rectangle) is Ink.NOTHING


def test_an_empty_field_is_not_covered() -> None:
    """It looks like paper, but somebody will sign in it."""
    with pikepdf.open(io.BytesIO(page(BODY + below("Hormat saya,")))) as pdf:
        field = {
            "Subtype": pikepdf.Name.Widget,
            "FT": pikepdf.Name.Sig,
            "T": "tanda",
            "Rect": [200, 380, 470, 480],
        }
        kept = pdf.make_indirect(pikepdf.Dictionary(**field))
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([kept])
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=[kept], SigFlags=1)
        pdf.save(out := io.BytesIO())
    request = ReceptionRequest(
        data=out.getvalue(), stamps=1, limits=OutputLimits(), profile=Profile.SIGN_LATER
    )
    received = receive(request)
    (place,) = received.placements
    assert ink_under(received.instead, 1, place.rectangle) is Ink.NOTHING


def test_a_place_on_another_page_is_proposed_by_the_same_words() -> None:
    letter = page(BODY + below("Hormat saya,") + NOTES)
    request = ProposeRequest(data=joined(letter, page(NOTES)), page=1, width_pt=595.28, height_pt=841.89)
    first = propose_placement(request)
    assert first.page == 1
    assert distance(first, ROOM) <= 10
    second = propose_placement(msgspec.structs.replace(request, taken=[first]))
    assert not overlap(first, second)
    assert distance(second, ROOM) <= NEAR_PT


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
