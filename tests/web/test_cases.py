"""Complaints: the form, the page of a case, its limits, and the commands of officers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from meterai.cases.use_cases.clean_up import clean_up_cases
from meterai.kit.application_secret import Secret
from meterai.texts.mechanism.moments import moment_text
from tests.operations.test_commands import meterai
from tests.sales.shop import NOON, open_shop
from tests.web.running_site import RunningSite, Visitor

pytestmark = pytest.mark.storage
TEXT = "Uang saya terpotong dua kali <b>pukul 21.40</b>.\nMohon dibantu."


async def send(visitor: Visitor, **changes: str) -> str:
    await visitor.get("/pengaduan")
    found = re.search(r'name="formulir" value="([^"]+)"', visitor.text)
    assert found
    fields = {
        "formulir": found[1],
        "soal": "money",
        "nomor": "M7KQ-3XPD-92RT",
        "isi": TEXT,
        "kontak": "ani@contoh.id",
    }
    return await visitor.post("/pengaduan", **(fields | changes))


def number_in(address: str) -> str:
    found = re.fullmatch(r"/pengaduan/(K-\w{4}-\w{4})/(\w{4}-\w{4}-\w{4})", address)
    assert found, address
    return found[1]


async def messages(running: RunningSite) -> list[dict[str, Any]]:
    rows = await running.line.database.owner.fetch("SELECT payload FROM jobs.outbox ORDER BY id")
    payloads = [row["payload"] for row in rows]
    return [msgspec.json.decode(one) if isinstance(one, str) else one for one in payloads]


async def test_a_complaint_gets_a_number_a_page_and_a_message(running: RunningSite) -> None:
    visitor = running.visitor()
    address = await send(visitor)
    number = number_in(address)
    assert await send(visitor, formulir=FORM) != await send(visitor, isi="Lain"), "two forms are two cases"
    other = running.visitor()
    await other.get(address)
    assert other.status == 200
    assert "&lt;b&gt;pukul 21.40&lt;/b&gt;" in other.text
    assert "ani@contoh.id" not in other.text
    sent = (await messages(running))[0]
    assert (sent["to"], number in sent["text"], address in sent["text"]) == ("ani@contoh.id", True, True)
    assert "terpotong" not in sent["text"], "a stranger may have typed the address"


FORM = "01890000-0000-7000-8000-000000000001"


async def test_a_form_that_is_sent_twice_is_one_case(running: RunningSite) -> None:
    """Also when the secret of its number has changed between."""
    visitor = running.visitor()
    sent = await send(visitor, formulir=FORM)
    assert await send(visitor, formulir=FORM) == sent
    former, newest = running.app.secret, b"new" * 12
    running.app.secret = Secret(newest, (newest, former), (newest, former))
    assert await send(visitor, formulir=FORM) == sent
    assert len(await messages(running)) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"soal": ""}, "Pilih dulu tentang apa"),
        ({"isi": "  "}, "Ceritakan dulu apa yang terjadi"),
        ({"isi": "x" * 4001}, "yang muat 4"),
        ({"kontak": "ani"}, "aria-invalid"),
    ],
)
async def test_a_wrong_form_is_explained_and_nothing_is_lost(
    running: RunningSite, wrong: dict[str, str], sentence: str
) -> None:
    visitor = running.visitor()
    await send(visitor, **wrong)
    assert visitor.status == 422
    assert sentence in visitor.text
    assert "M7KQ-3XPD-92RT" in visitor.text
    assert "isi" in wrong or "Mohon dibantu." in visitor.text
    assert await messages(running) == []


async def test_a_case_is_found_by_its_number_and_its_contact_or_code(running: RunningSite) -> None:
    visitor = running.visitor()
    address = await send(visitor)
    number, code = number_in(address), address.rpartition("/")[2]
    for proof in ("ANI@contoh.id ", code.lower().replace("-", " ")):
        await visitor.get("/pengaduan/cek")
        await visitor.post("/pengaduan/cek", nomor=number.lower().replace("-", ""), kontak=proof)
        assert visitor.status == 200
        assert "Mohon dibantu." in visitor.text
    for typed, proof in ((number, "budi@contoh.id"), ("K-2222-2222", "ani@contoh.id")):
        await visitor.get("/pengaduan/cek")
        await visitor.post("/pengaduan/cek", nomor=typed, kontak=proof)
        assert visitor.status == 404
        assert "Kami tidak menemukan kasus" in visitor.text
        assert proof in visitor.text


async def test_a_link_with_the_contact_opens_no_case(running: RunningSite) -> None:
    visitor = running.visitor()
    number = number_in(await send(visitor))
    await visitor.get(f"/pengaduan/{number}/ani@contoh.id")
    assert visitor.status == 404
    assert "Mohon dibantu." not in visitor.text


async def test_guesses_end_and_the_link_still_opens_the_case(running: RunningSite) -> None:
    visitor = running.visitor()
    address = await send(visitor)
    await visitor.get("/pengaduan/cek")
    for guess in range(10):
        visitor.client = f"198.51.{guess}.7"
        await visitor.post("/pengaduan/cek", nomor=number_in(address), kontak=f"a{guess}@contoh.id")
        assert visitor.status == 404
    await visitor.post("/pengaduan/cek", nomor=number_in(address), kontak="ani@contoh.id")
    assert visitor.status == 429
    await visitor.get(address)
    assert visitor.status == 200
    await visitor.get("/pengaduan/cek")
    running.line.now += timedelta(hours=1, seconds=1)
    await visitor.post("/pengaduan/cek", nomor=number_in(address), kontak="ani@contoh.id")
    assert visitor.status == 200


async def test_a_network_and_a_contact_have_a_budget(running: RunningSite) -> None:
    visitor = running.visitor()
    for case in range(5):
        visitor.client = f"198.51.{case}.7"
        number_in(await send(visitor))
    await send(visitor)
    assert (visitor.status, "lima pengaduan" in visitor.text) == (429, True)
    flood = running.visitor()
    statuses = []
    for case in range(40):
        await send(flood, kontak=f"b{case}@contoh.id")
        statuses.append(flood.status)
    assert statuses[:10] == [303] * 10
    assert statuses[-1] == 429
    assert "Mohon dibantu." in flood.text


async def send_missing(visitor: Visitor, number: str, **changes: str) -> str:
    """Opens a case from the page of payments. `changes`: what is typed there."""
    await visitor.get(f"/uang?nomor={number}")
    hidden = dict(re.findall(r'type="hidden" name="(formulir|soal|nomor)" value="([^"]*)"', visitor.text))
    typed = dict(re.findall(r'id="(waktu|jumlah|kontak)"[^>]* value="([^"]*)"', visitor.text))
    return await visitor.post("/pengaduan", **(hidden | typed | changes))


async def test_a_payment_that_is_not_found_becomes_a_case_with_its_facts(
    running: RunningSite, tmp_path: Path
) -> None:
    database, visitor = running.line.database, running.visitor()
    await visitor.get("/uang?nomor=TRX-4711")
    assert visitor.status == 404
    assert "terakhir kami tanya" not in visitor.text, "no payment was ever asked for"
    unknown = await send_missing(
        visitor, "TRX-4711", waktu="2026-09-05T21:40", jumlah="25.000", kontak="ani@contoh.id"
    )
    order = await placed_order(running)
    asked = NOON + timedelta(minutes=3)
    await database.owner.execute("UPDATE sales.payment SET asked_at = $1", asked)
    known = await send_missing(visitor, order, kontak="budi@contoh.id")
    assert moment_text(asked, "id") in (await text_of_money(visitor, order))
    assert moment_text(asked, "id") in (await text_of_money(visitor, "TRX-4711"))
    for address, facts in (
        (unknown, ("TRX-4711", "5 September 2026 pukul 21.40 WIB", "Rp25.000", "belum ditanya")),
        (known, (order, moment_text(NOON, "id"), "Rp25.000", moment_text(asked, "id"))),
    ):
        _, out, _ = await meterai(database, tmp_path, "cases", "show", number_in(address))
        assert [fact for fact in facts if fact not in out] == []


async def test_nothing_typed_on_the_page_of_payments_is_lost(running: RunningSite) -> None:
    visitor = running.visitor()
    await send_missing(visitor, "TRX-4711", waktu="kemarin malam", jumlah="dua puluh ribu", kontak="ani")
    assert visitor.status == 422
    for typed in ("TRX-4711", "kemarin malam", "dua puluh ribu", 'value="ani"'):
        assert typed in visitor.text


async def text_of_money(visitor: Visitor, number: str) -> str:
    await visitor.get(f"/uang?nomor={number}")
    return visitor.text


async def placed_order(running: RunningSite) -> str:
    """The number of an order of two stamps that waits for its payment."""
    async with open_shop(running.line.database) as shop:
        return (await shop.placed_quota(pieces=2)).number


async def test_an_officer_lists_shows_answers_and_closes(running: RunningSite, tmp_path: Path) -> None:
    database, visitor = running.line.database, running.visitor()
    address = await send(visitor)
    number = number_in(address)
    _, out, _ = await meterai(database, tmp_path, "cases", "list")
    assert number in out
    assert "terpotong" not in out
    _, out, _ = await meterai(database, tmp_path, "cases", "show", number)
    assert "ani@contoh.id (nobody has proved it)" in out
    assert TEXT in out
    status, _, err = await meterai(
        database, tmp_path, "cases", "answer", number, "--text", "Uang kembali besok."
    )
    assert status == 0, err
    assert (await messages(running))[-1]["to"] == "ani@contoh.id"
    assert "Uang kembali besok." in (await messages(running))[-1]["text"]
    await visitor.get(address)
    assert "Uang kembali besok." in visitor.text
    assert "Sudah dijawab" in visitor.text
    status, _, err = await meterai(database, tmp_path, "cases", "close", number, "--reason", "selesai")
    assert status == 0, err
    status, _, _ = await meterai(database, tmp_path, "cases", "answer", number, "--text", "Lagi.")
    assert status == 1
    _, out, _ = await meterai(database, tmp_path, "cases", "list")
    assert number not in out
    acts = await database.owner.fetch("SELECT action, subject FROM operations.audit_entry ORDER BY id")
    assert [(act["action"], act["subject"]) for act in acts][-2:] == [
        ("case.answer", number),
        ("case.close", number),
    ]


async def test_a_case_is_erased_and_forgotten(running: RunningSite, tmp_path: Path) -> None:
    database, visitor = running.line.database, running.visitor()
    address = await send(visitor)
    status, out, err = await meterai(database, tmp_path, "erase", number_in(address), "--reason", "asked")
    assert (status, out) == (0, "Erased 1 value.\n"), err
    row = await database.owner.fetchrow("SELECT text, about, contact_value FROM cases.case")
    assert row is not None
    assert tuple(row) == ("", "", None)
    await visitor.get(address)
    assert "Ditutup" in visitor.text
    late = datetime.now(UTC) + timedelta(days=800)
    assert await clean_up_cases(database.worker, days=730, now=late) == 1


async def test_the_site_reads_no_complaint_without_its_proof(running: RunningSite) -> None:
    await send(running.visitor())
    async with running.db.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT text FROM cases.case")
