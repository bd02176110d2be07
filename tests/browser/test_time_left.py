"""The server tells how long people can still pay: phones with a wrong clock count right, too."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from meterai.kit.operator import Operator
from meterai.web.orders.order_view import order_view
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.visits import Visit
from tests.browser.conftest import SCREENSHOTS, Visitor
from tests.browser.person import Person, Site
from tests.web.made_orders import KNOWN, NOW, ORDERS

PATH = "/pesanan/M7KQ-3XPD-92RT"
WRONG_CLOCK = "const right = Date.now; Date.now = () => right() + %d * 3600e3"


@pytest.fixture(scope="session")
def site() -> Site:
    """No service listens there: the tests answer the requests."""
    return Site("http://situs.contoh", "http://surat.contoh", "http://bayar.contoh", SCREENSHOTS)


def show(person: Person, name: str, *, state: dict[str, str]) -> None:
    """Shows the page of an order five minutes before its payment expires. `state`: what it hears
    afterwards.
    """
    assets = Assets()
    pages = Pages(
        SiteFacts(person.site.address, True, 10_000, 2_500, 1_100, 30, operator=Operator("PT Nyata")), assets
    )
    visit = Visit(person.language, PATH, "")
    view = order_view(ORDERS[name], KNOWN, visit, now=NOW + timedelta(minutes=25))
    body = pages.render(
        visit, "order.html", view=view, permanent="", proof="x", is_sent=False, private=True, refused="",
        refused_facts={}, typed={},
    )  # fmt: skip

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        asset = assets.by_address.get(path)
        if asset is not None:
            route.fulfill(body=asset.plain, content_type=asset.content_type)
        elif path.endswith("/keadaan"):
            route.fulfill(status=304, headers=state)
        else:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")

    person.page.route("**", answer)
    person.open(PATH)


@pytest.mark.everyday("-3-qris", "3-va")
@pytest.mark.parametrize("name", ["qris", "va"])
@pytest.mark.parametrize("hours", [-3, 3])
def test_a_wrong_clock_does_not_change_the_time_left(visitor: Visitor, name: str, hours: int) -> None:
    person = visitor()
    person.page.add_init_script(WRONG_CLOCK % hours)
    show(person, name, state={})
    left = person.page.locator("[data-left] strong")
    expect(left).to_have_text(re.compile(r"5:00|4:[3-5]\d"))
    expect(left).not_to_have_text(left.inner_text())
    person.approve(f"86-time-left-{name}")


def test_a_phone_that_slept_is_told_the_time_left_again(visitor: Visitor) -> None:
    """The browser's clock stands still while a phone sleeps: it would show more time than is left."""
    person = visitor()
    show(person, "qris", state={"X-Left": "61"})
    expect(person.page.locator("[data-left] strong")).to_have_text(re.compile(r"1:0[01]|0:[3-5]\d"))


@pytest.mark.parametrize("allows_old_way", [True, False])
def test_a_number_is_copied_also_where_nobody_may_write_to_the_clipboard(
    visitor: Visitor, allows_old_way: bool
) -> None:
    """Browsers inside other apps. Where no way works, no button stays that does nothing."""
    person = visitor()
    person.page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async () => { throw Error() }}});"
        "addEventListener('copy', () => { self.copied = getSelection().toString() })"
    )
    if not allows_old_way:
        person.page.add_init_script("document.execCommand = () => false")
    show(person, "va", state={})
    button = person.page.get_by_role("button", name="Salin nomor")
    button.click()
    if allows_old_way:
        expect(person.page.get_by_role("button", name="Tersalin")).to_be_focused()
        assert person.page.evaluate("self.copied") == "8578000012345678"
    else:
        expect(button).to_be_hidden()
