"""Raises released files to the wanted level, and renews their proof before it ends.

Each renewal adds a revision to the file, stored as the serials' next version. No earlier byte changes, and
earlier versions stay in the register. After a crash at any moment the file stays due, and the unfinished
object is deleted.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.stamping.archive.chains import Chains, chains_of
from meterai.stamping.archive.level import Level
from meterai.stamping.archive.tools import ArchiveTools
from meterai.stamping.model import TOKEN_BYTES
from meterai.stamping.queries import read_checked
from meterai.stamping.requests import ArchiveLook, ArchiveLookRequest, Extended, ExtendRequest
from meterai.stamping.signer.filling import fill
from meterai.stamping.store import archive
from meterai.stamping.store.archive import ArchivedFile, Renewed

log = structlog.get_logger(__name__)

_LOOK = "meterai.stamping.in_jail.archive_extension:look"
_EXTEND = "meterai.stamping.in_jail.archive_extension:extend"
_DUE_AGAIN_MIN = timedelta(hours=1)


class LookedAfter(NamedTuple):
    """The result of one turn."""

    claimed: int
    """Number of files claimed; 0: nothing is due."""
    done: int
    """Number of files done. The others are postponed."""


async def renew_due_archives(tools: ArchiveTools, *, limit: int = 1) -> LookedAfter:
    """Renews files that are due."""
    now = tools.clock()
    async with tools.db.connection() as connection:
        files = await archive.claim_due(connection, now, lease_until=now + tools.settings.lease, limit=limit)
    return LookedAfter(len(files), sum([await _look_after(tools, file) for file in files]))


async def _look_after(tools: ArchiveTools, file: ArchivedFile) -> bool:
    try:
        await _delete_pending(tools, file)
        outcome = await _renew(tools, file)
    except Refusal as refusal:
        log.warning("archive.put_off", document_id=str(file.document_id), code=refusal.code)
        settings = tools.settings
        delay = outbox.retry_delay_s(
            file.attempts, first_s=settings.retry_first_s, longest_s=settings.retry_longest_s
        )
        async with tools.db.connection() as connection:
            until = tools.clock() + timedelta(seconds=delay)
            await archive.put_off(connection, file, refusal.code, until)
        return False
    tools.fail_point("archive_before_commit")
    async with tools.db.connection() as connection:
        return await archive.complete(connection, file, outcome, tools.clock())


async def _delete_pending(tools: ArchiveTools, file: ArchivedFile) -> None:
    """Deletes the object that a crash left, if no serial is bound to it."""
    if file.pending_object is None:
        return
    async with tools.db.connection() as connection:
        released = await archive.is_released(connection, file.pending_object)
    if not released:
        await tools.objects.delete(file.pending_object)


async def _renew(tools: ArchiveTools, file: ArchivedFile) -> Renewed:
    """Renews one file.

    Raises: Refusal `object.*`, `archive.*`, `revocation.*`, `tsa.*`, `signer.unavailable`.
    """
    now = tools.clock()
    data = await read_checked(tools.objects, file.sha256)
    request = ArchiveLookRequest(data=data, serials=[str(serial) for serial in file.serials])
    look = await tools.jail.run(_LOOK, request, ArchiveLook)
    chains = chains_of(look.seals, look.archive_stamps, tools.settings.roots)
    wanted = _wanted(tools, file, chains, now)
    if wanted is None:
        return _outcome(tools, file.level, chains, now)
    new, token = await _extend(tools, file, data, chains=chains, wanted=wanted, now=now)
    renewed = chains_of(look.seals, [*look.archive_stamps, token], tools.settings.roots) if token else chains
    if wanted == file.level and renewed.proof_until <= chains.proof_until:
        return _outcome(tools, file.level, chains, now)  # the authority has no later certificate yet
    await _store(tools, file, new)
    made = _outcome(tools, wanted, renewed, now)
    return Renewed(
        level=made.level,
        proof_until=made.proof_until,
        due_at=made.due_at,
        sha256=hashlib.sha256(new).hexdigest(),
        bytes=len(new),
    )


def _wanted(tools: ArchiveTools, file: ArchivedFile, chains: Chains, now: datetime) -> Level | None:
    """The level to reach; None: the file can stay as it is. Only a document time stamp renews a proof."""
    if chains.proof_until - tools.settings.ahead <= now:
        return Level.LTA
    return tools.settings.level if tools.settings.level.rank > file.level.rank else None


def _outcome(tools: ArchiveTools, level: Level, chains: Chains, now: datetime) -> Renewed:
    due = chains.proof_until - tools.settings.ahead
    if due <= now:  # the authority's certificate ends soon too: wait for half of the time that is left
        due = max(now + (chains.proof_until - now) / 2, now + _DUE_AGAIN_MIN)
    return Renewed(level=level, proof_until=chains.proof_until, due_at=due)


async def _extend(
    tools: ArchiveTools, file: ArchivedFile, data: bytes, *, chains: Chains, wanted: Level, now: datetime
) -> tuple[bytes, bytes]:
    """Returns the file with its new revision, and with the token if the revision has a time stamp."""
    evidence = await tools.revocation.evidence(chains.links, now)
    request = ExtendRequest(
        data=data,
        certificates=list(evidence.certificates),
        crls=list(evidence.crls),
        ocsp_responses=list(evidence.ocsp_responses),
        token_bytes=TOKEN_BYTES if wanted is Level.LTA else 0,
        identity=hashlib.sha256(b"archive" + hashlib.sha256(data).digest()).digest()[:16],
    )
    made = await tools.jail.run(_EXTEND, request, Extended)
    # The jail need not be trusted: the released bytes must still be there.
    if not made.data.startswith(data) or (made.gap_start < len(data) and wanted is Level.LTA):
        raise Refusal(Kind.CONFLICT, "archive.changed")
    if wanted is not Level.LTA:
        return made.data, b""
    covered = hashlib.sha256(memoryview(made.data)[: made.gap_start])
    covered.update(memoryview(made.data)[made.gap_end :])
    async with tools.db.connection() as connection:
        await archive.ask_token(connection, file.document_id, covered.digest(), now)
    (token,) = await tools.signer.time_stamps([covered.digest()])
    return fill(made.data, made.gap_start, made.gap_end, token), token


async def _store(tools: ArchiveTools, file: ArchivedFile, new: bytes) -> None:
    """Stores the file durably, reads it back, and has it judged genuine before it counts.

    Raises: Refusal CONFLICT `archive.not_genuine`, UNAVAILABLE `object.*`.
    """
    key = hashlib.sha256(new).hexdigest()
    async with tools.db.connection() as connection:
        await archive.note_pending(connection, file, key)
    await tools.objects.put(new)
    tools.fail_point("archive_after_put")
    verdict = await tools.judge(await read_checked(tools.objects, key))
    if verdict is not None:
        log.error("archive.not_genuine", document_id=str(file.document_id), verdict=verdict)
        await tools.objects.delete(key)
        raise Refusal(Kind.CONFLICT, "archive.not_genuine")


async def raise_levels(tools: ArchiveTools) -> int:
    """Makes every file below the wanted level due now. Returns their number."""
    below = [level for level in Level if level.rank < tools.settings.level.rank]
    async with tools.db.connection() as connection:
        return await archive.make_due(connection, below, tools.clock())
