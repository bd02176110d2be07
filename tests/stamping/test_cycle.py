"""The stamping cycle from upload to release, with real processes."""

from __future__ import annotations

import asyncio
import hashlib
import io
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec
import pikepdf
import pytest

from meterai.background.topics import stamp
from meterai.bootstrap import App
from meterai.kernel.clock import system_clock
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.ledger.queries import lot_of
from meterai.sales.crediting import STAMP_TOPIC
from meterai.signatures.stamp_code import StampCode, decode_code, verify_code
from meterai.stamping.model import Job
from meterai.stamping.placement import Placement
from meterai.stamping.queries import document_image, document_page, documents_of_customer, job, released_file
from meterai.stamping.requests import SealRequest
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.stamping.use_cases.start_stamping import (
    StampingRequest,
    Started,
    Worker,
    start_stamping,
    start_stampings,
)
from tests.counted import counted
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import BOTTOM_LEFT, BOTTOM_RIGHT, StampingSetup

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("placements", [[BOTTOM_RIGHT], [BOTTOM_LEFT, BOTTOM_RIGHT]], ids=["one", "two"])
async def test_a_document_is_stamped_and_released(setup: StampingSetup, placements: list[Placement]) -> None:
    document = await setup.accept(make_letter(), placements)
    job = await setup.order(document)
    before = counted("meterai_stamps_made_total"), counted("meterai_stamping_job_seconds_count")
    await setup.work()
    after = counted("meterai_stamps_made_total"), counted("meterai_stamping_job_seconds_count")
    assert after == (before[0] + len(placements), before[1] + 1)
    assert counted("meterai_jail_job_seconds_count", task="prepare_seal", outcome="ok") >= len(placements)

    page = await document_page(setup.db, document)
    assert page is not None
    assert page.job is not None
    assert page.job.state == "released"
    assert {release.serial for release in page.releases} == set(job.serials)
    data = (await released_file(setup.db, setup.objects, document)).data
    assert {release.sha256 for release in page.releases} == {hashlib.sha256(data).hexdigest()}
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert [str(field["/T"]) for field in pdf.Root.AcroForm.Fields] == [f"Emet{s}" for s in job.serials]
    await setup.assert_sound()
    lot = await setup.lot_now()
    assert (lot.available, lot.reserved, lot.gone) == (10 - len(placements), 0, len(placements))


async def test_a_batch_of_jobs_is_released_together(setup: StampingSetup) -> None:
    documents = [await setup.accept(make_letter(f"Surat {n}")) for n in range(4)]
    for document in documents:
        await setup.order(document)
    await setup.work()
    assert await setup.value("SELECT count(*) FROM stamping.release") == 4
    now = system_clock()
    listed = await documents_of_customer(setup.db, setup.alice, now=now)
    assert len(listed) == 4
    older = await documents_of_customer(setup.db, setup.alice, now=now, behind=listed[1].document_id)
    assert older == listed[2:]
    assert await setup.value("SELECT count(DISTINCT released_at) FROM stamping.release") == 1
    await setup.assert_sound()


async def test_the_code_of_a_stamp_that_was_delayed_says_the_day_of_its_number(setup: StampingSetup) -> None:
    """In Jakarta: when it is late in the evening by UTC, the next day has begun there."""
    job = await setup.order(await setup.accept(make_letter()))
    await setup.database.owner.execute(
        "UPDATE stamping.serial SET allocated_at = '2026-08-16 17:30:00+00' WHERE serial = $1", job.serials[0]
    )
    codes: list[StampCode] = []

    class WatchingJail:
        async def run(self, task: str, request: Any, result: Any, **how: Any) -> Any:
            if isinstance(request, SealRequest):
                codes.extend(decode_code(stamp.code) for stamp in request.stamps)
            return await setup.jail.run(task, request, result, **how)

    await run_due_jobs(setup.tools(jail=WatchingJail()), worker="test")
    public = bytes.fromhex((setup.data / "pki" / "code.pub").read_text())
    (code,) = codes
    assert (code.serial, code.day) == (job.serials[0], date(2026, 8, 17))
    assert verify_code(code, {code.key_id: public})


async def test_prepared_revisions_are_gone_after_the_release(setup: StampingSetup) -> None:
    await setup.order(await setup.accept(make_letter(), [BOTTOM_LEFT, BOTTOM_RIGHT]))
    await setup.work()
    stored = [path for path in (setup.data / "objects").glob("*/*") if path.is_file()]
    assert len(stored) == 2, "the upload and the released file"


