"""A stamp over text: people see what it covers, move it or tick it, and see it again before they pay."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_purchase import new_address
from tests.browser.test_several_stamps import put_at
from tests.pdf import samples

WORDS = {
    "id": ("Meterai ini menutupi tulisan", "Biarkan menutupi", "Anda memilih membiarkannya"),
    "en": ("This stamp covers text", "Let it cover this", "You chose to let it"),
}


@pytest.mark.parametrize(
    ("width", "scripts", "language"),
    [pytest.param(360, True, "id", id="phone"), pytest.param(1200, False, "en", id="desk-without-scripts")],
)
def test_a_stamp_over_text_is_moved_or_ticked(
    visitor: Visitor, tmp_path: Path, width: int, scripts: bool, language: str
) -> None:
    person = visitor(width=width, scripts=scripts, language=language)
    covers, let, chosen = WORDS[language]
    paper = tmp_path / "Surat pernyataan.pdf"
    paper.write_bytes(samples.letter())
    person.open("/beli")
    person.upload(paper)
    put_at(person, "atas_kiri")
    person.press(person.words["save_place"])
    person.sees(covers)
    tick = person.page.get_by_label(let)
    assert not tick.is_checked()
    if scripts:
        box = tick.locator("xpath=ancestor::label").bounding_box()
        assert box
        assert box["height"] >= 44
    person.approve("160-over-text")
    if scripts:  # a stamp that moves takes its tick away
        tick.check()
        put_at(person, "tengah_kiri")
        expect(person.page.locator("[data-covering]")).to_be_hidden()
        put_at(person, "atas_kiri")
        person.press(person.words["save_place"])
        tick = person.page.get_by_label(let)
        assert not tick.is_checked()
    tick.check()
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    person.sees(covers)
    person.sees(chosen)
    person.approve("161-check-over-text")
