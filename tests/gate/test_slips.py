"""The gate asks about likely slips in an address before it gives a place. People may keep what they typed."""

from __future__ import annotations

import pytest

from tests.gate.visitor import post
from tests.players.queue_twin import GateProcess


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ani@gmial.com", "ani@gmail.com"), ("budi@yaho.com", "budi@yahoo.com"),
        ("cici@hotmial.com", "cici@hotmail.com"), ("dedi@gmail.co.id", "dedi@gmail.com"),
        ("edo@gmail", "edo@gmail.com"), ("fitri@yaho.co.id", "fitri@yahoo.co.id"),
        ("gina@outlok.con", "gina@outlook.com"),
    ],
)  # fmt: skip
def test_a_likely_slip_gets_a_question_and_no_place(gate: GateProcess, typed: str, meant: str) -> None:
    asked = post(gate.port, "/antre/casn", {"kontak": typed})
    assert asked.status == 422
    assert f"Maksud Anda {meant}?" in asked.text
    assert f'value="{meant}" checked' in asked.text
    assert f'name="kontak" value="{typed}"' in asked.text
    right = post(gate.port, "/antre/casn", {"kontak": meant, "ditanya": typed}).read
    if "." in typed.partition("@")[2]:
        kept = post(gate.port, "/antre/casn", {"kontak": typed, "ditanya": typed}).read
        assert kept.id != right.id
    again = post(gate.port, "/en/antre/casn", {"kontak": "x@gmal.com", "ditanya": typed})
    assert "Do you mean x@gmail.com?" in again.text, "another slip is another question"


@pytest.mark.parametrize("typed", ["ani@contoh.id", "ani@mail.com", "ani@gmail.com", "0812 3456 7890"])
def test_everything_else_gets_its_place_at_once(gate: GateProcess, typed: str) -> None:
    assert post(gate.port, "/antre/casn", {"kontak": typed}).ticket
