"""An organisation in the sandbox with stock, and its login for the wire, taken on the site as owners do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Final

from simulator.crowd.applicant import StepRefused
from simulator.crowd.forms import form_with
from simulator.crowd.partner_member import PartnerMember
from simulator.crowd.service import Service

_PAGE: Final = "/saya/kawat"
_PASSWORD: Final = re.compile(r"<dd><code>([a-z2-7]{26})</code></dd>")


@dataclass(frozen=True, slots=True)
class Account:
    """A login."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Account({self.user})"


@dataclass(slots=True)
class WireOwner(PartnerMember):
    """Takes a test client, switches the wire on for its organisation, and gives the client a user name."""

    async def take_login(self) -> Account:
        """Raises: StepRefused, TooLate, ConnectionLost, LookupError."""
        client = await self.take_key()
        try:
            self._start()
            page = await self.browser.get("/saya")
            organisation = next(value for _, value in form_with(page.text, "organisasi").buttons if value)
            await self._send(page, "wire", organisasi=organisation)
            page = await self._send(await self.browser.get(_PAGE), "wire", akses="nyala")
            page = await self._send(page, "wire", klien=client.client_id, nama=self.contact)
            password = _PASSWORD.search(unescape(page.text))
            if password is None:
                raise StepRefused("wire", page)
            self._done("wire")
        finally:
            self.browser.close()
        return Account(self.contact, password[1])


async def take_account(service: Service, on_step: Callable[[str, float], None]) -> Account:
    """Makes an organisation with 1,000 stamps, and a login of it. `on_step` hears of each step."""
    owner = WireOwner(service, contact=f"kawat{os.getpid()}@contoh.id", on_step=on_step)
    return await owner.take_login()
