"""Verifies an officer's signature over the text of an act."""

from __future__ import annotations

import asyncio
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Signature
from meterai.kit.database import Connection
from meterai.operations.officers import act_text, register, ssh_keygen
from meterai.operations.officers.act_text import Act, Fresh


async def check_text(conn: Connection, act: Act, text: str, *, now: datetime) -> Fresh:
    """Checks that the text is that of exactly this act in this installation, and that it still counts.

    Raises: Refusal INVALID `officer.other_text`; GONE `officer.signature_old`.
    """
    fresh = act_text.fresh_of(text)
    installation = await register.installation_id(conn)
    if fresh is None or act_text.text_of(act, installation, fresh) != text:
        raise Refusal(Kind.INVALID, "officer.other_text")
    if not now < fresh.valid_until <= now + 2 * act_text.TEXT_LIVES:
        raise Refusal(Kind.GONE, "officer.signature_old")
    return fresh


async def verify_signature(
    conn: Connection, act: Act, text: str, signature: str, *, now: datetime
) -> Signature:
    """Returns the officer's SSH signature, to be used up by the act. A recorded officer's key made it.

    Whether their role allows the act, and whether the text was used before, the database checks when the
    signature is used.

    Raises: what `check_text` raises; Refusal FORBIDDEN `officer.none_recorded`, `officer.unknown_key`;
    UNAVAILABLE `officer.no_ssh_keygen`.
    """
    fresh = await check_text(conn, act, text, now=now)
    owners = {key: one.name for one in await register.recorded_officers(conn) for key in one.keys}
    if not owners:
        raise Refusal(Kind.FORBIDDEN, "officer.none_recorded")
    key = await asyncio.to_thread(ssh_keygen.signer_of, text, signature, list(owners))
    if key is None:
        raise Refusal(Kind.FORBIDDEN, "officer.unknown_key")
    return Signature(
        officer=owners[key],
        key=key,
        kind=act.kind,
        subject=act.subject,
        nonce=fresh.nonce,
        text=text,
        signature=signature,
        valid_until=fresh.valid_until,
    )
