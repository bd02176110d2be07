"""One stamp everywhere: where it is placed, before paying and when it is done, in a real browser and jail."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from meterai.signatures.stamp_code import decode_code
from meterai.stamping.in_jail.stamp_pictures import draw_sample_picture
from meterai.verification.in_jail.picture_codes import read_picture
from meterai.verification.picture_codes import PictureRequest
from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.browser.test_purchase import new_address
from tests.pdf import samples
from tests.web.test_stamp_pictures import difference


def crop_of(person: Person) -> tuple[str, bytes]:
    """Address and content of the only picture of a stamp, once the browser shows it."""
    picture = person.page.locator(".crops img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") >= 600
    assert picture.get_attribute("loading") == "lazy"
    address = person.site.address + (picture.get_attribute("src") or "")
    return address, person.page.context.request.get(address).body()


def drawn_by_browser(person: Person, address: str) -> Image.Image:
    """The stamp's picture as Chromium draws it, 360 dots wide."""
    sheet = person.page.context.new_page()
    sheet.set_viewport_size({"width": 360, "height": 360})
    sheet.goto(person.site.address + address)
    shot = Image.open(io.BytesIO(sheet.screenshot()))
    sheet.close()
    return shot


def boxes(person: Person, selector: str) -> list[dict[str, float]]:
    """Where elements of a picture lie on the page."""
    found = [element.bounding_box() for element in person.page.locator(selector).all()]
    return [dict(box) for box in found if box]


@pytest.mark.long
def test_no_signature_runs_over_the_stamp_of_the_home_page(onlooker: Visitor) -> None:
    person = onlooker()
    person.open("/")
    (stamp,) = boxes(person, ".hero .sheet image")
    (signature,) = boxes(person, ".hero .sheet path")
    beside = stamp["x"] + stamp["width"] <= signature["x"]
    assert beside, f"{signature} runs over {stamp}"
    assert signature["y"] < stamp["y"] + stamp["height"], "they stand side by side"


def test_the_same_stamp_is_placed_checked_and_done(visitor: Visitor, tmp_path: Path) -> None:
    letter = tmp_path / "Surat.pdf"
    letter.write_bytes(samples.letter())
    person, stranger = visitor(), visitor()
    person.open("/beli")
    person.upload(letter)
    picture = person.page.locator("[data-spot] image").get_attribute("href") or ""
    shown = drawn_by_browser(person, picture)
    assert difference(shown, draw_sample_picture(360)) < 8, "pages and documents show the same stamp"
    assert difference(shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT), draw_sample_picture(360)) > 20
    person.press(person.words["save_place"])
    person.prove_contact(new_address())

    person.sees("Surat.pdf")
    address, before = crop_of(person)
    middle = (640 // 2 - 90, 520 // 2 - 90, 640 // 2 + 90, 520 // 2 + 90)
    assert difference(Image.open(io.BytesIO(before)).crop(middle), draw_sample_picture(180)) < 14
    assert read_picture(PictureRequest(data=before)).texts == ()
    assert stranger.page.context.request.get(address).status == 404
    person.approve("180-check-with-stamp")

    person.press(person.words["order"])
    person.wait_for_state("awaiting_payment")
    person.pay()
    person.wait_for_state("completed")
    address, after = crop_of(person)
    code = zxingcpp.read_barcode(Image.open(io.BytesIO(after)))
    assert code is not None, "the stamp itself is shown"
    serial = re.sub(r"\W", "", person.page.locator(".serial").first.inner_text())
    assert decode_code(code.text).serial == serial
    assert stranger.page.context.request.get(address).status == 404
    person.approve("181-done-with-stamp")
