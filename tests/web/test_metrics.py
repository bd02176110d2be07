"""The metrics of the service. `tests/house/test_metrics.py` has those of processes, and the alarms."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.outbox import enqueue_many
from meterai.kit.stop_switches import SEALING_STOPPED, set_switch
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.store.keys import insert_key
from meterai.waiting_room.control.site_load import SiteLoad, report_site_load
from tests.customers.test_sign_in import BOB, SignIns
from tests.waiting_room.line import NOON
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite

ROOT = Path(__file__).parents[2]
TOKEN = "a token of the operator's"
Seen = dict[tuple[str, ...], float]


@pytest_asyncio.fixture
async def measured(running: RunningSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningSite:
    """A site with a line and stock, whose operator has a token."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "metrics-token").write_text(f"{TOKEN}\n")
    load = SiteLoad(p95_ms=250, in_flight=2, requests=30, faults=3, entered={})
    await report_site_load(running.line.database.app, "here:1", load)
    return RunningSite(running.line, monkeypatch, data=tmp_path)


async def read(running: RunningSite, authorization: str = f"Bearer {TOKEN}") -> Answer:
    return await ask(running.site, "/api/v1/metrics", headers={"authorization": authorization})


def told(answer: Answer) -> Seen:
    """(name, values of its labels by their names' order...) -> value."""
    assert answer.status == 200
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer no", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"]
)
async def test_who_has_no_token_is_told_nothing(measured: RunningSite, shown: str) -> None:
    before = measured.db.taken
    answer = await read(measured, shown)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "metrics.no_token" in answer.text
    assert "meterai_" not in answer.text
    assert measured.db.taken == before


async def test_another_token_in_the_file_counts_at_once(measured: RunningSite, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "metrics-token").write_text("another\n")
    assert (await read(measured)).status == 401
    assert (await read(measured, "Bearer another")).status == 200


async def test_a_file_without_a_token_lets_nobody_in(measured: RunningSite, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "metrics-token").write_text("\n")
    assert [(await read(measured, shown)).status for shown in ("Bearer", "Bearer ")] == [401, 401]


