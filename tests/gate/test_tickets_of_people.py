"""Tickets as people use them: link, QR code, short text and cookie, on one phone and on another."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.rules.tickets import decode_ticket, mark_of
from tests.gate.ticket_code import read_code
from tests.gate.visitor import get, join, post, raw
from tests.players.queue_twin import GateProcess, Queue


def test_a_join_goes_on_to_the_page_of_the_ticket_and_keeps_it_in_a_cookie(gate: GateProcess) -> None:
    answer = join(gate.port, "0812 3456 7890")
    assert answer.status == 303
    ticket, contact = answer.cookies
    assert ticket.startswith(f"antre_casn={answer.ticket}; Path=/; Max-Age=")
    assert contact.startswith("kontak_casn=")
    for cookie in answer.cookies:
        age = int(cookie.partition("Max-Age=")[2].partition(";")[0])
        assert age > 14 * 86_400, "a closing that is put off by days costs nobody the place"
        assert "HttpOnly; SameSite=Lax" in cookie
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_no_other_host_can_set_the_cookies_and_old_ones_count(queue: Queue) -> None:
    with GateProcess(queue.root, number=9, gate_url="https://antre.contoh") as gate:
        answer = join(gate.port, "aman@contoh.id")
        ticket = answer.ticket
        planted = join(gate.port, "orang@contoh.id").ticket
        for name in ("antre_casn", "__Host-antre_casn"):
            kept = {"Cookie": f"{name}={ticket}"}
            assert get(gate.port, "/antre/casn", **kept).headers["location"].endswith(f"/t/{ticket}")
            gone = get(gate.port, f"/antre/casn?lepas={mark_of(ticket)}", **kept).cookies
            assert [one.partition(";")[0] for one in gone] == ["__Host-antre_casn=", "antre_casn="]
        for both in ("antre_casn={1}; __Host-antre_casn={0}", "__Host-antre_casn={0}; antre_casn={1}"):
            page = get(gate.port, "/antre/casn", Cookie=both.format(ticket, planted))
            assert page.headers["location"].endswith(f"/t/{ticket}")
    for cookie, name in zip(answer.cookies, ("antre", "kontak"), strict=True):
        assert cookie.startswith(f"__Host-{name}_casn=")
        assert cookie.endswith("; HttpOnly; SameSite=Lax; Secure")


def test_a_page_with_a_script_gets_the_wait_page_as_the_answer(gate: GateProcess) -> None:
    earlier = join(gate.port, "dulu@contoh.id").ticket
    page = post(
        gate.port,
        "/en/antre/casn",
        {"kontak": "langsung@contoh.id", "langsung": "1"},
        Cookie=f"antre_casn={earlier}",
    )
    found = re.fullmatch(r"/en/antre/casn/t/([A-Za-z0-9_-]{128})", page.headers["content-location"])
    assert found
    assert (page.status, found[1] != earlier) == (200, True)
    assert f'data-address="{found[0]}"' in page.text
    assert page.cookies[0].startswith(f"antre_casn={found[1]};")
    assert read_code(page.text) == f"{gate.url}{found[0]}"
    alone = get(gate.port, found[0])
    assert 'data-address=""' in alone.text
    assert "content-location" not in alone.headers
    typed = post(gate.port, "/antre/casn/tiket", {"tiket": found[1], "langsung": "1"})
    assert typed.headers["content-location"] == f"/antre/casn/t/{found[1]}"


def test_the_link_opens_on_another_phone_which_keeps_the_ticket_too(gate: GateProcess) -> None:
    ticket = join(gate.port, "link@contoh.id").ticket
    page = get(gate.port, f"/antre/casn/t/{ticket}")
    assert page.status == 200
    assert f"antre_casn={ticket};" in page.headers["set-cookie"]
    entrance = get(gate.port, "/antre/casn", Cookie=f"antre_casn={ticket}")
    assert (entrance.status, entrance.ticket) == (303, ticket)


@pytest.mark.parametrize("path", ["/antre/casn", "/en/antre/casn"])
def test_who_comes_without_a_ticket_gets_the_form_that_is_ready_and_who_keeps_one_does_not(
    gate: GateProcess, path: str
) -> None:
    ticket = join(gate.port, "siap@contoh.id").ticket
    ready = get(gate.port, path, Cookie="kuki=1; lain=2")
    made = get(gate.port, path, **{"If-None-Match": "x"})  # a condition: nothing is ready for that
    assert (ready.status, ready.body, ready.headers.keys()) == (200, made.body, made.headers.keys())
    assert 'name="kontak"' in ready.text
    assert get(gate.port, path, Cookie=f"kuki=1; antre_casn={ticket}").ticket == ticket
    assert get(gate.port, f"{path}?baru", Cookie=f"antre_casn={ticket}").body == made.body


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_somebody_else_at_the_same_phone_takes_a_place_too(gate: GateProcess, prefix: str) -> None:
    """A family's phone, or an internet café: the first person's ticket must not block the form."""
    first = join(gate.port, f"kakak{prefix[1:]}@contoh.id").ticket
    cookie = f"antre_casn={first}"
    page = get(gate.port, f"{prefix}/antre/casn/t/{first}", Cookie=cookie)
    found = re.search(r'href="([^"]+)">(?:Ambil tempat untuk|Take a place for)', page.text)
    assert found
    form = get(gate.port, found[1], Cookie=cookie)
    assert (form.status, 'name="kontak"' in form.text) == (200, True)
    assert f'action="{prefix}/antre/casn"' in form.text
    second = join(gate.port, f"adik{prefix[1:]}@contoh.id", Cookie=cookie)
    assert second.ticket != first
    assert second.cookies[0].startswith(f"antre_casn={second.ticket};")
    assert get(gate.port, f"/antre/casn/t/{first}", Cookie=f"antre_casn={second.ticket}").status == 200


@pytest.mark.parametrize(
    "typed",
    [
        "{ticket}",
        "casn {ticket}",
        "https://meterai.contoh.id/antre/casn/t/{ticket}",
        "  https://meterai.contoh.id/en/antre/casn/t/{ticket}\n",
        "Tempat Anda: https://meterai.contoh.id/antre/casn/t/{ticket}. Simpan pesan ini baik-baik ya",
        "casn \u2068{ticket}\u2069",  # marks of direction, as message programs add them
    ],
)
def test_what_was_kept_as_text_is_taken_back(gate: GateProcess, typed: str) -> None:
    ticket = join(gate.port, "teks@contoh.id").ticket
    answer = post(gate.port, "/antre/casn/tiket", {"tiket": typed.format(ticket=ticket)})
    assert (answer.status, answer.ticket) == (303, ticket)


def test_a_text_that_an_sms_broke_into_lines_is_taken_back(gate: GateProcess) -> None:
    ticket = join(gate.port, "sms@contoh.id").ticket
    broken = "casn " + "\n".join(ticket[at : at + 40] for at in range(0, 128, 40))
    assert post(gate.port, "/antre/casn/tiket", {"tiket": broken}).ticket == ticket


def test_the_qr_code_on_the_page_is_the_link_of_the_ticket(gate: GateProcess) -> None:
    ticket = join(gate.port, "qr@contoh.id").ticket
    page = get(gate.port, f"/antre/casn/t/{ticket}").text
    assert read_code(page) == f"{gate.url}/antre/casn/t/{ticket}"


def test_who_has_a_ticket_of_this_contact_keeps_the_earlier_place(gate: GateProcess) -> None:
    first = join(gate.port, "awal@contoh.id")
    again = join(gate.port, "AWAL@contoh.id", Cookie=f"antre_casn={first.ticket}")
    other = join(gate.port, "lain@contoh.id", Cookie=f"antre_casn={first.ticket}")
    assert again.ticket == first.ticket
    assert other.read.id != first.read.id


def test_fifty_tabs_are_one_person(gate: GateProcess) -> None:
    tickets = {join(gate.port, "tab@contoh.id").ticket for _ in range(50)}
    assert len(tickets) == 1


def test_twenty_spellings_of_one_mailbox_are_one_person(gate: GateProcess) -> None:
    joined = [join(gate.port, f"ej{dot}aan+{n}@gmail.com").read for dot in ("", ".") for n in range(10)]
    assert len({ticket.id for ticket in joined}) == 1


def test_a_changed_ticket_is_refused_in_words(gate: GateProcess) -> None:
    ticket = join(gate.port, "ubah@contoh.id").ticket
    sequence_changed = ticket[:20] + ("A" if ticket[20] != "A" else "B") + ticket[21:]
    page = get(gate.port, f"/antre/casn/t/{sequence_changed}")
    assert page.status == 403
    assert "Tiket ini tidak sah" in page.text
    assert "set-cookie" not in page.headers
    assert "Your ticket" not in page.text
    assert "This ticket can&#39;t be read" in get(gate.port, f"/en/antre/casn/t/{ticket[:-1]}").text


def test_a_ticket_that_cannot_be_read_is_told_so_at_its_own_field_and_stays_there(gate: GateProcess) -> None:
    page = post(gate.port, "/antre/casn/tiket", {"tiket": "casn tidak-utuh"}).text
    assert "Tiket ini tidak bisa dibaca" in page
    fields = {name: tag for tag, name in re.findall(r'(<(?:input|textarea) id="(\w+)".*?>)', page)}
    assert "masalah" in fields["tiket"]
    assert "aria-invalid" in fields["tiket"]
    assert "masalah" not in fields["kontak"]
    assert "aria-invalid" not in fields["kontak"]
    assert ">casn tidak-utuh</textarea>" in page
    assert "<details open>" in page


@pytest.mark.journey
def test_a_ticket_that_cannot_be_read_is_told_so_after_the_closing_too(tmp_path: Path) -> None:
    now = int(time.time())
    queue = Queue(tmp_path, Schedule(joins_from=now - 90, opens_at=now - 90, closes_at=now - 30, window_s=2))
    queue.status()
    with GateProcess(tmp_path) as gate:
        answer = post(gate.port, "/antre/casn/tiket", {"tiket": "casn tidak-utuh"})
        assert "Antrean sudah ditutup" in answer.text
        assert "Tiket ini tidak bisa dibaca" in answer.text
        assert ">casn tidak-utuh</textarea>" in answer.text
        assert "Email" not in post(gate.port, "/antre/casn", {"kontak": "x"}).text


def test_a_contact_that_cannot_be_read_is_told_so_and_stays_in_the_form(gate: GateProcess) -> None:
    answer = join(gate.port, 'bukan kontak "x"')
    assert answer.status == 422
    assert "tidak bisa dibaca" in answer.text
    assert "bukan kontak &#34;x&#34;" in answer.text


def test_the_number_says_nothing_of_the_contact(gate: GateProcess) -> None:
    ticket = decode_ticket(join(gate.port, "rahasia@contoh.id").ticket)
    assert b"rahasia" not in ticket.data()
    assert len(ticket.id) == 12


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_slash_too_many_leads_to_the_page_whose_script_then_finds_its_addresses(
    gate: GateProcess, prefix: str
) -> None:
    ticket = join(gate.port, "miring@contoh.id").ticket
    for page in (f"{prefix}/antre/casn", f"{prefix}/antre/casn?baru", f"{prefix}/antre/casn/t/{ticket}"):
        path, mark, query = page.partition("?")
        answer = get(gate.port, f"{path}//{mark}{query}")
        assert (answer.status, answer.headers["location"]) == (301, page)
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert get(gate.port, f"{prefix}/antre/casn/lain/").status == 404
    assert get(gate.port, f"{prefix}/antre/lain/").status == 404


def test_what_a_gate_writes_down_is_nobody_else_s_whoever_starts_it(gate: GateProcess, queue: Queue) -> None:
    join(gate.port, "tertutup@contoh.id")
    place = queue.folder.gate(gate.number)
    written = [place, *place.iterdir(), queue.folder.known_gate(gate.number)]
    assert len(written) > 4
    assert {path.name for path in written if path.stat().st_mode & 0o007} == set()
    assert {path.name for path in written if path.stat().st_mode & 0o020} == set()  # our umask forbids that


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_form_s_address_that_is_loaded_again_leads_to_the_page_with_the_form(
    gate: GateProcess, prefix: str
) -> None:
    """A phone that closed the tab of a form's answer loads it again in this way."""
    for name in ("kode", "tiket"):
        answer = get(gate.port, f"{prefix}/antre/casn/{name}")
        assert (answer.status, answer.headers["location"]) == (303, f"{prefix}/antre/casn")


def test_no_head_of_an_answer_is_longer_than_a_proxy_has_room_for(gate: GateProcess) -> None:
    """nginx has 4 kB for a head by default."""
    long = "x" * 7_000
    for path in (f"/antre/casn/?{long}", f"/antre/casn/t/{long}/", f"/antre/casn/{long}"):
        answer = raw(gate.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, page = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 404"), path[:20]
        assert len(head) < 2_000
        assert "Halaman ini tidak ada" in page.decode()
