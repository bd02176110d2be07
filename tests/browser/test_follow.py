"""The page of an order updates itself, and waits while people type into it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, Route, expect

from meterai.web.pages.assets import Assets
from tests.browser.conftest import SCREENSHOTS, Visitor
from tests.browser.person import Person, Site
from tests.browser.test_time_left import PATH, show


@pytest.fixture(scope="session")
def site() -> Site:
    """No service listens there: the tests answer the requests."""
    return Site("http://situs.contoh", "http://surat.contoh", "http://bayar.contoh", SCREENSHOTS)


def test_what_changes_while_somebody_is_at_a_field_is_shown_once_they_leave_it(visitor: Visitor) -> None:
    """The page thought that it was shown, and the last news of an order never came."""
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


def test_a_form_that_was_begun_stays_as_it_is_when_something_changes(visitor: Visitor) -> None:
    """All fields but one have been left."""
    person = visitor()
    show(person, "late-account", state={})
    page = person.page
    fresh = page.locator("[data-follow]").inner_html() + '<p id="baru">Baru</p>'
    page.locator("select[name=bank]").select_option("bca")
    page.locator("input[name=rekening]").fill("1234567890")
    page.evaluate("document.activeElement.blur()")
    told = {"ETag": '"baru"', "X-Mark": "baru", "X-Ended": "1"}
    page.route(
        "**/keadaan",
        lambda route: route.fulfill(body=fresh, content_type="text/html; charset=utf-8", headers=told),
    )
    expect(page.locator("#baru")).to_be_visible()
    expect(page.locator("select[name=bank]")).to_have_value("bca")
    expect(page.locator("input[name=rekening]")).to_have_value("1234567890")


def watch(person: Person) -> list[Request]:
    """Notes what the page asks for, from now on."""
    looks: list[Request] = []
    person.page.on("request", lambda request: looks.append(request) if "keadaan" in request.url else None)
    return looks


def test_who_comes_back_from_the_banks_app_hears_soon(visitor: Visitor) -> None:
    """Headless Chromium is never hidden: the test tells the page that it is."""
    person = visitor()
    show(person, "qris", state={})
    person.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => self.isAway })")
    person.page.evaluate("self.isAway = true")
    looks = watch(person)
    person.page.wait_for_timeout(4_000)
    assert not looks, "nobody sees it"
    with person.page.expect_request("**/keadaan", timeout=1_700):
        person.page.evaluate("self.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")
    mark = person.page.locator("[data-follow]").get_attribute("data-mark")
    assert looks[0].headers["if-none-match"] == f'"{mark}"', "what the page shows already is not sent again"


def test_an_order_that_has_ended_is_looked_at_once(visitor: Visitor) -> None:
    person = visitor()
    with person.page.expect_request("**/keadaan"):
        show(person, "qris", state={"X-Ended": "1"})
    looks = watch(person)
    for _ in range(2):
        person.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        person.page.wait_for_timeout(1_500)
    assert not looks


def test_an_order_of_which_little_is_expected_is_looked_at_rarely(visitor: Visitor) -> None:
    """It stays open for days, and every look costs data."""
    person = visitor()
    clock = person.page.clock
    clock.install()
    with person.page.expect_response("**/keadaan"):
        show(person, "expired", state={"X-Rest": "30"})
        clock.run_for(2_600)
    person.page.wait_for_timeout(100)  # until the answer is read
    looks = watch(person)
    clock.run_for(28_000)
    person.page.wait_for_timeout(100)
    assert not looks
    with person.page.expect_request("**/keadaan"):
        clock.run_for(3_000)


def test_a_look_that_nobody_answers_is_given_up_and_done_again(visitor: Visitor) -> None:
    """A mobile connection may break silently. People who paid would read for long that they had not."""
    person = visitor()
    clock = person.page.clock
    clock.install()
    show(person, "qris", state={})
    person.page.route("**/keadaan", lambda _: None)  # never answered
    with person.page.expect_request("**/keadaan"):
        clock.run_for(2_600)
    with person.page.expect_request("**/keadaan"):
        clock.run_for(15_100)
        person.page.wait_for_timeout(100)  # until it is given up
        clock.run_for(5_000)


@pytest.mark.parametrize("name", ["qris", "stamping"])
def test_whose_script_does_not_arrive_is_shown_how_to_look_again(visitor: Visitor, name: str) -> None:
    person = visitor()
    show(person, name, state={})
    again = person.page.get_by_role("link", name="Muat ulang halaman ini")
    expect(again).to_be_hidden()
    person.page.route("**/*.js", lambda route: route.fulfill(status=404))
    person.look_again()
    expect(again).to_be_visible()
    again.click()
    assert person.page.url.endswith(PATH)
    person.errors.clear()


def test_a_page_that_comes_again_by_itself_waits_for_a_connection(visitor: Visitor) -> None:
    """While the admissions are full: an error page of the browser would replace it."""
    person = visitor()
    show(person, "draft", state={})
    script = f'<script src="{Assets().address("site.js")}" defer></script>'
    page = f'{script}<div data-again="1" data-address="/masuk">penuh</div>'
    person.page.route("**/penuh", lambda route: route.fulfill(body=page, content_type="text/html"))
    person.page.route("**/masuk", lambda route: route.fulfill(body="Giliran Anda", content_type="text/html"))
    person.open("/penuh")
    person.context.set_offline(True)
    person.page.wait_for_timeout(1_500)
    assert person.page.url.endswith("/penuh")
    person.context.set_offline(False)
    person.page.wait_for_url("**/masuk")
