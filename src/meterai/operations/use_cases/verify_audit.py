"""Checks the audit trail: its chain, heads from outside, personal values, and officers' signatures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from meterai.kit.database import Connection, Database
from meterai.operations.auditing.chain import ChainCheck, ChainedEntry, compare_heads, sentence, wrong_value
from meterai.operations.auditing.heads import Head
from meterai.operations.auditing.signed_entries import SignatureCheck
from meterai.operations.officers import register

_ENTRIES = """
    SELECT e.id, (extract(epoch FROM e.at) * 1000000)::bigint AS at_us, e.actor, e.action, e.subject,
        e.facts::text AS facts, e.written_by, e.signatures::text AS signatures, e.request_id, e.hash
    FROM operations.audit_entry e ORDER BY e.id"""
_VALUES = "SELECT entry_id, name, key, value FROM operations.audit_value ORDER BY entry_id, name"


class CheckedTrail(msgspec.Struct, frozen=True, kw_only=True):
    """What the check found."""

    entries: int
    heads: int
    """Heads from outside that were compared."""
    signatures: int
    """Signatures with SSH keys that hold."""
    passkeys: int
    """Approvals with passkeys that hold."""
    by_console: int
    """Approvals with a code (TOTP). The console checked them; nobody can check them afterwards."""
    erased: int
    """Signatures whose text is erased with a person's values; they can't be checked any more."""
    problems: list[str]
    """In words; the first wrong entry first."""


async def verify_audit(db: Database, heads: Sequence[Head]) -> CheckedTrail:
    """Reads the whole trail and checks it, with heads from outside and those that the journal names.

    Raises: Refusal UNAVAILABLE `officer.no_ssh_keygen` when there are signatures to check.
    """
    async with db.transaction() as tx:
        installation = await register.installation_id(tx)
        rows = await tx.fetch("SELECT kind, signatures FROM operations.act")
        signatures = SignatureCheck({row["kind"]: row["signatures"] for row in rows})
        sent = await tx.fetch("SELECT entry, encode(hash, 'hex') AS hash FROM operations.audit_head_sent")
        journal = [Head(entry=row["entry"], hash=row["hash"], at="in the journal") for row in sent]
        chain = ChainCheck()
        chain.watch([*heads, *journal])
        values = await _values(tx)
        changed = []
        async for entry in _entries(tx):
            chain.add(entry)
            beside = values.get(entry.id, {})
            changed += _changed_values(entry, beside)
            plain = {name: value for name, (_, value) in beside.items()}
            await asyncio.to_thread(signatures.add, entry, plain)
        head = await tx.fetchrow("SELECT entry, hash FROM operations.audit_head")
        assert head is not None
        chain.end(head["entry"], head["hash"])
    outside = compare_heads(chain, [*heads, *journal], installation)
    return CheckedTrail(
        entries=chain.count,
        heads=len(heads),
        signatures=signatures.held["ssh"],
        passkeys=signatures.held["passkey"],
        by_console=signatures.held["totp"],
        erased=signatures.erased,
        problems=[*filter(None, (chain.problem, outside)), *changed, *signatures.problems],
    )


async def _entries(tx: Connection) -> AsyncIterator[ChainedEntry]:
    async for row in tx.cursor(_ENTRIES, prefetch=500):
        yield ChainedEntry(**dict(row))


async def _values(tx: Connection) -> dict[int, dict[str, tuple[bytes | None, str | None]]]:
    found: dict[int, dict[str, tuple[bytes | None, str | None]]] = {}
    for row in await tx.fetch(_VALUES):
        found.setdefault(row["entry_id"], {})[row["name"]] = (row["key"], row["value"])
    return found


def _changed_values(entry: ChainedEntry, beside: dict[str, tuple[bytes | None, str | None]]) -> list[str]:
    facts = msgspec.json.decode(entry.facts)
    return [
        sentence(f"{entry.words}: the value “{name}” beside it was changed")
        for name, (key, value) in beside.items()
        if key is not None and value is not None and wrong_value(facts, name, key, value)
    ]
