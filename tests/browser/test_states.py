"""Every state of the order page, also those that take days or accidents: no barrier, fits the width."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image

from meterai.kit.operator import Operator
from meterai.sales.events import Event
from meterai.web.orders.order_view import StampingFacts, order_view
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.visits import Visit
from tests.browser.conftest import Visitor
from tests.browser.person import Person, Site
from tests.browser.test_purchase import new_address
from tests.pdf import samples
from tests.web.made_orders import KNOWN, NOW, ORDERS, QR


@pytest.fixture(scope="module")
def pages(site: Site) -> Pages:
    facts = SiteFacts(site.address, True, 10_000, 2_500, 1_100, 30, operator=Operator("PT Nyata"))
    return Pages(facts, Assets())


def test_the_code_to_pay_with_is_read_with_high_contrast(visitor: Visitor, pages: Pages) -> None:
    person = visitor()
    person.page.emulate_media(forced_colors="active", color_scheme="dark")
    show(person, pages, "qris")
    picture = Image.open(io.BytesIO(person.page.locator(".qr").screenshot())).convert("L")
    large = picture.resize((4 * picture.width, 4 * picture.height), Image.Resampling.NEAREST)
    assert [code.text for code in zxingcpp.read_barcodes(large, try_invert=False)] == [QR]


def test_with_high_contrast_the_tick_is_seen_on_its_ground(visitor: Visitor, pages: Pages) -> None:
    person = visitor()
    person.page.emulate_media(forced_colors="active", color_scheme="dark")
    show(person, pages, "done")
    colours = person.page.evaluate(
        """(() => { const of = (part) => getComputedStyle(document.querySelector(".money svg " + part));
        return [of("circle").fill, of("path").stroke]; })()"""
    )
    assert colours[0] != colours[1]


def test_sums_are_seen_on_a_phone_whose_pages_are_twice_as_large(visitor: Visitor, pages: Pages) -> None:
    person = visitor(width=180)
    show(person, pages, "done")
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 180
    for sum_ in person.page.locator(".sum td").all():
        box = sum_.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 180


def test_a_purchase_fits_a_phone_whose_pages_are_twice_as_large(visitor: Visitor) -> None:
    person, paper = visitor(width=180), {"name": "Surat.pdf", "mimeType": "application/pdf"}

    def fits(page: str) -> None:
        assert person.page.evaluate("document.documentElement.scrollWidth") <= 180, page

    person.open("/")
    fits("home")
    person.open("/beli")
    person.upload({**paper, "buffer": samples.letter()})
    fits("place")
    person.press(person.words["save_place"])
    person.prove_contact(new_address())
    fits("check")


def test_with_high_contrast_the_steps_that_are_done_are_seen(visitor: Visitor) -> None:
    person = visitor()
    person.page.emulate_media(forced_colors="active", color_scheme="dark")
    person.open("/beli")
    person.upload({"name": "Surat.pdf", "mimeType": "application/pdf", "buffer": samples.letter()})
    look = "steps => steps.map(step => getComputedStyle(step).backgroundColor)"
    done, *_, ahead = person.page.locator(".path li").evaluate_all(look)
    assert done != ahead


def show(person: Person, pages: Pages, name: str, known: StampingFacts = KNOWN) -> None:
    """Opens the page of an order that was made by hand."""
    path = "/pesanan/M7KQ-3XPD-92RT"
    visit = Visit(person.language, path, "", "K7QF-2M9D")
    body = pages.render(
        visit,
        "order.html",
        view=order_view(ORDERS[name], known, visit, now=NOW),
        permanent=f"{person.site.address}/p/Zk3vXo2d8sQ1a7bWcE5fTg9h",
        proof="x",
        is_sent=False,
        private=True,
        refused="",
        refused_facts={},
        typed={},
    )
    person.page.route(
        "**" + path, lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8")
    )
    person.page.route(f"**{path}/keadaan", lambda route: route.fulfill(status=304))
    person.open(path)


@pytest.mark.parametrize("language", ["id", "en"])
def test_on_a_phone_the_sum_and_the_picture_to_save_come_before_the_code(
    onlooker: Visitor, pages: Pages, language: str
) -> None:
    """The phone that shows the code can't scan it."""
    person = onlooker(language=language)
    show(person, pages, "qris")
    save = person.page.locator("a[download]")
    parts = (person.page.locator(".price"), save, person.page.locator(".qr"))
    boxes = [box for part in parts if (box := part.bounding_box()) is not None]
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    assert boxes[1]["y"] + boxes[1]["height"] <= boxes[2]["y"]
    assert boxes[1]["height"] >= 44
    assert boxes[1]["y"] + boxes[1]["height"] < 800, "on the first screen"


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("qris", ["gone", "gone", "gone", "now", ""]),
        ("stamping", ["gone", "gone", "gone", "gone", "now"]),
        ("done", ["gone"] * 5),
        ("expired", []),
    ],
)
def test_the_bar_of_steps_runs_to_the_end(
    onlooker: Visitor, pages: Pages, name: str, looks: list[str]
) -> None:
    person = onlooker()
    show(person, pages, name)
    steps = person.page.locator(".path li")
    assert steps.evaluate_all("steps => steps.map(step => step.className)") == looks
    if looks:
        person.sees(f"Langkah {4 if name == 'qris' else 5} dari 5")


