"""Released files are raised to B-LT or B-LTA, and renewed before their proof ends."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509

from meterai.cli.operator.archive import work_off
from meterai.cli.refusal_texts import refusal_text
from meterai.kernel.refusals import Refusal
from meterai.stamping.archive.level import Level
from meterai.stamping.in_jail.archive_extension import look
from meterai.stamping.requests import ArchiveLookRequest
from meterai.verification.model import Verdict
from tests.archive.future import Future
from tests.stamping.letters import make_letter

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("level", [Level.LT, Level.LTA])
async def test_a_released_file_is_raised_to_the_wanted_level(future: Future, level: Level) -> None:
    job = await future.stamped()
    await future.make_due()
    assert await future.look_after(future.tools(level)) == 1, (await future.book())["trouble_code"]
    first, second = await future.versions(job.document_id)
    assert second.startswith(first), "nothing that was released changes"
    assert b"/DSS" in second[len(first) :]
    assert (b"/DocTimeStamp" in second[len(first) :]) is (level is Level.LTA)
    assert future.judge(second).verdict is Verdict.GENUINE
    book = await future.book()
    assert (book["level"], book["attempts"], book["pending_object"]) == (level, 0, None)
    await future.make_due()
    assert await future.look_after(future.tools(level)) == 1
    assert len(await future.versions(job.document_id)) == 2, "what is well is left alone"
    await future.setup.assert_sound()


async def test_a_file_is_written_anew_only_when_that_proves_longer(future: Future) -> None:
    """Until the authority has a later certificate, its next time stamp is valid no longer than the last
    one."""
    job = await future.stamped()
    await future.make_due()
    assert await future.look_after() == 1
    ends = (await future.book())["proof_until"]
    looks = 0
    while (due := (await future.book())["due_at"]) < ends - timedelta(days=10):
        future.clock.move_to(due)
        assert await future.look_after() == 1
        looks += 1
    assert looks > 2, "it is looked at again before it is too late"
    assert len(await future.versions(job.document_id)) == 2
    assert (await future.book())["proof_until"] == ends
    future.renew_time_stamper()
    future.clock.move_to(due)
    assert await future.look_after() == 1
    first, second, third = await future.versions(job.document_id)
    assert third.startswith(second)
    assert second.startswith(first)
    assert (await future.book())["proof_until"] > ends
    assert future.judge(third, ends + timedelta(days=1)).verdict is Verdict.GENUINE
    await future.setup.assert_sound()


async def test_a_file_gets_its_revocation_data_before_the_certificate_that_sealed_it_ends(
    future: Future,
) -> None:
    """Afterwards the authority need not answer about it."""
    stamp = x509.load_pem_x509_certificate((future.pki / "stamp.pem").read_bytes())
    future.clock.move_to(stamp.not_valid_after_utc - timedelta(days=10))
    job = await future.stamped(clock=future.clock)
    due = (await future.book())["due_at"]
    assert future.clock() < due < stamp.not_valid_after_utc - timedelta(days=1)
    future.clock.move_to(due)
    assert await future.look_after(future.tools(Level.T)) == 1
    assert b"/DSS" in (await future.versions(job.document_id))[-1]


async def test_the_command_works_off_what_is_due_without_counting_the_book(
    future: Future, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("satu", "dua"):
        await future.stamped(make_letter(f"Surat {name}"))
    await future.make_due()
    tools = future.tools()
    app = SimpleNamespace(
        db=future.setup.db, clock=future.clock, settings=SimpleNamespace(archive_files_per_minute=100_000)
    )
    monkeypatch.setattr("meterai.cli.operator.archive.archive_tools_of", lambda *_: tools)
    monkeypatch.setattr("meterai.cli.operator.archive.count_archive", None)
    assert await work_off(app) == 2  # type: ignore[arg-type]


def test_a_released_file_that_can_not_be_read_is_not_called_a_zip() -> None:
    with pytest.raises(Refusal) as refused:
        look(ArchiveLookRequest(data=b"%PDF-1.7 damaged", serials=[]))
    assert refusal_text(refused.value.code, {}).startswith("A released file")
