"""Verifies an officer's signature over the text of an act."""

from __future__ import annotations

import asyncio
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Signature
from meterai.kit.database import Connection
from meterai.operations.officers import act_text, register, ssh_keygen
from meterai.operations.officers.act_text import Act


async def verify_signature(
    conn: Connection, act: Act, text: str, signature: str, *, now: datetime
) -> Signature:
    """Returns the officer's signature, to be used up by the act.

    The text must be that of exactly this act in this installation, and a recorded officer's key must have
    signed it. Whether their role allows the act, and whether the text was used before, the database checks
    when the signature is used.

    Raises: Refusal INVALID `officer.other_text`; GONE `officer.signature_old`; FORBIDDEN
    `officer.none_recorded`, `officer.unknown_key`; UNAVAILABLE `officer.no_ssh_keygen`.
    """
    fresh = act_text.fresh_of(text)
    installation = await register.installation_id(conn)
    if fresh is None or act_text.text_of(act, installation, fresh) != text:
        raise Refusal(Kind.INVALID, "officer.other_text")
    if not now < fresh.valid_until <= now + 2 * act_text.TEXT_LIVES:
        raise Refusal(Kind.GONE, "officer.signature_old")
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
