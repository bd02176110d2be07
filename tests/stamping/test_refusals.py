"""A document that can't be stamped costs nothing. Faults elsewhere refuse no document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.files.object_store import FolderStore
from meterai.stamping.cycle.job_ends import REFUSED
from meterai.stamping.model import Job
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, document_page, released_file
from meterai.stamping.queries import job as find_job
from meterai.stamping.requests import OutputLimits
from meterai.stamping.signer_wire import CodeSignatures, Identity
from meterai.stamping.use_cases.accept_document import accept_document
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from tests.attacks.signing import signed_by_somebody
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import BOTTOM_LEFT, BOTTOM_RIGHT, StampingSetup
from tests.verification.making import SERIAL

pytestmark = pytest.mark.storage


async def ordered_with_input(setup: StampingSetup, data: bytes) -> Job:
    """A job whose stored input is not the inspected one: nobody could have known before."""
    document = await setup.accept(make_letter(), [BOTTOM_LEFT, BOTTOM_RIGHT])
    key = await setup.objects.put(data)
    await setup.database.owner.execute(
        "UPDATE stamping.document SET input_object = $2 WHERE id = $1", document, key
    )
    return await setup.order(document)


async def now_of(setup: StampingSetup, job: Job) -> Job:
    found = await find_job(setup.db, job.id)
    assert found is not None
    return found


async def test_a_refused_document_gives_its_stamps_back(setup: StampingSetup) -> None:
    job = await ordered_with_input(setup, make_letter(pages=1).replace(b"595.28", b"000100"))
    await setup.work()
    ended = await now_of(setup, job)
    assert (ended.state, ended.refusal_code, ended.attempts) == ("refused", "placement.outside", 2)
    lot = await setup.lot_now()
    assert (lot.available, lot.reserved, lot.gone) == (10, 0, 0)
    states = await setup.database.owner.fetch("SELECT state FROM stamping.serial")
    assert [row["state"] for row in states] == ["annulled", "annulled"]
    news = await setup.row("SELECT payload FROM jobs.outbox WHERE topic = $1", REFUSED)
    assert '"code": "placement.outside"' in news["payload"]
    assert setup.key_uses() == 0
    await setup.assert_sound()


async def test_all_refused_documents_of_a_batch_give_their_stamps_back(setup: StampingSetup) -> None:
    beyond = make_letter(pages=1).replace(b"595.28", b"000100")
    jobs = [await ordered_with_input(setup, beyond) for _ in range(2)]
    assert (await setup.lot_now()).reserved == 4
    assert await run_due_jobs(setup.tools(), worker="test") == 2
    assert [(await now_of(setup, job)).state for job in jobs] == ["refused", "refused"]
    assert (await setup.lot_now()).available == 10
    await setup.assert_sound()


class FaultyJail:
    """Ends one of its tasks with this error."""

    def __init__(self, setup: StampingSetup, task: str, refusal: Refusal) -> None:
        self._inner = setup.jail
        self._task = task
        self._refusal = refusal

    async def run(self, task: str, request: Any, result: Any, **how: Any) -> Any:
        if task.endswith(self._task):
            raise self._refusal
        return await self._inner.run(task, request, result, **how)


@pytest.mark.parametrize(
    ("task", "kind", "code", "times"),
    [
        (":prepare_seal", Kind.INVALID, "jail.killed", 3),
        (":prepare_seal", Kind.INVALID, "pdf.too_heavy", 3),
        (":light_check", Kind.CONFLICT, "seal.unsound", 10),
    ],
)
async def test_what_may_not_be_the_document_s_fault_is_tried_again_before_its_stamps_go_back(
    setup: StampingSetup, task: str, kind: Kind, code: str, times: int
) -> None:
    job = await setup.order(await setup.accept(make_letter()))
    faulty = setup.tools(jail=FaultyJail(setup, task, Refusal(kind, code)))
    for _ in range(times):
        assert (await now_of(setup, job)).state in ("accepted", "sealing")
        await setup.database.owner.execute("UPDATE stamping.job SET next_attempt_at = now()")
        assert await run_due_jobs(faulty, worker="test") == 1
    ended = await now_of(setup, job)
    assert (ended.state, ended.refusal_code) == ("refused", code)
    assert (await setup.lot_now()).available == 10
    await setup.assert_sound()


async def test_one_that_can_not_be_released_keeps_no_other_of_its_batch_from_it(setup: StampingSetup) -> None:
    """Its serial number is bound to other bytes, which should never happen."""
    first, bad, last = [await setup.order(await setup.accept(make_letter(text))) for text in ("a", "b", "c")]
    await setup.database.owner.execute(
        """INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at)
           VALUES ($1, 1, repeat('0', 64), 1, 1, $2, now())""",
        bad.serials[0],
        bad.document_id,
    )
    await run_due_jobs(setup.tools(), worker="test")
    states = [(await now_of(setup, job)).state for job in (first, bad, last)]
    assert states == ["released", "sealing", "released"]
    lot = await setup.lot_now()
    assert (lot.gone, lot.reserved) == (2, 1)


async def test_a_broken_document_is_tried_three_times_and_refused(setup: StampingSetup) -> None:
    job = await ordered_with_input(setup, b"%PDF-1.7\nnothing of a document")
    await setup.work()
    ended = await now_of(setup, job)
    assert ended.state == "refused"
    assert ended.attempts == 3
    assert (await setup.lot_now()).available == 10
    await setup.assert_sound()


async def test_a_refused_document_can_be_stamped_again_from_the_same_lot(setup: StampingSetup) -> None:
    job = await ordered_with_input(setup, make_letter(pages=1).replace(b"595.28", b"000100"))
    await setup.work()
    await setup.database.owner.execute(
        "UPDATE stamping.document SET input_object = $2 WHERE id = $1",
        job.document_id,
        await setup.objects.put(make_letter()),
    )
    again = await setup.order(job.document_id, key="again")
    assert set(again.serials).isdisjoint(job.serials)
    await setup.work()
    assert (await now_of(setup, again)).state == "released"
    await setup.assert_sound()


class LyingSigner:
    """Answers with the seal of another document."""

    def __init__(self, honest: Any) -> None:
        self._honest = honest

    async def identity(self) -> Identity:
        return await self._honest.identity()

    async def ping(self) -> Identity:
        return await self._honest.ping()

    async def code_signatures(self, wanted: Sequence[tuple[SerialNumber, date]]) -> CodeSignatures:
        return await self._honest.code_signatures(wanted)

    async def seal(
        self, serials: Sequence[SerialNumber], may_lack_time_stamp: Collection[SerialNumber] = ()
    ) -> dict[SerialNumber, bytes | Refusal]:
        seals = await self._honest.seal(serials, may_lack_time_stamp)
        values = list(seals.values())
        return dict(zip(seals, values[1:] + values[:1], strict=True))


async def test_a_wrong_signature_is_never_released(setup: StampingSetup) -> None:
    jobs = [await setup.order(await setup.accept(make_letter(text))) for text in ("a", "b")]
    await run_due_jobs(setup.tools(signer=LyingSigner(setup.client)), worker="test")
    for job in jobs:
        waiting = await now_of(setup, job)
        assert (waiting.state, waiting.trouble_code) == ("sealing", "seal.unsound")
    await setup.work()
    assert [(await now_of(setup, job)).state for job in jobs] == ["released", "released"]
    await setup.assert_sound()


async def test_attempts_during_an_outage_do_not_count_against_a_document(setup: StampingSetup) -> None:
    """Otherwise two faults of ours in a row, after a long wait for the signer, would refuse a paid
    document."""
    jobs = [await setup.order(await setup.accept(make_letter(text))) for text in ("a", "b")]
    await setup.database.owner.execute(
        "UPDATE stamping.job SET attempts = 40, trouble_code = 'signer.unavailable'"
    )
    for attempt in (1, 2, 3):
        await setup.database.owner.execute("UPDATE stamping.job SET next_attempt_at = now()")
        await run_due_jobs(setup.tools(signer=LyingSigner(setup.client)), worker="test")
        for job in jobs:
            waiting = await now_of(setup, job)
            assert (waiting.state, waiting.trouble_code) == ("sealing", "seal.unsound")
            assert waiting.attempts == attempt
    await setup.work()
    assert [(await now_of(setup, job)).state for job in jobs] == ["released", "released"]


class ForgetfulStore(FolderStore):
    """Claims to have stored an object, but has not."""

    async def put_all(self, contents: Mapping[str, bytes]) -> None:
        await super().put_all(contents)
        for key in contents:
            await self.delete(key)


async def test_a_file_that_the_store_lost_is_not_released(setup: StampingSetup) -> None:
    job = await setup.order(await setup.accept(make_letter()))
    await run_due_jobs(setup.tools(objects=ForgetfulStore(setup.data / "objects")), worker="test")
    waiting = await now_of(setup, job)
    assert (waiting.state, waiting.trouble_code) == ("sealing", "object.missing")
    with pytest.raises(Refusal, match=r"document\.not_released"):
        await released_file(setup.db, setup.objects, job.document_id)


class RottenStore(FolderStore):
    """Returns what was just stored with one byte changed."""

    written: frozenset[str] = frozenset()

    async def put_all(self, contents: Mapping[str, bytes]) -> None:
        await super().put_all(contents)
        self.written |= set(contents)

    async def get_all(self, keys: Sequence[str]) -> list[bytes | None]:
        found = await super().get_all(keys)
        return [
            data[:99] + bytes([data[99] ^ 1]) + data[100:] if data and key in self.written else data
            for key, data in zip(keys, found, strict=True)
        ]


async def test_a_file_that_the_store_changed_is_not_released(setup: StampingSetup) -> None:
    job = await setup.order(await setup.accept(make_letter()))
    await run_due_jobs(setup.tools(objects=RottenStore(setup.data / "objects")), worker="test")
    waiting = await now_of(setup, job)
    assert (waiting.state, waiting.trouble_code) == ("sealing", "object.damaged")


async def test_an_upload_that_the_store_changed_is_not_stamped(setup: StampingSetup) -> None:
    """It is not refused either: the store may return the right bytes later, from a copy."""
    job = await setup.order(await setup.accept(make_letter()))
    (path,) = (setup.data / "objects").glob("*/*")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"595.28", b"595.29"))
    await run_due_jobs(setup.tools(), worker="test")
    waiting = await now_of(setup, job)
    assert (waiting.state, waiting.trouble_code) == ("accepted", "object.damaged")
    path.write_bytes(whole)
    await setup.work()
    assert (await now_of(setup, job)).state == "released"


async def test_who_can_not_write_down_what_became_of_a_job_says_so(
    setup: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the worker would think that its batch is done and the database is there."""

    async def lost(*_: object) -> None:
        raise OSError("the server went away")

    monkeypatch.setattr("meterai.stamping.store.jobs.postpone", lost)
    await setup.order(await setup.accept(make_letter()))
    forgetful = setup.tools(objects=ForgetfulStore(setup.data / "objects"))
    with pytest.raises(OSError, match="the server went away"):
        await run_due_jobs(forgetful, worker="test")


