"""A retired key stays retired when the register has forgotten it: the signer has marked it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM

import pytest
from typer.testing import CliRunner

from meterai.cli.main import build
from meterai.kernel.refusals import Refusal
from meterai.stamping.keys.key_register import keys_beside, keys_now
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.model import Job
from meterai.stamping.queries import job as find_job
from meterai.stamping.signer.key_files import read_counters, read_marks
from meterai.stamping.signer.private_keys.retired_keys import RetiredKeys
from meterai.stamping.use_cases.note_restore import note_restore
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from tests.keys.rotating_setup import ACTOR, RotatingSetup
from tests.keys.test_rotation import closed, refused
from tests.stamping.stamping_setup import until

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


@pytest.mark.long
@pytest.mark.storage
async def test_a_stolen_key_seals_nothing_after_the_register_forgot_it(setup: RotatingSetup) -> None:
    first = await setup.register_first()
    await setup.start()
    stolen = await setup.add("stamp-1")
    await setup.activate(stolen)
    await until(lambda: setup.signs_with(stolen), 5, "the signer to follow")
    await setup.stamp("Surat lama")
    await setup.activate(first)
    await setup.retire(stolen)
    await until(lambda: closed(setup, stolen), 5, "the signer to mark the key")
    assert set(read_marks(setup.data / "signer")) == {stolen}

    setup.signer_process.kill(SIGTERM)
    await forget_retirement(setup, stolen)
    setup.spawn()
    await until(lambda: refused(setup, "key.marked"), 20, "the signer")
    job = await setup.order_letter("Surat baru")
    assert await state_after_a_try(setup, job) != "released"
    assert read_counters(setup.data / "signer")[stolen] == 1
    shown = {key.key_id: key for key in await keys_now(setup.db, setup.client, now=datetime.now(UTC))}
    assert (shown[stolen].state, shown[stolen].forgotten) == ("retired", "active")
    with pytest.raises(Refusal, match=r"key\.retired"):
        await setup.activate_at_once(stolen)

    new = await setup.add("stamp-2")
    await setup.activate(new)
    await until(setup.signer_answers, 5, "the new key to take over")
    await setup.retire(stolen)  # now the register knows it again
    await setup.work()
    assert await setup.key_of(job) == new


async def forget_retirement(setup: RotatingSetup, key_id: str) -> None:
    """Makes the register say what it said before, as a restored one does."""
    await setup.database.owner.execute(
        "UPDATE stamping.signing_key SET retired_at = NULL, active_from = now() WHERE key_id = $1", key_id
    )


async def state_after_a_try(setup: RotatingSetup, job: Job) -> str:
    await run_due_jobs(setup.tools(), worker="test")
    await free_leases(setup.tools(), worker="test")
    found = await find_job(setup.db, job.id)
    assert found is not None
    return found.state


@pytest.mark.storage
async def test_no_signer_starts_while_the_register_lacks_uses_of_a_key(
    setup: RotatingSetup,
) -> None:
    """Else a database that was put back would go unnoticed where the key before it was not used since."""
    await setup.register_first()
    folder = setup.data / "signer"
    folder.mkdir()
    (folder / "5fcb67d012e36890.count").write_text(f"{7:020}")
    process = setup.spawn()
    assert process.wait(20) == 1
    assert (
        "key 5fcb67d012e36890 was used 7 times, the register counted 0"
        in (setup.data / "signer.log").read_text()
    )

    (folder / "a6187c69eb64a589.retired").touch()  # by hand: the name is the mark
    noted = await note_restore(
        setup.db, read_counters(folder), read_marks(folder), actor=ACTOR, now=datetime.now(UTC)
    )
    assert [(key.key_id, key.uses, key.retired) for key in noted.unregistered] == [
        ("5fcb67d012e36890", 7, False),
        ("a6187c69eb64a589", 0, True),
    ]
    await setup.start()
    assert await keys_beside(setup.client) == noted.unregistered


async def test_a_mark_is_written_once_and_one_that_can_not_be_written_is_reported(tmp_path: Path) -> None:
    folder, key = tmp_path / "signer", retired_key("5fcb67d012e36890")
    retired = RetiredKeys(folder)
    await retired.follow([key])
    assert "not marked: [Errno 2]" in retired.trouble_of(key), (
        "no command may say that the signer has marked it"
    )
    folder.mkdir()
    await retired.follow([key])
    assert retired.trouble_of(key) == "retired"
    assert read_marks(folder) == {key.key_id: NOW}


def retired_key(key_id: str) -> SigningKey:
    return SigningKey(
        key_id=key_id, place="", certificates=(), valid_from=NOW, valid_until=NOW, retired_at=NOW
    )


@pytest.mark.storage
async def test_a_retirement_that_no_signer_has_marked_is_not_reported_as_done(
    setup: RotatingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.register_first()
    stolen = await setup.add("stamp-1")
    monkeypatch.setenv("METERAI_DATABASE_OPERATOR_URL", setup.database.urls.operator)
    words = ["keys", "retire", stolen, "--reason", "stolen", "--data", str(setup.data)]
    shown = await asyncio.to_thread(CliRunner().invoke, build("keys retire"), words)
    assert shown.exit_code == 3, shown.output
    assert f"run this command again: meterai keys retire {stolen}" in shown.output
