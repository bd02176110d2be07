"""The stop switch, as the operator throws it and as customers see it."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterai.cli.operator import stop_signing
from meterai.cli.operator.shared import signer_confirmation
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.settings import Settings
from meterai.stamping import signer_wire
from meterai.stamping.model import Job
from meterai.stamping.queries import job as find_job
from meterai.stamping.signer.sealer import Sealer
from meterai.texts.mechanism.translation import translate
from meterai.texts.states import STATES
from tests.keys.rotating_setup import RotatingSetup
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import until
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
OBEYED_SECONDS_MAX = 5.0
"""I22."""


def meterai(setup: RotatingSetup, *words: str) -> str:
    """The command line, on this set-up."""
    environment = {
        "METERAI_DATA": str(setup.data),
        "METERAI_DATABASE_OPERATOR_URL": setup.database.urls.operator,
    }
    done = subprocess.run(
        [sys.executable, "-m", "meterai.cli", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.long
async def test_under_load_nothing_is_signed_five_seconds_after_the_stop_and_all_is_finished_later(
    setup: RotatingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "oscar")
    oscar = operator_name()  # where the kernel does not know who logged in
    await setup.register_first()
    await setup.start()
    setup.lot = await setup.give_lot(setup.alice, 60)
    documents = [await setup.accept(make_letter(f"Surat {n}")) for n in range(40)]
    setup.start_worker()

    in_force = asyncio.Event()

    async def keep_ordering() -> list[Job]:
        """Before the stop and after it, however long the command takes to start."""
        jobs = []
        for number, document in enumerate(documents):
            if number == 30:
                await in_force.wait()
                await asyncio.sleep(OBEYED_SECONDS_MAX)
            jobs.append(await setup.order(document))
            await asyncio.sleep(0.15)
        return jobs

    ordering = asyncio.create_task(keep_ordering())
    await until(setup.key_uses, 20, "the first signature")
    said = await asyncio.to_thread(meterai, setup, "stop-signing", "--reason", "uji coba")
    stopped_at = datetime.now(UTC)
    in_force.set()
    assert "signs nothing any more" in said
    jobs = await ordering
    await until(lambda: all_waiting(setup), 20, "everybody to wait")
    late = await setup.value(
        "SELECT count(*) FROM stamping.sign_attempt WHERE attempted_at > $1::timestamptz + interval '5 s'",
        stopped_at,
    )
    uses, since = setup.key_uses(), time.monotonic()
    assert late == 0
    assert 0 < uses <= 30, "it was thrown in the middle of the work"
    while time.monotonic() - since < 2:
        assert setup.key_uses() == uses
    assert (await setup.lot_now()).reserved == 40 - await released_count(setup)
    said = await asyncio.to_thread(meterai, setup, "resume-signing", "--reason", "selesai")
    assert "signs again" in said
    await until(lambda: all_released(setup, jobs), 60, "the rest")
    assert setup.key_uses() == 40, "nothing was signed twice"
    await setup.assert_sound()
    entries = await setup.database.owner.fetch(
        "SELECT actor, action, facts ->> 'reason' AS reason FROM operations.audit_entry"
        " WHERE action LIKE 'sealing.%' ORDER BY id"
    )
    assert [tuple(entry) for entry in entries] == [
        (oscar, "sealing.stop", "uji coba"),
        (oscar, "sealing.resume", "selesai"),
    ]


async def test_the_exit_code_says_that_no_signer_was_seen_to_follow(
    database: TestDatabase, tmp_path: Path
) -> None:
    """Like that of `meterai queue`: a script would go on in the belief that signing has stopped."""
    environment = {
        **os.environ,
        "METERAI_DATA": str(tmp_path),
        "METERAI_DATABASE_OPERATOR_URL": database.urls.operator,
    }
    command = [sys.executable, "-m", "meterai.cli", "stop-signing", "--reason", "uji coba"]
    stopped = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (stopped.returncode, "does not run here" in stopped.stdout) == (3, True)
    assert "The switch is thrown" in stopped.stdout


async def all_waiting(setup: RotatingSetup) -> bool:
    """Every job that isn't finished has met the switch."""
    open_jobs = await setup.value(
        "SELECT count(*) FROM stamping.job WHERE ended_at IS NULL AND trouble_code IS DISTINCT FROM $1",
        "sealing.stopped",
    )
    return open_jobs == 0


async def released_count(setup: RotatingSetup) -> int:
    return int(await setup.value("SELECT count(*) FROM stamping.release"))


async def all_released(setup: RotatingSetup, jobs: list[Job]) -> bool:
    found = [await find_job(setup.db, job.id) for job in jobs]
    return all(job is not None and job.state == "released" for job in found)


async def test_the_signer_cannot_have_the_owner_do_more_than_throw_the_switch(database: TestDatabase) -> None:
    """A temporary table of its own, with a trigger, stood in for the switch."""
    async with database.signer.connection() as connection:
        await connection.execute(
            """CREATE TEMPORARY TABLE switch (name text, thrown boolean, reason text, changed_at timestamptz);
               INSERT INTO switch VALUES ('sealing_stopped', false, '', now());
               CREATE FUNCTION pg_temp.mine() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
               CREATE TRIGGER mine BEFORE UPDATE ON switch FOR EACH ROW EXECUTE FUNCTION pg_temp.mine()"""
        )
        assert await connection.fetchval("SELECT operations.trip_sealing_stop('uji coba', now())")
    thrown = "SELECT thrown FROM operations.switch WHERE name = 'sealing_stopped'"
    assert await database.owner.fetchval(thrown)


def test_the_words_for_customers_say_that_nothing_is_lost() -> None:
    words = STATES["item.stamping_stopped"]
    assert "tersimpan" in translate(words.next, "id")
    assert "kept" in translate(words.next, "en")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("hangs", "has not followed within 5 s: end its process"),
        ("can't ask", "has not followed within 5 s: end its process"),
        ("is gone", "does not run here"),
    ],
)
async def test_a_signer_that_does_not_answer_is_not_said_to_be_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, said: str
) -> None:
    """That would be wrong in an emergency: requests under way may still be signed."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await signer_wire.read_frame(reader)
        if what == "can't ask":
            writer.write(signer_wire.frame(signer_wire.Refused(Kind.UNAVAILABLE, "signer.unavailable")))

    monkeypatch.setattr(signer_confirmation, "FOLLOWS_SECONDS_MAX", 0.5)
    (tmp_path / "run" / "signer").mkdir(parents=True)
    server = await asyncio.start_unix_server(hang, signer_wire.socket_path(tmp_path))
    if what == "is gone":
        server.close()
    followed = await stop_signing.signer_obeys(Settings(data=tmp_path), stopped=True)
    assert (said in followed.words, followed.seen) == (True, False)
    server.close()


async def test_a_batch_that_waited_its_turn_while_the_switch_was_thrown_signs_nothing() -> None:
    nothing: Any = None  # neither key nor register may be touched
    sealer = Sealer(nothing, nothing, nothing, nothing, clock=system_clock, tsa_ends=lambda: None)
    sealer._watch.stopped, sealer._watch._known_until = False, math.inf
    async with sealer._counting.turn:
        waiting = asyncio.create_task(sealer._seal_counted(["A" * 22], nothing))
        await asyncio.sleep(0)
        sealer._watch.stopped = True
    with pytest.raises(Refusal, match=r"sealing\.stopped"):
        await waiting