async def test_the_house_is_measured(measured: RunningSite) -> None:
    answer = await read(measured)
    seen = told(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for name in ("database_up", "signer_up", "payments_up"):
        assert seen["meterai_" + name,] == 1
    assert seen["meterai_stock_stamps",] == 1_000
    assert seen["meterai_ledger_stamps_total", "seller_stock", "credit"] == 1_000
    assert seen["meterai_ledger_rupiah_total", "treasury_prepaid", "debit"] == 1_000 * 10_000
    assert seen["meterai_queue_state", "casn", "open"] == 1
    assert seen["meterai_queue_people", "casn"] == 0
    assert seen["meterai_site_requests_in_flight", "here:1"] == 2
    assert seen["meterai_codes_sent_today", "home", "62"] == 0
    assert seen["meterai_codes_day_budget", "email", "email"] == 50_000
    for name in ("signing_stopped", "stamp_delay_seconds", "refund_delay_seconds", "refunds_in_doubt"):
        assert seen["meterai_" + name,] == 0


async def follow_since(running: RunningSite, seconds: float) -> None:
    """Something follows the service. Its copy is good for a moment `seconds` ago."""
    moment = running.line.now - timedelta(seconds=seconds)
    await running.line.database.owner.execute(
        "INSERT INTO operations.followed VALUES ('/mnt/copy/followed', $1, $1, $1)", moment
    )


async def test_a_copy_that_falls_behind_is_seen(measured: RunningSite) -> None:
    assert not [name for name in told(await read(measured)) if "follow" in name[0] or "wal" in name[0]]
    await follow_since(measured, 300)
    assert told(await read(measured))["meterai_followed_age_seconds",] == pytest.approx(300)


async def test_trouble_is_seen(measured: RunningSite) -> None:
    database = measured.line.database
    now = measured.line.now
    async with database.app.transaction() as tx:
        await set_switch(tx, SEALING_STOPPED, thrown=True, reason="drill", now=NOON)
        await enqueue_many(tx, [("code.email", {}), ("code.email", {})], now - timedelta(seconds=90))
        await enqueue_many(tx, [("message.email", {})], now + timedelta(minutes=1))
    measured.signer.trouble = Refusal(Kind.UNAVAILABLE, "key.away")
    seen = told(await read(measured))
    assert (seen["meterai_signing_stopped",], seen["meterai_signer_up",]) == (1, 0)
    assert (seen["meterai_outbox_rows", "code.email"], seen["meterai_outbox_rows", "message.email"]) == (2, 1)
    assert seen["meterai_outbox_delay_seconds", "code.email"] == pytest.approx(90)
    assert seen["meterai_outbox_delay_seconds", "message.email"] == 0


async def test_a_line_of_which_nothing_was_ever_published_is_as_old_as_itself(measured: RunningSite) -> None:
    """Its controller has failed from the first step on, for instance on a folder without write permission."""
    name = "meterai_queue_published_age_seconds"
    owner = measured.line.database.owner
    made_at = measured.line.now - timedelta(minutes=5)
    await owner.execute("UPDATE waiting_room.queue SET created_at = $1", made_at)
    assert told(await read(measured))[name, "casn"] == pytest.approx(300)
    published = {"published_at": measured.line.now.timestamp() - 2}
    await owner.execute(
        "UPDATE waiting_room.queue SET memory = memory || $1::text::jsonb", json.dumps(published)
    )
    assert told(await read(measured))[name, "casn"] == pytest.approx(2)


async def test_a_copy_that_is_not_made_any_more_is_seen(measured: RunningSite) -> None:
    made_at = measured.line.now - timedelta(hours=4)
    await measured.line.database.owner.execute("UPDATE operations.last_backup SET made_at = $1", made_at)
    assert told(await read(measured))["meterai_backup_age_seconds",] == pytest.approx(4 * 3600)


async def test_a_key_that_ends_soon_is_seen_until_another_follows(measured: RunningSite) -> None:
    now, key = measured.line.now, "meterai_signing_key_end_timestamp_seconds"
    assert ("meterai_next_signing_key_needed",) in told(await read(measured))

    async def add(name: bytes, *, from_days: int, until_days: int) -> Seen:
        added = SigningKey(
            key_id=sha256(name).hexdigest()[:16],
            place="file:pki",
            certificates=(name,),
            valid_from=now - timedelta(days=300),
            valid_until=now + timedelta(days=until_days),
            active_from=now + timedelta(days=from_days),
        )
        async with measured.line.database.app.transaction() as tx:
            await insert_key(tx, added, now)
        return told(await read(measured))

    seen = await add(b"one", from_days=-300, until_days=20)
    assert seen["meterai_next_signing_key_needed",] == 1
    assert seen[key,] == pytest.approx((now + timedelta(days=20)).timestamp())
    seen = await add(b"two", from_days=10, until_days=400)
    assert seen["meterai_next_signing_key_needed",] == 0
    assert seen[key,] == pytest.approx((now + timedelta(days=20)).timestamp())


async def test_a_time_stamp_authority_whose_certificate_ends_soon_is_seen(measured: RunningSite) -> None:
    soon, ends = ("meterai_tsa_certificate_ends_soon",), ("meterai_tsa_certificate_end_timestamp_seconds",)
    assert soon not in told(await read(measured)), "no token came yet"
    for days, is_soon in ((46, 0), (44, 1), (-1, 1)):
        measured.signer.tsa_ends = measured.line.now + timedelta(days=days)
        seen = told(await read(measured))
        assert (seen[soon], seen[ends]) == (is_soon, measured.signer.tsa_ends.timestamp())


async def test_refunds_that_wait_are_counted_by_whom_they_wait_for(measured: RunningSite) -> None:
    owner, now = measured.line.database.owner, measured.line.now
    await owner.execute("SET session_replication_role = replica")  # refunds alone, without what they refund
    for minutes, state, code in (
        (30, "needs_account", None),
        (20, "payable", None),
        (10, "payable", None),
        (40, "sent", None),
        (50, "sent", "payout.missing"),
        (60, "paid", None),
    ):
        await owner.execute(
            """INSERT INTO sales.refund (id, order_id, payment_id, quantity, amount, reason, channel, state,
                   failure_code, next_attempt_at, created_at)
               VALUES ($1, $1, $1, 1, 12748, 'customer', 'payout', $2, $3, $4, $5)""",
            uuid.uuid4(),
            state,
            code,
            None if state == "needs_account" else now,  # whether a payout came back is asked for a week
            now - timedelta(minutes=minutes),
        )
    seen = told(await read(measured))
    assert (seen["meterai_refunds",], seen["meterai_refunds_in_doubt",]) == (4, 1)
    assert seen["meterai_refund_delay_seconds",] == pytest.approx(20 * 60)


async def test_what_became_of_codes_is_seen(measured: RunningSite) -> None:
    people = SignIns(measured.line.database, now=measured.line.now)
    phones = [canonical_contact(f"0813 1111 000{n}") for n in range(4)]
    sent = [await people.send(phone) for phone in phones]
    shared = await people.send(phones[0])
    assert (await code_figures(measured))["phone"] == (4, 0, 0), "all can still be used"
    await people.verify(sent[3], await people.code())
    people.now += timedelta(minutes=9)
    await people.send(phones[1])  # the first message is nine minutes old, so this is a new one
    await people.send(canonical_contact("+1 202 555 0100"))
    await people.send(BOB)
    measured.line.now = shared.expires_at
    assert (await code_figures(measured))["phone"] == (6, 1, 3), "two can still be used"
    assert (await code_figures(measured))["email"] == (1, 0, 0)
    seen = told(await read(measured))
    assert seen["meterai_codes_sent_today", "home", "62"] == 5
    assert seen["meterai_codes_sent_today", "email", "email"] == 1
    assert seen["meterai_codes_sent_today", "foreign", "1"] == 1
    assert seen["meterai_codes_day_budget", "foreign", "1"] == 100
    measured.line.now += timedelta(hours=1)
    assert (await code_figures(measured))["phone"] == (0, 0, 0)
    measured.line.now += timedelta(days=1)
    assert told(await read(measured))["meterai_codes_sent_today", "home", "62"] == 0


async def test_a_code_that_is_shared_is_used_or_open_for_all(measured: RunningSite) -> None:
    people = SignIns(measured.line.database, now=measured.line.now)
    first = await people.send(BOB)
    people.now += timedelta(seconds=20)
    second = await people.send(BOB)
    assert second.sent_before is not None
    measured.line.now = first.expires_at
    assert (await code_figures(measured))["email"] == (1, 0, 0), (
        "the second request has ten minutes of its own"
    )
    await people.verify(second, await people.code())
    measured.line.now = second.expires_at
    assert (await code_figures(measured))["email"] == (1, 1, 0)


async def code_figures(running: RunningSite) -> dict[str, tuple[float, ...]]:
    """Codes sent, used and not used, by kind of contact."""
    seen, parts = told(await read(running)), ("sent", "used", "unused")
    return {kind: tuple(seen["meterai_codes_" + part, kind] for part in parts) for kind in ("email", "phone")}


async def test_without_the_database_what_is_left_is_told(measured: RunningSite) -> None:
    measured.db.is_down = True
    seen = told(await read(measured))
    assert (seen["meterai_database_up",], seen["meterai_signer_up",]) == (0, 1)
    disk = {"meterai_disk_free_bytes", "meterai_disk_reserve_bytes"}
    parts = {"meterai_build_info", "meterai_database_up", "meterai_signer_up"}
    assert {name for name, *_ in seen} == parts | disk


async def test_a_part_that_does_not_answer_keeps_nobody(
    measured: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.api.metrics._SECONDS_MAX", 0.05)

    async def stand() -> None:
        await asyncio.sleep(5)

    measured.signer.ping = stand  # type: ignore[method-assign]
    assert told(await read(measured))["meterai_signer_up",] == 0


def table(answer: Answer) -> dict[str, tuple[str, ...]]:
    """Name -> (type, labels, meaning), as the documentation has them."""
    rows = {}
    for family in text_string_to_metric_families(answer.text):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in (family.samples[0].labels if family.samples else ()))
        rows[name] = (family.type, labels, family.documentation)
    return rows


async def test_the_documentation_has_every_metric(measured: RunningSite) -> None:
    page = (ROOT / "docs" / "metrics.md").read_text().partition("## What each process counts")[0]
    rows = re.findall(r"^\| `(meterai_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page, re.M)
    shown = {name: (kind, labels if labels != "–" else "", meaning) for name, kind, labels, meaning in rows}
    measured.signer.tsa_ends = NOON
    await follow_since(measured, 0)
    made = table(await read(measured))
    for name in ("signing_key_end_timestamp_seconds", "wal_receiver_up", "wal_behind_bytes"):
        made[f"meterai_{name}"] = shown[f"meterai_{name}"]
    assert shown == made
