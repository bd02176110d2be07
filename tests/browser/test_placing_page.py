"""The placing page: on a phone it fits one screen, and it asks no more than the document needs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.person import Person
from tests.pdf import samples

LATER = "Masih akan ditandatangani secara digital"


def paper(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/pdf", "buffer": data}


def is_in_sight(person: Person, selector: str) -> bool:
    """Whether all of it is on the screen, and nothing lies over its middle."""
    found: bool = person.page.locator(selector).first.evaluate(
        """node => {
            const { left, top, right, bottom } = node.getBoundingClientRect();
            const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            const covers = document.querySelector(".bar").contains(there) !== !!node.closest(".bar");
            return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && !covers;
        }"""
    )
    return found


@pytest.mark.parametrize(("scripts", "language"), [(True, "id"), (False, "en")])
def test_page_stamp_and_save_are_seen_together_on_a_phone(
    visitor: Visitor, scripts: bool, language: str
) -> None:
    person = visitor(scripts=scripts, language=language)
    person.open("/beli?acara=casn")
    long_name = "Surat lamaran dengan nama yang sangat panjang 2026 final sekali.pdf"
    person.upload(paper(long_name, samples.letter()), paper("Pernyataan.pdf", samples.letter(3)))
    for height in (640, 740):
        person.page.set_viewport_size({"width": 360, "height": height})
        for part in (".sheet", "[data-spot]", "[data-save]", *(["[data-nudge=r]"] if scripts else [])):
            assert is_in_sight(person, part), (part, height)
        sheet = person.page.locator(".sheet").bounding_box()
        assert sheet
        assert sheet["width"] >= 240, "still a page that can be read"
    assert person.page.locator("[name=sesudah]").count() == 0, "this event needs no other signature"
    person.page.set_viewport_size({"width": 360, "height": 640})
    person.page.locator("footer").scroll_into_view_if_needed()
    assert person.page.evaluate("scrollY") > 0
    person.approve("164-placing-one-screen")
    if scripts:
        person.page.evaluate("scrollTo(0, 0)")
        person.page.locator("[data-nudge=r]").click()
        assert is_in_sight(person, "[data-spot]")


def test_whether_others_sign_stands_under_other_options_with_the_choice_in_sight(visitor: Visitor) -> None:
    person = visitor()
    person.open("/beli")
    person.upload(paper("Perjanjian.pdf", samples.letter()))
    options = person.page.locator("details.more")
    expect(person.page.get_by_label(LATER)).to_be_hidden()
    expect(options.locator("summary")).to_contain_text("Dokumen selesai")
    options.locator("summary").click()
    person.page.get_by_label(LATER).check()
    expect(options.locator("summary")).to_contain_text(LATER)
    person.approve("165-placing-other-options")
    placing = person.page.url
    person.press(person.words["save_place"])
    person.page.wait_for_url("**/kontak")
    person.go(placing)
    expect(person.page.get_by_label(LATER)).to_be_hidden()
    expect(options.locator("summary")).to_contain_text(LATER)
