"""Steps 2 to 6 of the stamping cycle, for a batch of jobs.

2. In the jail: parse, check, make the prepared revision.
3. Store it durably, then the intent: serial, digest, position of the gap.
4. The signer seals the digests of stored intents.
5. Fill in, store, read back, check with a second parser (jail).
6. Post the reservations, bind serials to the released bytes, write to the outbox.

Several stamps on one document go through steps 2 to 5 one after the other; step 6 runs once. Every write is
fenced with the lease's token. No transaction is open during steps 2, 4 and 5.

A job that fails leaves the batch and the others go on. A document that can't be stamped is refused;
everything else is tried again later. A document that is slow to prepare leaves the batch too, and goes on
alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from prometheus_client import Counter

from meterai.kernel.refusals import Refusal
from meterai.kit.measures import seconds
from meterai.kit.tracing.spans import span_of_one
from meterai.ledger.open_day import on_open_day
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import CoveredDigest, LightCheck, LightCheckRequest
from meterai.pdf.signed_refusals import for_signed_file
from meterai.signatures.stamp_code import encode_code
from meterai.stamping.cycle.batch import Run, Tools, each, each_in_time, going, leaving, while_held, whole
from meterai.stamping.cycle.job_ends import write_troubles
from meterai.stamping.cycle.leases import leased_meanwhile
from meterai.stamping.cycle.scripted import begin_scripted, refuse_scripted_seals
from meterai.stamping.model import ClaimedJob, Intent, Release
from meterai.stamping.queries import read_checked, same
from meterai.stamping.requests import PreparedSeal, SealRequest, Stamp
from meterai.stamping.signer.filling import RunningDigest, fill
from meterai.stamping.signer.late_time_stamp import certificates_end, has_time_stamp
from meterai.stamping.store import jobs
from meterai.stamping.store.time_stamps import OwedTimeStamp

_JOBS = seconds("stamping_job", "Time from a worker's claim of a document to its release.")
_STAMPS = Counter("meterai_stamps_made", "Stamps on released documents.")

_PREPARE = "meterai.stamping.in_jail.preparation:prepare_seal"
_CHECK = "meterai.pdf.signed.seal_check:light_check"
_PATIENCE_S = 5.0
"""How long a batch waits for slow preparations. A whole batch of usual documents takes less than 1 s."""
_BEFORE_THE_END = timedelta(days=7)
"""The archive looks at a file at least this long before a certificate of its seals ends."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A released job and the outbox row that announces the release."""

    reference_id: UUID
    told: int


async def run_batch(tools: Tools, jobs: Sequence[ClaimedJob], *, keep_news_s: float = 0.0) -> list[Ended]:
    """Takes claimed jobs through the cycle as far as they get, and writes down how each ended.

    `keep_news_s`: how long the outbox rows of the releases are reserved for the caller, who passes them on.
    """
    runs = [Run(job) for job in jobs]
    async with leased_meanwhile(tools, [run.fence for run in runs]):
        await each(runs, _in_its_trace("read input", lambda run: _resume(tools, run)))
        await begin_scripted(tools, runs)
        await _take(tools, runs, keep_news_s=keep_news_s)
    return [Ended(reference_id=run.job.reference_id, told=run.told) for run in runs if run.told is not None]


