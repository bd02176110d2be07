"""People type addresses with a slash at the end, and messengers add one. The page is found anyway."""

from __future__ import annotations

from tests.web.running_site import RunningSite

PAGES = {
    "/casn/": "/casn",
    "/en/casn/": "/en/casn",
    "/beli/?acara=casn": "/beli?acara=casn",
    "/en/periksa/": "/en/periksa",
    "/periksa/nomor/": "/periksa/nomor",
    "/bantuan/": "/bantuan",
    "/casn/masuk/": "/casn/masuk",
    "/en/saya//": "/en/saya",
    "/pesanan/X/": "/pesanan/X",
    "/p/rahasia/": "/p/rahasia",
}
NO_PAGES = [
    "/tidak-ada/", "/en/tidak-ada/", "/lain/masuk/", "/pesanan/", "/aset/", "/en//casn/", "/api/v1/nothing/",
]  # fmt: skip


async def test_a_slash_too_many_leads_to_the_page(running: RunningSite) -> None:
    visitor = running.visitor()
    for address, page in PAGES.items():
        assert (await visitor.get(address), visitor.status) == (page, 301), address


async def test_what_is_no_page_stays_unknown(running: RunningSite) -> None:
    visitor = running.visitor()
    for address in NO_PAGES:
        assert (await visitor.get(address), visitor.status) == (address, 404), address
