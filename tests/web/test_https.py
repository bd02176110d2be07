"""Behind a proxy that speaks TLS the site is as careful as when it speaks TLS itself (deploy/nginx.conf)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from meterai.kit.http import host_cookies
from meterai.web.pages.file_routes import SECURITY
from tests.waiting_room.line import ANI, BUDI
from tests.web.asking import ask
from tests.web.running_site import RunningSite, Visitor, sign_in


@pytest.fixture
def secure(running: RunningSite, monkeypatch: pytest.MonkeyPatch) -> RunningSite:
    """The same line with a site that people reach by HTTPS."""
    return RunningSite(running.line, monkeypatch, public_url="https://situs.contoh")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_cookies_of_a_site_that_people_reach_by_https_never_go_out_in_the_clear(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    site = RunningSite(running.line, monkeypatch, public_url=f"{scheme}://situs.contoh").site
    answer = await ask(site, "/saya")
    is_secure = scheme == "https"
    assert answer.cookies
    assert all(("; Secure" in cookie) == is_secure for cookie in answer.cookies)
    assert all(cookie.startswith("__Host-") == is_secure for cookie in answer.cookies)
    assert all("; path=/;" in cookie.lower() and "domain" not in cookie.lower() for cookie in answer.cookies)
    assert ("strict-transport-security" in answer.headers) == is_secure


async def test_hosts_below_ours_come_by_https_too_where_the_setting_says_so(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = RunningSite(running.line, monkeypatch, public_url="https://situs.contoh", hsts="subdomains").site
    for address in ("/", "/saya", "/tidak-ada", "/status/"):
        answer = await ask(site, address)
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("contacts", "link"),
    [
        ({"contact": "bantuan@situs.contoh"}, "mailto:bantuan@situs.contoh"),
        (
            {"contact": "a@b.id", "security_contact": "https://situs.contoh/lapor"},
            "https://situs.contoh/lapor",
        ),
    ],
)
async def test_people_who_find_a_hole_read_where_to_report_it(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, contacts: dict[str, str], link: str
) -> None:
    """RFC 9116: a contact as a link, and a moment within a year from which on it is stale."""
    site = RunningSite(running.line, monkeypatch, public_url="https://situs.contoh", **contacts).site
    answer = await ask(site, SECURITY)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    expires = datetime.fromisoformat(fields.pop("Expires"))
    assert timedelta(days=90) < expires - running.line.now < timedelta(days=365)
    assert fields == {
        "Contact": link,
        "Preferred-Languages": "id, en",
        "Canonical": f"https://situs.contoh{SECURITY}",
    }


async def test_without_a_contact_there_is_no_such_file(running: RunningSite) -> None:
    answer = await ask(running.site, SECURITY)
    assert answer.status == 404


async def test_robots_read_which_pages_cost_places(running: RunningSite) -> None:
    answer = await ask(running.site, "/robots.txt")
    closed = {line.removeprefix("Disallow: ") for line in answer.text.splitlines()[1:]}
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert closed == {"/api/", "/antre/", "/en/antre/", "/beli", "/en/beli"}


async def test_a_cookie_of_before_counts_until_it_ends_or_is_replaced(secure: RunningSite) -> None:
    visitor = secure.visitor()
    await sign_in(secure, visitor, ANI)
    visitor.cookies |= {"kunjungan": "lama", "antre_casn": secure.line.join(ANI)}
    await visitor.get("/saya")
    assert is_signed_in(visitor)
    assert "__Host-kunjungan" not in visitor.cookies
    assert await visitor.post("/saya/keluar") == "/"
    assert (visitor.cookies["masuk"], visitor.cookies["__Host-masuk"]) == ("", "")
    assert visitor.cookies["antre_casn"], "the place in line stays"


async def test_nobody_on_another_host_changes_who_is_signed_in(secure: RunningSite) -> None:
    visitor = secure.visitor()
    await sign_in(secure, visitor, BUDI)
    planted = visitor.cookies.pop("masuk")
    await sign_in(secure, visitor, ANI)
    visitor.cookies = {"__Host-masuk": visitor.cookies["masuk"], "masuk": planted}
    await visitor.get("/saya/kontak")
    assert "a•••@contoh.id" in visitor.text
    assert "b•••@contoh.id" not in visitor.text


async def test_names_of_before_end(secure: RunningSite, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = secure.visitor()
    await sign_in(secure, visitor, ANI)
    monkeypatch.setattr(host_cookies, "OLD_NAMES_UNTIL", 0)
    await visitor.get("/saya")
    assert not is_signed_in(visitor)
    visitor.cookies = {"__Host-masuk": visitor.cookies["masuk"]}
    await visitor.get("/saya")
    assert is_signed_in(visitor)


def is_signed_in(visitor: Visitor) -> bool:
    return 'action="/saya/keluar"' in visitor.text
