"""Replay: strangers ask for codes of somebody else's contact, so that the person can't sign in.

Before: two networks and five requests in fifteen minutes were enough. People who asked then read "too many
codes were asked for" for a quarter of an hour, again and again.
"""

from __future__ import annotations

import time

import pytest

from simulator.crowd.work import wait_in
from tests.replays.asking import asking_at, code_for, messages_to, solved
from tests.running_service import RunningService

pytestmark = pytest.mark.journey
VICTIM = "korban{}@contoh.id"
NEXT_MESSAGES_S = (30, 90, 210, 450, 930)
"""When a contact gets further messages after its first one, at the earliest."""


async def attack(service: RunningService, contact: str, requests: int = 40) -> None:
    """Strangers on eight networks ask for codes of one contact, and do all the work for it."""
    for number in range(requests):
        attacker = asking_at(service, f"198.51.{number % 8}.{number}")
        answer = await attacker.ask(contact)
        assert (await solved(attacker, answer)).url.endswith("/saya/kode")


@pytest.mark.long
async def test_the_person_gets_in_by_the_code_that_is_there_and_is_not_flooded(
    service: RunningService,
) -> None:
    contact, began = VICTIM.format(time.time_ns()), time.monotonic()
    await attack(service, contact)
    person = asking_at(service, "203.0.113.5")
    page = await solved(person, await person.ask(contact))
    lasted_s = time.monotonic() - began
    assert page.url.endswith("/saya/kode"), "nobody is refused"
    assert "sudah kami kirim" in page.text or lasted_s > NEXT_MESSAGES_S[0]
    page = await person.type(page, await code_for(service, contact))
    assert page.url.endswith("/saya"), page.text
    due = 2 + sum(next_s < lasted_s for next_s in NEXT_MESSAGES_S)  # a long code goes out at once
    assert len(messages_to(service, contact)) <= due, "forty requests, and no flood"


async def test_a_browser_that_proved_the_contact_needs_no_work_and_gets_its_own_code(
    service: RunningService,
) -> None:
    contact = VICTIM.format(time.time_ns())
    person = asking_at(service, "203.0.113.6")
    page = await person.ask(contact)
    assert (await person.type(page, await code_for(service, contact))).url.endswith("/saya")
    await attack(service, contact)
    page = await person.ask(contact)
    assert page.url.endswith("/saya/kode"), page.text
    assert "sedang dikirim" in page.text


@pytest.mark.long
async def test_without_a_script_a_wait_stands_in_for_the_work(service: RunningService) -> None:
    contact = VICTIM.format(time.time_ns())
    await attack(service, contact, 12)
    person = asking_at(service, "203.0.113.7")
    page = await person.ask(contact)
    assert page.status == 422
    assert "Tunggu 15 detik" in page.text
    assert wait_in(page.text)
    early = await person.again(page)
    assert early.status == 422
    time.sleep(15.5)
    page = await person.again(early)
    assert page.url.endswith("/saya/kode")
    page = await person.type(page, await code_for(service, contact))
    assert page.url.endswith("/saya")
