"""A key device that makes wrong signatures: none is ever released, and the device is stopped
automatically."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meterai.operations.use_cases.stop_signing import resume_signing, signing
from meterai.stamping.model import Job
from meterai.stamping.queries import job as find_job
from tests.keys.rotating_setup import RotatingSetup
from tests.stamping.stamping_setup import until

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("fault", ["flip", "other"])
async def test_a_wrong_signature_is_caught_counted_and_made_again(setup: RotatingSetup, fault: str) -> None:
    await setup.register_first()
    await setup.start("tests.keys.faulty_signer")
    (setup.data / "fault").write_text(fault)
    job = await setup.order_letter()
    setup.start_worker()
    waiting = await until(lambda: in_trouble(setup, job, "key.wrong_signature"), what="the fault to be felt")
    assert waiting.state == "sealing"
    (setup.data / "fault").unlink()
    await until(lambda: released(setup, job), what="the release")
    faults = int((setup.data / "fault.count").read_text())
    assert faults >= 1
    assert setup.key_uses() == faults + 1, "a wrong signature counts as a use like any other"
    assert "key.wrong_signature" in (setup.data / "signer.log").read_text()
    await setup.assert_sound()


async def test_a_device_that_errs_again_and_again_is_stopped_by_itself(setup: RotatingSetup) -> None:
    await setup.register_first()
    await setup.start("tests.keys.faulty_signer")
    (setup.data / "fault").write_text("flip")
    job = await setup.order_letter()
    setup.start_worker()
    await until(lambda: in_trouble(setup, job, "sealing.stopped"), what="the switch to trip")
    uses = setup.key_uses()
    assert uses == 3
    found = await signing(setup.db)
    assert found.stopped
    assert "3 wrong signatures" in found.reason
    actor = await setup.value("SELECT actor FROM operations.audit_entry WHERE action = 'sealing.stop'")
    assert actor == "signer"
    (setup.data / "fault").unlink()  # repaired, but only a person releases the switch
    before = await find_job(setup.db, job.id)
    assert before is not None
    await until(lambda: tried(setup, job, before.attempts + 3), what="some attempts")
    assert setup.key_uses() == uses
    await resume_signing(setup.db, reason="device replaced", actor="Oscar", now=datetime.now(UTC))
    await until(lambda: released(setup, job), what="the release")
    await setup.assert_sound()


async def test_the_signer_may_throw_the_switch_and_never_release_it(setup: RotatingSetup) -> None:
    async with setup.database.signer.connection() as connection:
        assert await connection.fetchval("SELECT operations.trip_sealing_stop('test', now())")
        assert not await connection.fetchval("SELECT operations.trip_sealing_stop('again', now())")
        for statement in (
            "UPDATE operations.switch SET thrown = false",
            "INSERT INTO operations.audit_entry (id, at, actor, action, subject, facts, hash) "
            "VALUES (9, now(), 'Oscar', 'sealing.resume', 'x', '{}', '')",
            "SELECT operations.write_audit('Oscar', 'sealing.resume', 'sealing_stopped', '{}', now())",
            "SELECT operations.release_switch('sealing_stopped', 'because', now())",
            "UPDATE stamping.signing_key SET active_from = now()",
        ):
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(statement)
    assert (await signing(setup.db)).reason == "test"


async def test_nobody_moves_a_registered_key_elsewhere(setup: RotatingSetup) -> None:
    await setup.register_first()
    async with setup.db.connection() as connection:
        for column in ("place = 'file:elsewhere'", "certificates = '{}'", "valid_until = now()"):
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(f"UPDATE stamping.signing_key SET {column}")


async def test_the_audit_trail_is_never_changed(setup: RotatingSetup) -> None:
    await setup.register_first()
    for statement in (
        "UPDATE operations.audit_entry SET actor = 'nobody'",
        "DELETE FROM operations.audit_entry",
    ):
        with pytest.raises(Exception, match="audit_entry"):
            await setup.database.owner.execute(statement)


async def in_trouble(setup: RotatingSetup, job: Job, code: str) -> Job | None:
    found = await find_job(setup.db, job.id)
    return found if found is not None and found.trouble_code == code else None


async def tried(setup: RotatingSetup, job: Job, times: int) -> bool:
    found = await find_job(setup.db, job.id)
    return found is not None and found.attempts >= times


async def released(setup: RotatingSetup, job: Job) -> bool:
    found = await find_job(setup.db, job.id)
    return found is not None and found.state == "released"
