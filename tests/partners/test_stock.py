"""An organisation stamps from its own stock, and locks no account of an organisation above it."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Refusal
from meterai.ledger.model import AccountKind, account_id
from meterai.operations.use_cases.check_invariants import check_tables
from meterai.partners.model import Organisation, stock_account_id
from meterai.partners.queries.quota import quota_of
from meterai.stamping.placement import Placement
from meterai.stamping.use_cases.start_stamping import start_stamping
from tests.partners.organisations import make_chain
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
NOW = datetime(2026, 11, 3, 5, tzinfo=UTC)


async def document_of(database: TestDatabase, owner: Organisation, stamps: int = 1) -> uuid.UUID:
    """A document of an organisation, as the API writes one."""
    document = new_id(NOW)
    await database.owner.execute(
        """INSERT INTO stamping.document (id, organisation_id, customer_id, name, input_object, input_bytes,
               inspection, placements, output, created_at, retained_until)
           VALUES ($1, $2, $3, 'surat.pdf', $4, 1, '{"pages": []}', $5, '{}', $6, $7)""",
        document,
        owner.id,
        owner.account_holder,
        hashlib.sha256(document.bytes).hexdigest(),
        msgspec.json.encode([Placement(page=1, x=100 * n, y=80) for n in range(1, stamps + 1)]).decode(),
        NOW,
        NOW + timedelta(days=1),
    )
    return document


async def start(
    database: TestDatabase, owner: Organisation, document: uuid.UUID, lot: uuid.UUID
) -> uuid.UUID:
    job = await start_stamping(
        database.worker,
        document_id=document,
        customer_id=owner.account_holder,
        lot_account_id=lot,
        reference_id=document,
        idempotency_key=str(document),
        now=NOW,
    )
    return job.id


async def test_a_stamp_is_held_on_the_way_from_the_stock_to_the_organisations_own_used_stamps(
    database: TestDatabase,
) -> None:
    chain = await make_chain(database.app, now=NOW)
    firm = chain.enterprise
    job = await start(database, firm, await document_of(database, firm, 2), stock_account_id(firm.id))
    async with database.site.connection() as conn:
        quota = await quota_of(conn, firm.id)
    assert (quota.available, quota.held) == (68, 2)
    rows = await database.owner.fetch("SELECT * FROM ledger.transfer WHERE reference_id = $1", job)
    assert {(row["debit_account_id"], row["credit_account_id"]) for row in rows} == {
        (stock_account_id(firm.id), account_id(AccountKind.USED, firm.id))
    }
    await database.owner.execute("SELECT stamping.refuse_jobs($1, $2, $3)", [job], ["pdf.unreadable"], NOW)
    async with database.site.connection() as conn:
        assert (await quota_of(conn, firm.id)).available == 70
    async with database.reader.transaction() as tx:
        assert [found for found in await check_tables([tx], now=NOW) if not found.ok] == []


async def test_a_stamp_waits_for_nobody_above(database: TestDatabase) -> None:
    """A distributor's block locks its own stock, while the enterprise below it stamps."""
    chain = await make_chain(database.app, now=NOW)
    firm = chain.enterprise
    document = await document_of(database, firm)
    own = [account_id(kind, firm.id) for kind in (AccountKind.PARTNER_STOCK, AccountKind.USED)]
    async with database.owner.transaction():
        await database.owner.fetch("SELECT FROM ledger.account WHERE id <> ALL ($1) FOR UPDATE", own)
        await database.owner.fetch("SELECT FROM partners.organisation FOR UPDATE")
        await start(database, firm, document, stock_account_id(firm.id))


async def test_nobody_stamps_from_anothers_stock(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    document = await document_of(database, chain.enterprise)
    with pytest.raises(Refusal) as refused:
        await start(database, chain.enterprise, document, stock_account_id(chain.retailer.id))
    assert refused.value.code == "quota.unknown"
