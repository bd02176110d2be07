"""Adds owed time stamps: files released while the authority was down get their token."""

from __future__ import annotations

from datetime import timedelta

import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.pdf.requests import LightCheck, LightCheckRequest
from meterai.stamping.cycle.batch import Tools
from meterai.stamping.model import Release
from meterai.stamping.queries import read_checked
from meterai.stamping.signer.late_time_stamp import add_time_stamp, cms_in, comes_too_late, imprint_of
from meterai.stamping.store import time_stamps
from meterai.stamping.store.archive import ask_token
from meterai.stamping.store.time_stamps import OwingFile

log = structlog.get_logger(__name__)

_CHECK = "meterai.pdf.signed.seal_check:light_check"
_LEASE = timedelta(seconds=60)
_RETRY_FIRST_S, _RETRY_LONGEST_S = 1.0, 60.0
_VERSION = 2


async def add_due_time_stamps(tools: Tools, *, limit: int = 8) -> int:
    """Fetches tokens for files that lack one and releases each as version 2. Returns the number of files.

    Version 1 stays as it was; the change lies in the gap that its signature leaves out. There is no version 2
    if the authority comes back after the end of the certificate. With a token of that time, verifiers would
    take the stamp for an expired one. The register still confirms version 1.
    """
    now = tools.clock()
    async with tools.db.connection() as connection:
        files = await time_stamps.claim_owed(connection, now, lease_until=now + _LEASE, limit=limit)
    return sum([await _pay(tools, file) for file in files])


class _TooLate(Exception):
    """The certificate that sealed the file had ended when the authority came back."""


async def _pay(tools: Tools, file: OwingFile) -> bool:
    try:
        new = await _stamp(tools, file)
    except _TooLate:
        log.error("time_stamp.too_late", sha256=file.owed.sha256, serial=file.owed.serial)
        async with tools.db.connection() as connection:
            await time_stamps.write_off(connection, file.owed.sha256)
        return False
    except (Refusal, OSError) as error:  # this file's own error: the others go on
        code = error.code if isinstance(error, Refusal) else type(error).__name__
        log.warning("time_stamp.still_owed", sha256=file.owed.sha256, code=code)
        delay = outbox.retry_delay_s(file.attempts, first_s=_RETRY_FIRST_S, longest_s=_RETRY_LONGEST_S)
        async with tools.db.connection() as connection:
            await time_stamps.put_off(connection, file.owed.sha256, tools.clock() + timedelta(seconds=delay))
        return False
    async with tools.db.connection() as connection:
        return await time_stamps.pay(connection, file, new, tools.clock())


async def _stamp(tools: Tools, file: OwingFile) -> Release:
    """Adds the token to one file.

    Raises: _TooLate; Refusal `tsa.*`, `signer.unavailable`, `object.*`, `seal.unsound`; OSError.
    """
    owed = file.owed
    data = await read_checked(tools.objects, owed.sha256)
    cms = cms_in(data, owed.gap_start, owed.gap_end)
    certificates = await _certificates(tools)
    async with tools.db.connection() as connection:
        await ask_token(connection, owed.document_id, imprint_of(cms), tools.clock())
    (token,) = await tools.signer.time_stamps([imprint_of(cms)])
    if comes_too_late(cms, token):
        raise _TooLate
    stamped = add_time_stamp(data, owed.gap_start, owed.gap_end, token)
    request = LightCheckRequest(
        data=stamped,
        certificate=certificates[0],
        other_certificates=certificates[1:],
        pages=file.pages,
        serials=list(file.serials),
        profile=file.profile,
        input_bytes=file.input_bytes,
        input_sha256=file.kept_sha256,
    )
    await tools.jail.run(_CHECK, request, LightCheck)
    # Stored last: the next try has another token, and this file would have no name.
    key = await tools.objects.put(stamped)
    await read_checked(tools.objects, key)
    return Release(
        serial=owed.serial,
        version=_VERSION,
        sha256=key,
        bytes=len(stamped),
        pages=file.pages,
        released_at=tools.clock(),
    )


async def _certificates(tools: Tools) -> list[bytes]:
    """Certificates of all our keys, the active one first. None is used here, so none need be valid.

    Raises: Refusal UNAVAILABLE `signer.unavailable`, `key.none`.
    """
    reports = sorted(await tools.signer.keys(), key=lambda report: not report.active)
    if not reports:
        raise Refusal(Kind.UNAVAILABLE, "key.none")
    return [report.certificate for report in reports]
