"""The contact is shown in full where it was typed, and masked to people with the link of the ticket."""

from __future__ import annotations

from meterai.waiting_room.files.join_notes import read_note
from meterai.waiting_room.rules.tickets import decode_ticket
from tests.gate.visitor import Answer, get, post
from tests.players.queue_twin import GateProcess, Queue

ADDRESS, MASKED = "siti+1@contoh.id", "s•••@contoh.id"
NAME = "Siti  <b>Nurhaliza</b>\u202e"


def join(gate: GateProcess, contact: str, **more: str) -> Answer:
    return post(gate.port, "/antre/casn", {"kontak": contact, **more})


def page(gate: GateProcess, ticket: str, cookie: str = "") -> str:
    return get(gate.port, f"/antre/casn/t/{ticket}", **({"Cookie": cookie} if cookie else {})).text


def test_only_the_browser_that_typed_the_contact_sees_it_in_full(gate: GateProcess) -> None:
    joined = join(gate, ADDRESS)
    kept = joined.cookies[-1].partition(";")[0]
    assert kept.startswith("kontak_casn=")
    assert f"<b>{ADDRESS}</b>" in page(gate, joined.ticket, kept)
    by_link = page(gate, joined.ticket)
    assert f"<b>{MASKED}</b>" in by_link
    assert ADDRESS not in by_link
    other = join(gate, "budi@contoh.id")
    assert ADDRESS not in page(gate, other.ticket, kept), "of another ticket"
    assert "<b>b•••@contoh.id</b>" in page(gate, other.ticket, kept)


def test_what_a_gate_keeps_of_it_opens_with_the_ticket_alone(gate: GateProcess, queue: Queue) -> None:
    joined = join(gate, "0812 3456 7890", nama=NAME)
    note = read_note(queue.folder, joined.ticket, joined.read)
    assert note is not None
    assert (note.masked, note.name) == ("+62•••••7890", "Siti <b>Nurhaliza</b>")
    raw = (queue.folder.gate(1) / "notes").read_bytes()
    assert b"Nurhaliza" not in raw
    assert b"7890" not in raw
    other = join(gate, "edi@contoh.id")
    assert read_note(queue.folder, other.ticket, decode_ticket(joined.ticket)) is None
    join(gate, "0812 3456 7890", nama="Orang lain")
    again = read_note(queue.folder, joined.ticket, joined.read)
    assert again == note, "the first name stays, whoever types the contact again"
    assert "Nurhaliza" not in page(gate, joined.ticket), "a link shows no name"


def test_a_refused_form_keeps_the_name(gate: GateProcess) -> None:
    refused = join(gate, "siti", nama=NAME)
    assert refused.status == 422
    assert 'value="Siti &lt;b&gt;Nurhaliza&lt;/b&gt;"' in refused.text
