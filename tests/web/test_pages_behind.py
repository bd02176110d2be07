"""The page that answers a form is made from what the form's handler knows.

It shows the same as the page at its own address.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.crowd.applicant import Applicant
from simulator.crowd.browser import Browser, Response
from simulator.crowd.forms import form_with
from simulator.crowd.papers import make_letter
from simulator.crowd.service import find_service
from tests.running_service import RunningService

_CHANGES = re.compile(r'name="bukti_formulir" value="[^"]*"|<html [^>]*>')
"""What changes each time a page is shown."""
_NUMBER = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}")


class Comparing(Browser):
    """A visitor who loads each page that answered a form again, by its address."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.compared: list[str] = []

    async def request(self, method: str, target: str, **named: Any) -> Response:
        """Sends one request. A page that answers a form must be the page at its address."""
        answer = await super().request(method, target, **named)
        address = answer.header(b"content-location")
        if address:
            again = await super().request("GET", answer.url, stay=True)
            assert again.status == answer.status
            assert _CHANGES.sub("", answer.text) == _CHANGES.sub("", again.text), address
            self.compared.append(_NUMBER.sub("N", address))
        return answer


class Changing(Applicant):
    """A visitor who adds a second stamp after seeing the sum, and removes it."""

    async def _order(self, page: Response) -> Response:
        page = await self._placed("tambah", "2")
        assert "20.000" in page.text
        page = await self._placed("hapus", "2")
        assert "20.000" not in page.text
        return await super()._order(page)

    async def _placed(self, button: str, value: str) -> Response:
        found = _NUMBER.search(self.browser.url)
        assert found
        page = await self.browser.get(f"/pesanan/{found[0]}/letak/1")
        form = form_with(page.text, "letak", "halaman")
        page = await self.browser.post(form.action, form.fields | {button: value})
        form = form_with(page.text, "letak", "halaman")
        return await self.browser.post(form.action, form.fields)


async def test_each_page_that_comes_as_an_answer_is_the_page(service: RunningService) -> None:
    found = find_service(service.data)
    applicant = Changing(found, contact="banding@contoh.id", elsewhere=Browser(found.site))
    applicant.browser = browser = Comparing(found.site)
    outcome = await applicant.buy_and_stamp([("surat.pdf", make_letter("A", "B"))], then_check=True)
    assert len(outcome.files) == 1
    assert browser.compared == [
        "/pesanan/N/letak/1",
        "/pesanan/N/kontak",
        "/pesanan/N/kode",
        "/pesanan/N/bayar",
        "/pesanan/N/letak/1?meterai=2",
        "/pesanan/N/bayar",
        "/pesanan/N/letak/1?meterai=1",
        "/pesanan/N/bayar",
        "/pesanan/N",
    ]


class Moving(Applicant):
    """A visitor who changes the proven contact. `adds`: adds another document when the session is over."""

    adds = False

    async def _order(self, page: Response) -> Response:
        found = _NUMBER.search(self.browser.url)
        assert found
        self.contact = f"lain-{self.contact}"
        page = await self._give_contact(await self.browser.get(f"/pesanan/{found[0]}/kontak"))
        if self.adds:
            self.browser.cookies.pop("masuk")
            page = await self.browser.get(f"/pesanan/{found[0]}/dokumen")
            form = form_with(page.text, "kiriman")
            sent = [(form.files[0], "lain.pdf", make_letter("C", "D"))]
            page = await self._place_all(await self.browser.post_files(form.action, form.fields, sent))
        return await super()._order(page)


@pytest.mark.parametrize("adds", [False, True])
async def test_an_orders_documents_follow_it_to_another_contact(service: RunningService, adds: bool) -> None:
    found = find_service(service.data)
    applicant = Moving(found, contact=f"pindah-{adds}@contoh.id".lower(), elsewhere=Browser(found.site))
    applicant.adds = adds
    outcome = await applicant.buy_and_stamp([("surat.pdf", make_letter("A", "B"))])
    assert len(outcome.files) == 1 + adds
