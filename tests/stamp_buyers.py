"""People who buy a stamp from a running service, and what the site's verification says of their files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from simulator.crowd.browser import Browser, Response
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.service import find_service
from tests.stamping.letters import make_letter


@dataclass
class Bought:
    """A stamped file that a person has, the name of its document, and the reference of its payment.

    Then the number of the order, and the link that leads to it.
    """

    name: str
    reference: str
    content: bytes
    number: str
    link: str


@dataclass(slots=True, kw_only=True)
class _Buyer(QueuedApplicant):
    """`before_paying`: what happens when the order is placed and not yet paid."""

    before_paying: Callable[[], object] = lambda: None

    async def _pay(self, page: Response) -> None:
        await asyncio.to_thread(self.before_paying)
        await QueuedApplicant._pay(self, page)


def buy(data: Path, name: str, *, event: str = "", before: Callable[[], object] = lambda: None) -> Bought:
    """One person's whole path to one stamped letter. `before`: what happens before the order is paid."""
    service = find_service(data)
    person = _Buyer(
        service=service,
        gate=service.gate,
        contact=f"{name}@contoh.id",
        event=event,
        only_if_asked=True,
        looks_after=(0.1, 0.1),
        before_paying=before,
    )
    outcome = asyncio.run(person.buy_and_stamp([(f"{name}.pdf", make_letter(f"Surat {name}"))]))
    content = outcome.files[0].content
    return Bought(name, person.paying, content, outcome.number, outcome.permanent_link)


def judged(data: Path, file: bytes) -> tuple[str, str]:
    """The first reason of the site's verdict on a file, and its serial number."""

    async def ask() -> Any:
        browser = Browser(find_service(data).site)
        answer = await browser.request(
            "POST", "/api/v1/verifications", body=file, content_type="application/pdf"
        )
        browser.close()
        return msgspec.json.decode(answer.body)

    found = asyncio.run(ask())
    return found["reasons"][0], found["stamps"][0]["serial"]