async def test_a_faulty_machine_refuses_no_document(setup: StampingSetup) -> None:
    class FullDisk(FolderStore):
        async def put_all(self, contents: Mapping[str, bytes]) -> None:
            raise OSError(28, "No space left on device")

    job = await setup.order(await setup.accept(make_letter()))
    full = setup.tools(objects=FullDisk(setup.data / "objects"))
    for _ in range(15):
        await setup.database.owner.execute("UPDATE stamping.job SET next_attempt_at = now()")
        await run_due_jobs(full, worker="test")
    assert (await now_of(setup, job)).trouble_code == "stamping.fault"
    await setup.work()
    assert (await now_of(setup, job)).state == "released"


@pytest.mark.parametrize(
    ("placements", "code"),
    [
        ([], "document.no_stamps"),
        ([Placement(page=2, x=10, y=10)], "placement.page"),
        ([Placement(page=1, x=560, y=10)], "placement.outside"),
        ([Placement(page=1, x=-5, y=10)], "placement.outside"),
        ([Placement(page=1, x=10, y=10, size=20)], "placement.size"),
        ([Placement(page=1, x=10, y=10), Placement(page=1, x=60, y=60)], "placement.overlap"),
        ([Placement(page=1, x=10, y=10)] * 11, "document.too_many_stamps"),
    ],
)
async def test_stamps_lie_on_the_page_and_not_on_each_other(
    front: StampingSetup, placements: list[Placement], code: str
) -> None:
    document = await front.accept(make_letter())
    with pytest.raises(Refusal) as caught:
        await place_stamps(front.db, document, placements)
    assert caught.value.code == code


