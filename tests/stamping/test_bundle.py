"""Bundles: checked first, quota for all or for none, stamped once, however often it is asked for."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.object_store import FolderStore, ObjectMissing
from meterai.ledger.queries import lot_of
from meterai.pdf.profiles import Profile
from meterai.stamping.bundles import queries
from meterai.stamping.bundles.given_files import GivenFile, refused_file
from meterai.stamping.bundles.model import Bundle, BundleRoom, Door, Outcome, Rule, bundle_id, share_out
from meterai.stamping.bundles.queries import bundle as find_bundle
from meterai.stamping.bundles.queries import (
    bundle_counts,
    bundles_of_customer,
    part_of_bundle,
    paths_of,
    walk_files,
)
from meterai.stamping.bundles.ready_files import Oddity, ReadyFile, odd_first, ready_files
from meterai.stamping.bundles.result_zip import each, zip_of
from meterai.stamping.placement import Placement, Position
from meterai.stamping.queries import DocumentPage, documents_of_customer
from meterai.stamping.queries import job as find_job
from meterai.stamping.store import bundles
from meterai.stamping.use_cases import reserve_parts
from meterai.stamping.use_cases.cancel_bundle import cancel_bundle
from meterai.stamping.use_cases.clean_up import clean_up_documents
from meterai.stamping.use_cases.clean_up_bundles import clean_up_bundles
from meterai.stamping.use_cases.drop_bundle import drop_bundle
from meterai.stamping.use_cases.drop_from_bundle import drop_from_bundle
from meterai.stamping.use_cases.fill_bundle import fill_bundle
from meterai.stamping.use_cases.open_bundle import open_bundle
from meterai.stamping.use_cases.place_in_bundle import place_in_bundle
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.stamping.use_cases.start_bundle import start_bundle
from meterai.stamping.use_cases.start_stamping import start_stamping
from meterai.stamping.use_cases.tell_ends import await_end, tell_ends
from meterai.verification.model import Judgement, Trust
from meterai.verification.use_cases.vouch_for_stamps import vouch_for_stamps
from meterai.web.bundles.bundle_check import notes_of
from meterai.web.bundles.bundling import report_csv, row_of
from tests.attacks.signing import signed_by_somebody
from tests.pdf import samples, signed_files
from tests.pdf.test_free_places import FULL
from tests.pdf.test_ink import page
from tests.plans import believe_large, looks_of
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup
from tests.storage_fixtures import waiting_for_locks
from tests.verification.making import SERIAL, OpenJail

pytestmark = pytest.mark.storage


def letters(count: int) -> list[GivenFile]:
    return [GivenFile(path=f"{n}.pdf", data=make_letter(f"Surat {n}", pages=2)) for n in range(count)]


async def fill(
    setup: StampingSetup, files: list[GivenFile], *, name: str = "form:1", door: Door = "web"
) -> UUID:
    id = bundle_id(setup.alice, name)
    await open_bundle(setup.db, customer_id=setup.alice, bundle_id=id, door=door, now=system_clock())
    assert await fill_bundle(
        setup.db, setup.jail, setup.objects, setup.vouch, bundle_id=id, customer_id=setup.alice,
        given=iter(files), at_once=3, clock=system_clock,
    )  # fmt: skip
    return id


async def start(setup: StampingSetup, id: UUID, **changes: Any) -> int:
    lot = await setup.lot_now()
    wanted: dict[str, Any] = {
        "bundle_id": id,
        "customer_id": setup.alice,
        "rule": Rule(),
        "lots": [(lot.account_id, lot.available)],
        "now": system_clock(),
    }
    return await start_bundle(setup.db, **{**wanted, **changes})


async def look(setup: StampingSetup, id: UUID) -> Bundle:
    found = await find_bundle(setup.db, id, customer_id=setup.alice)
    assert found is not None
    return found


async def report(bundle: Bundle) -> str:
    rows = each(row_of(file, "id", started=bundle.started_at is not None) for file in bundle.files)
    return b"".join([part async for part in report_csv(rows, [])]).decode()


async def take_out(setup: StampingSetup, id: UUID, file: UUID) -> None:
    await drop_from_bundle(setup.db, bundle_id=id, customer_id=setup.alice, file_id=file, now=system_clock())


async def single_documents(setup: StampingSetup) -> list[DocumentPage]:
    return await documents_of_customer(setup.db, setup.alice, now=system_clock())


def outcomes(bundle: Bundle) -> list[str]:
    return [str(file.outcome) for file in bundle.files]


async def test_everything_is_checked_and_what_can_be_stamped_is(setup: StampingSetup) -> None:
    too_large = refused_file("besar.pdf", Refusal(Kind.INVALID, "pdf.too_large", bytes_max=9), size=99)
    broken = GivenFile(path="rusak.pdf", data=samples.hollow())
    id = await fill(setup, [*letters(3), too_large, broken])
    checked = await look(setup, id)
    assert outcomes(checked) == ["ready", "ready", "ready", "unfit", "unfit"]
    assert checked.files[3].code == "pdf.too_large"
    assert checked.files[3].facts == {"bytes_max": 9}
    assert checked.files[4].code is not None
    assert (await setup.lot_now()).reserved == 0, "the check touches no quota"

    assert await start(setup, id, expected=3) == 3
    accepted = await look(setup, id)
    serials = [file.serial for file in accepted.files if file.serial]
    assert len(serials) == 3
    assert await start(setup, id) == 0, "asked for again: nothing is stamped twice"
    await setup.work()
    ended = await look(setup, id)
    assert outcomes(ended) == ["stamped", "stamped", "stamped", "unfit", "unfit"]
    assert [file.serial for file in ended.files if file.serial] == serials
    assert (await setup.lot_now()).gone == 3
    await setup.assert_sound()
    (line,) = await bundles_of_customer(setup.db, setup.alice)
    assert (line.files, line.stamped, line.moving, line.started) == (5, 3, 0, True)
    assert await single_documents(setup) == [], "they are found in their bundle"


async def test_a_file_on_which_the_judge_is_killed_is_unfit_and_the_others_are_added(
    front: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(OpenJail):
        async def run(self, *_: object) -> Judgement:
            raise Refusal(Kind.INVALID, "jail.killed")

    monkeypatch.setattr(front, "vouch", partial(vouch_for_stamps, front.db, Killed(), Trust(roots_pem=())))
    stamped = signed_by_somebody(make_letter("Berat"), reason=f"[{SERIAL}] Bea meterai")
    for _ in range(2):
        id = await fill(front, [GivenFile(path="berat.pdf", data=stamped), *letters(2)])
        found = {file.path: (str(file.outcome), file.code) for file in (await look(front, id)).files}
        assert found == {
            "berat.pdf": ("unfit", "jail.killed"),
            "0.pdf": ("ready", None),
            "1.pdf": ("ready", None),
        }


async def test_too_little_quota_reserves_nothing(setup: StampingSetup) -> None:
    small = await setup.give_lot(setup.alice, 2)
    id = await fill(setup, letters(4))
    with pytest.raises(Refusal) as caught:
        await start(setup, id, lots=[(small, 2), (setup.lot, 1)])
    assert caught.value.code == "quota.missing"
    assert caught.value.facts == {"missing": 1, "needed": 4, "available": 3}
    with pytest.raises(Refusal, match=r"ledger\.insufficient"):  # somebody else used it since we looked
        await start(setup, id, lots=[(small, 4)])
    assert outcomes(await look(setup, id)) == ["ready"] * 4
    assert await setup.value("SELECT count(*) FROM stamping.serial") == 0
    assert await start(setup, id, lots=[(small, 2), (setup.lot, 10)]) == 4
    used = await setup.database.owner.fetch("SELECT lot_account_id FROM stamping.job")
    assert sorted(row[0] == small for row in used) == [False, False, True, True], "the oldest lot first"
    await setup.work()
    await setup.assert_sound()


@pytest.fixture
def parts_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve_parts, "PART", 2)
    monkeypatch.setattr(reserve_parts, "NEXT_BELOW", 1)


async def go_on(setup: StampingSetup, lot: UUID | None = None, *, seconds: float = 1) -> int:
    """What the worker does after some seconds, with a lot that may be used."""

    async def find(_organisation: UUID, customer: UUID) -> list[tuple[UUID, int]]:
        async with setup.db.connection() as connection:
            found = await lot_of(connection, lot or setup.lot, customer_id=customer)
        assert found is not None
        return [(found.account_id, found.available)]

    now = system_clock() + timedelta(seconds=seconds)
    reserved = await reserve_parts.reserve_due_parts(setup.db, find, now=now)
    await setup.make_due()
    return reserved


@pytest.mark.long
@pytest.mark.usefixtures("parts_of_two")
async def test_stamps_are_reserved_part_by_part_while_the_part_before_is_stamped(
    setup: StampingSetup,
) -> None:
    id = await fill(setup, letters(5))
    await await_end(setup.db, id, customer_id=setup.alice, contact_id=None, now=system_clock())
    assert await start(setup, id, expected=5) == 5
    assert outcomes(await look(setup, id)) == ["stamping"] * 2 + ["waiting"] * 3
    assert (await setup.lot_now()).reserved == 2
    assert await start(setup, id) == 0, "asked for again: nothing is chosen twice"
    assert await go_on(setup) == 0, "the first part is still to be stamped"
    await setup.work()
    late = system_clock() + timedelta(minutes=5)
    assert await tell_ends(setup.db, public_url="", now=late) == 0, "it has not ended"
    for seconds, stamps in ((10, 2), (20, 1)):
        assert await go_on(setup, seconds=seconds) == stamps
        await setup.work()
    assert await go_on(setup, seconds=30) == 0
    assert await tell_ends(setup.db, public_url="", now=late) == 1
    assert outcomes(await look(setup, id)) == ["stamped"] * 5
    assert await setup.value("SELECT count(*) FROM stamping.serial") == (await setup.lot_now()).gone == 5
    await setup.assert_sound()


@pytest.mark.long
@pytest.mark.usefixtures("parts_of_two")
async def test_a_bundle_whose_quota_is_used_elsewhere_waits_and_goes_on_by_itself(
    setup: StampingSetup,
) -> None:
    lot = await setup.give_lot(setup.alice, 4)
    id, other = await fill(setup, letters(4)), await fill(setup, letters(2), name="form:2")
    assert await start(setup, id, lots=[(lot, 4)]) == 4
    with pytest.raises(Refusal, match=r"quota\.missing") as caught:
        await start(setup, other, lots=[(lot, 4)])
    assert caught.value.facts == {"missing": 2, "needed": 2, "available": 0}, "the rest is the first one's"
    for form in "ab":  # the customer stamps other documents
        document = await setup.accept(make_letter(f"Lain {form}"))
        await start_stamping(
            setup.db, document_id=document, customer_id=setup.alice, lot_account_id=lot,
            reference_id=document, idempotency_key=form, now=system_clock(),
        )  # fmt: skip
    await setup.work()
    assert await go_on(setup, lot) == 0
    halted = await look(setup, id)
    assert (halted.halt_code, outcomes(halted)) == ("quota.missing", ["stamped"] * 2 + ["waiting"] * 2)
    assert await go_on(setup) == 0, "it is tried again after a while"
    assert await go_on(setup, seconds=60) == 2, "from another lot"
    await setup.work()
    ended = await look(setup, id)
    assert (ended.halt_code, outcomes(ended)) == (None, ["stamped"] * 4)
    await setup.assert_sound()


@pytest.mark.usefixtures("parts_of_two")
async def test_a_cancelled_bundle_gets_no_more_stamps(setup: StampingSetup) -> None:
    id = await fill(setup, letters(5))
    await start(setup, id)
    assert await cancel(setup, id) == 3
    assert await cancel(setup, id) == 0
    await setup.work()
    assert await go_on(setup) == 0
    ended = await look(setup, id)
    assert [file.outcome for file in ended.files[:2]] == [Outcome.STAMPED] * 2
    assert not ended.moving
    assert ((await setup.lot_now()).gone, (await setup.lot_now()).reserved) == (2, 0)
    for attempt in (start(setup, id), fill(setup, [GivenFile(path="x.pdf", data=make_letter("X"))])):
        with pytest.raises(Refusal, match=r"bundle\.cancelled"):
            await attempt
    await setup.assert_sound()


async def cancel(setup: StampingSetup, id: UUID) -> int:
    return await cancel_bundle(setup.db, bundle_id=id, customer_id=setup.alice, now=system_clock())


async def test_files_are_read_a_few_at_a_time(front: StampingSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_WALKED_AT_ONCE", 2)
    monkeypatch.setattr(queries, "_PATHS_AT_ONCE", 2)
    id = await fill(front, letters(5))
    assert [file.path for file in (await look(front, id)).files] == [f"{n}.pdf" for n in range(5)]
    assert [path async for path in paths_of(front.db, id)] == [f"{n}.pdf" for n in range(5)]


async def test_two_presses_at_once_start_each_document_once(front: StampingSetup) -> None:
    id = await fill(front, letters(4))
    assert sorted(await asyncio.gather(*(start(front, id) for _ in range(4)))) == [0, 0, 0, 4]
    assert await front.value("SELECT count(*) FROM stamping.serial") == 4


async def test_the_same_files_again_are_the_same_files(front: StampingSetup) -> None:
    id = await fill(front, letters(2))
    first = await look(front, id)
    assert await fill(front, [*letters(2), GivenFile(path="0.pdf", data=make_letter("Lain"))]) == id
    second = await look(front, id)
    assert all(file in second.files for file in first.files)
    assert len(second.files) == 3, "one path with other content is another file"


async def test_the_files_to_start_are_found_by_their_bundle_though_statistics_know_of_nothing_that_is_kept(
    front: StampingSetup,
) -> None:
    await fill(front, letters(1))
    await front.database.owner.execute("UPDATE stamping.document SET input_deleted_at = now()")
    await believe_large(front.database, "stamping.document")
    id = await fill(front, letters(1), name="form:2")
    looks = await looks_of(front.db, lambda tx: bundles.choose_files(tx, id, without="", only=None))
    assert "stamping.document_pkey" in looks
    assert not looks & {"stamping.document_by_retention", "stamping.document"}


async def test_the_number_that_a_person_agreed_to_must_still_be_right(front: StampingSetup) -> None:
    id = await fill(front, letters(2))
    with pytest.raises(Refusal, match=r"bundle\.changed"):
        await start(front, id, expected=1)
    drop = (await look(front, id)).files[0].id
    await take_out(front, id, drop)
    assert await start(front, id, expected=1) == 1
    await take_out(front, id, (await look(front, id)).files[0].id)
    assert len((await look(front, id)).files) == 1, "what is being stamped stays"


async def test_somebody_elses_bundle_is_unknown(front: StampingSetup) -> None:
    id, bob = await fill(front, letters(1)), uuid4()
    await front.add_customer(bob)
    assert await find_bundle(front.db, id, customer_id=bob) is None
    assert await bundle_counts(front.db, id, customer_id=bob) is None
    file = (await look(front, id)).files[0].id
    for attempt in (
        start(front, id, customer_id=bob),
        drop_bundle(front.db, bundle_id=id, customer_id=bob, now=system_clock()),
        drop_from_bundle(front.db, bundle_id=id, customer_id=bob, file_id=file, now=system_clock()),
        fill_bundle(
            front.db, front.jail, front.objects, front.vouch, bundle_id=id, customer_id=bob,
            given=iter(letters(1)), at_once=1, clock=system_clock,
        ),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=r"bundle\.unknown"):
            await attempt
    assert outcomes(await look(front, id)) == ["ready"]


async def test_a_bundle_dropped_while_files_are_checked_is_unknown(front: StampingSetup) -> None:
    """In another tab: the upload gets an answer, and leaves nothing in any list."""

    class Dropping(FolderStore):
        async def put_all(self, contents: Mapping[str, bytes]) -> None:
            await super().put_all(contents)
            await drop_bundle(front.db, bundle_id=id, customer_id=front.alice, now=system_clock())

    id = await fill(front, letters(1))
    with pytest.raises(Refusal) as caught:
        await fill_bundle(
            front.db, front.jail, Dropping(front.data / "objects"), front.vouch, bundle_id=id,
            customer_id=front.alice, given=iter(letters(2)), at_once=1, clock=system_clock,
        )  # fmt: skip
    assert (caught.value.kind, caught.value.code) == (Kind.NOT_FOUND, "bundle.unknown")
    assert await single_documents(front) == []


async def test_a_file_that_two_uploads_check_at_once_is_one_document(front: StampingSetup) -> None:
    """The later upload takes no place of what may be given to stamping by then, and appears in no list."""

    class Overtaken(FolderStore):
        async def put_all(self, contents: Mapping[str, bytes]) -> None:
            await super().put_all(contents)
            await fill(front, [file])

    (file,) = letters(1)
    seen: list[UUID] = []
    id = await fill(front, [])
    assert await fill_bundle(
        front.db, front.jail, Overtaken(front.data / "objects"), front.vouch, bundle_id=id,
        customer_id=front.alice, given=iter([file]), at_once=1, clock=system_clock, on_file=seen.append,
    )  # fmt: skip
    (kept,) = (await look(front, id)).files
    assert seen == [kept.id]
    rows = await front.database.owner.fetch("SELECT id, customer_id FROM stamping.document")
    owners = {row["id"] == kept.document_id: row["customer_id"] for row in rows}
    assert owners == {True: front.alice, False: None}


async def test_files_that_are_checked_at_once_go_beyond_no_limit(front: StampingSetup) -> None:
    """There was room when the check began, but another file has taken it. Files that were added stay."""

    class Filling(FolderStore):
        async def put_all(self, contents: Mapping[str, bytes]) -> None:
            await super().put_all(contents)
            await add([refused_file("lain.txt", Refusal(Kind.INVALID, "archive.not_pdf"))])

    async def add(files: list[GivenFile]) -> bool:
        return await fill_bundle(
            front.db, front.jail, Filling(front.data / "objects"), front.vouch, bundle_id=id,
            customer_id=front.alice, given=iter(files), at_once=1, clock=system_clock,
            room=BundleRoom(files_max=2),
        )  # fmt: skip

    first, second = letters(2)
    id = await fill(front, [first])
    with pytest.raises(Refusal, match=r"bundle\.too_many_files"):
        await add([second])
    assert [file.path for file in (await look(front, id)).files] == ["0.pdf", "lain.txt"]
    assert await single_documents(front) == []
    assert await add([first]), "it is one of the two"


async def test_all_files_of_a_bundle_share_its_room(front: StampingSetup) -> None:
    first, second = letters(2)
    id = await fill(front, [first, refused_file("a", Refusal(Kind.INVALID, "archive.name"), size=9 << 20)])
    sizes = len(first.data or b"") + len(second.data or b"")
    for room, complete in ((sizes - 1, False), (sizes, True)):
        taken = fill_bundle(
            front.db, front.jail, front.objects, front.vouch, bundle_id=id, customer_id=front.alice,
            given=iter([second]), at_once=1, clock=system_clock, room=BundleRoom(bytes_max=room),
        )  # fmt: skip
        if complete:
            assert await taken, "what was refused is not kept"
            continue
        with pytest.raises(Refusal, match=r"bundle\.too_large") as caught:
            await taken
        assert caught.value.facts == {"bundle_bytes_max": room}
    assert [file.path for file in (await look(front, id)).files] == ["0.pdf", "1.pdf", "a"]


async def test_what_is_thrown_away_is_gone_and_what_is_to_be_stamped_stays(front: StampingSetup) -> None:
    id = await fill(front, letters(3))
    first, second, _ = (await look(front, id)).files
    assert first.document_id is not None
    await front.order(first.document_id)  # by itself, from its own page
    await take_out(front, id, second.id)
    assert await single_documents(front) == []
    await drop_bundle(front.db, bundle_id=id, customer_id=front.alice, now=system_clock())
    assert [document.document_id for document in await single_documents(front)] == [first.document_id]
    later = system_clock() + timedelta(seconds=1)
    assert await clean_up_documents(front.db, front.objects, now=later) == 2
    left = await front.database.owner.fetch("SELECT id FROM stamping.document")
    assert [row["id"] for row in left] == [first.document_id]


@pytest.mark.parametrize("is_whole", [False, True])
async def test_a_file_may_be_dropped_while_its_retention_ends(
    front: StampingSetup, *, is_whole: bool
) -> None:
    """Both wait for the row of the file here, so that a wrong order of locks would show."""
    id = await fill(front, letters(1))
    (file,) = (await look(front, id)).files
    owner, now = front.database.owner, system_clock()
    later = now + timedelta(days=30)

    dropping = (
        drop_bundle(front.db, bundle_id=id, customer_id=front.alice, now=now)
        if is_whole
        else drop_from_bundle(front.db, bundle_id=id, customer_id=front.alice, file_id=file.id, now=now)
    )
    async with front.db.transaction() as tx:
        await tx.execute("SELECT FROM stamping.bundle_file WHERE id = $1 FOR UPDATE", file.id)
        first = asyncio.create_task(dropping)
        async with asyncio.timeout(5):
            while not await waiting_for_locks(owner):
                await asyncio.sleep(0.01)
        second = asyncio.create_task(clean_up_documents(front.db, front.objects, now=later))
        await asyncio.wait({second}, timeout=0.3)
    await asyncio.gather(first, second)
    await clean_up_documents(front.db, front.objects, now=later)
    assert await owner.fetchval("SELECT count(*) FROM stamping.document") == 0


async def test_nothing_joins_a_bundle_that_was_started_on_the_site(front: StampingSetup) -> None:
    """In another tab: the file would have no button, and would be deleted after a week."""

    class Starting(FolderStore):
        async def put_all(self, contents: Mapping[str, bytes]) -> None:
            await super().put_all(contents)
            await start(front, id)

    id = await fill(front, letters(1))
    for files in (letters(2), letters(3), [*letters(1), refused_file("x", Refusal(Kind.INVALID, "x"))]):
        with pytest.raises(Refusal) as caught:
            await fill_bundle(
                front.db, front.jail, Starting(front.data / "objects"), front.vouch, bundle_id=id,
                customer_id=front.alice, given=iter(files), at_once=1, clock=system_clock,
            )  # fmt: skip
        assert (caught.value.kind, caught.value.code) == (Kind.CONFLICT, "bundle.started")
    assert outcomes(await look(front, id)) == ["stamping"]
    assert await single_documents(front) == []
    assert await fill(front, letters(1)) == id, "the same form sent again is refused nothing"


async def test_the_command_line_adds_to_a_bundle_that_was_started_and_what_was_not_stamped_comes_first(
    front: StampingSetup,
) -> None:
    broken = refused_file("z.pdf", Refusal(Kind.INVALID, "pdf.too_large", bytes_max=9), size=99)
    id = await fill(front, [*letters(1), broken], door="cli")
    await start(front, id)
    assert await fill(front, letters(2), door="cli") == id
    whole = await look(front, id)
    assert outcomes(whole) == ["stamping", "ready", "unfit"]
    counts = await bundle_counts(front.db, id, customer_id=front.alice)
    assert counts is not None
    assert dict(counts.files) == {Outcome.STAMPING: 1, Outcome.READY: 1, Outcome.UNFIT: 1}
    under_way, ready, unfit = whole.files
    parts = [await part_of_bundle(front.db, id, limit=2, skip=skip) for skip in (0, 2)]
    assert parts == [[ready, unfit], [under_way]]


async def test_one_rule_places_every_stamp(setup: StampingSetup) -> None:
    id = await fill(setup, [*letters(1), GivenFile(path="kecil.pdf", data=samples.rotated())])
    await start(setup, id, rule=Rule(position=Position.TOP_LEFT, page="first"))
    rows = await setup.database.owner.fetch("SELECT placement::text FROM stamping.serial")
    placed = [msgspec.json.decode(row[0], type=Placement) for row in rows]
    assert {placement.page for placement in placed} == {1}
    assert {placement.x for placement in placed} == {28.0}
    await setup.work()
    assert (await look(setup, id)).count(Outcome.STAMPED) == 2


async def test_what_is_unlike_most_comes_first_and_stays_there_when_its_stamp_is_moved(
    front: StampingSetup,
) -> None:
    odd = {
        "penuh.pdf": page(FULL),
        "melebar.pdf": samples.page_file(media=(0, 0, 842, 595)),
        "panjang.pdf": make_letter("Panjang", pages=3),
        "struk.pdf": samples.page_file(media=(0, 0, 226, 600)),
    }
    given = [*letters(4), *(GivenFile(path=path, data=data) for path, data in odd.items())]
    id = await fill(front, given)
    found = [(one.file.path, one.oddities) for one in odd_first(await ready_files(front.db, id))]
    expected = [
        ("penuh.pdf", (Oddity.COVERS,)),
        ("melebar.pdf", (Oddity.SIDEWAYS,)),
        ("struk.pdf", (Oddity.SIZE,)),
    ]
    assert found == [*expected, *((f"{n}.pdf", ()) for n in range(4)), ("panjang.pdf", ())]

    moved = Placement(page=1, x=40.0, y=300.0)
    first = await named(front, id, "3.pdf")
    await move(front, id, first.id, moved)
    assert [(one.file.path, one.oddities) for one in odd_first(await ready_files(front.db, id))] == found
    assert await start(front, id, rule=Rule(position=Position.TOP_LEFT)) == 8
    placed = {
        row["path"]: msgspec.json.decode(row["placement"], type=Placement)
        for row in await front.database.owner.fetch(
            """SELECT f.path, d.placements ->> 0 AS placement FROM stamping.bundle_file f
               JOIN stamping.document d ON d.id = f.document_id WHERE bundle_id = $1""",
            id,
        )
    }
    assert placed["3.pdf"] == moved, "no rule moves it"
    assert (placed["2.pdf"].page, placed["2.pdf"].x) == (2, 28.0)
    with pytest.raises(Refusal, match=r"bundle\.file_gone"):
        await move(front, id, first.id, moved)


async def test_nothing_is_odd_among_a_few(front: StampingSetup) -> None:
    id = await fill(front, [*letters(1), GivenFile(path="a.pdf", data=samples.rotated())])
    assert [one.oddities for one in odd_first(await ready_files(front.db, id))] == [(), ()]


async def named(setup: StampingSetup, id: UUID, path: str) -> ReadyFile:
    (found,) = (file for file in await ready_files(setup.db, id) if file.path == path)
    return found


async def move(setup: StampingSetup, id: UUID, file_id: UUID, placement: Placement) -> None:
    await place_in_bundle(
        setup.db, bundle_id=id, customer_id=setup.alice, file_id=file_id, placement=placement
    )


async def test_the_newest_version_of_each_file_is_given_out(setup: StampingSetup) -> None:
    """A version with a later time stamp, or a renewed proof."""
    id = await fill(setup, letters(2))
    await start(setup, id)
    await setup.work()
    before = await look(setup, id)
    renewed = await setup.objects.put(b"the newer version")
    await setup.database.owner.execute(
        """INSERT INTO stamping.release
           (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
           SELECT serial, 2, $2, $3, pages, document_id, released_at, key_id
           FROM stamping.release WHERE serial = $1""",
        before.files[0].serial,
        renewed,
        17,
    )
    after = await look(setup, id)
    assert [file.stamped_sha256 for file in after.files] == [renewed, before.files[1].stamped_sha256]
    assert (after.files[0].stamped_bytes, after.files[0].earlier_sha256) == (
        17,
        (before.files[0].stamped_sha256,),
    )
    assert after.files[1] == before.files[1]
    packed = b"".join(
        [part async for part in zip_of(setup.objects, paths_of(setup.db, id), walk_files(setup.db, id))]
    )
    assert zipfile.ZipFile(io.BytesIO(packed)).read("0.pdf") == b"the newer version"
    assert renewed in await report(after)


async def test_a_file_that_carries_a_stamp_gets_another_only_when_somebody_says_so(
    setup: StampingSetup,
) -> None:
    """One of last month's files among the new ones: its second stamp would be used, and can't be given
    back."""
    first = await fill(setup, letters(1))
    await start(setup, first, rule=Rule(profile=Profile.SIGN_LATER))
    await setup.work()
    (before,) = (await look(setup, first)).files
    assert before.stamped_sha256 is not None
    old = GivenFile(path="lama.pdf", data=await setup.objects.get(before.stamped_sha256))
    id = await fill(setup, [*letters(1), old], name="form:2")
    assert [file.stamped_already for file in (await look(setup, id)).files] == [False, True]

    assert await start(setup, id, expected=1) == 1
    left_out = row_of((await look(setup, id)).files[1], "id", started=True)
    assert left_out.state == "Dilewati"
    assert "unggah lagi" in left_out.why
    assert (await setup.lot_now()).gone + (await setup.lot_now()).reserved == 2
    assert await start(setup, id, again=True) == 1
    await setup.work()
    assert outcomes(await look(setup, id)) == ["stamped"] * 2
    await setup.assert_sound()


async def test_what_stamping_removes_is_told_and_others_may_sign_all_files_afterwards(
    front: StampingSetup,
) -> None:
    given = {
        "hidup.pdf": samples.living(),
        "kosong.pdf": signed_files.waiting(),
        "ttd.pdf": signed_files.by_budi(),
    }
    id = await fill(front, [GivenFile(path=path, data=data) for path, data in given.items()])
    checked = await look(front, id)
    notes = notes_of(await ready_files(front.db, id))
    assert notes["pdf.notice.signature_fields"].shown == ["kosong.pdf"]
    assert notes["pdf.notice.embedded"].shown == ["hidup.pdf"]
    assert "Lampiran di dalam PDF ini" in await report(checked)
    await start(front, id, rule=Rule(profile=Profile.SIGN_LATER))
    chosen = {file.path: file.profile for file in (await look(front, id)).files}
    assert chosen == {
        "hidup.pdf": Profile.SIGN_LATER,
        "kosong.pdf": Profile.SIGN_LATER,
        "ttd.pdf": Profile.SIGNED,
    }


async def test_a_file_that_can_not_be_read_is_named_among_the_others(setup: StampingSetup) -> None:
    id = await fill(setup, letters(2))
    await start(setup, id)
    await setup.work()
    lost, kept = (await look(setup, id)).files

    class Losing(FolderStore):
        async def get(self, key: str) -> bytes:
            if key == lost.stamped_sha256:
                raise ObjectMissing(key)
            return await super().get(key)

    packed = b"".join(
        [
            part
            async for part in zip_of(
                Losing(setup.data / "objects"), each(["0.pdf", "1.pdf"]), each([lost, kept])
            )
        ]
    )
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.testzip() is None
    name, told = archive.namelist()
    assert name == "1.pdf"
    text = archive.read(told).decode()
    assert f"0.pdf ({lost.serial})" in text
    assert "not in this ZIP" in text


async def test_one_document_does_not_wait_for_a_whole_bundle(setup: StampingSetup) -> None:
    id = await fill(setup, letters(4))
    await start(setup, id)
    single = await setup.order(await setup.accept(make_letter("Satu")))
    assert await run_due_jobs(setup.tools(), worker="test", limit=1, newest_first=True) == 1
    job = await find_job(setup.db, single.id)
    assert job is not None
    assert job.state == "released"
    assert (await look(setup, id)).count(Outcome.STAMPED) == 0


async def test_time_that_runs_out_leaves_the_rest_for_another_upload(front: StampingSetup) -> None:
    id = await fill(front, [])

    def slow() -> Iterator[GivenFile]:
        yield from letters(3)

    late = system_clock() - timedelta(seconds=1)
    assert not await fill_bundle(
        front.db, front.jail, front.objects, front.vouch, bundle_id=id, customer_id=front.alice, given=slow(),
        at_once=1, clock=system_clock, until=late,
    )  # fmt: skip
    assert (await look(front, id)).files == ()


async def test_bundles_that_were_never_started_are_forgotten(front: StampingSetup) -> None:
    kept, forgotten = await fill(front, letters(1)), await fill(front, letters(1), name="form:2")
    await start(front, kept)
    later = datetime.now(UTC) + timedelta(days=8)
    assert await clean_up_bundles(front.db, now=later) == 1
    assert await find_bundle(front.db, forgotten, customer_id=front.alice) is None
    assert outcomes(await look(front, kept)) == ["stamping"]


async def test_a_bundle_is_kept_as_long_as_the_newest_of_its_files_and_says_until_when(
    front: StampingSetup,
) -> None:
    await fill(front, letters(1))
    await front.database.owner.execute(
        "UPDATE stamping.bundle SET created_at = created_at - interval '6 days'"
    )
    await front.database.owner.execute(
        "UPDATE stamping.document SET retained_until = retained_until - interval '6 days'"
    )
    id = await fill(front, letters(2))
    older, newer = (await look(front, id)).files
    assert older.kept_until is not None
    assert newer.kept_until is not None
    assert older.kept_until < newer.kept_until
    assert (await look(front, id)).kept_until == older.kept_until
    (line,) = await bundles_of_customer(front.db, front.alice)
    assert line.kept_until == older.kept_until
    assert await clean_up_bundles(front.db, now=older.kept_until + timedelta(days=1)) == 0
    await clean_up_documents(front.db, front.objects, now=older.kept_until + timedelta(days=1))
    assert outcomes(await look(front, id)) == ["expired", "ready"]
    assert (await look(front, id)).kept_until == newer.kept_until
    assert await clean_up_bundles(front.db, now=newer.kept_until + timedelta(days=1)) == 1


def test_lots_are_shared_out_the_oldest_first() -> None:
    a, b = uuid4(), uuid4()
    assert share_out([(a, 1), (b, 5)], 3) == [a, b, b]
    assert share_out([(a, 1), (b, 0)], 3) == [a]
    assert share_out([(a, 0), (b, -2)], 1) == []
    assert share_out([], 0) == []