async def test_the_same_key_gives_the_same_job_and_reserves_once(front: StampingSetup) -> None:
    document = await front.accept(make_letter())
    jobs = await asyncio.gather(*(front.order(document, key="click") for _ in range(8)))
    assert len({job.id for job in jobs}) == 1
    assert len({job.serials for job in jobs}) == 1
    assert (await front.lot_now()).reserved == 1


async def test_a_new_job_is_told_as_it_stands_in_the_store(front: StampingSetup) -> None:
    document = await front.accept(make_letter(), [BOTTOM_LEFT, BOTTOM_RIGHT])
    told = await front.order(document, key="click")
    assert told == await job(front.db, told.id)
    assert told == await front.order(document, key="click")


async def test_the_same_key_with_another_request_is_refused(front: StampingSetup) -> None:
    documents = [await front.accept(make_letter(text)) for text in ("a", "b")]
    orders = [front.order(document, key="click") for document in documents * 3]
    answers = await asyncio.gather(*orders, return_exceptions=True)
    jobs = {answer.id for answer in answers if isinstance(answer, Job)}
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert (len(jobs), len(refusals)) == (1, 3), "also at once"
    assert {(one.kind, one.code) for one in refusals} == {(Kind.INVALID, "request.key_reused")}
    assert (await front.lot_now()).reserved == 1


