"""QR codes that are put together from what each bit flips are those that a camera reads, and quick."""

from __future__ import annotations

import base64
import time
from random import Random

import pytest
from tests.gate.ticket_code import read_code

from meterai.gate import qr
from meterai.gate.joining import KNOWN_TICKETS_MAX, KnownTickets
from meterai.gate.qr import WORTH_CODES, TicketCodes
from meterai.waiting_room.model import Lane
from meterai.waiting_room.tickets import Ticket


def tickets(count: int) -> list[str]:
    """Texts as tickets are; the last ones are such as a packing code could treat in another way."""
    chance = Random(7)
    made = [base64.urlsafe_b64encode(chance.randbytes(96)).decode() for _ in range(count)]
    return [*made, "A" * 128, "0" * 128, "_" * 128, "a" * 128, "Ab1-" * 32]


@pytest.mark.parametrize(
    "prefix", ["http://localhost:8006/antre/casn/t/", "https://meterai.go.id/en/antre/pppk-guru-2026/t/"]
)
def test_learned_codes_say_what_the_librarys_say(prefix: str) -> None:
    codes = TicketCodes(prefix)
    first = tickets(0)[-1]
    assert read_code(codes.image(first)) == prefix + first
    codes.learn()
    assert codes.is_learned
    for ticket in tickets(60):
        assert read_code(codes.image(ticket)) == prefix + ticket


def test_they_are_learned_when_many_were_drawn_and_cost_a_third() -> None:
    codes, some = TicketCodes("http://localhost:8006/antre/casn/t/"), tickets(WORTH_CODES)

    def spent() -> float:
        began = time.process_time()
        for ticket in some:
            codes.image(ticket)
        return time.process_time() - began

    slow = spent()
    assert codes.is_worth_learning
    codes.learn()
    assert not codes.is_worth_learning
    assert min(spent(), spent()) < slow / 3


def test_a_library_whose_codes_are_not_linear_goes_on_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, count = qr._drawn, 0

    def moody(text: str) -> tuple[int, int]:
        nonlocal count
        count += 1
        modules, side = drawn(text)
        return modules ^ (1 << 900 if count % 3 == 0 else 0), side

    codes = TicketCodes("http://localhost:8006/antre/casn/t/")
    monkeypatch.setattr(qr, "_drawn", moody)
    codes.learn()
    monkeypatch.undo()
    assert not codes.is_learned
    assert not codes.is_worth_learning, "it is tried once"
    ticket = tickets(1)[0]
    assert read_code(codes.image(ticket)).endswith(ticket)


def test_so_many_tickets_are_known_and_only_under_the_keys_that_signed_them() -> None:
    known, keys = KnownTickets(), {1: "key"}
    ticket = Ticket(
        key_id=1, event=b"casn", window=1, joined_at=1, lane=Lane.NEW, gate=1, sequence=1, id=bytes(12)
    )  # fmt: skip
    for number in range(KNOWN_TICKETS_MAX + 1):
        known.keep(str(number), ticket, keys)
        assert known.find("0", keys) is ticket
    assert known.find("1", keys) is None, "the one not asked for the longest was forgotten"
    assert known.find("0", keys) is ticket
    assert known.find("0", {1: "another"}) is None
    known.keep("x", ticket, {1: "another"})
    assert known.find("0", keys) is None
