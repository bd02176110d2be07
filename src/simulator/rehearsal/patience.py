"""An applicant who bears with a service in trouble: loads again, pays again, waits; the browser for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

import msgspec

from simulator.crowd.applicant import StepRefused
from simulator.crowd.browser import Browser, ConnectionLost, Response
from simulator.crowd.queued_applicant import QueuedApplicant

TROUBLE = (ConnectionLost, TimeoutError, OSError, EOFError)
_SOON = 1.0
_CODES_MAX = 3
_ANSWERED_LATER = frozenset({500, 502, 504})
_OUTAGE = ("Ada gangguan di pihak kami.", "Something went wrong on our side.")
"""What a page says (503) that could not be made; others of this status say what to do instead."""


@dataclass(slots=True)
class PatientBrowser(Browser):
    """Repeats a request for some seconds if it gets no answer, or a server error.

    A form that is sent twice is the service's to recognise: that is part of what is rehearsed.
    """

    patience_seconds: float = 60.0
    reloads: int = 0

    async def request(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        content_type: str = "",
        follow: bool = True,
        stay: bool = False,
        known: str = "",
    ) -> Response:
        """As `Browser.request`, again and again."""
        deadline, page = time.monotonic() + self.patience_seconds, self.url
        while True:
            self.url = page
            try:
                answer = await Browser.request(
                    self,
                    method,
                    target,
                    body=body,
                    content_type=content_type,
                    follow=follow,
                    stay=stay,
                    known=known,
                )
                if not _is_answered_later(answer) or time.monotonic() > deadline:
                    return answer
            except TROUBLE:
                if time.monotonic() > deadline:
                    raise
            self.reloads += 1
            await asyncio.sleep(_SOON)


def _is_answered_later(answer: Response) -> bool:
    outage = answer.status == 503 and any(words in answer.text for words in _OUTAGE)
    return outage or answer.status in _ANSWERED_LATER


class Fate(StrEnum):
    """What became of a payment that was sent and not answered."""

    UNKNOWN = "unknown"  # nobody could be asked
    UNPAID = "unpaid"
    SETTLED = "settled"  # the money was taken, and nothing came of it yet
    REFUNDED = "refunded"
    STAMPED = "stamped"


@dataclass(slots=True, kw_only=True)
class PatientApplicant(QueuedApplicant):
    """Stays through outages. `patience_seconds`: for each thing that doesn't work."""

    patience_seconds: float = 60.0
    tried_again: list[str] = field(default_factory=list)
    """Steps that had to be walked twice."""

    def __post_init__(self) -> None:
        self.browser = PatientBrowser(
            self.service.site,
            source_address=self.source_address,
            timeout_seconds=10,
            patience_seconds=self.patience_seconds,
        )

    @property
    def reloads(self) -> int:
        """Requests sent again, and steps walked again."""
        sent = self.browser.reloads if isinstance(self.browser, PatientBrowser) else 0
        return sent + len(self.tried_again)

    async def _upload(self, page: Response, files: Sequence[tuple[str, bytes]]) -> Response:
        """Uploads; a file that is refused is tried once more, as people do."""
        try:
            return await QueuedApplicant._upload(self, page, files)
        except StepRefused as refused:
            if refused.status != 422:
                raise
        self.tried_again.append("upload")
        page = await self.browser.get(f"/beli?acara={self.event}")
        return await QueuedApplicant._upload(self, page, files)

    async def _give_contact(self, page: Response) -> Response:
        """Gives the code; asked again, because the service could not keep the first proof, gives another."""
        page = await QueuedApplicant._give_contact(self, page)
        for _ in range(_CODES_MAX):
            if 'name="kontak"' not in page.text:
                break
            self.tried_again.append("give_code")
            page = await QueuedApplicant._give_contact(self, page)
        return page

    async def _order(self, page: Response) -> Response:
        """Orders; when the gateway could not be charged, loads the order again until it can be paid."""
        deadline = time.monotonic() + self.patience_seconds
        while True:
            try:
                return await QueuedApplicant._order(self, page)
            except StepRefused as refused:
                if time.monotonic() > deadline or refused.status not in (200, 409, 429, 503):
                    raise
            await asyncio.sleep(_SOON)
            page = await self.browser.get(page.url)

    async def _pay(self, page: Response) -> None:
        """Pays. A gateway that did not answer may have taken the money: 412 says that it has. One that was
        not there when the order was placed knows no charge (404): the order is loaded again for another."""
        deadline = time.monotonic() + self.patience_seconds
        while True:
            try:
                await QueuedApplicant._pay(self, page)
                return
            except StepRefused as refused:
                if refused.status == 412:
                    self._done("pay")
                    return
                if refused.status == 404:
                    self.paying = ""
                if refused.status != 404 or time.monotonic() > deadline:
                    raise
                self.tried_again.append("pay")
                page = await self.browser.get(page.url)
            except TROUBLE:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_SOON)

    async def fate(self) -> Fate:
        """Asks the gateway what became of the payment, and the order; fetches what was stamped."""
        charge = urlencode({"order_id": self.paying})
        answer = await self._elsewhere.fetch(f"{self.service.gateway}/_charges?{charge}")
        charges = msgspec.json.decode(self._expect("fate", answer).body)["charges"]
        status = charges[0]["transaction_status"] if charges else ""
        if status == "refund":
            return Fate.REFUNDED
        if status not in ("settlement", "partial_refund"):
            return Fate.UNPAID
        page = await self.browser.fetch(f"/pesanan/{self.outcome.number}/keadaan")
        await self._download(self._expect("fate", page))
        return Fate.STAMPED if self.outcome.files else Fate.SETTLED