async def test_the_same_key_after_the_release_gives_the_released_job(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    first = await setup.order(document, key="click")
    await setup.work()
    again = await setup.order(document, key="click")
    assert (again.id, again.serials, again.state) == (first.id, first.serials, "released")
    assert (await setup.lot_now()).gone == 1


async def test_a_document_that_is_being_stamped_takes_no_second_job(front: StampingSetup) -> None:
    document = await front.accept(make_letter())
    await front.order(document, key="one")
    with pytest.raises(Refusal, match=r"document\.stamped_already"):
        await front.order(document, key="two")
    assert (await front.lot_now()).reserved == 1


async def test_an_empty_lot_reserves_nothing_and_leaves_no_job(front: StampingSetup) -> None:
    front.lot = await front.give_lot(front.alice, 1)
    document = await front.accept(make_letter(), [BOTTOM_LEFT, BOTTOM_RIGHT])
    with pytest.raises(Refusal, match=r"ledger\.insufficient"):
        await front.order(document)
    assert await front.value("SELECT count(*) FROM stamping.job") == 0
    assert await front.value("SELECT count(*) FROM stamping.serial") == 0


async def test_one_refused_request_of_a_batch_stops_no_other(front: StampingSetup) -> None:
    good, bad = await front.accept(make_letter("a")), uuid4()
    requests = [front.wanted(document, key=str(document), reference_id=uuid4()) for document in (bad, good)]
    refused, started = await start_stampings(front.db, requests, now=datetime.now(UTC))
    assert isinstance(refused, Refusal)
    assert refused.code == "document.unknown"
    assert not isinstance(started, Refusal)
    assert started.new


async def test_a_paid_document_that_never_got_its_owner_is_stamped_for_who_paid(setup: StampingSetup) -> None:
    """The site died between giving a draft to its customer and giving them the documents in it."""
    left, proper = await ownerless(setup), await setup.accept(make_letter())
    app = cast("App", SimpleNamespace(db=setup.db, clock=system_clock))
    items = {document: uuid4() for document in (left, proper)}
    async with setup.db.transaction() as tx:
        await outbox.enqueue_many(
            tx,
            [
                (
                    STAMP_TOPIC,
                    {
                        "item_id": item, "document_id": document, "lot_account_id": setup.lot,
                        "customer_id": setup.alice, "request_key": str(item),
                    },
                )
                for document, item in items.items()
            ],
            datetime.now(UTC),
        )  # fmt: skip
    assert await stamp(app, setup.tools(), "worker-1") == 2
    for document in items:
        page = await document_page(setup.db, document, customer_id=setup.alice)
        assert page is not None
        assert page.job is not None
        assert page.job.state == "released"
    await setup.assert_sound()


async def test_only_the_documents_of_a_paid_order_get_an_owner_with_the_request(front: StampingSetup) -> None:
    charlie = new_id(datetime.now(UTC))
    await front.add_customer(charlie)
    lot = await front.give_lot(charlie, 2)
    request = StampingRequest(
        document_id=await ownerless(front), customer_id=charlie, lot_account_id=lot, reference_id=uuid4(),
        idempotency_key="quota",
    )  # fmt: skip
    theirs = msgspec.structs.replace(
        request, document_id=await front.accept(make_letter()), idempotency_key="item", adopts=True
    )
    for asked in (request, theirs):
        (refused,) = await start_stampings(front.db, [asked], now=datetime.now(UTC))
        assert isinstance(refused, Refusal)
        assert refused.code == "document.unknown"
    owners = await front.database.owner.fetch("SELECT customer_id FROM stamping.document ORDER BY created_at")
    assert [row["customer_id"] for row in owners] == [None, front.alice]


async def ownerless(setup: StampingSetup) -> UUID:
    """A document that was uploaded before its customer was known."""
    document = await setup.accept(make_letter())
    await setup.database.owner.execute(
        "UPDATE stamping.document SET customer_id = NULL WHERE id = $1", document
    )
    return document


async def test_another_customers_document_and_lot_answer_like_unknown_ones(front: StampingSetup) -> None:
    document = await front.accept(make_letter())
    charlie = new_id(datetime.now(UTC))
    await front.add_customer(charlie)

    async def as_charlie(lot: object, owner: object) -> str:
        with pytest.raises(Refusal) as caught:
            await start_stamping(
                front.db, document_id=document, customer_id=owner, lot_account_id=lot, reference_id=uuid4(),
                idempotency_key=str(uuid4()), now=datetime.now(UTC),
            )  # fmt: skip
        assert caught.value.kind is Kind.NOT_FOUND
        return caught.value.code

    assert await as_charlie(front.lot, charlie) == "document.unknown"
    assert await as_charlie(await front.give_lot(charlie, 1), front.alice) == "quota.unknown"
    assert await as_charlie(uuid4(), front.alice) == "quota.unknown"
    assert await document_page(front.db, document, customer_id=charlie) is None


async def test_a_worker_that_asks_again_is_told_of_the_job_that_stands(front: StampingSetup) -> None:
    document = await front.accept(make_letter())
    request = front.wanted(document)
    worker = Worker(name="worker-1", lease_s=600)
    (first,) = await start_stampings(front.db, [request], now=datetime.now(UTC), worker=worker)
    (again,) = await start_stampings(front.db, [request], now=datetime.now(UTC), worker=worker)
    assert isinstance(first, Started)
    assert isinstance(again, Started)
    assert first.new
    assert (again.new, again.claimed, again.job) == (False, None, first.job)
    assert (await front.lot_now()).reserved == 1


async def test_a_worker_takes_no_stamp_from_a_lot_that_is_somebody_else_s(front: StampingSetup) -> None:
    charlie = new_id(datetime.now(UTC))
    await front.add_customer(charlie)
    theirs = await front.give_lot(charlie, 1)
    worker = Worker(name="worker-1", lease_s=600)
    for lot in (theirs, uuid4()):
        document = await front.accept(make_letter())
        request = front.wanted(document, key=str(document), lot_account_id=lot)
        (refused,) = await start_stampings(front.db, [request], now=datetime.now(UTC), worker=worker)
        assert isinstance(refused, Refusal)
        assert (refused.kind, refused.code) == (Kind.NOT_FOUND, "quota.unknown")
    assert await front.value("SELECT count(*) FROM stamping.job") == 0
    async with front.db.connection() as connection:
        left = await lot_of(connection, theirs, customer_id=charlie)
    assert left is not None
    assert (left.available, left.reserved) == (1, 0)


async def test_a_page_of_the_stamped_file_is_drawn(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    before = await document_image(setup.db, setup.jail, setup.objects, document, 1, 400)
    await setup.order(document)
    await setup.work()
    after = await document_image(setup.db, setup.jail, setup.objects, document, 1, 400)
    assert before[:2] == after[:2] == b"\xff\xd8"
    assert before != after


@pytest.mark.parametrize("page", [0, 2, 201, 10**30])
async def test_a_page_that_is_not_there_is_refused_in_words(front: StampingSetup, page: int) -> None:
    document = await front.accept(make_letter())
    with pytest.raises(Refusal, match=r"pdf\.no_such_page"):
        await document_image(front.db, front.jail, front.objects, document, page, 400)


async def test_a_flipped_bit_in_a_released_file_is_never_served(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    await setup.order(document)
    await setup.work()
    key = await setup.value("SELECT sha256 FROM stamping.release")
    path = setup.data / "objects" / key[:2] / key[2:]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refusal, match=r"object\.damaged"):
        await released_file(setup.db, setup.objects, document)


async def test_a_lot_holds_what_is_reserved(front: StampingSetup) -> None:
    await front.order(await front.accept(make_letter()))
    async with front.db.connection() as connection:
        lot = await lot_of(connection, front.lot, customer_id=front.alice)
    assert lot is not None
    assert (lot.available, lot.reserved) == (9, 1)
