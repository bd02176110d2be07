"""Likely slips in an address are asked about wherever a contact is typed. People may keep what they typed."""

from __future__ import annotations

import html
import re

import pytest

from tests.waiting_room.line import ANI
from tests.web.running_site import RunningSite, Visitor

SLIP, MEANT = "ani@gmial.com", "ani@gmail.com"
COMPLAINT = {"soal": "other", "isi": "Meterai saya tidak terbaca.", "nomor": "M7KQ"}


def choices(visitor: Visitor) -> dict[str, bool]:
    """The addresses that the page offers, and which one is chosen already."""
    found = re.findall(r'type="radio" name="kontak" value="([^"]+)"( checked)?', visitor.text)
    return {html.unescape(value): bool(checked) for value, checked in found}


@pytest.mark.parametrize(
    ("page", "address", "more", "after"),
    [
        ("/saya", "/saya/masuk", {}, "/saya/kode"),
        ("/pengaduan", "/pengaduan", COMPLAINT, "/pengaduan/K-"),
    ],
)
async def test_a_likely_slip_is_asked_about_and_either_answer_is_taken(
    running: RunningSite, page: str, address: str, more: dict[str, str], after: str
) -> None:
    for answer in (MEANT, SLIP):
        visitor = running.visitor()
        await visitor.get(page)
        if 'name="formulir"' in visitor.text:
            form = re.search(r'name="formulir" value="([^"]+)"', visitor.text)
            assert form
            more = more | {"formulir": form[1]}
        assert await visitor.post(address, kontak=f" {SLIP} ", **more) == address
        assert visitor.status == 422
        assert f"Maksud Anda {MEANT}?" in visitor.text
        assert choices(visitor) == {MEANT: True, SLIP: False}
        assert all(text in visitor.text for text in more.values()), "nothing that was typed is lost"
        assert f'name="ditanya" value="{SLIP}"' in visitor.text
        led_to = await visitor.post(address, kontak=answer, ditanya=SLIP, **more)
        assert led_to.startswith(after), (led_to, visitor.text[-3000:])


async def test_other_addresses_are_not_asked_about(running: RunningSite) -> None:
    for typed in ("ani@gmail.com", "ani@contoh.id", "ani@yahoo.co.uk", "ani@mail.com", "0812 3456 7890"):
        visitor = running.visitor()
        await visitor.get("/saya")
        assert await visitor.post("/saya/masuk", kontak=typed) == "/saya/kode", typed


async def test_at_the_line_the_ticket_decides_whether_it_was_a_slip(running: RunningSite) -> None:
    visitor = running.visitor()
    visitor.cookies["antre_casn"] = running.line.join(f"email:{MEANT}")
    await running.line.call_everybody()
    await visitor.get("/casn/masuk")
    await visitor.post("/casn/masuk/kontak", kontak=SLIP)
    assert choices(visitor) == {MEANT: True, SLIP: False}
    assert await visitor.post("/casn/masuk/kontak", kontak=MEANT, ditanya=SLIP) == "/casn/masuk/kode"
    kept = running.visitor()
    kept.cookies["antre_casn"] = running.line.join(f"email:{SLIP}")
    await running.line.call_everybody()
    await kept.get("/casn/masuk")
    assert await kept.post("/casn/masuk/kontak", kontak=SLIP) == "/casn/masuk/kode", "they kept it before"
    other = running.visitor()
    other.cookies["antre_casn"] = running.line.join(ANI)
    await running.line.call_everybody()
    await other.get("/casn/masuk")
    await other.post("/casn/masuk/kontak", kontak=SLIP)
    assert choices(other) == {}
    assert "diambil dengan kontak lain" in other.text
