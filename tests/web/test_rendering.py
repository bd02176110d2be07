"""Pages as the templates render them."""

from __future__ import annotations

import re

import msgspec
import pytest

from meterai.kit.operator import Operator
from meterai.kit.privacy import privacy_of
from meterai.kit.settings import Settings
from meterai.sales.events import load_events
from meterai.texts.states import STATES
from meterai.texts.told import text_of
from meterai.web.pages.assets import Assets
from meterai.web.pages.messages import state_text
from meterai.web.pages.paging import ListSlice
from meterai.web.pages.templates import TEMPLATES as FOLDER
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.visits import Visit


def make_pages(*, standalone: bool = False) -> Pages:
    facts = SiteFacts("https://meterai.example", True, 10_000, 2_500, 1_100, 30, standalone=standalone)
    return Pages(facts, Assets())


def test_a_page_can_not_give_another_meaning_to_what_all_templates_know() -> None:
    with pytest.raises(ValueError, match="banks"):
        make_pages().render(Visit("id", "/bantuan", ""), "help.html", banks="0-0-3-False")


@pytest.mark.parametrize(("language", "said"), [("id", "12.500"), ("en", "12,500")])
def test_much_quota_is_told_once_and_readably(language: str, said: str) -> None:
    nothing = ListSlice((), "", is_first=True)
    page = make_pages().render(
        Visit(language, "/saya", ""), "mine.html", contacts=[], refused="", refused_facts={}, proof="",
        available=12_500, reserved=0, documents=[], orders=[], private=True,
        organisations=[], acting=None, may_stamp=True, may_buy=True, has_sandbox=False, is_collector=False,
        bundles=nothing, document_part=nothing, order_part=nothing,
    ).decode()  # fmt: skip
    assert page.count(said) == 1
    assert "12500" not in page


@pytest.mark.parametrize(("path", "here"), [("/bantuan", 1), ("/beli", 1), ("/harga", 0)])
@pytest.mark.parametrize("language", ["id", "en"])
def test_the_menu_says_where_one_is(path: str, here: int, language: str) -> None:
    page = make_pages().render(Visit(language, path, ""), "help.html").decode()
    menu = page[page.index('<ul class="menu">') : page.index("</ul>")]
    address = path if language == "id" else f"/en{path}"
    assert menu.count("aria-current") == here
    assert (f'<a href="{address}" aria-current="page">' in menu) == bool(here)
    assert '<footer class="foot">' in page


def test_the_other_language_is_that_of_the_same_address_whatever_stands_in_it() -> None:
    visit = Visit("en", "/periksa/nomor/a?b#c%\x00 é", "x=%00")
    page = make_pages().render(visit, "verify.html", refused="", serial="").decode()
    same = "/periksa/nomor/a%3Fb%23c%25%00%20%C3%A9?x=%00"
    assert f'<a href="{same}" hreflang="id"' in page
    assert f'hreflang="en" href="https://meterai.example/en{same}"' in page


def test_pages_without_a_shop_have_neither_menu_nor_foot() -> None:
    page = make_pages(standalone=True).render(Visit("id", "/", ""), "verify.html", refused="", serial="")
    assert b'class="menu"' not in page
    assert b"<footer" not in page


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_foot_leads_to_the_events_that_there_are(language: str) -> None:
    event = msgspec.structs.replace(load_events()[0], slug="pppk", name="PPPK 2026", name_en="Contracts 2026")
    facts = SiteFacts("https://meterai.example", True, 10_000, 2_500, 1_100, 30, events=(event,))
    page = Pages(facts, Assets()).render(Visit(language, "/harga", ""), "price.html").decode()
    foot = page[page.index("<footer") :]
    link = '"/en/pppk">Contracts 2026<' if language == "en" else '"/pppk">PPPK 2026<'
    assert f"<a href={link}" in foot
    assert "/casn" not in foot


OPERATOR = Operator("PT Nyata", "Jalan Nyata 1", "UU 10/2020", "Perjanjian 7/2026")


@pytest.mark.parametrize("language", ["id", "en"])
def test_pages_say_whom_people_pay_and_where(language: str) -> None:
    facts = SiteFacts(
        "https://meterai.example",
        True,
        10_000,
        2_500,
        1_100,
        30,
        gate_url="https://antre.meterai.example",
        operator=OPERATOR,
    )
    pages = Pages(facts, Assets())
    about = pages.render(Visit(language, "/tentang", ""), "about.html").decode()
    about = about[: about.index("<footer")]
    foot = pages.render(Visit(language, "/harga", ""), "price.html").decode().partition("<footer")[2]
    for page in (about, foot):
        for text in (OPERATOR.name, OPERATOR.address, OPERATOR.basis, OPERATOR.appointment):
            assert text in page
        assert re.search(r"\bmeterai\.example\b", page)
        assert "antre.meterai.example" in page
    assert 'id="palsu"' in about
    assert "/tentang#palsu" in foot
    assert "CONTOH" not in about + foot


def test_the_foot_of_the_checkout_has_only_the_name_and_the_privacy_page() -> None:
    told = {"title": "", "action": "", "typed": "", "refused": "", "refused_facts": {}, "proof": ""}
    pages = Pages(SiteFacts("https://m.example", True, 1, 1, 1, 1, operator=OPERATOR), Assets())
    for step in (True, False):
        path = "/pesanan/M7KQ-3XPD-92RT/kontak" if step else "/saya"
        page = pages.render(Visit("id", path, ""), "contact.html", step=step, **told).decode()
        foot = page[page.index("<footer") :]
        links = re.findall(r'href="([^"]+)"', foot)
        assert OPERATOR.name in foot
        assert (links == ["/tentang", "/privasi"]) == step


