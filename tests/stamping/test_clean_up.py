"""Uploads are deleted when their retention ends; released files stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.installation_secrets import Secrets
from meterai.launcher.supervisor import shows_itself
from meterai.stamping.queries import document_image, document_page, not_referred_to, released_file
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.store import documents
from meterai.stamping.use_cases.clean_up import Orphans, clean_up_documents
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.rewrite_document import rewrite_document
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from tests.plans import believe_large, looks_of
from tests.ports import free_port
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import BOTTOM_RIGHT, Process, StampingSetup, until

pytestmark = pytest.mark.storage
LONG_AFTER = datetime.now(UTC) + timedelta(days=30)


async def stored(setup: StampingSetup) -> int:
    return len([path for path in (setup.data / "objects").glob("*/*") if path.is_file()])


async def clean_up(setup: StampingSetup, now: datetime = LONG_AFTER) -> int:
    return await clean_up_documents(setup.db, setup.objects, now=now)


async def test_an_upload_that_was_never_stamped_goes(front: StampingSetup) -> None:
    document = await front.accept(make_letter())
    assert await clean_up(front, datetime.now(UTC)) == 0
    assert await clean_up(front) == 1
    assert await stored(front) == 0
    assert await document_page(front.db, document) is None


async def test_a_document_that_is_being_stamped_stays(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    await setup.order(document)
    assert await clean_up(setup) == 0
    await setup.work()
    assert (await released_file(setup.db, setup.objects, document)).data


async def test_a_stamped_document_loses_its_upload_and_keeps_its_release(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    await setup.order(document)
    await setup.work()
    assert await clean_up(setup) == 1
    assert await stored(setup) == 1
    assert (await released_file(setup.db, setup.objects, document)).data
    assert await document_image(setup.db, setup.jail, setup.objects, document, 1, 200)
    assert await clean_up(setup) == 0, "once is enough"
    await setup.assert_sound()


async def test_a_refused_document_whose_upload_is_gone_says_so(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter())
    await setup.order(document)
    await setup.database.owner.execute(
        "UPDATE stamping.serial SET placement = jsonb_set(placement, '{x}', '5000')"
    )
    await setup.work()
    await clean_up(setup)
    with pytest.raises(Refusal) as caught:
        await document_image(setup.db, setup.jail, setup.objects, document, 1, 201)
    assert (caught.value.kind, caught.value.code) == (Kind.GONE, "document.input_deleted")


async def test_a_document_that_is_promised_to_be_stamped_stays_and_is_asked_about_again(
    front: StampingSetup,
) -> None:
    document = await front.accept(make_letter("promised"))
    other = await front.accept(make_letter("given up"))

    async def promised(ids: Sequence[UUID]) -> set[UUID]:
        return {document} & set(ids)

    for now in (LONG_AFTER, LONG_AFTER + timedelta(days=1)):
        await clean_up_documents(front.db, front.objects, now=now, promised=promised)
        assert await document_page(front.db, other) is None
        assert await document_image(front.db, front.jail, front.objects, document, 1, 100)
    assert await clean_up(front, LONG_AFTER + timedelta(days=3)) == 1


async def test_an_upload_goes_later_when_the_store_is_away(
    front: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two"):
        await front.accept(make_letter(text))

    async def away(key: str) -> None:
        raise OSError(key)

    with monkeypatch.context() as patch:
        patch.setattr(front.objects, "delete", away)
        with pytest.raises(OSError):
            await clean_up(front)
    assert await clean_up(front) == 2
    assert await stored(front) == 0


async def test_bytes_that_somebody_else_uploaded_too_stay(setup: StampingSetup) -> None:
    old = await setup.accept(make_letter("the same"))
    young = await setup.accept(make_letter("the same"))
    await setup.database.owner.execute(
        "UPDATE stamping.document SET retained_until = 'infinity' WHERE id = $1", young
    )
    assert await clean_up(setup) == 0
    assert await document_page(setup.db, old) is None
    await setup.order(young)
    await setup.work()
    assert (await released_file(setup.db, setup.objects, young)).data


async def test_what_is_cleaned_up_is_found_by_its_key_though_statistics_know_of_nothing_that_is_kept(
    setup: StampingSetup,
) -> None:
    """Otherwise each deletion would read all kept uploads."""
    await setup.order(await setup.accept(make_letter()))
    await setup.work()
    assert await clean_up(setup) == 1
    await believe_large(setup.database, "stamping.document")
    document = await setup.accept(make_letter("lagi"))
    key = await setup.value("SELECT input_object FROM stamping.document WHERE id = $1", document)
    for work, index in (
        (lambda tx: documents.is_referred_to(tx, key), "stamping.document_by_input"),
        (lambda tx: not_referred_to(tx, [key]), "stamping.document_by_input"),
        (lambda tx: documents.expire_document(tx, document, LONG_AFTER), "stamping.document_pkey"),
    ):
        looks = await looks_of(setup.db, work)
        assert index in looks
        assert not looks & {"stamping.document_by_retention", "stamping.document"}


async def test_an_upload_racing_with_the_clean_up_of_the_same_bytes_is_whole(front: StampingSetup) -> None:
    data = make_letter("the same")
    for _ in range(10):
        old = await front.accept(data)
        over = await front.value("SELECT retained_until FROM stamping.document WHERE id = $1", old)
        _, document = await asyncio.gather(
            clean_up_documents(front.db, front.objects, now=over), front.accept(data)
        )
        assert await document_image(front.db, front.jail, front.objects, document, 1, 100)
        key = await front.value("SELECT input_object FROM stamping.document WHERE id = $1", document)
        assert await front.objects.get(key)


class Crash(Exception):
    """A crash of the worker."""


def crash_at(name: str) -> Callable[[str], None]:
    def fail_point(reached: str) -> None:
        if reached == name:
            raise Crash

    return fail_point


async def delete_orphans(setup: StampingSetup, now: datetime) -> int:
    orphans = Orphans(setup.db, setup.objects, lambda: now)
    return sum([await orphans.clean_up() for _ in range(256)])


async def test_prepared_revisions_that_nothing_names_go_and_no_other_object(setup: StampingSetup) -> None:
    """Revisions left by a crash before the intent, and by a document refused after it."""
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=2)
    await setup.database.owner.execute("UPDATE stamping.document SET retained_until = 'infinity'")
    done, waiting = [await setup.accept(make_letter(text)) for text in ("selesai", "menunggu")]
    for document in (done, waiting):
        await setup.order(document)
        for name in ("after_prepare", "after_intent"):
            with pytest.raises(Crash):
                await run_due_jobs(setup.tools(fail_point=crash_at(name)), worker="test", limit=1)
            await free_leases(setup.tools(), worker="test")
        if document == done:
            await setup.work()
    assert await stored(setup) == 2 + 1 + 1 + 2, "uploads, release, prepared revision, orphans"
    assert await delete_orphans(setup, now) == 0, "somebody may be at work on them"
    assert await delete_orphans(setup, later) == 2
    await setup.work()
    assert (await released_file(setup.db, setup.objects, waiting)).data
    await setup.assert_sound()

    refused = await setup.accept(make_letter("ditolak"))
    await setup.order(refused)
    await setup.work(signer=RefusingSigner(setup.client))
    assert await setup.value("SELECT state FROM stamping.job WHERE document_id = $1", refused) == "refused"
    assert await delete_orphans(setup, later) == 1
    assert await stored(setup) == 3 + 2, "uploads and releases"
    await setup.assert_sound()


class RefusingSigner:
    """Refuses the document when its prepared revision is stored."""

    def __init__(self, client: SignerClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def seal(self, serials: Sequence[str], _: Sequence[str]) -> dict[str, Refusal]:
        return dict.fromkeys(serials, Refusal(Kind.INVALID, "pdf.broken_in_the_end"))


async def test_prepared_revisions_that_a_crash_left_behind_a_release_go(setup: StampingSetup) -> None:
    await setup.database.owner.execute("UPDATE stamping.document SET retained_until = 'infinity'")
    await setup.order(await setup.accept(make_letter()))
    with pytest.raises(Crash):
        await run_due_jobs(setup.tools(fail_point=crash_at("after_commit")), worker="test", limit=1)
    assert await stored(setup) == 2 + 1, "upload, release, prepared revision"
    assert await delete_orphans(setup, datetime.now(UTC) + timedelta(days=2)) == 1
    await setup.assert_sound()


async def test_a_worker_begins_while_the_store_is_away(setup: StampingSetup) -> None:
    """Settling payments and paying refunds need no store."""
    await setup.order(await setup.accept(make_letter()))
    await setup.work()
    Secrets(setup.data).make_shared()
    worker = Process(
        "-m", "meterai.processes.worker",
        environment={
            "METERAI_DATA": str(setup.data),
            "METERAI_DATABASE_WORKER_URL": setup.database.urls.worker,
            "METERAI_SMTP_URL": f"smtp://127.0.0.1:{free_port()}",
            "METERAI_OBJECTS_URL": "s3://meterai/away",
            "AWS_ENDPOINT": f"http://127.0.0.1:{free_port()}",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
        },
        log=setup.data / "worker.log",
    )  # fmt: skip
    setup.processes.append(worker)
    ready = shows_itself(setup.data / "run", "worker-*.json")
    await until(lambda: not worker.alive or ready(worker.child.pid), 60, "the sign of life")
    assert worker.alive, (setup.data / "worker.log").read_text()


async def test_a_rewritten_document_takes_the_place_of_the_upload(setup: StampingSetup) -> None:
    document = await setup.accept(make_letter(pages=3))
    before = await document_page(setup.db, document)
    assert before is not None
    output = await rewrite_document(
        setup.db, setup.jail, setup.objects, document, images="keep", now=datetime.now(UTC)
    )
    assert output.ok
    await rewrite_document(
        setup.db, setup.jail, setup.objects, document, images="smaller", now=datetime.now(UTC)
    )
    after = await document_page(setup.db, document)
    assert after is not None
    assert after.rewritten_from == before.input_object
    assert after.input_object != before.input_object
    await place_stamps(setup.db, document, [BOTTOM_RIGHT])
    await setup.order(document)
    with pytest.raises(Refusal, match=r"document\.changed"):
        await rewrite_document(
            setup.db, setup.jail, setup.objects, document, images="keep", now=datetime.now(UTC)
        )
    await setup.work()
    assert (await released_file(setup.db, setup.objects, document)).data
    assert await stored(setup) == 3, "upload, rewritten upload, released file"
