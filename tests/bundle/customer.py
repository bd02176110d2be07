"""A customer of the running service who buys quota and keeps the session, without a browser."""

from __future__ import annotations

from simulator.crowd.applicant import Applicant
from simulator.crowd.browser import Browser
from simulator.crowd.forms import form_with


class QuotaBuyer(Applicant):
    """Buys pieces of quota. `browser` is signed in to the order, `sign_in` to "My stamps"."""

    async def buy(self, pieces: int) -> None:
        """The whole path up to quota that can be used."""
        page = await self.browser.get("/kuota")
        page = await self._send(page, "quota", jumlah=str(pieces))
        if "/kontak" in page.url:
            page = await self._give_contact(page)
        page = await self._order(page)
        await self._pay(page)
        await self._wait(page)

    async def sign_in(self) -> Browser:
        """Signs in by a code. Returns the browser that holds the session."""
        page = await self.browser.get("/saya")
        if form_with(page.text, "kontak").action.endswith("/saya/masuk"):
            await self._give_contact(page)
        return self.browser
