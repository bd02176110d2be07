"""The windows of a browser share one set of cookies: no window takes anything from another."""

from __future__ import annotations

import re

import pytest

from meterai.waiting_room.rules.model import QueueState
from meterai.web.orders.access import ORDERS_KEPT_MAX
from tests.waiting_room.line import ANI
from tests.web.running_site import GATE, RunningSite, Visitor, sign_in
from tests.web.test_contacts_page import newest_code


def copied(visitor: Visitor) -> Visitor:
    """A copy of the visitor: another window of the same browser."""
    other = Visitor(visitor.site)
    other.cookies, other.text = dict(visitor.cookies), visitor.text
    return other


def form_of(visitor: Visitor) -> str:
    found = re.search(r'name="kiriman" value="([^"]+)"', visitor.text)
    assert found
    return found[1]


def code_of(visitor: Visitor) -> str:
    found = re.search(r'name="kode_id" value="([^"]+)"', visitor.text)
    assert found
    return found[1]


async def test_orders_opened_in_two_windows_at_the_same_time_are_both_kept(running: RunningSite) -> None:
    """The second answer is on its way when the first arrives, so it knows nothing of it."""
    await running.line.set_state(QueueState.DIRECT)
    one = running.visitor()
    await one.get("/kuota")
    two = copied(one)
    await two.get("/kuota")
    steps = [await window.post("/kuota", jumlah="1", kiriman=form_of(window)) for window in (one, two)]
    assert steps[0] != steps[1]
    one.cookies |= two.cookies
    for step in steps:
        await one.get(step)
        assert one.status == 200, step


@pytest.mark.parametrize(
    ("sent_from", "status"), [("same-origin", 303), ("same-site", 403), ("cross-site", 403), ("", 403)]
)
async def test_two_windows_opened_at_once_both_send_their_forms_from_our_pages_only(
    running: RunningSite, sent_from: str, status: int
) -> None:
    """A finger taps twice: neither request has a cookie yet, and the later answer's cookie is kept."""
    await running.line.set_state(QueueState.DIRECT)
    one, two = running.visitor(), running.visitor()
    for window in (one, two):
        await window.get("/kuota")
    assert one.cookies["kunjungan"] != two.cookies["kunjungan"]
    one.cookies, one.sent_from = dict(two.cookies), sent_from
    await one.post("/kuota", jumlah="1", kiriman=form_of(one))
    assert one.status == status


@pytest.mark.parametrize(
    ("sent_from", "origin", "status"),
    [
        ("same-origin", "", 303),
        ("none", "", 303),
        ("same-site", "http://blog.situs", 403),
        ("same-site", GATE, 403),
        ("cross-site", "", 403),
        ("", "", 303),
        ("", "null", 303),
        ("", "http://situs", 303),
        ("", "https://situs", 403),
        ("", "http://blog.situs", 403),
    ],
)
async def test_a_form_of_another_origin_is_refused_also_with_the_visitors_own_proof(
    running: RunningSite, sent_from: str, origin: str, status: int
) -> None:
    await running.line.set_state(QueueState.DIRECT)
    visitor = running.visitor()
    await visitor.get("/kuota")
    visitor.sent_from, visitor.origin = sent_from, origin
    await visitor.post("/kuota", jumlah="1", kiriman=form_of(visitor))
    assert visitor.status == status


async def test_a_proof_of_another_session_is_none(running: RunningSite) -> None:
    """Of somebody who had the browser before, or of a page that was opened before people signed in."""
    await running.line.set_state(QueueState.DIRECT)
    visitor = running.visitor()
    await visitor.get("/kuota")
    before = copied(visitor)
    await sign_in(running, visitor, ANI)
    before.cookies = dict(visitor.cookies)
    await visitor.get("/kuota")
    for window, status in ((before, 403), (visitor, 303)):
        window.sent_from = ""
        await window.post("/kuota", jumlah="1", kiriman=form_of(window))
        assert window.status == status


async def test_the_page_that_comes_with_a_session_has_its_proof(running: RunningSite) -> None:
    visitor = running.visitor()
    visitor.sent_from = ""
    await visitor.get("/saya")
    await visitor.post("/saya/masuk", kontak="ani@contoh.id")
    await visitor.get("/saya/kode")
    code = await newest_code(running)
    await visitor.post("/saya/kode", kode_id=code_of(visitor), kode=code, langsung="1")
    assert (visitor.status, 'action="/saya/keluar"' in visitor.text) == (200, True)
    assert await visitor.post("/saya/keluar") == "/"


async def test_a_browser_keeps_no_more_orders_than_it_should(running: RunningSite) -> None:
    await running.line.set_state(QueueState.DIRECT)
    visitor = running.visitor()
    steps = []
    for _ in range(ORDERS_KEPT_MAX + 2):
        await visitor.get("/kuota")
        steps.append(await visitor.post("/kuota", jumlah="1", kiriman=form_of(visitor)))
    held = [name for name, value in visitor.cookies.items() if name.startswith("pesanan") and value]
    assert len(held) == ORDERS_KEPT_MAX
    for step, status in ((steps[0], 404), (steps[1], 404), (steps[2], 200), (steps[-1], 200)):
        await visitor.get(step)
        assert visitor.status == status


async def test_a_wrong_code_leaves_each_window_with_its_own_contact(running: RunningSite) -> None:
    """The cookie names the code that was asked for last. For one contact that is the code to type."""
    await running.line.set_state(QueueState.DIRECT)
    one = running.visitor()
    await one.get("/saya")
    await one.get(await one.post("/saya/masuk", kontak="ani@contoh.id"))
    two, first = copied(one), code_of(one)
    for contact, shown, asked_anew in (("budi@contoh.id", "a•••", False), ("ani@contoh.id", "a•••", True)):
        await two.get("/saya")
        await two.get(await two.post("/saya/masuk", kontak=contact))
        one.cookies = dict(two.cookies)
        await one.post("/saya/kode", kode="12", kode_id=first)
        assert (one.status, f"{shown}@contoh.id" in one.text) == (403, True)
        assert code_of(one) == (code_of(two) if asked_anew else first)
