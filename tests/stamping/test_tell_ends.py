"""Customers get a message about the end of stamping from quota, unless they saw it on the page."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meterai.kit.messages import MESSAGE_TOPICS
from meterai.stamping.bundles.model import bundle_id
from meterai.stamping.use_cases.tell_ends import await_end, tell_ends
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup

pytestmark = pytest.mark.storage
BASE = "https://meterai.test"


async def add_contact(setup: StampingSetup, value: str, *, days_ago: int = 1) -> uuid.UUID:
    id = uuid.uuid4()
    await setup.database.owner.execute(
        "INSERT INTO customers.contact VALUES ($1, $2, 'email', $3, $4)",
        id, setup.alice, value, datetime.now(UTC) - timedelta(days=days_ago),
    )  # fmt: skip
    return id


async def waits(
    setup: StampingSetup, id: uuid.UUID, contact: uuid.UUID | None, *, seconds_ago: float
) -> None:
    since = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    await await_end(setup.db, id, customer_id=setup.alice, contact_id=contact, now=since)


async def told(setup: StampingSetup, *, later: float = 61) -> list[dict[str, Any]]:
    """Returns the messages that a worker would send in that many seconds from now."""
    now = datetime.now(UTC) + timedelta(seconds=later)
    await tell_ends(setup.db, public_url=BASE + "/", now=now)
    rows = await setup.database.owner.fetch(
        "DELETE FROM jobs.outbox WHERE topic = ANY ($1) RETURNING payload", list(MESSAGE_TOPICS.values())
    )
    return [json.loads(row["payload"]) for row in rows]


async def end(setup: StampingSetup, document: uuid.UUID, state: str, code: str | None = None) -> None:
    """Ends the document's job as a worker would do now."""
    await setup.database.owner.execute(
        """UPDATE stamping.job SET state = $2, refusal_code = $3, ended_at = now(), next_attempt_at = NULL
           WHERE document_id = $1""",
        document, state, code,
    )  # fmt: skip


async def test_who_waited_longer_than_a_minute_is_told_once_and_where_they_proved_it(
    setup: StampingSetup,
) -> None:
    await add_contact(setup, "lain@contoh.id", days_ago=0)
    contact = await add_contact(setup, "sri@contoh.id", days_ago=9)
    document = await setup.accept(make_letter("Surat"))
    await waits(setup, document, contact, seconds_ago=90)
    await setup.order(document)
    assert await told(setup) == [], "it is not stamped yet"
    await end(setup, document, "released")
    (message,) = await told(setup)
    assert (message["to"], message["subject"]) == ("sri@contoh.id", "Dokumen Anda sudah bermeterai")
    assert message["text"].endswith(f"{BASE}/saya/dokumen/{document}")
    assert await told(setup) == []


async def test_who_saw_it_on_the_page_is_not_told_but_of_a_refusal_everybody_is(setup: StampingSetup) -> None:
    contact = await add_contact(setup, "sri@contoh.id")
    quick, refused = [await setup.accept(make_letter(name)) for name in ("Cepat", "Gagal")]
    for document in (quick, refused):
        await waits(setup, document, contact, seconds_ago=1)
        await setup.order(document)
    await end(setup, quick, "released")
    await end(setup, refused, "refused", "pdf.broken")
    (message,) = await told(setup)
    assert message["subject"] == "Dokumen tidak dapat diberi meterai"
    assert str(refused) in message["text"]


async def test_a_bundle_is_told_when_its_last_document_has_ended(setup: StampingSetup) -> None:
    contact = await add_contact(setup, "sri@contoh.id")
    await setup.database.owner.execute("UPDATE customers.customer SET language = 'en'")
    documents = [await setup.accept(make_letter(f"Surat {n}")) for n in range(3)]
    bundle, now = bundle_id(setup.alice, "form:1"), datetime.now(UTC)
    await setup.database.owner.execute(
        """INSERT INTO stamping.bundle SELECT $1, organisation_id, customer_id, 'web', $3, $3
           FROM stamping.document WHERE id = $2""",
        bundle, documents[0], now,
    )  # fmt: skip
    for document in documents:
        await setup.database.owner.execute(
            "INSERT INTO stamping.bundle_file VALUES (gen_random_uuid(), $1, 'a.pdf', $2, 1, $3)",
            bundle, "0" * 64, document,
        )  # fmt: skip
    await waits(setup, bundle, contact, seconds_ago=3600)
    for document in documents:
        await setup.order(document)
    for document in documents[:2]:
        await end(setup, document, "released")
    assert await told(setup) == []
    await end(setup, documents[2], "refused", "pdf.broken")
    (message,) = await told(setup)
    assert message["subject"] == "Finished with remarks: documents stamped: 2"
    assert "Could not be stamped: 1" in message["text"]
    assert message["text"].endswith(f"{BASE}/en/saya/banyak/{bundle}")


async def test_what_never_began_and_what_is_somebody_elses_is_told_to_nobody(setup: StampingSetup) -> None:
    contact = await add_contact(setup, "sri@contoh.id")
    document = await setup.accept(make_letter("Surat"))
    stranger = uuid.uuid4()
    await setup.add_customer(stranger)
    since = datetime.now(UTC) - timedelta(hours=1)
    await await_end(setup.db, document, customer_id=stranger, contact_id=contact, now=since)
    await waits(setup, uuid.uuid4(), contact, seconds_ago=90)
    await setup.order(document)
    await end(setup, document, "released")
    assert await told(setup) == []
    assert await setup.database.owner.fetchval("SELECT count(*) FROM stamping.awaited") == 0
