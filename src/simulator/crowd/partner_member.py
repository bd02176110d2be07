"""A person who tries the API for a company: signs in on the site and takes a test client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from simulator.crowd.applicant import Applicant, StepRefused

_CLIENT = re.compile(r"<dt>client_id</dt><dd>(cli_[0-9a-z]{26})</dd>")
_KEY = re.compile(r"<dt>kid</dt><dd>(key_[0-9a-z]{26})</dd>")
_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----\n", re.DOTALL)
_PROOF = "bukti_formulir"


@dataclass(frozen=True, slots=True)
class Key:
    """A test client and its key, as the page shows them once."""

    client_id: str
    key_id: str
    private_key: str

    def __repr__(self) -> str:
        return f"Key({self.client_id})"


@dataclass(slots=True)
class PartnerMember(Applicant):
    """Signs in by code, and presses the button of the sandbox's page."""

    async def take_key(self) -> Key:
        """Raises: StepRefused, TooLate, ConnectionLost."""
        try:
            page = await self.browser.get("/saya")
            await self._give_contact(page)
            self._start()
            page = self._expect("sandbox_page", await self.browser.get("/saya/uji"))
            self._done("sandbox_page")
            self._start()
            proof = re.search(rf'name="{_PROOF}" value="([^"]+)"', page.text)
            if proof is None:
                raise StepRefused("test_client", page)
            fields = {_PROOF: unescape(proof[1])}
            page = self._expect("test_client", await self.browser.post("/saya/uji", fields))
            text = unescape(page.text)
            client, key, pem = _CLIENT.search(text), _KEY.search(text), _PEM.search(text)
            if client is None or key is None or pem is None:
                raise StepRefused("test_client", page)
            self._done("test_client")
        finally:
            self.browser.close()
        return Key(client[1], key[1], pem[0])