async def _take(tools: Tools, runs: list[Run], *, keep_news_s: float) -> None:
    """Runs steps 2 to 6 for each seal in turn, and ends the jobs that leave the batch.

    A job that is not prepared in time goes on alone, so that the others and their news don't wait.
    """
    alone: dict[Run, asyncio.Task[None]] = {}
    working = going(runs)
    while working:
        working, late = await _prepare_and_intend(tools, working)
        for run, prepared in late.items():
            alone[run] = asyncio.create_task(_take_alone(tools, run, prepared))
        working = await _seal(tools, working)
        ending = [run for run in working if run.last]
        await whole(ending, lambda some: _store_sealed(tools, some))
        ending = await each(going(ending), _in_its_trace("check seal", lambda run: _check(tools, run)))
        tools.fail_point("after_put")
        await whole(ending, partial(_release, tools, keep_news_s=0.0 if alone else keep_news_s))
        tools.fail_point("after_commit")
        working = [run for run in working if not run.last]
        for run in working:
            run.next_seal()
    ours = [run for run in runs if run not in alone]
    ends = await asyncio.gather(_end(tools, ours), *alone.values(), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error


async def _take_alone(tools: Tools, run: Run, prepared: Awaitable[None]) -> None:
    """Takes a job that is not prepared yet through the remaining steps."""
    await prepared
    await _intend(tools, going([run]))
    await _take(tools, [run], keep_news_s=0.0)


async def _end(tools: Tools, runs: list[Run]) -> None:
    """Writes down how failed jobs left the batch; deletes the prepared revisions of the others."""
    await write_troubles(tools, [run for run in runs if run.trouble is not None])
    await _forget_prepared(tools, [run for run in runs if run.trouble is None])


def _in_its_trace(name: str, work: Callable[[Run], Awaitable[None]]) -> Callable[[Run], Awaitable[None]]:
    """Does the work for each run in the trace of its own order: a batch has jobs of many."""

    async def measured(run: Run) -> None:
        with span_of_one(name, run.job.traceparent):
            await work(run)

    return measured


async def _resume(tools: Tools, run: Run) -> None:
    """Continues from the newest stored intent, else from the input.

    Each file is read separately, so that one that the store can't read holds up no other.
    """
    intents = [seal for seal in run.job.seals if seal.intent is not None]
    run.prepared = [seal.intent.prepared_object for seal in intents if seal.intent is not None]
    if intents:
        run.index, run.intent = intents[-1].ordinal - 1, intents[-1].intent
    key = run.prepared[-1] if run.prepared else run.job.input_object
    run.data = await read_checked(tools.objects, key)
    if run.intent is not None:
        run.digests = RunningDigest(run.data, run.intent.gap_start, run.intent.gap_end)


async def _prepare_and_intend(
    tools: Tools, runs: list[Run]
) -> tuple[list[Run], dict[Run, asyncio.Task[None]]]:
    """Runs steps 2 and 3 for jobs without an intent.

    Returns the jobs that go on, and those still in step 2.
    """
    fresh = [run for run in runs if run.intent is None]
    if not fresh:
        return runs, {}
    await whole(fresh, lambda some: _fetch_codes(tools, some))
    prepare = _in_its_trace("prepare seal", lambda run: _prepare(tools, run))
    late = await each_in_time(going(fresh), prepare, _PATIENCE_S)
    await _intend(tools, [run for run in going(fresh) if run not in late])
    return [run for run in going(runs) if run not in late], late


async def _intend(tools: Tools, runs: list[Run]) -> None:
    """Runs step 3."""
    await whole(runs, lambda some: _store_prepared(tools, some))
    tools.fail_point("after_prepare")
    await whole(runs, lambda some: _store_intents(tools, some))
    tools.fail_point("after_intent")


async def _fetch_codes(tools: Tools, runs: list[Run]) -> None:
    """Fetches the signed 2-D codes of all serials of these jobs in one call."""
    missing = [run for run in runs if not run.codes]
    if not missing:
        return
    seals = [seal for run in missing for seal in run.job.seals]
    signed = await tools.signer.code_signatures([(seal.serial, seal.day) for seal in seals])
    texts = {
        seal.serial: encode_code(
            tools.settings.base_url, seal.serial, seal.day, key_id=signed.key_id, signature=signature
        )
        for seal, signature in zip(seals, signed.signatures, strict=True)
    }
    for run in missing:
        run.codes = {seal.serial: texts[seal.serial] for seal in run.job.seals}


async def _prepare(tools: Tools, run: Run) -> None:
    """Runs step 2. The digest is made here, from the bytes that are stored: the jail need not be trusted."""
    request = SealRequest(
        data=run.data,
        normalised=run.job.normalised,
        stamps=[
            Stamp(serial=seal.serial, code=run.codes[seal.serial], placement=seal.placement)
            for seal in run.job.seals
        ],
        index=run.index,
        profile=run.job.profile,
        signing_time=tools.clock(),
        specimen=tools.settings.specimen,
    )
    try:
        prepared = await tools.jail.run(_PREPARE, request, PreparedSeal, owner=str(run.job.reference_id))
    except Refusal as refusal:
        raise for_signed_file(refusal, request.data) from None
    gap = (prepared.gap_start, prepared.gap_end)
    run.data, run.digests = prepared.data, RunningDigest(prepared.data, *gap)
    run.prepared.append(run.digests.prepared())
    run.intent = Intent(
        serial=run.seal.serial,
        digest=run.digests.covered(),
        prepared_object=run.prepared[-1],
        gap_start=gap[0],
        gap_end=gap[1],
    )


async def _store_prepared(tools: Tools, runs: list[Run]) -> None:
    """First half of step 3: stores the prepared file durably."""
    await tools.objects.put_all({run.prepared[-1]: run.data for run in runs})


async def _store_intents(tools: Tools, runs: list[Run]) -> None:
    """Second half of step 3: from now on the jobs end with these serial numbers, also after a crash."""
    now = tools.clock()
    async with tools.db.connection() as connection:

        async def store(ours: Sequence[Run]) -> set[UUID]:
            return await jobs.store_intents(
                connection,
                [run.fence for run in ours],
                [run.intent for run in ours if run.intent is not None],
                sealed=[run.job.seals[run.index - 1].serial for run in ours if run.index > 0],
                lease_until=now + timedelta(seconds=tools.settings.lease_s),
                now=now,
            )

        await while_held(runs, store)


async def _seal(tools: Tools, runs: list[Run]) -> list[Run]:
    """Runs step 4 and fills in the seals. Afterwards each run is sealed, or has left the batch."""

    async def ask(some: list[Run]) -> None:
        may_lack = [run.seal.serial for run in some if _may_lack_time_stamp(tools, run)]
        outcomes = await tools.signer.seal([run.seal.serial for run in some], may_lack)
        for run in some:
            try:
                outcome = outcomes[run.seal.serial]
                if isinstance(outcome, Refusal):
                    raise outcome
                run.data = _filled(run, outcome)
                run.lacks_time_stamp = not has_time_stamp(outcome)
                run.certificates_end = min(run.certificates_end, certificates_end(outcome))
            except Refusal as refusal:
                run.trouble = refusal

    refuse_scripted_seals(tools, runs)
    await whole(runs, ask)
    tools.fail_point("after_sign")
    return going(runs)


def _may_lack_time_stamp(tools: Tools, run: Run) -> bool:
    """Whether the seal may lack a time stamp: the operator allows it, and the token can be added later.

    The token can be added if no later seal covers the gap and nobody else will sign these bytes.
    """
    return tools.settings.time_stamp_later and run.last and run.job.profile is not Profile.SIGN_LATER


def _filled(run: Run, cms: bytes) -> bytes:
    assert run.intent is not None
    assert run.digests is not None
    sealed = fill(run.data, run.intent.gap_start, run.intent.gap_end, cms)
    run.sealed_object = run.digests.sealed(sealed)
    return sealed


async def _store_sealed(tools: Tools, runs: list[Run]) -> None:
    """First half of step 5: stores the sealed file durably and reads it back."""
    await tools.objects.put_all({run.sealed_object: run.data for run in runs})
    tools.fail_point("before_read_back")
    stored = await tools.objects.get_all([run.sealed_object for run in runs])
    for run, found in zip(runs, stored, strict=True):
        with leaving(run):
            run.data = same(found, run.sealed_object, run.data)


async def _check(tools: Tools, run: Run) -> None:
    """Second half of step 5: checks the file with a second parser. Finds out which key made each seal.

    Raises: Refusal CONFLICT `seal.unsound`.
    """
    identity = await tools.signer.identity()
    assert run.digests is not None
    request = LightCheckRequest(
        data=run.data,
        certificate=identity.certificate_chain[0],
        other_certificates=identity.other_certificates,
        pages=run.job.pages,
        serials=[seal.serial for seal in run.job.seals[: run.index + 1]],
        lacks_time_stamp=run.lacks_time_stamp,
        profile=run.job.profile,
        input_bytes=run.job.input_bytes,
        input_sha256=run.job.kept_sha256,
        covered=CoveredDigest(
            gap_start=run.digests.gap_start, gap_end=run.digests.gap_end, sha256=run.digests.covered()
        ),
    )
    run.signed_by = (await tools.jail.run(_CHECK, request, LightCheck)).signed_by
    run.released = Release(
        serial=run.seal.serial,
        version=1,
        sha256=run.sealed_object,
        bytes=len(run.data),
        pages=run.job.pages,
        released_at=tools.clock(),
    )


@on_open_day
async def _release(tools: Tools, runs: list[Run], *, keep_news_s: float) -> None:
    """Runs step 6 in one transaction: serials, jobs, news, money.

    The news is reserved for the caller at first.
    """
    now = tools.clock()
    async with tools.db.connection() as connection:
        told: tuple[int, ...] = ()

        async def write(ours: Sequence[Run]) -> set[UUID]:
            nonlocal told
            done = await jobs.release(
                connection,
                [_ended(run) for run in ours],
                owed=[_debt(run) for run in ours if run.lacks_time_stamp],
                archive_at=_first_look(tools, ours, now),
                news_at=now + timedelta(seconds=keep_news_s),
                now=now,
            )
            told = done.told
            return done.held

        written = await while_held(runs, write)
    for run, row in zip(written, told, strict=True):
        run.told = row
        _JOBS.observe(time.perf_counter() - run.claimed_at)
        _STAMPS.inc(len(run.job.seals))


def _first_look(tools: Tools, runs: Sequence[Run], now: datetime) -> datetime:
    """When the archive first looks at these files: before a certificate of their seals ends.

    The authority need not answer for an ended certificate.
    """
    ends = min(run.certificates_end for run in runs)
    return min(now + tools.settings.first_archiving, ends - _BEFORE_THE_END)


def _ended(run: Run) -> jobs.EndedJob:
    assert run.released is not None
    return jobs.EndedJob(
        fence=run.fence,
        releases=tuple(
            msgspec.structs.replace(run.released, serial=seal.serial, key_id=key_id)
            for seal, key_id in zip(run.job.seals, run.signed_by, strict=True)
        ),
    )


def _debt(run: Run) -> OwedTimeStamp:
    assert run.released is not None
    assert run.intent is not None
    return OwedTimeStamp(
        sha256=run.released.sha256,
        document_id=run.job.document_id,
        serial=run.seal.serial,
        gap_start=run.intent.gap_start,
        gap_end=run.intent.gap_end,
    )


async def _forget_prepared(tools: Tools, runs: list[Run]) -> None:
    """Deletes the prepared revisions of released documents."""
    for run in runs:
        for key in run.prepared:
            await tools.objects.delete(key)
