"""Entering from the line, over ASGI with a real database: guard, claim, full and closed admissions."""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import structlog
from asyncpg import CannotConnectNowError, DiskFullError, InterfaceError

from meterai.api.conventions.problems import problem_response
from meterai.api.routes import ROUTES
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.events import load_events
from meterai.sales.use_cases.add_item import FormDocument
from meterai.sales.use_cases.open_order import open_order
from meterai.sales.use_cases.set_events import set_events
from meterai.texts.mechanism.moments import second_text
from meterai.waiting_room.files.log_facts import OperatorFacts, encode_facts
from meterai.waiting_room.files.public_log import ENTRIES, PublicLog
from meterai.waiting_room.rules.model import Policy, QueueState
from meterai.waiting_room.rules.tickets import mark_of
from meterai.web.line.queues import INSIDE_S, PASS_S, HeldPass, Queues, open_pass, seal_pass
from meterai.web.site import build_site
from simulator.crowd.work import challenge_in, solve, wait_in
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import ANI, BUDI, SCHEDULE, LineOfPeople, forged
from tests.web.asking import ask
from tests.web.running_site import GATE, OFFER, Counting, RunningSite, Visitor, called, sign_in
from tests.web.test_stored_documents import RIGHT, stored


async def test_without_a_place_the_purchase_of_an_event_leads_to_the_gate(running: RunningSite) -> None:
    visitor = running.visitor()
    assert await visitor.get("/beli?acara=casn") == f"{GATE}/antre/casn"
    assert await visitor.get("/en/beli?acara=casn") == f"{GATE}/en/antre/casn"
    await visitor.get("/beli")
    assert visitor.status == 200, "a purchase for no event has a share of its own"
    assert await visitor.post("/beli", acara="casn") == f"{GATE}/antre/casn"


