"""The page of an order follows by itself, and waits for who is typing into it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect
from tests.browser.conftest import SCREENSHOTS, Visitor
from tests.browser.person import Site
from tests.browser.test_time_left import show


@pytest.fixture(scope="session")
def site() -> Site:
    """Nobody listens there: the tests answer themselves."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return Site("http://situs.contoh", "http://surat.contoh", "http://bayar.contoh", SCREENSHOTS)


def test_what_changes_while_somebody_is_at_a_field_is_shown_once_they_leave_it(visitor: Visitor) -> None:
    """It was taken for shown, and the last news of an order came never."""
    person = visitor()
    show(person, "refused", state={})
    heard: list[str] = []

    def answer(route: Route) -> None:
        heard.append(route.request.url)
        told = {"ETag": '"baru"', "X-Mark": "baru", "X-Ended": "1"}
        route.fulfill(body='<p id="baru">Baru</p>', content_type="text/html; charset=utf-8", headers=told)

    person.page.route("**/keadaan", answer)
    person.page.locator("input[type=file]").first.focus()
    while not heard:
        person.page.wait_for_timeout(100)
    expect(person.page.locator("#baru")).to_have_count(0)
    person.page.evaluate("document.activeElement.blur()")
    expect(person.page.locator("#baru")).to_be_visible()
