"""The QR code of a ticket is readable with any link, and the gate remembers the tickets it has checked."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from random import Random

import pytest
import zxingcpp

from meterai.gate.joining.known_tickets import KNOWN_TICKETS_MAX, KnownTickets
from meterai.gate.waiting import ticket_code
from meterai.gate.waiting.ticket_code import _parts, _picture, code_image
from meterai.waiting_room.rules.model import Lane
from meterai.waiting_room.rules.tickets import Ticket
from tests.gate.ticket_code import read_code


def tickets(count: int) -> list[str]:
    """Texts like tickets. An encoder could pack the last ones in another way."""
    chance = Random(7)
    made = [base64.urlsafe_b64encode(chance.randbytes(96)).decode() for _ in range(count)]
    return [*made, "A" * 128, "0" * 128, "_" * 128, "a" * 128, "Ab1-" * 32]


LINKS = (
    "http://localhost:8006/antre/casn/t/",
    "http://127.0.0.1:53179/antre/casn/t/",
    "https://meterai.go.id/en/antre/pppk-guru-2026/t/",
)


@pytest.mark.parametrize("prefix", LINKS)
def test_a_code_leads_to_the_ticket(prefix: str) -> None:
    for ticket in tickets(40):
        assert read_code(code_image(prefix, ticket)) == prefix + ticket


@pytest.mark.parametrize("prefix", LINKS)
def test_the_parts_of_all_links_are_alike_so_that_none_costs_more(prefix: str) -> None:
    assert _parts(prefix) is not None


def test_where_codes_are_not_alike_the_library_draws_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_code, "_parts", lambda prefix: None)
    _picture.cache_clear()
    for ticket in tickets(3):
        assert read_code(code_image(LINKS[0], ticket)) == LINKS[0] + ticket
    _picture.cache_clear()
    monkeypatch.undo()
    monkeypatch.setattr(ticket_code, "_TRIED", ("A" * 128,))  # a run of capitals, which the library packs
    assert _parts.__wrapped__(LINKS[0]) is None


@pytest.mark.parametrize("prefix", LINKS)
def test_it_costs_a_quarter_of_what_the_library_takes_that_may_choose_the_mask(prefix: str) -> None:
    made = tickets(20)
    code_image(prefix, made[0])

    def spent(draw: Callable[[str, str], object]) -> float:
        _picture.cache_clear()
        began = time.process_time()
        for ticket in made:
            draw(prefix, ticket)
        return time.process_time() - began

    def chosen(prefix: str, ticket: str) -> object:
        return zxingcpp.create_barcode(prefix + ticket, zxingcpp.BarcodeFormat.QRCode, ec_level="L")

    assert min(spent(code_image) for _ in range(3)) < min(spent(chosen) for _ in range(3)) / 4


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
    another = {1: "another"}
    known.keep("x", ticket, another)
    assert known.find("0", another) is None
    assert known.find("x", another) is ticket
    assert known.find("x", keys) is None
