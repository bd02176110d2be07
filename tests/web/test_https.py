"""Behind a proxy that speaks TLS the site is as careful as when it speaks TLS itself (deploy/nginx.conf)."""

from __future__ import annotations

import pytest

from meterai.kit.http import host_cookies
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
