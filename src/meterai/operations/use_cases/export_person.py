"""Hands out all that we hold of a person (UU 27/2022, articles 7 and 13). An officer signs for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meterai.kit.acting import Actor, officers_refusals, use_signature
from meterai.kit.database import Database, call


async def export_person(
    db: Database, person: str, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> dict[str, Any]:
    """Returns the rows of a person by kind, as JSON values. The audit trail gets an entry first.

    Raises: Refusal FORBIDDEN `officer.unsigned`: also when the contact is another person's meanwhile.
    """
    signed = actor.signature
    async with db.transaction() as tx:
        if signed is not None:
            await use_signature(tx, signed)
        with officers_refusals():
            found: dict[str, Any] = await tx.fetchval(
                call("operations.export_person", 5),
                person,
                dict(facts),
                actor.name,
                signed.nonce if signed else None,
                now,
            )
    return found


def files_of(exported: Mapping[str, Any]) -> dict[str, str]:
    """The stored files of an export: name for a folder -> key of the object."""
    files = {}
    for place, document in enumerate(exported["documents"], 1):
        name = f"{place:04d}-{document['name'].replace('/', '_')}"
        if document["upload_sha256"]:
            files[name] = document["upload_sha256"]
        if document["stamped_sha256"] and not document["forgotten_at"]:
            files[f"bermeterai-{name}"] = document["stamped_sha256"]
    return files
