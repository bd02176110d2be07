"""Decides about jobs that left the batch: refused for good, or tried again."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import log_trouble
from meterai.ledger.open_day import on_open_day
from meterai.stamping.cycle.batch import LeaseLost, Run, Tools, held
from meterai.stamping.model import ClaimedJob
from meterai.stamping.store import jobs

log = structlog.get_logger(__name__)

RELEASED = "stamping.released"
REFUSED = "stamping.refused"
"""Topics of the outbox; payload: `job_id`, `reference_id`, `document_id`, and `code` of a refusal."""

FAULT = "stamping.fault"
"""An error without a code: a bug or a broken machine. Tried again until it is fixed."""

_ATTEMPTS_MAX = {
    # The jail process died. The document may be innocent: somebody may have killed the process.
    "jail.killed": 3,
    "pdf.too_heavy": 3,
    "pdf.broken": 3,
    # Our own work does not stand up to the check, or what we stored is gone: no document's fault.
    "seal.": 10,
    "stamping.": 10,
}
"""Attempts with the same error before a job is refused. Keys: the code, or its part before the dot."""
_HELD_UP = "jail.unavailable"
"""Code of a job that uses all of the jail's time. It is not given up, but tried less often each time."""


def news(job: ClaimedJob) -> dict[str, object]:
    """The outbox message about an ended job."""
    return {"job_id": job.id, "reference_id": job.reference_id, "document_id": job.document_id}


async def write_troubles(tools: Tools, runs: Sequence[Run]) -> None:
    """Refuses jobs that can't be stamped, and postpones the others with the reason noted."""
    refused, later = [], []
    for run in runs:
        if isinstance(run.trouble, LeaseLost):
            log.warning("stamping.lease_lost", job_id=str(run.job.id))
        elif _final(run):
            refused.append(run)
        else:
            later.append(run)
    if refused:
        await _refuse(tools, refused)
    if later:
        await _postpone(tools, later)


def _final(run: Run) -> bool:
    """Whether trying again is useless: the document was refused, rather than a service unavailable."""
    trouble = run.trouble
    if not isinstance(trouble, Refusal) or trouble.kind not in (Kind.INVALID, Kind.CONFLICT):
        return False
    attempts_max = _attempts_max(trouble.code) or 1
    seen_before = run.job.trouble_code == trouble.code
    return attempts_max == 1 or (seen_before and run.job.attempts >= attempts_max)


def _attempts_max(code: str) -> int | None:
    return _ATTEMPTS_MAX.get(code) or _ATTEMPTS_MAX.get(code.partition(".")[0] + ".")


@on_open_day
async def _refuse(tools: Tools, runs: Sequence[Run]) -> None:
    """Voids the reservations, annuls the serials and announces the reason, in one transaction."""
    now = tools.clock()
    async with tools.db.transaction() as tx:
        ours = await held(tx, runs)
        codes = {run.job.id: run.trouble.code for run in ours if isinstance(run.trouble, Refusal)}
        await outbox.enqueue_many(
            tx, [(REFUSED, {**news(run.job), "code": codes[run.job.id]}) for run in ours], now
        )
        await jobs.refuse_jobs(tx, list(codes.items()), now)
    for run in ours:
        log.info("stamping.refused", job_id=str(run.job.id), code=codes[run.job.id])


async def _postpone(tools: Tools, runs: Sequence[Run]) -> None:
    codes = [_code(run) for run in runs]
    attempts = [_attempts(run, code) for run, code in zip(runs, codes, strict=True)]
    delays = [
        _delay_s(tools, run, code, tried) for run, code, tried in zip(runs, codes, attempts, strict=True)
    ]
    async with tools.db.transaction() as tx:
        await jobs.postpone(tx, [run.fence for run in runs], codes, attempts, delays, tools.clock())


def _attempts(run: Run, code: str) -> int:
    """How often the job was tried. Where that has consequences: how often with this error.

    Attempts while the signer was away don't count against a document that then has another error.
    """
    counts = code == _HELD_UP or _attempts_max(code) is not None
    return 1 if counts and code != run.job.trouble_code else run.job.attempts


def _delay_s(tools: Tools, run: Run, code: str, attempts: int) -> float:
    """Seconds until the next attempt. A job that holds up the jail again waits longer, so that others run."""
    settings = tools.settings
    held_up = code == run.job.trouble_code == _HELD_UP
    longest_s = settings.retry_held_up_s if held_up else settings.retry_longest_s
    return outbox.retry_delay_s(attempts, first_s=settings.retry_first_s, longest_s=longest_s)


def _code(run: Run) -> str:
    if isinstance(run.trouble, Refusal):
        log.warning("stamping.postponed", job_id=str(run.job.id), code=run.trouble.code)
        return run.trouble.code
    assert run.trouble is not None
    log_trouble(log, run.trouble, outage="stamping.unavailable", fault=FAULT, job_id=str(run.job.id))
    return FAULT
