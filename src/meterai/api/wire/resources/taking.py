"""Takes serial numbers from the quota, for calls that name one document or many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

import msgspec

from meterai.api.access.partner_share import take_place
from meterai.api.conventions.once import Once
from meterai.api.resources.sandbox import now_of
from meterai.api.wire.endpoints import WireRequest
from meterai.api.wire.resources.document_facts import check_said, read_facts
from meterai.api.wire.resources.document_types import type_code
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.stamps.ordering import count_stamps
from meterai.partners.stamps.serial_facts import SerialFacts, note_serial_facts
from meterai.stamping.taken.model import TakenSerial, WantedSerial
from meterai.stamping.taken.queries import taken_by_keys
from meterai.stamping.use_cases.take_serials import take_serials

KEY_MAX = 200
"""Characters of an `idfile`."""


class NamedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document for which a client wants a serial number."""

    texts: Mapping[str, str]
    """The fields that describe it."""
    name: str
    document_id: UUID | None = None
    """The uploaded file; None: it stays with the client."""

    @property
    def key(self) -> str | None:
        """Under what the same serial number is given again: its `idfile`."""
        return self.texts.get("idfile") or None


async def take_for(asked: WireRequest, documents: Sequence[NamedDocument]) -> list[TakenSerial]:
    """Takes a serial number for each document, in their order. A known `idfile` gets the one it has.

    Raises: Refusal CONFLICT `stamp.no_stock`; as `count_stamps`, `read_facts`, `check_said`, `take_place`.
    """
    caller, service = asked.caller, asked.service
    facts = [_said_of(documents, place) for place in range(len(documents))]
    wanted = [_wanted(document) for document in documents]
    await _take_place(asked, wanted)
    today = await now_of(service, caller)
    needed = False

    async def before(tx: Connection, pieces: int) -> None:
        nonlocal needed
        needed = await count_stamps(
            tx,
            caller.organisation_id,
            pieces=pieces,
            per_document=1,
            client_id=caller.client_id,
            now=today,
        )

    async def after(tx: Connection, new: Mapping[int, SerialNumber]) -> None:
        kept: dict[str, SerialFacts] = {}
        for place, serial in new.items():
            texts = documents[place].texts
            with _about(documents, place):
                known = check_said(facts[place], texts, needed=needed)
            kept[serial] = SerialFacts(facts=known, wire_type=type_code(texts.get("namadoc", "")))
        await note_serial_facts(tx, caller.organisation_id, kept)

    try:
        return await take_serials(
            service.db,
            wanted,
            organisation_id=caller.organisation_id,
            before=before,
            after=after,
            now=service.clock(),
        )
    except Refusal as refusal:
        if refusal.code == "ledger.insufficient":
            raise Refusal(Kind.CONFLICT, "stamp.no_stock") from refusal
        raise


def _said_of(documents: Sequence[NamedDocument], place: int) -> StampFacts:
    with _about(documents, place):
        return read_facts(documents[place].texts)


@contextmanager
def _about(documents: Sequence[NamedDocument], place: int) -> Iterator[None]:
    """Lets a refusal say which of many documents it is about, such as `document[3].nilaidoc`."""
    try:
        yield
    except Refusal as refusal:
        if len(documents) == 1:
            raise
        told = {
            name: f"document[{place}].{fact}" if name in ("field", "fields") else fact
            for name, fact in refusal.facts.items()
        }
        raise Refusal(refusal.kind, refusal.code, **told) from refusal


def _wanted(document: NamedDocument) -> WantedSerial:
    key = document.key
    if key is not None and len(key) > KEY_MAX:
        raise Refusal(Kind.INVALID, "wire.field_wrong", field="idfile")
    return WantedSerial(request_key=key, document_id=document.document_id, name=document.name)


async def _take_place(asked: WireRequest, wanted: Sequence[WantedSerial]) -> None:
    """Takes a place where people wait in line, unless all serial numbers were taken before."""
    keys = [one.request_key for one in wanted if one.request_key is not None]
    known = 0
    if keys:
        async with asked.service.db.connection() as connection:
            known = len(await taken_by_keys(connection, asked.caller.organisation_id, keys))
    once = Once(id=new_id(asked.service.clock()), is_repeat=known == len(wanted))
    await take_place(asked.state, asked.caller, once)
