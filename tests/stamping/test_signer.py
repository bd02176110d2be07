"""The signer signs stored intents and nothing else, counts first, and refuses to start on a contradiction."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber, make_serial
from meterai.kit.fail_points import FailPoint
from meterai.kit.settings import Settings
from meterai.processes.signer import SignerServer, open_sealer
from meterai.signatures.stamp_code import code_message
from meterai.stamping import signer_wire
from meterai.stamping.signer import register
from meterai.stamping.signer.private_keys.key_opener import KeyOpener
from meterai.stamping.signer.register import count_and_read
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from tests.counted import counted
from tests.plans import looks_of
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup, until
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
UNKNOWN = SerialNumber(make_serial(bytes(range(32))))
TODAY = date(2026, 8, 17)


async def test_a_serial_without_an_intent_is_not_signed(setup: StampingSetup) -> None:
    job = await setup.order(await setup.accept(make_letter()))
    outcomes = await setup.client.seal([UNKNOWN, *job.serials])
    refusals = [outcome for outcome in outcomes.values() if isinstance(outcome, Refusal)]
    assert [(refusal.kind, refusal.code) for refusal in refusals] == [
        (Kind.CONFLICT, "stamping.no_intent")
    ] * 2
    assert setup.key_uses() == 0


async def test_the_signer_says_when_the_authority_s_certificate_ends(setup: StampingSetup) -> None:
    await setup.order(await setup.accept(make_letter()))
    assert (await setup.client.ping()).tsa_ends is None
    await setup.work()
    authority = x509.load_pem_x509_certificate((setup.data / "pki" / "tsa.pem").read_bytes())
    assert (await setup.client.ping()).tsa_ends == authority.not_valid_after_utc


async def test_a_released_serial_is_not_signed_again(setup: StampingSetup) -> None:
    job = await setup.order(await setup.accept(make_letter()))
    await setup.work()
    (outcome,) = (await setup.client.seal(job.serials)).values()
    assert isinstance(outcome, Refusal)
    assert setup.key_uses() == 1


async def test_what_the_newest_attempts_sealed_is_known_without_reading_the_register(
    database: TestDatabase,
) -> None:
    """The signer asks before it signs again after a crash."""
    owner = database.owner
    async with owner.transaction():
        await owner.execute(
            "SET LOCAL session_replication_role = replica"
        )  # these two alone, without the rest
        await owner.execute(
            """INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state,
                   allocated_at)
               SELECT lpad(n::text, 22, '0'), gen_random_uuid(), 1, gen_random_uuid(), '{}', 'released', now()
               FROM generate_series(1, 10000) n"""
        )
        await owner.execute(
            """INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at)
               SELECT serial, 'key', now() FROM stamping.serial"""
        )
    await owner.execute("ANALYZE stamping.serial, stamping.sign_attempt")
    looks = await looks_of(database.signer, lambda conn: register.signed_by_newest(conn, "key", 1))
    assert "stamping.serial_pkey" in looks
    assert "stamping.serial" not in looks


async def test_codes_are_signed_for_allocated_serials_only(setup: StampingSetup) -> None:
    job = await setup.order(await setup.accept(make_letter()))
    signed = await setup.client.code_signatures([(job.serials[0], TODAY)])
    (signature,) = signed.signatures
    public = bytes.fromhex((setup.data / "pki" / "code.pub").read_text())
    message = code_message(job.serials[0], TODAY, signed.key_id)
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    with pytest.raises(Refusal, match=r"stamping\.serial_not_allocated"):
        await setup.client.code_signatures([(job.serials[0], TODAY), (UNKNOWN, TODAY)])
    for state in ("annulled", "released"):
        async with setup.database.owner.transaction():
            await setup.database.owner.execute("SET LOCAL session_replication_role = replica")
            await setup.database.owner.execute("UPDATE stamping.serial SET state = $1", state)
        with pytest.raises(Refusal, match=r"stamping\.serial_not_allocated"):
            await setup.client.code_signatures([(job.serials[0], TODAY)])


async def test_the_socket_is_for_its_owner_and_group(setup: StampingSetup) -> None:
    """The umask decides about the group: `meterai up` shuts it out, the unit lets it in."""
    mode = signer_wire.socket_path(setup.data).stat().st_mode
    assert stat.S_IMODE(mode) & 0o117 == 0


async def test_nonsense_on_the_socket_harms_nobody(setup: StampingSetup) -> None:
    for nonsense in (b"\xff\xff\xff\xffhello", b"\x00\x00\x00\x05hello", b"GET / HTTP/1.1\r\n\r\n"):
        _, writer = await asyncio.open_unix_connection(str(signer_wire.socket_path(setup.data)))
        writer.write(nonsense)
        writer.close()
    assert await setup.signer_answers()


async def test_connections_that_somebody_keeps_hold_nobody_up(tmp_path: Path) -> None:
    """Workers and sites keep as many connections as they once needed at the same time."""

    class Sealer:
        async def keys(self) -> signer_wire.Keys:
            await asyncio.sleep(0.01)
            return signer_wire.Keys([], stopped=False)

    path, stop = tmp_path / "run" / "signer.sock", asyncio.Event()
    serving = asyncio.create_task(SignerServer(cast("Any", Sealer())).serve(path, stop))
    await until(path.exists, 5, "the socket")
    many, one = SignerClient(path), SignerClient(path)
    await asyncio.gather(*(many.keys() for _ in range(70)))
    async with asyncio.timeout(5):
        assert await one.keys() == []
    assert counted("meterai_signer_request_seconds_count", request="ListKeys", outcome="ok") >= 71
    await asyncio.gather(many.close(), one.close())
    stop.set()
    await serving


async def test_a_request_of_another_release_says_nothing_against_a_document(setup: StampingSetup) -> None:
    """A paid document would be refused for good while worker and signer are replaced one after the other."""
    reader, writer = await asyncio.open_unix_connection(str(signer_wire.socket_path(setup.data)))
    body = msgspec.msgpack.encode({"op": "of_a_later_release"})
    writer.write(len(body).to_bytes(4) + body)
    answer = signer_wire.read_answer(await signer_wire.read_frame(reader))
    writer.close()
    assert answer == signer_wire.Refused(Kind.UNAVAILABLE, "signer.request_unreadable")


async def test_a_path_longer_than_the_kernel_takes_is_reached(setup: StampingSetup, tmp_path: Path) -> None:
    assert setup.signer_process is not None
    setup.signer_process.kill()
    deep = tmp_path / ("long" * 20) / ("path" * 20)
    deep.mkdir(parents=True)
    (setup.data / "pki").rename(deep / "pki")
    (setup.data / "signer").rename(deep / "signer")
    setup.data, setup.client = deep, SignerClient(signer_wire.socket_path(deep))
    assert len(str(signer_wire.socket_path(deep))) > 107
    await setup.start_signer()
    assert await setup.signer_answers()


async def test_a_second_signer_with_the_same_key_does_not_start(setup: StampingSetup) -> None:
    first = setup.signer_process
    second = setup.spawn_signer()
    assert second.wait() == 1
    assert "another signer" in (setup.data / "signer.log").read_text()
    setup.signer_process = first
    assert await setup.signer_answers()


async def stamped_and_stopped(setup: StampingSetup) -> Path:
    """The counter file of a key that was used once."""
    await setup.order(await setup.accept(make_letter()))
    await setup.work()
    assert setup.signer_process is not None
    setup.signer_process.kill()
    (path,) = (setup.data / "signer").glob("*.count")
    return path


async def test_a_key_that_was_used_uncounted_stops_the_start(setup: StampingSetup) -> None:
    path = await stamped_and_stopped(setup)
    path.write_text(f"{2:020d}")
    assert setup.spawn_signer().wait() == 1
    assert (
        "is it the right server? If so, the key was used outside" in (setup.data / "signer.log").read_text()
    )


async def test_a_counter_from_an_older_copy_stops_the_start(setup: StampingSetup) -> None:
    """The attempts that it lacks made seals, so they did reach the key."""
    path = await stamped_and_stopped(setup)
    path.write_text(f"{0:020d}")
    assert setup.spawn_signer().wait() == 1
    assert "older copy" in (setup.data / "signer.log").read_text()


async def test_a_lost_counter_stops_every_start(setup: StampingSetup) -> None:
    path = await stamped_and_stopped(setup)
    path.unlink()
    for _ in range(2):
        assert setup.spawn_signer().wait() == 1
    assert "was lost" in (setup.data / "signer.log").read_text()


async def test_an_unreadable_counter_stops_the_start(setup: StampingSetup) -> None:
    path = await stamped_and_stopped(setup)
    path.write_text("many")
    assert setup.spawn_signer().wait() == 1


async def test_attempts_that_never_reached_the_key_are_abandoned(setup: StampingSetup) -> None:
    await stamped_and_stopped(setup)
    await setup.database.owner.execute(
        """INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at)
           SELECT serial, key_id, $1 FROM stamping.sign_attempt""",
        datetime.now(UTC) - timedelta(minutes=5),
    )
    await setup.start_signer()
    rows = await setup.database.owner.fetch(
        "SELECT abandoned_at IS NOT NULL AS gone FROM stamping.sign_attempt ORDER BY id"
    )
    assert [row["gone"] for row in rows] == [False, True]
    await setup.assert_sound()


async def test_attempts_whose_count_was_written_and_not_answered_are_abandoned_at_once(
    setup: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away in between.

    Later, the newest attempts would be others, which reached the key.
    """
    job = await setup.order(await setup.accept(make_letter()))
    crash = setup.tools(fail_point=crash_at("after_intent"))
    with pytest.raises(Crash):
        await run_due_jobs(crash, worker="test")
    assert setup.signer_process is not None
    setup.signer_process.kill()
    settings = Settings(
        data=setup.data, database_signer_url=setup.database.urls.signer, tsa_url=setup.tsa.url
    )
    async with open_sealer(settings, KeyOpener(settings)) as sealer:
        with monkeypatch.context() as patched:
            patched.setattr(register, "count_and_read", answer_lost)
            with pytest.raises(OSError, match="the server went away"):
                await sealer.seal(job.serials)
        assert (await sealer.seal(job.serials)).sealed
    rows = await setup.database.owner.fetch(
        "SELECT abandoned_at IS NOT NULL AS gone FROM stamping.sign_attempt ORDER BY id"
    )
    assert [row["gone"] for row in rows] == [True, False]
    await setup.start_signer()
    await free_leases(setup.tools(), worker="test")
    await setup.work()
    await setup.assert_sound()


class Crash(Exception):
    """A crash of the worker."""


def crash_at(point: str) -> FailPoint:
    def fail_point(name: str) -> None:
        if name == point:
            raise Crash

    return fail_point


async def answer_lost(*asked: Any) -> dict[str, bytes]:
    await count_and_read(*asked)
    raise OSError("the server went away")


async def test_the_signers_role_can_do_nothing_else(setup: StampingSetup) -> None:
    async with setup.database.signer.connection() as connection:
        for statement in (
            "INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at) VALUES ('A', 'k', now())",
            "UPDATE stamping.serial SET state = 'released'",
            "INSERT INTO stamping.intent SELECT * FROM stamping.intent",
            "SELECT * FROM stamping.document",
            "SELECT * FROM customers.customer",
            "UPDATE operations.switch SET thrown = false",
        ):
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(statement)
