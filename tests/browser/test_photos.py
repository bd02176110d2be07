"""A photo is enough: straightened, looked at, and stamped as any PDF, on a phone with and without scripts."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import PEOPLE, Person
from tests.browser.test_purchase import new_address
from tests.browser.test_quota import buy
from tests.pdf import samples

CORNERS = ((0.15, 0.1), (0.85, 0.15), (0.9, 0.93), (0.08, 0.88))
WORDS = {
    "id": {
        "ask": "Apakah fotonya sudah rapi?", "yes": "Ya, pakai hasil ini", "straighten": "Luruskan",
        "right": "Putar ke kanan", "grey": "Jadikan abu-abu", "colour": "Pakai warna",
        "add": "Tambahkan foto", "remove": "Hapus foto ini", "whole": "Pakai seluruh foto",
        "forward": "Pindahkan ke depan",
    },
    "en": {
        "ask": "Is the photo tidy?", "yes": "Yes, use this result", "straighten": "Straighten",
        "right": "Turn right", "grey": "Make it grey", "colour": "Use colour", "add": "Add the photo",
        "remove": "Remove this photo", "whole": "Use the whole photo", "forward": "Move forward",
    },
}  # fmt: skip


def photo(colour: str = "white", kind: str = "JPEG") -> dict[str, object]:
    """A letter on a dark table, as a telephone takes it."""
    picture = Image.new("RGB", (1200, 1600), (70, 50, 40))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(x * 1200, y * 1600) for x, y in CORNERS], fill=colour)
    for line in range(400, 1100, 60):
        draw.line((280, line, 900, line + 20), fill="black", width=8)
    out = io.BytesIO()
    picture.save(out, kind)
    return {"name": f"surat.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": out.getvalue()}


def straighten(person: Person, language: str) -> None:
    """Taps the four corners; with a script the points move, without one each tap is sent."""
    picture = person.page.locator("input[type=image]")
    for x, y in CORNERS:
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box
        person.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if not person.scripts:
            person.page.wait_for_load_state("domcontentloaded")
    if person.scripts:
        person.press(WORDS[language]["straighten"])
    expect(person.page.get_by_role("button", name=WORDS[language]["whole"])).to_be_visible()


def result_of(person: Person) -> Image.Image:
    """The picture of the PDF's page, as the page shows it."""
    address = person.page.locator(".photoPair .page img").get_attribute("src")
    assert address
    answer = person.context.request.get(person.site.address + address)
    assert answer.ok, address
    return Image.open(io.BytesIO(answer.body())).convert("RGB")


def is_light(picture: Image.Image, x: float, y: float) -> bool:
    dot = picture.getpixel((int(picture.width * x), int(picture.height * y)))
    assert isinstance(dot, tuple)
    return min(dot) > 200


@pytest.mark.parametrize(("width", "scripts", "language"), PEOPLE)
def test_a_photo_is_straightened_seen_paid_and_stamped(
    visitor: Visitor, width: int, scripts: bool, language: str
) -> None:
    person, words = visitor(width=width, scripts=scripts, language=language), WORDS[language]
    person.open("/beli")
    person.upload(photo())
    person.sees(words["ask"])
    asked = person.page.url
    person.approve("170-photo")
    assert not is_light(result_of(person), 0.03, 0.06)  # the table
    for step in ("letak/1", "bayar"):  # not before the person has agreed
        person.go(re.sub(r"foto/.*", step, asked))
        if step == "letak/1":
            expect(person.page).to_have_url(asked)
    person.go(asked)
    straighten(person, language)
    person.approve("171-photo-straight")
    assert is_light(result_of(person), 0.03, 0.03)
    assert is_light(result_of(person), 0.97, 0.97)
    person.press(words["yes"])
    expect(person.page).to_have_url(re.compile(r"/letak/1$"))
    if scripts:  # what follows is the same for everybody
        return
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")
    with pikepdf.open(io.BytesIO(person.download())) as pdf:
        assert [round(float(side)) for side in pdf.pages[0].mediabox] == [0, 0, 595, 842]


@pytest.mark.long
def test_photos_of_several_pages_are_one_document_for_quota(visitor: Visitor) -> None:
    person, words = visitor(), WORDS["id"]
    buy(person, 1, new_address())
    person.open("/saya")
    person.page.locator("#berkas").set_input_files([photo(), photo("yellow", "PNG")])  # type: ignore[list-item]
    person.press_and_wait("Unggah dan pilih letak")
    person.sees("foto 1 dari 2")
    first = person.page.url
    person.page.locator("#berkas").set_input_files(photo("cyan"))  # type: ignore[arg-type]
    person.press_and_wait(words["add"])
    person.sees("foto 3 dari 3")
    person.approve("172-photos")
    person.press(words["forward"])
    person.sees("foto 2 dari 3")
    person.press(words["remove"])
    person.sees("foto 2 dari 2")
    yellow = result_of(person).getpixel((300, 300))
    assert isinstance(yellow, tuple)
    assert yellow[2] < 100
    person.press(words["grey"])
    grey = result_of(person).getpixel((300, 300))
    assert isinstance(grey, tuple)
    assert max(grey) - min(grey) < 4
    person.press(words["colour"])
    before = result_of(person).size
    person.press(words["right"])
    after = result_of(person).size
    assert (before[0] < before[1], after[0] < after[1]) == (True, False)
    person.press(words["yes"])
    person.press("Simpan dan lanjutkan")
    person.page.wait_for_selector("[data-state=released]", timeout=40_000)
    person.go(first)  # it is stamped: nothing changes any more
    expect(person.page).not_to_have_url(re.compile("/foto"))


def test_what_is_no_photo_is_explained_and_what_came_stays(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli")
    heic = {"name": "IMG_1.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + bytes(900)}
    person.upload(heic)
    person.sees("HEIC")
    person.sees("Paling Kompatibel")
    person.upload({"name": "surat.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + bytes(900)})
    person.sees("Foto ini tidak dapat dibuka")
    person.upload(photo())
    person.page.locator("#berkas").set_input_files(heic)  # type: ignore[arg-type]
    person.press_and_wait(WORDS["id"]["add"])
    person.sees("Paling Kompatibel")
    person.sees(WORDS["id"]["ask"])
    assert is_light(result_of(person), 0.5, 0.2)
    person.approve("173-photo-refused")


def test_an_event_takes_one_document_in_each_field_within_its_limit(visitor: Visitor) -> None:
    """Noise is what a camera makes of paper at night; without limits the PDF would have two megabytes."""
    person = visitor()
    person.open("/beli?acara=casn")
    fields = person.page.locator("input[type=file]")
    noise = io.BytesIO()
    Image.effect_noise((1700, 2200), 70).convert("RGB").save(noise, "JPEG", quality=90)
    loud = {"name": "malam.jpg", "mimeType": "image/jpeg", "buffer": noise.getvalue()}
    letter = {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": samples.letter()}
    fields.nth(0).set_input_files([letter, loud])  # type: ignore[list-item]
    fields.nth(1).set_input_files(loud)  # type: ignore[arg-type]
    person.press_and_wait(person.words["upload"])
    person.sees("Di sini hanya satu dokumen yang dapat diterima.")
    person.page.locator("input[type=file]").set_input_files(photo())  # type: ignore[arg-type]
    person.press_and_wait(person.words["upload"])
    person.sees(WORDS["id"]["ask"])
    person.sees("Dengan meterai masih di bawah")