async def test_stamps_can_not_be_moved_once_the_stamping_began(front: StampingSetup) -> None:
    document = await front.accept(make_letter(), [BOTTOM_LEFT])
    await front.order(document)
    await place_stamps(front.db, document, [BOTTOM_LEFT])  # the same form again
    with pytest.raises(Refusal, match=r"document\.stamped_already"):
        await place_stamps(front.db, document, [BOTTOM_RIGHT])


async def accept(setup: StampingSetup, data: bytes, limits: OutputLimits | None = None) -> UUID:
    document = await accept_document(
        setup.db, setup.jail, setup.objects, setup.vouch, data=data, name="C:\\Users\\budi\\surat.pdf",
        kind=None, limits=limits, customer_id=None, now=datetime.now(UTC),
    )  # fmt: skip
    return document.document_id


async def test_a_file_that_is_no_pdf_is_not_stored(front: StampingSetup) -> None:
    with pytest.raises(Refusal, match=r"pdf\.not_pdf"):
        await accept(front, b"<html>" * 100)
    assert not list((front.data / "objects").glob("*/*"))
    assert await front.value("SELECT count(*) FROM stamping.document") == 0


async def test_a_file_with_a_home_made_stamp_is_not_stored(front: StampingSetup) -> None:
    copied = signed_by_somebody(make_letter(), name=f"Emet{SERIAL}", reason=f"[{SERIAL}] Bea meterai")
    with pytest.raises(Refusal, match=r"pdf\.stamp_not_genuine"):
        await accept(front, copied)
    assert await front.value("SELECT count(*) FROM stamping.document") == 0


