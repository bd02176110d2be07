"""Batches: serial numbers for many documents in one call. The worker tells the client about each document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from meterai.api.wire.answers import done
from meterai.api.wire.endpoints import WireRequest, endpoint
from meterai.api.wire.resources.batch_fields import echo_of, named_document, read_documents, wrong_field
from meterai.api.wire.resources.serials import picture_of
from meterai.api.wire.resources.states import taken_of
from meterai.api.wire.resources.taking import NamedDocument, take_for
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.batches.bodies import in_both_languages, result_of
from meterai.partners.batches.model import DOCUMENTS_MAX, BatchDocument, NewDocument
from meterai.partners.batches.queries import document_of_batch, documents_of_batch
from meterai.partners.batches.use_cases.note_batch import note_batch
from meterai.partners.queries.quota import stocks_of
from meterai.partners.webhooks.addresses import check_url
from meterai.stamping.taken.queries import taken_by_keys
from meterai.texts.wire_batches import ACCEPTED, ACCEPTED_PARTLY

_BODY_BYTES_MAX: Final = 2_000_000
_URL_MAX: Final = 2_048
_FACE_VALUE: Final = "10000"
_TRIES: Final = 3


@endpoint(
    "inventory",
    "POST",
    "/api/v2/serialnumber/batch",
    scope="stamps:write",
    body_bytes_max=_BODY_BYTES_MAX,
)
async def take_batch(asked: WireRequest) -> dict[str, Any]:
    """Takes a serial number for each document, and tells `return_url` about each.

    With `partial` those documents get one for which the quota is enough.
    """
    service, said = asked.service, asked.said
    return_url = _return_url(asked)
    if said.text("tipe") not in ("", _FACE_VALUE):
        raise wrong_field("tipe")
    trees = read_documents(said)
    serials = await _take(asked, [named_document(tree, number) for number, tree in enumerate(trees, 1)])
    batch_id = await note_batch(
        service.db,
        [NewDocument(said=echo_of(tree), serial=serial) for tree, serial in zip(trees, serials, strict=True)],
        organisation_id=asked.caller.organisation_id,
        return_url=return_url,
        now=service.clock(),
    )
    count, all = len(serials) - serials.count(None), len(serials)
    words = in_both_languages(ACCEPTED if count == all else ACCEPTED_PARTLY, count=count, all=all)
    return done({"batchId": str(batch_id), "message": words})


@endpoint("stampv2", "GET POST", "/snqr/status-batch", scope="stamps:read")
async def read_batch(asked: WireRequest) -> dict[str, Any]:
    """Says how far a batch is, and what its messages said but for the pictures."""
    batch_id = _batch_id(asked)
    async with asked.service.db.connection() as connection:
        documents = await documents_of_batch(
            connection, batch_id, organisation_id=asked.caller.organisation_id
        )
    if not documents:
        raise _unknown()
    waiting = sum(document.state == "waiting" for document in documents)
    return done(
        {
            "batchId": str(batch_id),
            "status": "PROCESS" if waiting else "DONE",
            "total": len(documents),
            "waiting": waiting,
            "data": [result_of(document, "") for document in documents],
        }
    )


@endpoint("stampv2", "GET POST", "/snqr", scope="stamps:read")
async def read_document(asked: WireRequest) -> dict[str, Any]:
    """Says again what the message about a document of a batch said."""
    batch_id, proc_id = _batch_id(asked), asked.said.text("procId")
    asked.said.needed("procId")
    number = proc_id.rpartition("-")[2]
    found = None
    if number.isascii() and number.isdigit() and len(number) <= len(str(DOCUMENTS_MAX)):
        async with asked.service.db.connection() as connection:
            found = await document_of_batch(
                connection, batch_id, int(number), organisation_id=asked.caller.organisation_id
            )
    if found is None or found.proc_id != proc_id:
        raise _unknown()
    return done(result_of(found, await _picture(asked, found)))


async def _picture(asked: WireRequest, document: BatchDocument) -> str:
    if not document.has_picture:
        return ""
    return await picture_of(asked, await taken_of(asked, document.serial or "", field="procId"))


def _return_url(asked: WireRequest) -> str:
    """Where the client wants to be told. Raises: Refusal INVALID `wire.field_missing`, `webhook.url`."""
    asked.said.needed("return_url")
    url = asked.said.text("return_url")
    if len(url) > _URL_MAX:
        raise wrong_field("return_url")
    return check_url(url, is_production=asked.service.settings.environment == "production")


async def _take(asked: WireRequest, named: Sequence[NamedDocument]) -> list[str | None]:
    """A serial number for each document; None where the quota is short and part of a batch is welcome."""
    places = list(range(len(named)))
    for _ in range(_TRIES):  # somebody else may take from the same quota meanwhile
        try:
            taken = await take_for(asked, [named[place] for place in places])
        except Refusal as refusal:
            if refusal.code != "stamp.no_stock" or not asked.said.is_true("partial"):
                raise
            places = await _affordable(asked, named)
            if not places:
                raise
        else:
            by_place = {place: one.serial for place, one in zip(places, taken, strict=True)}
            return [by_place.get(place) for place in range(len(named))]
    raise Refusal(Kind.CONFLICT, "stamp.no_stock")


async def _affordable(asked: WireRequest, named: Sequence[NamedDocument]) -> list[int]:
    """The places of documents for which the quota is enough: known ones, and the first of the others."""
    organisation_id = asked.caller.organisation_id
    keys = [document.key for document in named if document.key]
    async with asked.service.db.connection() as connection:
        known = await taken_by_keys(connection, organisation_id, keys)
        left = (await stocks_of(connection, [organisation_id])).get(organisation_id, 0)
    places = []
    for place, document in enumerate(named):
        if document.key not in known:
            left -= 1
        if left >= 0 or document.key in known:
            places.append(place)
    return places


def _batch_id(asked: WireRequest) -> UUID:
    """Raises: Refusal INVALID `wire.field_missing`; NOT_FOUND `api.unknown_id`."""
    asked.said.needed("batchId")
    try:
        return UUID(asked.said.text("batchId"))
    except ValueError:
        raise _unknown() from None


def _unknown() -> Refusal:
    """Also for batches of others (I16)."""
    return Refusal(Kind.NOT_FOUND, "api.unknown_id")


ENDPOINTS = (take_batch, read_batch, read_document)
