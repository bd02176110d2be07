"""Serial numbers are taken from the stock first, and stamped or given back later."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection
from meterai.ledger.model import AccountKind, account_id
from meterai.partners.model import Organisation
from meterai.partners.stamps.facts import DocumentType, StampFacts
from meterai.partners.stamps.queries import facts_of_jobs
from meterai.partners.stamps.serial_facts import (
    SerialFacts,
    change_serial_facts,
    facts_of_serials,
    give_facts_to_job,
    note_serial_facts,
)
from meterai.pdf.requests import Inspection, PageSize, SignatureKind
from meterai.stamping.model import Job, JobState, OutputVerdict
from meterai.stamping.owned import owned_job
from meterai.stamping.placement import Placement
from meterai.stamping.queries import document_page
from meterai.stamping.store import documents
from meterai.stamping.store.forgetting import forget_old
from meterai.stamping.taken.model import TakenSerial, TakenState, WantedSerial
from meterai.stamping.taken.queries import count_unstamped, taken_serial, unstamped_serials
from meterai.stamping.use_cases.return_serials import return_serials
from meterai.stamping.use_cases.stamp_taken import stamp_taken
from meterai.stamping.use_cases.take_serials import take_serials
from tests.partners.organisations import make_chain
from tests.partners.test_stock import document_of
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
NOW = datetime(2026, 11, 3, 5, tzinfo=UTC)
PLACE = Placement(page=1, x=100, y=100, may_cover=True)
ONE_PAGE = Inspection(
    size_bytes=1,
    pages=[PageSize(width_pt=595, height_pt=842, rotation=0)],
    pdf_version="1.7",
    signatures=SignatureKind.NONE,
    encrypted=False,
    repaired=False,
    notices=[],
)


async def take(
    database: TestDatabase, owner: Organisation, *keys: str | None, counted: list[int] | None = None
) -> list[TakenSerial]:
    async def before(tx: Connection, pieces: int) -> None:
        if counted is not None:
            counted.append(pieces)

    async def after(tx: Connection, new: Mapping[int, SerialNumber]) -> None:
        facts = StampFacts(type=DocumentType.STATEMENT, number="1")
        await note_serial_facts(
            tx, owner.id, {serial: SerialFacts(facts=facts, wire_type="3") for serial in new.values()}
        )

    wanted = [WantedSerial(request_key=key, name="surat.pdf") for key in keys]
    return await take_serials(
        database.site, wanted, organisation_id=owner.id, before=before, after=after, now=NOW
    )


async def balances(database: TestDatabase, owner: Organisation) -> tuple[int, int, int, int]:
    """Stock, unstamped, held on its way to used, used."""
    rows = {
        row["id"]: row
        for row in await database.owner.fetch(
            """SELECT id, credits_posted - debits_posted AS has, debits_pending FROM ledger.account
               WHERE organisation_id = $1""",
            owner.id,
        )
    }
    kinds = (AccountKind.PARTNER_STOCK, AccountKind.UNSTAMPED, AccountKind.USED)
    stock, unstamped, used = (rows[account_id(kind, owner.id)] for kind in kinds)
    return stock["has"], unstamped["has"], unstamped["debits_pending"], used["has"]


async def test_a_key_gets_its_serial_number_again_and_counts_once(database: TestDatabase) -> None:
    firm = (await make_chain(database.operator, now=NOW)).enterprise
    counted: list[int] = []
    first = await take(database, firm, "a", None, "b", "a", counted=counted)
    assert [one.serial for one in first].count(first[0].serial) == 2
    again = await take(database, firm, "b", None, counted=counted)
    assert again[0].serial == first[2].serial
    assert counted == [3, 1]
    both = await asyncio.gather(take(database, firm, "c"), take(database, firm, "c"))
    assert both[0][0].serial == both[1][0].serial
    assert await balances(database, firm) == (65, 5, 0, 0)
    assert await count_unstamped(database.site, firm.id) == 5
    listed = await unstamped_serials(database.site, firm.id, limit=2)
    rest = await unstamped_serials(
        database.site, firm.id, behind=(listed[-1].taken_at, listed[-1].serial), limit=9
    )
    assert len({one.serial for one in [*listed, *rest]}) == 5


async def test_a_serial_number_goes_back_once_and_its_key_gets_another(database: TestDatabase) -> None:
    chain = await make_chain(database.operator, now=NOW)
    (taken,) = await take(database, chain.enterprise, "a")
    back = partial(return_serials, database.site, [taken.serial], now=NOW)
    assert await back(organisation_id=chain.retailer.id) == []
    assert await back(organisation_id=chain.enterprise.id) == [taken.serial]
    assert await back(organisation_id=chain.enterprise.id) == []
    assert await balances(database, chain.enterprise) == (70, 0, 0, 0)
    found = await taken_serial(database.site, taken.serial, organisation_id=chain.enterprise.id)
    assert found is not None
    assert found.state is TakenState.ANNULLED
    (other,) = await take(database, chain.enterprise, "a")
    assert other.serial != taken.serial


async def test_the_stock_must_suffice_for_all(database: TestDatabase) -> None:
    firm = (await make_chain(database.operator, now=NOW)).sub_account
    with pytest.raises(Refusal, match=r"ledger\.insufficient"):
        await take(database, firm, *[None] * 31)
    assert await count_unstamped(database.site, firm.id) == 0


async def test_a_taken_serial_number_is_stamped_once_and_waits_again_when_its_job_is_refused(
    database: TestDatabase,
) -> None:
    firm = (await make_chain(database.operator, now=NOW)).enterprise
    (taken,) = await take(database, firm, "a")
    document, other = await document_of(database, firm), await document_of(database, firm)

    async def stamp(document_id: uuid.UUID) -> Job:
        async def after(tx: Connection, job: Job) -> None:
            await give_facts_to_job(tx, firm.id, serial=taken.serial, job_id=job.id)

        await database.owner.execute(
            "UPDATE stamping.document SET inspection = $2, output = $3 WHERE id = $1",
            document_id,
            msgspec.json.encode(ONE_PAGE).decode(),
            msgspec.json.encode(OutputVerdict(output_bytes=1, pdf_version="1.7")).decode(),
        )
        page = await document_page(database.site, document_id, customer_id=firm.account_holder)
        assert page is not None
        return await stamp_taken(
            database.site, page, PLACE, organisation_id=firm.id, serial=taken.serial, after=after, now=NOW
        )

    job = await stamp(document)
    assert job.serials == (taken.serial,)
    assert (await facts_of_jobs(database.site, [job.id]))[job.id].number == "1"
    assert await balances(database, firm) == (69, 1, 1, 0)
    assert (await stamp(document)).id == job.id
    with pytest.raises(Refusal, match=r"serial\.other_document"):
        await stamp(other)
    changed = SerialFacts(facts=StampFacts(number="2"), wire_type="2")
    with pytest.raises(Refusal, match=r"serial\.not_unstamped"):
        await change_serial_facts(database.site, taken.serial, changed, organisation_id=firm.id)

    refuse = "SELECT stamping.refuse_jobs(ARRAY[$1::uuid], ARRAY['pdf.broken'], $2)"
    await database.owner.execute(refuse, job.id, NOW + timedelta(minutes=1))
    assert await balances(database, firm) == (69, 1, 0, 0)
    refused = await owned_job(database.site, job.id, firm.account_holder)
    assert refused is not None
    assert refused.serials == refused.placements == ()
    found = await taken_serial(database.site, taken.serial, organisation_id=firm.id)
    assert found is not None
    assert found.state is TakenState.UNSTAMPED
    await change_serial_facts(database.site, taken.serial, changed, organisation_id=firm.id)
    assert (await facts_of_serials(database.site, [taken.serial]))[taken.serial].wire_type == "2"
    again = await stamp(other)
    assert again.state is JobState.ACCEPTED
    assert again.serials == (taken.serial,)


async def test_a_refused_job_that_may_have_signed_gives_its_serial_number_up(database: TestDatabase) -> None:
    firm = (await make_chain(database.operator, now=NOW)).enterprise
    (taken,) = await take(database, firm, "a")
    document = await document_of(database, firm)
    job = uuid.uuid4()
    started = await database.owner.fetchval(
        "SELECT stamping.start_taken_job($1, $2, $3, 'k', '\\x00', $2, $4, $5)",
        firm.id,
        job,
        document,
        taken.serial,
        NOW,
    )
    assert started
    await database.owner.execute(
        """INSERT INTO stamping.intent (serial, digest, prepared_object, gap_start, gap_end, created_at)
           VALUES ($1, $2, 'x', 1, 2, $3)""",
        taken.serial,
        bytes(32),
        NOW,
    )
    await database.owner.execute(
        "SELECT stamping.refuse_jobs(ARRAY[$1::uuid], ARRAY['seal.unsound'], $2)", job, NOW
    )
    assert await balances(database, firm) == (70, 0, 0, 0)
    found = await taken_serial(database.site, taken.serial, organisation_id=firm.id)
    assert found is not None
    assert found.state is TakenState.ANNULLED
    assert found.returned_at


async def test_the_document_of_a_serial_number_waits_for_months_and_goes_once_it_was_given_back(
    database: TestDatabase,
) -> None:
    firm = (await make_chain(database.operator, now=NOW)).enterprise
    document, months_later = await document_of(database, firm), datetime.now(UTC) + timedelta(days=200)
    wanted = [WantedSerial(request_key="a", name="Surat Bu Sri.pdf", document_id=document)]
    (taken,) = await take_serials(
        database.site, wanted, organisation_id=firm.id, before=nothing, after=nothing, now=NOW
    )

    async def expired() -> bool:
        async with database.worker.transaction() as tx:
            assert await forget_old(tx, datetime.now(UTC), months_later) == 0
            due = await documents.due_documents(tx, months_later, limit=9)
            return bool(due and await documents.expire_document(tx, document, months_later))

    assert not await expired()
    async with database.worker.transaction() as tx:
        assert not await documents.expire_document(tx, document, months_later)
    long_ago = NOW - timedelta(days=30)
    await return_serials(database.site, [taken.serial], organisation_id=firm.id, now=long_ago)
    assert await expired()
    row = await database.owner.fetchrow("SELECT document_id, name, request_key FROM stamping.taken_serial")
    assert tuple(row) == (None, "dokumen.pdf", None)


async def nothing(tx: Connection, new: object) -> None:
    """Neither limits nor facts."""