def test_a_help_code_names_a_contact_only_where_there_is_one() -> None:
    told = {"text": text_of("server.fault", "id"), "back": ""}
    alone = make_pages(standalone=True).render(Visit("id", "/", ""), "error.html", **told).decode()
    assert "menghubungi kami" not in alone
    assert "/kontak" not in alone
    site = make_pages(standalone=False).render(Visit("id", "/", ""), "error.html", **told).decode()
    assert '<p class="small"><a class="alone" href="/kontak">' in site


@pytest.mark.parametrize("standalone", [False, True])
@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("bantuan@meterai.example", "mailto:bantuan@meterai.example"),
        ("+62 21 1500-123", "tel:+62211500123"),
        ("https://meterai.example/hubungi", "https://meterai.example/hubungi"),
    ],
)
def test_whoever_needs_help_sees_where_people_reach_us(contact: str, link: str, *, standalone: bool) -> None:
    facts = SiteFacts("https://meterai.example", True, 1, 1, 1, 1, standalone=standalone, contact=contact)
    told = {"text": text_of("server.fault", "id"), "back": ""}
    page = Pages(facts, Assets()).render(Visit("id", "/", ""), "error.html", **told).decode()
    assert page.count(f'Hubungi kami: <a href="{link}">{contact}</a>') == 2, "with the help code, at the foot"
    nowhere = make_pages(standalone=standalone).render(Visit("id", "/", ""), "error.html", **told)
    assert b"Hubungi kami:" not in nowhere


def test_what_can_not_be_verified_leads_to_where_one_is_told_to_go_on() -> None:
    """The page says: upload the file, type its number, check it here."""
    pages = make_pages()
    for path, code, button in (
        ("/periksa", "form.unreadable", "/periksa"),
        ("/periksa/sidik/abc", "digest.unknown", "/periksa"),
        ("/C/XYZ", "code.forged", "/periksa"),
        ("/periksa/nowhere", "page.not_found", "/"),
        ("/CASN", "page.not_found", "/"),
        ("/p/abc", "order.link_ended", "/saya"),
    ):
        page = pages.render(Visit("id", path, ""), "error.html", text=text_of(code, "id"), back="").decode()
        assert re.findall(r'class="button" href="([^"]+)"', page) == [button], path


def test_only_who_buys_is_told_that_a_result_will_come() -> None:
    pages = make_pages()
    told = {"title": "", "action": "", "typed": "", "refused": "", "refused_facts": {}, "proof": ""}
    for step in (True, False):
        page = pages.render(Visit("en", "/saya", ""), "contact.html", step=step, **told).decode()
        assert ("link to the result" in page) == step


def test_an_order_of_several_documents_is_not_told_of_as_of_one() -> None:
    for state in ("order.paid", "order.completed"):
        text = state_text(state, "en")
        assert not re.search(r"\b(the stamp|your document)\b", f"{text.what} {text.next}", re.I), state


def test_what_a_bank_does_is_called_the_same_everywhere() -> None:
    """The page of an order says it of the payment, of the refund, and in its history."""
    for message in STATES.values():
        assert "ditarik" not in f"{message.what} {message.next}".lower()


def test_signs_are_small_also_before_the_stylesheet_came() -> None:
    """Over a bad connection the stylesheet may never come. A sign as wide as the page would hide the text."""
    for path in FOLDER.glob("*.html"):
        for sign in re.findall(r'<svg[^>]* viewBox="0 0 (?:24|32|64) [^>]*>', path.read_text()):
            assert re.search(r' width="(\d+)" height="\1"', sign), f"{path.name}: {sign}"


def test_the_page_of_the_price_begins_with_the_price() -> None:
    page = make_pages().render(Visit("id", "/harga", ""), "price.html").decode()
    assert page.index("Harga</h1>") < page.index("Rp12.500") < page.index("Yang termasuk di dalamnya")


@pytest.mark.parametrize(
    ("language", "years", "term"), [("id", "12 tahun", "45 hari"), ("en", "12 years", "45 days")]
)
def test_the_privacy_page_says_who_answers_and_what_the_settings_keep(
    language: str, years: str, term: str
) -> None:
    settings = Settings(
        keep_books_years=12, keep_bank_account_days=45, privacy_officer="Ani Wijaya", contact="a@m.example"
    )
    facts = SiteFacts("https://m.example", True, 1, 1, 1, 1, operator=OPERATOR, privacy=privacy_of(settings))
    page = Pages(facts, Assets()).render(Visit(language, "/privasi", ""), "privacy.html").decode()
    page = page[: page.index("<footer")]
    for text in (OPERATOR.name, OPERATOR.address, "Ani Wijaya", "mailto:a@m.example", years, term):
        assert text in page


@pytest.mark.parametrize("template", ["buyer_fields.html", "account_fields.html"])
def test_forms_that_ask_for_data_lead_to_the_privacy_page(template: str) -> None:
    given = {
        "buyer": {"name": "", "npwp": ""},
        "given": {"bank": "", "rekening": "", "pemilik": ""},
        "prefix": "",
        "is_needed": False,
        "refused": "",
    }
    page = make_pages(standalone=False).render(Visit("id", "/", ""), template, **given).decode()
    assert '"/privasi"' in page
