"""The time-stamp authority is down: by policy stamps wait, or are released and get their time stamp later."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from meterai.cli.operator.check import offline_judge
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.object_store import FolderStore
from meterai.pdf.profiles import Profile
from meterai.signatures import der
from meterai.stamping.archive.level import Level
from meterai.stamping.archive.queries import ArchiveCount, count_archive
from meterai.stamping.cycle.batch import CycleSettings
from meterai.stamping.model import Job
from meterai.stamping.queries import job as find_job
from meterai.stamping.signer import register
from meterai.stamping.signer.sealer import Sealer
from meterai.stamping.signer.time_stamp_client import make_query
from meterai.stamping.store import archive, time_stamps
from meterai.stamping.use_cases.add_time_stamps import add_due_time_stamps
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.verification.model import RegisterAnswer, Verdict
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import judge_document
from sandbox.tsa import TimeStampAuthority as AuthorityOf
from tests.keys.certified import certify
from tests.keys.rotating_setup import RotatingSetup
from tests.keys.test_rotation import verdict
from tests.plans import looks_of
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import BOTTOM_LEFT, BOTTOM_RIGHT, TimeStampAuthority, until
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
LATER = CycleSettings(
    base_url="https://meterai.test",
    specimen=True,
    time_stamp_later=True,
    retry_first_s=0.05,
    retry_longest_s=0.2,
)


@pytest_asyncio.fixture
async def authority(setup: RotatingSetup) -> AsyncIterator[TimeStampAuthority]:
    """An authority that this test may stop."""
    setup.tsa = TimeStampAuthority(setup.data / "pki")
    await setup.tsa.start()
    await setup.register_first()
    await setup.start()
    yield setup.tsa
    setup.tsa.stop()


async def versions(setup: RotatingSetup, job: Job) -> list[Any]:
    return list(
        await setup.database.owner.fetch(
            "SELECT version, sha256, key_id FROM stamping.release WHERE serial = $1 ORDER BY version",
            job.serials[0],
        )
    )


async def paid(setup: RotatingSetup) -> bool:
    await add_due_time_stamps(setup.tools(settings=LATER))
    return not await setup.value("SELECT count(*) FROM stamping.time_stamp_owed WHERE paid_at IS NULL")


async def test_debts_that_are_due_are_found_among_however_many_that_were_paid(database: TestDatabase) -> None:
    async with database.owner.transaction():
        await database.owner.execute("SET LOCAL session_replication_role = replica")  # no files, no serials
        await database.owner.execute(
            """INSERT INTO stamping.time_stamp_owed
                   (sha256, document_id, serial, gap_start, gap_end, created_at, paid_at)
               SELECT lpad(n::text, 64, '0'), gen_random_uuid(), '', 1, 2, now(), now()
               FROM generate_series(1, 3000) n"""
        )
    await database.owner.execute("ANALYZE stamping.time_stamp_owed")
    now = datetime.now(UTC)
    for work, index in (
        (lambda conn: time_stamps.claim_owed(conn, now, lease_until=now, limit=9), "time_stamp_owed_due"),
        (lambda conn: time_stamps.put_off(conn, "0" * 64, now), "time_stamp_owed_pkey"),
        (lambda conn: time_stamps.write_off(conn, "0" * 64), "time_stamp_owed_pkey"),
    ):
        assert await looks_of(database.app, work) == {f"stamping.{index}"}


@pytest.mark.parametrize("stamps", [1, 2])
async def test_a_stamp_is_released_without_its_time_stamp_and_gets_it_later(
    setup: RotatingSetup, authority: TimeStampAuthority, stamps: int
) -> None:
    places = [BOTTOM_LEFT, BOTTOM_RIGHT][-stamps:]
    job = await setup.order(await setup.accept(make_letter(), places))
    if stamps == 1:
        authority.stop()
        await setup.work(settings=LATER)
    else:  # the first seal's time stamp can't be added later: it waits for the authority
        await assert_waits_for(authority, setup, job)
        await setup.work(settings=LATER, fail_point=stopper(authority))
    (first,) = await versions(setup, job)
    early = await setup.objects.get(first["sha256"])
    assert verdict(setup, early) is Verdict.CANNOT_CHECK, "offline, nothing proves the time"
    assert (await asked(setup, early)).register is RegisterAnswer.CONFIRMED
    assert (await asked(setup, early)).verdict is Verdict.GENUINE, "the register knows these bytes"
    assert not await paid(setup), "the authority is still down"
    assert await due_in_a_year(setup) == 0, "the archive waits for the time stamp"
    await authority.start()
    await until(lambda: due_and_paid(setup), 10, "the time stamp")
    assert await due_in_a_year(setup) == 1
    again, second = await versions(setup, job)
    assert again == first, "what was released never changes"
    late = await setup.objects.get(second["sha256"])
    assert verdict(setup, late) is Verdict.GENUINE
    assert (second["version"], second["key_id"], len(late)) == (2, first["key_id"], len(early))
    assert (await asked(setup, late)).register is RegisterAnswer.CONFIRMED
    assert await setup.value("SELECT count(*) FROM stamping.release WHERE version = 2") == stamps
    await setup.assert_sound()


async def assert_waits_for(authority: TimeStampAuthority, setup: RotatingSetup, job: Job) -> None:
    """The job is not released while the authority is down. Afterwards it is available again."""
    authority.stop()
    await run_due_jobs(setup.tools(settings=LATER), worker="test")
    waiting = await find_job(setup.db, job.id)
    assert waiting is not None
    assert (waiting.state, waiting.trouble_code) == ("sealing", "tsa.unavailable")
    await authority.start()


def stopper(authority: TimeStampAuthority) -> Any:
    """Stops the authority when the second seal is about to be made."""
    intents = 0

    def fail_point(name: str) -> None:
        nonlocal intents
        intents += name == "after_intent"
        if intents == 1 and name == "after_intent":
            authority.stop()

    return fail_point


async def due_and_paid(setup: RotatingSetup) -> bool:
    await setup.database.owner.execute(
        "UPDATE stamping.time_stamp_owed SET next_attempt_at = now() WHERE paid_at IS NULL"
    )
    return await paid(setup)


async def due_in_a_year(setup: RotatingSetup) -> int:
    """Files that the archive would take in a year."""
    then = datetime.now(UTC) + timedelta(days=365)
    (count,) = await count_archive(setup.db, then)
    change = setup.database.owner.transaction()
    await change.start()
    taken = await archive.claim_due(setup.database.owner, then, lease_until=then, limit=9)
    await change.rollback()
    assert count.due == len(taken)
    return count.due


async def asked(setup: RotatingSetup, data: bytes) -> Any:
    """The judgement with the register."""
    trust = load_trust(setup.data / "pki" / "trust")
    return await judge_document(setup.db, setup.jail, data, trust=trust, now=datetime.now(UTC))


@pytest.mark.long
async def test_a_time_stamp_from_after_the_end_of_the_certificate_is_not_added(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    """With it everybody would take the stamp for an expired one; the register confirms it as it is."""
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    place = "pkcs11:token=meterai;object=stamp-1"
    key = await setup.add(chain=certify(setup.data / "pki", place, now=ends - timedelta(days=5 * 365)))
    await setup.activate(key)
    await until(lambda: setup.signs_with(key), 5, "the signer to follow")
    authority.stop()
    job = await setup.order_letter()
    await setup.work(settings=LATER)
    (first,) = await versions(setup, job)
    signer = Late(setup, ends + timedelta(seconds=1))
    assert await add_due_time_stamps(replace(setup.tools(settings=LATER), signer=signer)) == 0
    assert signer.asked == 1
    assert await versions(setup, job) == [first]
    early = await setup.objects.get(first["sha256"])
    trust = load_trust(setup.data / "pki" / "trust")
    for now in (datetime.now(UTC), ends + timedelta(days=1)):
        found = await judge_document(setup.db, setup.jail, early, trust=trust, now=now)
        assert (found.verdict, found.register) == (Verdict.GENUINE, RegisterAnswer.CONFIRMED)
    opinion = await offline_judge(setup.jail, trust)(early)
    assert (opinion.lacks_time, opinion.serials) == (True, frozenset(job.serials))
    assert await setup.value(
        "SELECT next_attempt_at = 'infinity' AND paid_at IS NULL FROM stamping.time_stamp_owed"
    )
    assert await due_in_a_year(setup) == 0, "there is nothing to renew"
    assert await count_archive(setup.db, datetime.now(UTC)) == [
        ArchiveCount(level=Level.T, files=1, due=0, in_trouble=0, next_due=None, trouble="")
    ]
    async with setup.db.connection() as connection:
        assert await archive.make_due(connection, [Level.T], datetime.now(UTC)) == 0
    await setup.assert_sound()


async def test_a_file_that_others_will_sign_waits_for_its_time_stamp(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    """They would sign version 1, and the token would come into another file than theirs."""
    document = await setup.accept(make_letter())
    await place_stamps(setup.db, document, [BOTTOM_LEFT], profile=Profile.SIGN_LATER)
    job = await setup.order(document)
    await assert_waits_for(authority, setup, job)
    await setup.work(settings=LATER)
    assert verdict(setup, await setup.file_of(job)) is Verdict.GENUINE


async def test_a_time_stamp_that_can_not_be_checked_yet_leaves_nothing_in_the_store(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    """Each try gets another token, and there is a try every minute."""
    authority.stop()
    await setup.order_letter()
    await setup.work(settings=LATER)
    await authority.start()
    before = set((setup.data / "objects").glob("*/*"))
    signer = Late(setup, datetime.now(UTC))
    assert await add_due_time_stamps(setup.tools(settings=LATER, signer=signer, jail=Away())) == 0
    assert signer.asked == 1
    assert set((setup.data / "objects").glob("*/*")) == before
    await until(lambda: due_and_paid(setup), 10, "the time stamp")
    await setup.assert_sound()


async def test_an_owed_time_stamp_needs_no_key_that_can_sign(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    """The key may have expired, or its device be away. Its certificate is still known."""
    authority.stop()
    job = await setup.order_letter()
    await setup.work(settings=LATER)
    assert (
        await add_due_time_stamps(setup.tools(settings=LATER, signer=Expired(setup, datetime.now(UTC)))) == 1
    )
    _, late = await versions(setup, job)
    assert verdict(setup, await setup.objects.get(late["sha256"])) is Verdict.GENUINE
    await setup.assert_sound()


async def test_a_file_that_can_not_be_read_keeps_no_other_one_from_its_time_stamp(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    authority.stop()
    jobs = [await setup.order_letter(text) for text in ("Surat satu", "Surat dua")]
    await setup.work(settings=LATER)
    await authority.start()
    (lost,), _ = [await versions(setup, job) for job in jobs]

    class Damaged(FolderStore):
        async def get(self, key: str) -> bytes:
            if key == lost["sha256"]:
                raise OSError(errno.EIO, "a bad block")
            return await super().get(key)

    tools = setup.tools(settings=LATER, objects=Damaged(setup.data / "objects"))

    async def other_is_paid() -> bool:
        await setup.database.owner.execute(
            "UPDATE stamping.time_stamp_owed SET next_attempt_at = now(), attempts = 0 WHERE paid_at IS NULL"
        )
        return await add_due_time_stamps(tools) == 1

    await until(other_is_paid, 10, "the time stamp")
    assert [len(await versions(setup, job)) for job in jobs] == [1, 2]
    waits = await setup.value("SELECT next_attempt_at FROM stamping.time_stamp_owed WHERE paid_at IS NULL")
    assert waits < datetime.now(UTC) + timedelta(seconds=10), "put off, and not left to its lease"
    await until(lambda: due_and_paid(setup), 10, "the other time stamp")
    await setup.assert_sound()


class Late:
    """A signer whose authority came back at a later time."""

    def __init__(self, setup: RotatingSetup, time: datetime) -> None:
        self._house = setup
        self._authority = AuthorityOf(setup.data / "pki", clock=lambda: time)
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house.client, name)

    async def time_stamps(self, imprints: Sequence[bytes]) -> list[bytes]:
        self.asked += 1
        replies = [self._authority.respond(make_query(imprint, 1)) for imprint in imprints]
        return [der.read_only(reply).children()[1].whole for reply in replies]


class Away:
    """A jail that has no free process."""

    async def run(self, *_: Any, **_how: Any) -> Any:
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")


class Expired(Late):
    """Its key has, too."""

    async def identity(self) -> Any:
        raise Refusal(Kind.UNAVAILABLE, "key.expired")


async def test_by_default_stamps_wait_and_nothing_is_owed(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    authority.stop()
    job = await setup.order_letter()
    await run_due_jobs(setup.tools(), worker="test")
    waiting = await find_job(setup.db, job.id)
    assert waiting is not None
    assert (waiting.state, waiting.trouble_code) == ("sealing", "tsa.unavailable")
    await authority.start()
    await setup.work()
    assert await setup.value("SELECT count(*) FROM stamping.time_stamp_owed") == 0
    assert verdict(setup, await setup.file_of(job)) is Verdict.GENUINE
    await setup.assert_sound()


async def test_while_the_authority_works_the_policy_changes_nothing(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    job = await setup.order_letter()
    await setup.work(settings=LATER)
    assert len(await versions(setup, job)) == 1
    assert verdict(setup, await setup.file_of(job)) is Verdict.GENUINE
    assert await setup.value("SELECT count(*) FROM stamping.time_stamp_owed") == 0


async def test_the_signer_stamps_the_time_of_nothing_but_imprints(
    setup: RotatingSetup, authority: TimeStampAuthority
) -> None:
    with pytest.raises(Refusal, match=r"signer\.request_unreadable"):
        await setup.client.time_stamps([b"short"])
    with pytest.raises(Refusal, match=r"stamping\.no_release"):
        await setup.client.time_stamps([bytes(32)])


async def test_why_no_time_stamp_is_to_be_had_stands_in_the_signer_s_log(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when nobody waits for it: worker and seal get only the code."""
    monkeypatch.setattr(register, "may_be_dated", AsyncMock(return_value=True))

    class Away:
        async def stamp(self, imprint: bytes) -> bytes:
            raise Refusal(Kind.UNAVAILABLE, "tsa.unavailable", reason="status_403")

    nothing: Any = None
    sealer = Sealer(database.signer, nothing, nothing, Away(), clock=system_clock, tsa_ends=lambda: None)
    told = {
        "event": "signer.no_time_stamp",
        "log_level": "warning",
        "code": "tsa.unavailable",
        "reason": "status_403",
    }
    with capture_logs() as lines:
        assert await sealer.try_to_stamp(bytes(32)) == b""
        with pytest.raises(Refusal, match=r"tsa\.unavailable"):
            await sealer.time_stamps([bytes(32)])
    assert lines == [told, told]
