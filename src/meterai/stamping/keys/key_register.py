"""The register of keys as an operator sees it, with the signer's report on each key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.stamping.keys.signing_keys import Purpose, SigningKey, all_that_end_soon, state_of
from meterai.stamping.ports import KeyHolder
from meterai.stamping.signer_wire import KeyReport, UnregisteredKey
from meterai.stamping.store import keys


class KeyNow(msgspec.Struct, frozen=True, kw_only=True):
    """A key and its state."""

    key_id: str
    state: str
    """A state of `signing_keys.state_of`."""
    purpose: Purpose
    place: str
    name: str
    """Common name in its certificate."""
    valid_from: datetime
    valid_until: datetime
    active_from: datetime | None
    retired_at: datetime | None
    needs_next: bool
    """Whether it is active, has little time left, and no other key follows: see `signing_keys.ends_soon`."""
    uses: int
    """Counted attempts to sign with it (I8)."""
    signer: str
    """Why the signer could not sign with it now; empty when it could."""
    held_by: str = ""
    """Name of the one signer that may use it; empty: the signer without a name."""
    forgotten: str = ""
    """Its state in a register that has forgotten that it is retired; empty for other keys."""

    def to_json(self) -> str:
        """Writes the key as one JSON object."""
        return msgspec.json.encode(self).decode()


async def keys_now(db: Database, holder: KeyHolder, *, now: datetime) -> list[KeyNow]:
    """Lists every registered key in the order of adding. While the signer is away, the report says so."""
    try:
        reports = {report.key_id: report for report in await holder.keys()}
        missing = "not seen yet"
    except Refusal as refusal:
        reports, missing = {}, refusal.code
    async with db.connection() as connection:
        register = await keys.signing_keys(connection)
        uses = await keys.count_uses(connection)
    last = all_that_end_soon(register, now)
    states = {key.key_id: state_of(key, register, now) for key in register}
    forgotten = {id for id, report in reports.items() if report.marked and states.get(id) != "retired"}
    return [
        KeyNow(
            key_id=key.key_id,
            state="retired" if key.key_id in forgotten else states[key.key_id],
            purpose=key.purpose,
            place=key.place,
            name=_name(key.certificates[0]),
            valid_from=key.valid_from,
            valid_until=key.valid_until,
            active_from=key.active_from,
            retired_at=key.retired_at or _marked_at(reports.get(key.key_id)),
            needs_next=key in last,
            uses=uses.get(key.key_id, 0),
            signer=reports[key.key_id].trouble if key.key_id in reports else missing,
            held_by=key.signer,
            forgotten=states[key.key_id] if key.key_id in forgotten else "",
        )
        for key in register
    ]


def _marked_at(report: KeyReport | None) -> datetime | None:
    return report.retired_at if report else None


async def keys_beside(holder: KeyHolder) -> list[UnregisteredKey]:
    """Lists the keys that the signer knows and the register lacks. None while the signer is away."""
    try:
        return await holder.unregistered()
    except Refusal:
        return []


async def registered_keys(conn: Connection) -> list[SigningKey]:
    """Reads the whole register, for callers that ask `signing_keys` several things about it."""
    return await keys.signing_keys(conn)


async def keys_that_end_soon(db: Database, now: datetime) -> list[SigningKey]:
    """Returns the active keys that end soon: see `signing_keys.ends_soon`."""
    async with db.connection() as connection:
        return all_that_end_soon(await keys.signing_keys(connection), now)


async def serials_sealed_by(db: Database, key_id: str) -> AsyncIterator[tuple[str, datetime]]:
    """Lists serial number and time of release of every stamp that this key sealed, the earliest first.

    Raises: Refusal NOT_FOUND `key.unknown` for an id that sealed nothing and is not registered: a typing
    error must not look like a key without stamps.
    """
    sealed = False
    async with db.transaction() as tx:
        async for found in keys.serials_of(tx, key_id):
            sealed = True
            yield found
        if not sealed and all(key.key_id != key_id for key in await keys.signing_keys(tx)):
            raise Refusal(Kind.NOT_FOUND, "key.unknown", key_id=key_id)


def _name(certificate: bytes) -> str:
    names = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