@pytest.mark.parametrize(
    "limits", [None, OutputLimits(), OutputLimits(bytes_max=500_000, pdf_version_min="1.5")]
)
async def test_what_is_told_of_an_accepted_file_is_what_its_pages_read(
    front: StampingSetup, limits: OutputLimits | None
) -> None:
    accepted = await accept_document(
        front.db, front.jail, front.objects, front.vouch, data=make_letter(), name="surat.pdf",
        kind="lamaran", limits=limits, customer_id=front.alice, now=datetime.now(UTC), stamps=2,
    )  # fmt: skip
    told = {name: getattr(accepted, name) for name in DocumentPage.__struct_fields__}
    assert DocumentPage(**told) == await document_page(front.db, accepted.document_id)


async def test_an_upload_keeps_its_name_without_folders(front: StampingSetup) -> None:
    page = await document_page(front.db, await accept(front, make_letter()))
    assert page is not None
    assert page.name == "surat.pdf"
    assert len(page.placements) == 1, "a place is proposed"


async def test_an_output_over_the_limit_is_told_before_payment(front: StampingSetup) -> None:
    limits = OutputLimits(bytes_max=20_000, pdf_version_min="1.6")
    page = await document_page(front.db, await accept(front, make_letter(), limits))
    assert page is not None
    assert page.output.too_large
    assert not page.output.ok
    assert page.output.offers == ("keep", "smaller")
    assert page.limits == limits


async def test_the_stamped_file_is_never_larger_than_was_said(setup: StampingSetup) -> None:
    limits = OutputLimits(bytes_max=1_000_000, pdf_version_min="1.6")
    document = await setup.accept(make_letter(), [BOTTOM_RIGHT], limits=limits)
    said = await place_stamps(setup.db, document, [BOTTOM_LEFT, BOTTOM_RIGHT])
    assert said.ok
    await setup.order(document)
    await setup.work()
    assert len((await released_file(setup.db, setup.objects, document)).data) <= said.output_bytes