async def test_who_is_signed_in_with_the_tickets_contact_needs_no_code(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"
    assert "lewat_casn" in visitor.cookies
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 200


async def test_who_is_signed_in_with_another_contact_is_asked_for_the_tickets(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    await sign_in(running, visitor, BUDI)
    await visitor.get("/casn/masuk")
    assert (visitor.status, "lewat_casn" in visitor.cookies) == (200, False)
    await visitor.post("/casn/masuk/kontak", kontak="budi@contoh.id")
    assert "diambil dengan kontak lain" in visitor.text
    codes = await running.line.database.owner.fetchval("SELECT count(*) FROM customers.code")
    assert codes == 0, "no code goes to a contact that is not the ticket's"
    await visitor.post("/casn/masuk/kontak", kontak="budi")
    assert "Ini belum berbentuk alamat email" in visitor.text
    assert 'class="money' not in visitor.text, "they may have paid"


async def test_another_spelling_of_the_tickets_mailbox_proves_it_too(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    await sign_in(running, visitor, "email:ani+cpns@contoh.id")
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"
    visitor.cookies.pop("masuk")
    assert await visitor.get("/casn/masuk") == "/casn/masuk"
    assert await visitor.post("/casn/masuk/kontak", kontak="Ani+lain@contoh.id") == "/casn/masuk/kode"
    sent_to = await running.line.database.owner.fetchval("SELECT payload->>'to' FROM jobs.outbox")
    assert sent_to == "ani+lain@contoh.id"


async def test_a_ticket_from_when_each_spelling_was_a_place_of_its_own_opens_the_door(
    running: RunningSite,
) -> None:
    visitor = await called(running, "email:siti.nur@gmail.com")
    own = visitor.cookies["masuk"]
    await sign_in(running, visitor, "email:sitinur@gmail.com")
    assert await visitor.get("/casn/masuk") != "/beli?acara=casn", "no gate gave a ticket to this spelling"
    visitor.cookies["masuk"] = own
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"


async def test_a_ticket_from_when_each_spelling_was_a_place_of_its_own_has_its_certificate(
    running: RunningSite,
) -> None:
    visitor = await called_too_late(running, "email:siti.nur@gmail.com")
    assert visitor.status == 200
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM waiting_room.certificate") == 1


async def test_who_proves_the_contact_is_let_in_with_the_same_answer(running: RunningSite) -> None:
    visitor = await asked_for_the_code(running)
    assert await visitor.post("/casn/masuk/kode", **await code_sent(running, visitor)) == "/beli?acara=casn"
    assert {"masuk", "lewat_casn"} <= visitor.cookies.keys()
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 200


async def test_the_code_may_be_answered_with_the_page_of_the_purchase_itself(running: RunningSite) -> None:
    visitor = await asked_for_the_code(running)
    code, before = await code_sent(running, visitor), running.db.taken
    await visitor.post("/casn/masuk/kode", **code, langsung="1")
    assert running.db.taken - before == 4, (
        "code, claim (read, then written), sign: the page behind asks for the pass no more"
    )
    assert (visitor.status, visitor.headers["content-location"]) == (200, "/beli?acara=casn")
    assert 'data-address="/beli?acara=casn"' in visitor.text
    assert {"masuk", "lewat_casn"} <= visitor.cookies.keys()
    assert 'name="kiriman"' in visitor.text


async def test_at_a_full_door_the_code_signs_in_and_the_door_says_when_to_knock(running: RunningSite) -> None:
    visitor = await asked_for_the_code(running)
    await running.line.set_rate(60, new=0.0, returner=0.0)
    assert await visitor.post("/casn/masuk/kode", **await code_sent(running, visitor)) == "/casn/masuk"
    assert ("masuk" in visitor.cookies, "lewat_casn" in visitor.cookies) == (True, False)
    await visitor.get("/casn/masuk")
    assert visitor.status == 429


async def test_the_wait_pages_button_may_be_answered_with_the_doors_page_if_our_cookies_came_along(
    running: RunningSite,
) -> None:
    visitor = await called(running, ANI)
    ticket = visitor.cookies["antre_casn"]
    await visitor.post("/casn/masuk", tiket=ticket, langsung="1")
    assert (visitor.status, visitor.headers["content-location"]) == (200, "/beli?acara=casn")
    visitor.sent_from = "cross-site"  # then the browser keeps the cookies of this site to itself
    link = f"/casn/masuk/t/{ticket}"
    assert await visitor.post("/casn/masuk", tiket=ticket, langsung="1") == link
    assert visitor.status == 303
    assert await visitor.get(link) == "/casn/masuk", "it brings them to the link"


async def asked_for_the_code(running: RunningSite) -> Visitor:
    """A visitor who is called, before the page that asks for the code."""
    visitor = running.visitor()
    visitor.cookies["antre_casn"] = running.line.join(ANI)
    await running.line.call_everybody()
    await visitor.get("/casn/masuk")
    assert await visitor.post("/casn/masuk/kontak", kontak=ANI.partition(":")[2]) == "/casn/masuk/kode"
    await visitor.get("/casn/masuk/kode")
    return visitor


async def code_sent(running: RunningSite, visitor: Visitor) -> dict[str, str]:
    """The fields of the code's form."""
    text = await running.line.database.owner.fetchval("SELECT payload->>'text' FROM jobs.outbox")
    code = re.search(r"\b\d{6}\b", text)
    assert code is not None
    return {"kode_id": visitor.cookies["kode"], "kode": code[0]}


async def ask_for_codes(running: RunningSite, contact: str) -> Visitor:
    """A stranger has codes sent to somebody's contact, until the site asks for work."""
    stranger = running.visitor()
    await stranger.get("/saya")
    while await stranger.post("/saya/masuk", kontak=contact) == "/saya/kode":
        await stranger.get("/saya")
    assert stranger.status == 422
    assert "data-work=" in stranger.text
    return stranger


async def test_strangers_who_ask_for_codes_keep_nobody_out_who_is_called(running: RunningSite) -> None:
    await ask_for_codes(running, "ani@contoh.id")
    await asked_for_the_code(running)


async def test_the_page_that_asks_for_work_sends_the_same_form_again(running: RunningSite) -> None:
    stranger = await ask_for_codes(running, "ani@contoh.id")
    assert 'action="/saya/masuk"' in stranger.text
    assert 'name="kontak" value="ani@contoh.id"' in stranger.text
    challenge = challenge_in(stranger.text)
    assert challenge
    sent = {"kontak": "ani@contoh.id", "tunggu": wait_in(stranger.text)}
    assert await stranger.post("/saya/masuk", **sent) != "/saya/kode", "the wait has just begun"
    assert stranger.status == 422
    assert await stranger.post("/saya/masuk", **sent, altcha=solve(challenge)) == "/saya/kode"
    await stranger.get("/saya/kode")
    assert "sudah kami kirim" in stranger.text
    await stranger.get("/saya")
    await stranger.post("/saya/masuk", **sent, altcha=solve(challenge))
    assert stranger.status == 422, "it was used"


async def test_a_place_taken_with_somebodys_contact_gives_no_codes_at_the_door_before_its_call(
    running: RunningSite,
) -> None:
    await ask_for_codes(running, "ani@contoh.id")
    stranger = running.visitor()
    ticket = stranger.cookies["antre_casn"] = running.line.join(ANI)
    await stranger.get("/casn/kabari")
    address = f"{GATE}/antre/casn/t/{ticket}"
    assert await stranger.post("/casn/masuk/kontak", kontak="ani@contoh.id") == address
    await stranger.post("/casn/kabari/kontak", kontak="ani@contoh.id")
    assert stranger.status == 422, "those of strangers need work"
    await running.line.call_everybody()
    assert await stranger.post("/casn/masuk/kontak", kontak="ani@contoh.id") == "/casn/masuk/kode"


async def test_who_proved_the_contact_in_this_browser_gets_codes_whatever_strangers_do(
    running: RunningSite,
) -> None:
    visitor = await asked_for_the_code(running)
    await visitor.post("/casn/masuk/kode", **await code_sent(running, visitor))
    visitor.cookies.pop("masuk")  # seven days are over
    await ask_for_codes(running, "ani@contoh.id")
    await visitor.get("/saya")
    assert await visitor.post("/saya/masuk", kontak="ani@contoh.id") == "/saya/kode"
    await ask_for_codes(running, "budi@contoh.id")
    await visitor.get("/saya")
    await visitor.post("/saya/masuk", kontak="budi@contoh.id")
    assert visitor.status == 422, "known is one contact, not the browser"


async def test_who_is_not_called_is_led_back_to_the_wait_page(running: RunningSite) -> None:
    visitor = running.visitor()
    ticket = visitor.cookies["antre_casn"] = running.line.join(ANI)
    assert await visitor.get("/en/casn/masuk") == f"{GATE}/en/antre/casn/t/{ticket}"


async def test_a_ticket_sent_by_the_wait_pages_button_is_kept_and_leaves_the_address(
    running: RunningSite,
) -> None:
    visitor, ticket = running.visitor(), running.line.join(ANI)
    assert await visitor.post("/casn/masuk", tiket=ticket) == "/casn/masuk"
    assert visitor.cookies["antre_casn"] == ticket
    other = running.visitor()
    assert await other.get(f"/casn/masuk/t/{ticket}") == "/casn/masuk"
    forged_one = running.visitor()
    await forged_one.get(f"/casn/masuk/t/{forged(ticket)}")
    assert (forged_one.status, "antre_casn" in forged_one.cookies) == (403, False)


@pytest.mark.parametrize("sent_from", ["cross-site", "same-site", "none", ""])
async def test_another_sites_page_takes_nobodys_place_away(running: RunningSite, sent_from: str) -> None:
    """Its form comes without our cookies, so the answer can't know which ticket is kept. Links come with
    them.
    """
    mine, theirs = running.line.join(ANI), running.line.join(BUDI)
    link = f"/casn/masuk/t/{theirs}"
    form = running.visitor()
    form.sent_from = sent_from
    assert await form.post("/casn/masuk", tiket=theirs, langsung="1") == link
    assert "antre_casn" not in form.cookies
    visitor = running.visitor()
    visitor.cookies["antre_casn"], visitor.sent_from = mine, sent_from
    await visitor.get(link)
    assert (visitor.status, visitor.cookies["antre_casn"]) == (200, mine)
    assert "Anda sudah punya tempat" in visitor.text
    assert f'href="{GATE}/antre/casn/t/{mine}"' in visitor.text
    visitor.sent_from = "same-origin"
    await visitor.get(f"/en{link}")
    assert (visitor.cookies["antre_casn"], "You have a place already" in visitor.text) == (mine, True)
    assert 'href="/en/casn/masuk">Keep my place' in visitor.text
    stranger = running.visitor()
    stranger.cookies, stranger.sent_from = dict(visitor.cookies), "cross-site"
    await stranger.post("/casn/masuk/ganti", tiket=theirs)
    assert (stranger.status, stranger.cookies["antre_casn"]) == (403, mine)
    assert await visitor.post("/casn/masuk/ganti", tiket=theirs) == "/casn/masuk"
    assert visitor.cookies["antre_casn"] == theirs


@pytest.mark.parametrize(("origin", "leads_to"), [("situs", "/casn/masuk"), ("lain", "/casn/masuk/t/{}")])
async def test_an_old_browser_says_whose_page_sent_a_ticket_by_the_origin(
    running: RunningSite, origin: str, leads_to: str
) -> None:
    ticket = running.line.join(ANI)
    headers = {
        "host": "situs", "origin": f"http://{origin}", "content-type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    body = f"tiket={ticket}".encode()
    answer = await ask(running.site, "/casn/masuk", method="POST", headers=headers, body=body)
    assert answer.headers["location"] == leads_to.format(ticket)


async def test_the_ticket_that_is_kept_already_and_one_beside_none_are_taken_without_a_question(
    running: RunningSite,
) -> None:
    ticket = running.line.join(ANI)
    for kept in (ticket, forged(ticket), ""):
        visitor = running.visitor()
        visitor.cookies["antre_casn"], visitor.sent_from = kept, "cross-site"
        assert await visitor.get(f"/casn/sertifikat/t/{ticket}") == "/casn/sertifikat"
        assert visitor.cookies["antre_casn"] == ticket
    for sent_from, origin in (("same-origin", ""), ("same-site", GATE)):  # pasted here, or the gate's button
        visitor = running.visitor()
        visitor.cookies["antre_casn"], visitor.sent_from = running.line.join(BUDI), sent_from
        visitor.origin = origin
        assert await visitor.post("/casn/masuk", tiket=ticket) == "/casn/masuk"
        assert visitor.cookies["antre_casn"] == ticket


async def test_a_ticket_that_no_list_holds_is_forgotten_and_a_new_one_can_be_taken(
    running: RunningSite,
) -> None:
    """Its signature is good: the gate would give it back to people who join again."""
    running.line.join(BUDI)
    visitor = running.visitor()
    refused = visitor.cookies["antre_casn"] = running.line.join(ANI, is_listed=False)
    await running.line.call_everybody()
    await sign_in(running, visitor, ANI)
    await visitor.get("/casn/masuk")
    assert (visitor.status, visitor.cookies["antre_casn"]) == (403, "")
    assert "tidak ada dalam daftar" in visitor.text
    taken = f'href="{GATE}/antre/casn?lepas={mark_of(refused)}"'
    assert taken in visitor.text, "there a new place is taken, and the gate forgets this ticket too"
    kept = visitor.cookies["antre_casn"] = running.line.join(BUDI)
    await visitor.post("/casn/masuk", tiket=forged(kept))
    assert (visitor.status, visitor.cookies["antre_casn"]) == (403, kept), "another one was sent, not this"


async def test_a_ticket_that_was_typed_wrong_stays_in_the_form(running: RunningSite) -> None:
    visitor = running.visitor()
    for address in ("/casn/masuk", "/en/casn/sertifikat", "/casn/kabari"):
        await visitor.get(address)
        await visitor.post(address, tiket="potongan <tiket")
        assert (visitor.status, "potongan &lt;tiket</textarea>" in visitor.text) == (422, True), address
    wrong = forged(running.line.join(ANI))
    await visitor.post("/casn/masuk", tiket=wrong)
    assert (visitor.status, f"{wrong}</textarea>" in visitor.text) == (403, True)


async def test_a_full_door_says_when_it_is_worth_knocking_again(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    await running.line.set_rate(60, new=0.0, returner=0.0)
    await visitor.get("/casn/masuk")
    assert visitor.status == 429
    seconds = int(visitor.headers["retry-after"])
    assert 2 <= seconds <= 35
    assert (
        f'<noscript><meta http-equiv="refresh" content="{seconds}; url=/casn/masuk"></noscript>'
        in visitor.text
    )
    running.line.pass_time(seconds)
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"


@pytest.mark.parametrize("state", [QueueState.HALTED, QueueState.OUT_OF_STOCK])
async def test_a_door_that_is_shut_says_so_and_comes_back(running: RunningSite, state: QueueState) -> None:
    visitor = await called(running, ANI)
    await running.line.set_state(state)
    await visitor.get("/casn/masuk")
    assert (visitor.status, "refresh" in visitor.text) == (503, True)
    assert "lewat_casn" not in visitor.cookies


async def test_after_the_closing_the_door_leads_to_the_certificate(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    await running.line.set_state(QueueState.CLOSED)
    assert await visitor.get("/casn/masuk") == "/casn/sertifikat"
    await visitor.get("/casn/sertifikat")
    assert (visitor.status, "lewat_casn" in visitor.cookies) == (409, False)


async def test_a_certificate_is_genuine_also_when_its_event_is_offered_no_more(running: RunningSite) -> None:
    """Agencies check it weeks later. It says no more than is known: the service was full then."""
    visitor = await called(running, ANI)
    await running.line.set_rate(60, new=0.0, returner=0.0)
    await visitor.get("/casn/masuk")
    knocked = second_text(running.line.now, "id", "Asia/Jakarta")
    running.line.now = datetime.fromtimestamp(SCHEDULE.closes_at + 60, UTC)
    await running.line.set_state(QueueState.CLOSED)
    await visitor.get("/casn/sertifikat")
    assert (
        f"pada {knocked} layanan penuh sehingga ia belum dapat masuk, dan ketika antrean ditutup pada"
        in visitor.text
    )
    code = await running.line.database.owner.fetchval("SELECT code FROM waiting_room.certificate")
    await set_events(running.line.database.app, ())
    agency = Visitor(build_site(running.app, offer=OFFER, more_routes=ROUTES, problem=problem_response))
    await agency.get(f"/antrean/sertifikat?kode={code}")
    assert (agency.status, "Bukti antre ini asli" in agency.text) == (200, True)


async def test_who_stood_in_line_gets_the_certificate_also_when_the_event_is_offered_no_more(
    running: RunningSite,
) -> None:
    """The wait page leads there: the event may be out of the file by the next restart."""
    visitor = await called(running, ANI)
    await running.line.set_rate(60, new=0.0, returner=0.0)
    await visitor.get("/casn/masuk")
    running.line.now = datetime.fromtimestamp(SCHEDULE.closes_at + 60, UTC)
    await running.line.set_state(QueueState.CLOSED)
    visitor.site = build_site(
        running.app,
        offer=msgspec.structs.replace(OFFER, former=load_events()),
        more_routes=ROUTES,
        problem=problem_response,
    )
    assert await visitor.get("/casn/masuk") == "/casn/sertifikat"
    await visitor.get("/casn/sertifikat")
    assert (visitor.status, "layanan penuh sehingga ia belum dapat masuk" in visitor.text) == (200, True)
    await visitor.get("/casn")
    assert visitor.status == 404, "it is offered no more"


async def called_too_late(running: RunningSite, contact: str = ANI) -> Visitor:
    """A visitor who was called, could not enter until the closing, and has a certificate of that."""
    visitor = await called(running, contact)
    await running.line.set_rate(60, new=0.0, returner=0.0)
    await visitor.get("/casn/masuk")
    running.line.now = datetime.fromtimestamp(SCHEDULE.closes_at + 60, UTC)
    await running.line.set_state(QueueState.CLOSED)
    await visitor.get("/casn/sertifikat")
    return visitor


async def test_a_certificate_that_is_not_in_the_log_days_later_is_not_to_be_accepted(
    running: RunningSite,
) -> None:
    visitor = await called_too_late(running)
    code, signed = await running.line.database.owner.fetchrow(
        "SELECT code, document FROM waiting_room.certificate"
    )

    async def headlines() -> list[str]:
        found = []
        for language in ("", "/en"):
            await visitor.get(f"{language}/antrean/sertifikat?kode={code}")
            found += re.findall(r"<h1>(.*?)</h1>", visitor.text)
        return found

    genuine = ["Bukti antre ini asli", "This certificate is genuine"]
    assert await headlines() == genuine
    running.line.pass_time(2 * 86_400)
    assert await headlines() == ["Jangan terima bukti antre ini", "Do not accept this certificate"]
    assert "note good" not in visitor.text
    running.line.folder.log.mkdir(parents=True)
    restored = OperatorFacts(action="restore", value="", reason="x")
    log = PublicLog(running.line.folder.log, "casn", running.line.keys.controller)
    log.append(restored.what, encode_facts(restored), int(running.line.now.timestamp()))
    log.close()
    cannot = ["Bukti antre ini tidak dapat diperiksa", "This certificate can't be checked"]
    assert [html.unescape(one) for one in await headlines()] == cannot
    assert "note good" not in visitor.text
    entry = f'{{"facts":{{"sha256":"{hashlib.sha256(signed).hexdigest()}"}}}}\n'
    (running.line.folder.log / ENTRIES).write_text(entry)
    assert await headlines() == genuine


async def test_what_a_certificate_says_is_not_lost_by_loading_its_page_again(running: RunningSite) -> None:
    visitor = await called_too_late(running)
    signed = (
        await running.line.database.owner.fetchval("SELECT document FROM waiting_room.certificate")
    ).decode()
    for text, status, kept in ((signed, 200, False), ("x", 422, True)):
        await visitor.post("/antrean/sertifikat", teks=text)
        assert (visitor.status, 'data-address="/antrean/sertifikat"' in visitor.text) == (status, kept)


async def test_what_was_typed_of_a_certificate_stays_in_the_form_that_refuses_it(
    running: RunningSite,
) -> None:
    visitor = running.visitor()
    await visitor.get("/antrean/sertifikat?kode=M7KQ-3XPD-92R%22")
    assert (visitor.status, 'value="M7KQ-3XPD-92R&#34;"' in visitor.text) == (404, True)
    await visitor.post("/antrean/sertifikat", teks="sebagian saja")
    assert (visitor.status, "sebagian saja</textarea>" in visitor.text) == (422, True)


async def test_the_check_says_the_rule_and_not_that_it_was_announced_in_time(running: RunningSite) -> None:
    """A restart may change the rule at any hour."""
    owner = running.line.database.owner
    await owner.execute("UPDATE waiting_room.queue SET policy = policy || '{\"line_counts\": true}'")
    visitor = await called_too_late(running)
    code = await owner.fetchval("SELECT code FROM waiting_room.certificate")
    await visitor.get(f"/antrean/sertifikat?kode={code}")
    assert "berada di antrean ketika ditutup dihitung tepat waktu" in visitor.text
    assert "sebelum antrean dibuka" not in visitor.text
    await visitor.get(f"/en/antrean/sertifikat?kode={code}")
    assert "being in the queue at the closing counts as in time" in visitor.text
    assert "before the queue opened" not in visitor.text


@pytest.mark.parametrize("event", ["Casn", "../casn", "c", "", "casn\\n", "casm"])
async def test_a_certificate_of_what_is_no_event_is_none(running: RunningSite, event: str) -> None:
    """The same holds for a well-formed name: nobody is told that its queue is not ready yet."""
    visitor = await called_too_late(running)
    signed = await running.line.database.owner.fetchval("SELECT document FROM waiting_room.certificate")
    named, other = '"event":"casn"', f'"event":"{event}"'
    assert named in signed.decode()
    await visitor.post("/antrean/sertifikat", teks=signed.decode().replace(named, other))
    status, told = (403, "tidak asli") if event == "casm" else (422, "Ini bukan bukti antre")
    assert (visitor.status, told in visitor.text) == (status, True)


async def test_with_the_store_down_nobody_enters_and_nothing_is_lost(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    await visitor.get("/beli")
    running.db.is_down = True
    await visitor.get("/casn/masuk")
    assert visitor.status == 503
    assert "Tiket dan tempat Anda aman" in visitor.text
    assert "refresh" in visitor.text
    running.db.is_down = False
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"


@pytest.mark.parametrize(
    "trouble", [ConnectionRefusedError(), CannotConnectNowError("starting up"), InterfaceError("cut off")]
)
async def test_the_status_page_says_that_the_store_is_down_however_it_is_down(
    running: RunningSite, trouble: Exception
) -> None:
    visitor = running.visitor()
    await visitor.get("/status")
    assert (visitor.status, "Terganggu" in visitor.text) == (200, False)
    running.db.is_down, running.db.trouble = True, trouble
    await visitor.get("/status")
    assert (visitor.status, visitor.text.count("Terganggu")) == (200, 4)


async def test_the_status_page_says_that_people_are_turned_away_while_a_full_disk_takes_nothing(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that only reads, as this one, still works then."""
    monkeypatch.setattr("meterai.operations.service_status.LOOK_S", 0.0)
    visitor = running.visitor()
    running.db.is_down, running.db.trouble = True, DiskFullError("could not extend file")
    await visitor.get("/beli")
    running.db.is_down = False
    assert visitor.status == 503
    await visitor.get("/en/status")
    _, _, purchase = visitor.text.partition("Site and purchase")
    assert (visitor.text.count("Disrupted"), purchase.find("Disrupted") < purchase.find("Working")) == (
        1,
        True,
    )
    monkeypatch.setattr("meterai.operations.service_status.OUTAGE_S", 0.0)
    await visitor.get("/en/status")
    assert "Disrupted" not in visitor.text


@pytest.mark.parametrize(("ago_s", "moves"), [(2, True), (12, False)])
async def test_the_status_page_says_that_the_line_stands_while_nothing_is_published_of_it(
    running: RunningSite, ago_s: float, *, moves: bool
) -> None:
    visitor = running.visitor()
    await visitor.get("/en/status")
    assert "Queue of an event" not in visitor.text, "it has not begun"
    await running.line.database.owner.execute(
        """UPDATE waiting_room.queue SET moved_at = $1::float8, created_at = to_timestamp(0),
               memory = memory || jsonb_build_object('published_at', $1::float8 - $2)""",
        running.line.now.timestamp(),
        ago_s,
    )
    await visitor.get("/en/status")
    assert "Queue of an event" in visitor.text
    assert (visitor.text.count("Working"), visitor.text.count("Disrupted")) == (5 + moves, 1 - moves)


@pytest.mark.parametrize(
    ("state", "because", "words"),
    [
        (QueueState.HALTED, "uji coba", "Held; nobody loses a place"),
        (QueueState.OUT_OF_STOCK, None, "Out of stamps"),
        (QueueState.LAST_CALL, None, "Working"),
    ],
)
async def test_the_status_page_says_that_a_line_is_held(
    running: RunningSite, state: QueueState, because: str | None, words: str
) -> None:
    """This holds although its controller is at work and publishes."""
    owner, visitor = running.line.database.owner, running.visitor()
    await running.line.set_state(state)
    await owner.execute(
        """UPDATE waiting_room.queue SET moved_at = $1::float8, halted_because = $2,
               memory = memory || jsonb_build_object('published_at', $1::float8)""",
        running.line.now.timestamp(),
        because,
    )
    await visitor.get("/en/status")
    assert words in visitor.text.partition("Queue of an event")[2]
    assert visitor.text.count("Working") == 5 + (words == "Working")
    await owner.execute("UPDATE sales.event SET active = false")
    await visitor.get("/en/status")
    assert visitor.text.count("Working") == 6, "an event that is not offered any more is no line"


async def test_the_status_page_says_that_stamps_are_out_of_stock(running: RunningSite) -> None:
    visitor = running.visitor()
    await running.line.database.owner.execute(
        "UPDATE ledger.account SET debits_posted = credits_posted WHERE kind = 'seller_stock'"
    )
    await visitor.get("/en/status")
    assert "Out of stamps; orders are kept as drafts" in visitor.text
    assert visitor.text.count("Working") == 4


async def test_the_status_page_does_not_wait_for_a_store_that_stands_still(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = running.visitor()
    with monkeypatch.context() as hurried:
        hurried.setattr("meterai.operations.service_status._SECONDS_MAX", 0.2)
        async with running.line.database.owner.transaction():
            await running.line.database.owner.execute("LOCK TABLE sales.event")
            await asyncio.wait_for(visitor.get("/status"), 5)
            assert (visitor.status, visitor.text.count("Terganggu")) == (200, 4)
    await visitor.get("/status")
    assert "Terganggu" not in visitor.text, "the connection that was waited for is nobody's trouble"


async def test_however_many_ask_for_the_status_the_store_is_asked_once_a_second(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors = [running.visitor() for _ in range(5)]
    await visitors[0].get("/harga")
    before = running.db.taken
    await visitors[0].get("/status")
    each_look = running.db.taken - before
    await asyncio.gather(*(visitor.get("/status") for visitor in visitors))
    assert running.db.taken - before == 2 * each_look
    monkeypatch.setattr("meterai.operations.service_status.LOOK_S", 60.0)
    running.db.is_down = True
    for visitor in visitors:
        await visitor.get("/en/status")
        assert (visitor.status, "Disrupted" in visitor.text) == (200, False)


@pytest.mark.parametrize("code", ["signer.unavailable", "key.expired"])
async def test_the_status_page_does_not_say_that_stamping_works_while_no_key_signs(
    running: RunningSite, code: str
) -> None:
    running.signer.trouble = Refusal(Kind.UNAVAILABLE, code)
    visitor = running.visitor()
    await visitor.get("/en/status")
    assert (visitor.status, visitor.text.count("Disrupted"), visitor.text.count("Working")) == (200, 1, 4)


@pytest.mark.parametrize(
    ("trouble", "event"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "unavailable"),
        (CannotConnectNowError("the database system is starting up"), "unavailable"),
        (DiskFullError("could not extend file"), "unavailable"),
        (InterfaceError("the connections are closed"), "unavailable"),
        (InterfaceError("another operation is in progress"), "fault"),
        (KeyError("x"), "fault"),
    ],
)
async def test_an_outage_costs_the_log_a_line_for_each_visitor_and_a_fault_is_explained(
    running: RunningSite, trouble: Exception, event: str
) -> None:
    """A trace for each would push all earlier lines out of a log of 16 MB within a minute."""
    visitor = running.visitor()
    running.db.is_down, running.db.trouble = True, trouble
    with structlog.testing.capture_logs() as lines:
        await visitor.get("/beli")
    assert visitor.status == (503 if event == "unavailable" else 500)
    assert visitor.headers["retry-after"] == "30"
    said = [line for line in lines if line["log_level"] in ("warning", "error")]
    (line,) = (line for line in said if not line["event"].startswith("latest_"))
    assert (line["event"], "exc_info" in line) == (event, event == "fault")
    assert line["help_code"] in visitor.text


async def test_the_line_of_a_help_code_names_the_order_whose_page_was_refused(running: RunningSite) -> None:
    visitor = running.visitor()
    for address, order in (("/pesanan/M7KQ-3XPD-92RT", "M7KQ-3XPD-92RT"), ("/pesanan/x", None), ("/x", None)):
        with structlog.testing.capture_logs() as lines:
            await visitor.get(address)
        (line,) = (line for line in lines if line["event"] == "refused")
        assert (line.get("order"), visitor.status) == (order, 404)
        assert line["help_code"] in visitor.text


async def test_while_nobody_waits_people_enter_freely_and_are_counted_once(running: RunningSite) -> None:
    await running.line.set_state(QueueState.DIRECT)
    visitor = running.visitor()
    for _ in range(3):
        await visitor.get("/beli?acara=casn")
        assert visitor.status == 200
    assert running.entered() == 1
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"


async def test_who_entered_freely_stays_inside_for_a_while_when_people_have_to_wait(
    running: RunningSite,
) -> None:
    await running.line.set_state(QueueState.DIRECT)
    visitor = running.visitor()
    await visitor.get("/beli?acara=casn")
    await running.line.set_state(QueueState.OPEN)
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 200
    running.line.pass_time(INSIDE_S + 1)
    assert await visitor.get("/beli?acara=casn") == f"{GATE}/antre/casn"


@pytest.fixture
def letters(running: RunningSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each form that is sent brings a good letter."""

    async def accept(*_: object) -> tuple[list[FormDocument], list[object]]:
        letter = await stored(running, None, RIGHT)
        return [FormDocument(document_id=letter, document_kind="surat_lamaran", slot="one")], []

    monkeypatch.setattr("meterai.web.documents.upload_routes._accept", accept)


async def inside(running: RunningSite) -> Visitor:
    """A visitor who got the form before anybody had to wait. Now people have to."""
    await running.line.set_state(QueueState.DIRECT)
    visitor = running.visitor()
    await visitor.get("/beli?acara=casn")
    await running.line.set_state(QueueState.OPEN)
    return visitor


async def send_form(visitor: Visitor) -> str:
    """Sends the event's form. Returns the order's address, or where else it leads."""
    name = re.search(r'name="kiriman" value="([^"]+)"', visitor.text)
    assert name is not None
    answer = await visitor.post("/beli?acara=casn", acara="casn", kiriman=name[1])
    return answer.removesuffix("/letak/1")


@pytest.mark.usefixtures("letters")
async def test_who_is_inside_opens_one_order_however_often_cookie_and_form_are_copied(
    running: RunningSite,
) -> None:
    first = await inside(running)
    friends = [running.visitor() for _ in range(3)]
    for friend in friends:
        friend.cookies["dalam_casn"] = first.cookies["dalam_casn"]
        await friend.get("/beli?acara=casn")
    assert len({await send_form(visitor) for visitor in (first, *friends)}) == 1
    made_up = await first.post("/beli?acara=casn", acara="casn", kiriman=uuid.uuid4().hex)
    assert made_up == f"{GATE}/antre/casn", "the cookie is good for the form that it names"
    assert await running.line.database.owner.fetchval("SELECT count(*) FROM sales.orders") == 1
    late = running.visitor()
    late.cookies["dalam_casn"] = first.cookies["dalam_casn"]
    assert await late.get("/beli?acara=casn") == f"{GATE}/antre/casn"


@pytest.mark.usefixtures("letters")
async def test_who_is_inside_comes_back_to_the_draft_until_it_has_ended(running: RunningSite) -> None:
    visitor = await inside(running)
    order = await send_form(visitor)
    assert await visitor.get("/beli?acara=casn") == f"{order}/dokumen"
    await running.line.database.owner.execute(
        "UPDATE sales.orders SET state = 'cancelled', closed_at = now()"
    )
    assert await visitor.get("/beli?acara=casn") == f"{GATE}/antre/casn"


@pytest.mark.usefixtures("letters")
async def test_a_form_from_before_anybody_had_to_wait_is_taken_also_from_the_older_of_two_windows(
    running: RunningSite,
) -> None:
    await running.line.set_state(QueueState.DIRECT)
    older = running.visitor()
    await older.get("/beli?acara=casn")
    newer = running.visitor()
    newer.cookies = dict(older.cookies)
    await newer.get("/beli?acara=casn")
    older.cookies = newer.cookies
    assert running.entered() == 1
    await running.line.set_state(QueueState.OPEN)
    orders = {await send_form(window) for window in (older, newer)}
    assert len(orders) == 2
    assert all(order.startswith("/pesanan/") for order in orders)


async def test_a_pass_of_another_event_or_made_up_opens_nothing(running: RunningSite) -> None:
    line, visitor = running.line, running.visitor()
    held = HeldPass(line.published.id_of(ANI), uuid.uuid4(), int(line.now.timestamp()) + 60)
    visitor.cookies["lewat_casn"] = seal_pass(b"s" * 32, "cpns", held)
    assert await visitor.get("/beli?acara=casn") == f"{GATE}/antre/casn"
    visitor.cookies["lewat_casn"] = seal_pass(b"x" * 32, "casn", held)
    assert await visitor.get("/beli?acara=casn") == f"{GATE}/antre/casn"
    visitor.cookies["lewat_casn"] = seal_pass(b"s" * 32, "casn", held)
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 403, "nobody ever gave this pass"


async def test_a_pass_cookie_ends_and_the_ticket_gives_the_same_pass_again(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    await visitor.get("/casn/masuk")
    first = open_pass(b"s" * 32, "casn", visitor.cookies["lewat_casn"], running.line.now.timestamp())
    running.line.pass_time(PASS_S)
    assert await visitor.get("/beli?acara=casn") == f"{GATE}/antre/casn"
    await visitor.get("/casn/masuk")
    again = open_pass(b"s" * 32, "casn", visitor.cookies["lewat_casn"], running.line.now.timestamp())
    assert first is not None
    assert again is not None
    assert first.pass_id == again.pass_id


async def test_where_the_line_counts_a_pass_opens_the_purchase_after_the_closing_too(
    running: RunningSite,
) -> None:
    visitor, late = await called(running, ANI), running.visitor()
    await visitor.get("/casn/masuk")
    closes_at = load_events()[0].closes_at
    later = HeldPass(
        running.line.published.id_of(ANI), await pass_id(running), int(closes_at.timestamp()) + 3_600
    )
    visitor.cookies["lewat_casn"] = seal_pass(b"s" * 32, "casn", later)
    running.line.now = closes_at + timedelta(minutes=5)
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 410, "the rule of this event is another"
    await running.line.database.owner.execute(
        "UPDATE waiting_room.queue SET policy = jsonb_set(policy, '{line_counts}', 'true')"
    )
    await visitor.get("/beli?acara=casn")
    assert visitor.status == 200
    await late.get("/beli?acara=casn")
    assert late.status == 410, "who was not in line came too late"


async def pass_id(running: RunningSite) -> uuid.UUID:
    """The id of the only pass that was given."""
    found: uuid.UUID = await running.line.database.owner.fetchval("SELECT pass_id FROM waiting_room.pass")
    return found


async def test_who_has_a_paid_order_goes_to_it_and_never_waits(running: RunningSite) -> None:
    visitor, now = running.visitor(), running.line.now
    order = await open_order(
        running.line.database.app, b"s" * 32, submit_id="s" * 20, flow="stamp", event_slug="casn",
        language="id", now=now,
    )  # fmt: skip
    owner = running.line.database.owner
    await visitor.get(f"/p/{order.token}")
    await visitor.get("/casn/masuk")
    assert visitor.status == 200, "a draft is no order in flight: the ticket is asked for"
    await owner.execute(
        "UPDATE sales.orders SET state = 'paid', paid_at = $2 WHERE id = $1", order.order_id, now
    )
    assert await visitor.get("/casn/masuk") == f"/pesanan/{order.number}"
    line = running.line
    visitor.cookies["antre_casn"] = line.join(ANI)
    await line.call_everybody()
    await sign_in(running, visitor, ANI)
    await line.set_state(QueueState.HALTED)
    await visitor.get("/en/casn/masuk")
    assert visitor.status == 503, "a halt holds for everybody"
    assert f'href="/en/pesanan/{order.number}"' in visitor.text
    await line.set_state(QueueState.OPEN)
    await line.set_rate(60, new=0.0, returner=0.0)
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn", "the full door does not hold them up"


async def test_a_draft_that_was_deleted_meanwhile_keeps_nobody_from_the_door(running: RunningSite) -> None:
    visitor = await called(running, ANI)
    order = await open_order(
        running.line.database.app, b"s" * 32, submit_id="g" * 20, flow="stamp", event_slug="casn",
        language="id", now=running.line.now,
    )  # fmt: skip
    await visitor.get(f"/p/{order.token}")
    await running.line.database.owner.execute("DELETE FROM sales.orders WHERE id = $1", order.order_id)
    assert await visitor.get("/casn/masuk") == "/beli?acara=casn"


async def test_an_event_that_does_not_exist_has_no_door(running: RunningSite) -> None:
    visitor = running.visitor()
    await visitor.get("/lain/masuk")
    assert visitor.status == 404


async def test_how_the_queue_stands_is_asked_once_a_second_however_many_ask(
    database: TestDatabase, tmp_path: Path
) -> None:
    line = LineOfPeople(tmp_path, database, Policy())
    await line.open()
    db = Counting(line.database.app)
    queues = Queues(db, line.folder.path.parent, GATE)  # type: ignore[arg-type]
    signs = await asyncio.gather(*(queues.sign_of("casn") for _ in range(100)))
    assert {sign.state for sign in signs if sign} == {QueueState.OPEN}
    assert db.taken == 1
    db.is_down = True
    queues._looked_at -= 2
    assert (await queues.sign_of("casn")) == signs[0], "what was known last holds while the store is down"