@pytest.mark.parametrize(("name", "is_bare"), [("qris", True), ("stamping", True), ("done", False)])
def test_while_people_pay_head_and_foot_hold_only_what_helps(
    onlooker: Visitor, pages: Pages, name: str, is_bare: bool
) -> None:
    person = onlooker()
    show(person, pages, name)
    bare_head, bare_foot = ["Meterai", "Bantuan", "English"], ["PT Nyata", "Data pribadi"]
    names = "links => links.map(link => link.getAttribute('aria-label') || link.textContent.trim())"
    head, foot = (person.page.locator(f"{part} a").evaluate_all(names) for part in (".head", ".foot"))
    assert (head == bare_head, foot == bare_foot) == (is_bare, is_bare), (head, foot)
    if is_bare:
        brand, tongue = (person.page.locator(part).bounding_box() for part in (".brand", ".tongue"))
        assert brand is not None
        assert tongue is not None
        assert tongue["y"] < brand["y"] + brand["height"], "one row, also on a phone"


@pytest.mark.everyday("360-id")
@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_the_order_page_in_each_state(
    onlooker: Visitor, pages: Pages, name: str, width: int, language: str
) -> None:
    person = onlooker(width=width, language=language)
    show(person, pages, name)
    for details in person.page.locator("summary").all():
        details.click()
    person.approve(f"85-{name}")
    if name == "refused":
        assert person.page.locator("form[action*=ganti] input[type=password]").is_visible()


@pytest.mark.parametrize(("width", "language"), [(360, "id"), (1200, "en")])
def test_what_to_know_before_paying_stands_above_the_code(
    onlooker: Visitor, pages: Pages, width: int, language: str
) -> None:
    person = onlooker(width=width, language=language)
    over = Event(
        slug="casn",
        name="Seleksi CASN 2026",
        agency="Badan Kepegawaian Negara",
        opens_at=NOW - timedelta(days=20),
        closes_at=NOW - timedelta(minutes=5),
        zone="Asia/Jakarta",
        required_documents=(),
        output_bytes_max=1 << 20,
        pdf_version_min="1.4",
    )
    show(person, pages, "qris", replace(KNOWN, signing_stopped=True, event=over))
    notes = person.page.locator(".note[role=status]")
    above = [box["y"] for note in notes.all() if (box := note.bounding_box()) is not None]
    code = person.page.locator(".qr").bounding_box()
    assert code is not None
    assert len([y for y in above if y < code["y"]]) == 2
    person.approve("85-qris-warned")
