"""Serial numbers: taken from the quota first, stamped later. Their pictures."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Final
from uuid import UUID

from meterai.api.wire.answers import done
from meterai.api.wire.endpoints import WireRequest, endpoint
from meterai.api.wire.resources.states import taken_of
from meterai.api.wire.resources.taking import NamedDocument, take_for
from meterai.api.wire.resources.uploads import document_of
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.display import own_name
from meterai.stamping.stamp_face.jpeg_picture import stamp_jpeg
from meterai.stamping.taken.model import TakenSerial
from meterai.stamping.use_cases.code_of_serial import code_of_serial

_UNNAMED: Final = "dokumen.pdf"


@endpoint("stampv2", "POST", "/chanel/stampv2", scope="stamps:write")
async def take_serial(asked: WireRequest) -> dict[str, Any]:
    """Takes a stamp from the quota and gives its serial number. The same `idfile` gets the same one."""
    said = asked.said
    is_cloud = said.is_true("isUpload")
    (taken,) = await take_for(
        asked,
        [
            NamedDocument(
                texts=said.texts,
                name=own_name(said.text("namafile")) or _UNNAMED,
                document_id=await _uploaded(asked) if is_cloud else None,
            )
        ],
    )
    result: dict[str, str] = {"sn": taken.serial}
    if is_cloud:
        result["filenameQR"] = f"qr_{taken.serial}.jpg"
    elif not said.is_true("snOnly"):
        result["image"] = await picture_of(asked, taken)
    return done(result)


async def _uploaded(asked: WireRequest) -> UUID:
    """The uploaded file for which a serial number is taken.

    Raises: Refusal INVALID `wire.field_missing`, `wire.field_wrong`.
    """
    asked.said.needed("idfile")
    try:
        id = UUID(asked.said.text("idfile"))
    except ValueError:
        id = None
    if await document_of(asked, id) is None:
        raise Refusal(Kind.INVALID, "wire.field_wrong", field="idfile")
    assert id is not None
    return id


async def picture_of(asked: WireRequest, taken: TakenSerial) -> str:
    """The picture of a stamp with its 2-D code, as base64 of a JPEG."""
    service = asked.service
    code = await code_of_serial(
        service.signer, service.public_url, taken.serial, business_date(taken.taken_at)
    )
    specimen = service.settings.environment != "production"
    picture = await asyncio.to_thread(stamp_jpeg, taken.serial, code, specimen=specimen)
    return base64.b64encode(picture).decode()


@endpoint("stampv2", "GET POST", "/snqr/qrimage", scope="stamps:read")
async def read_picture(asked: WireRequest) -> dict[str, Any]:
    """Answers with the picture of a serial number again."""
    taken = await taken_of(asked, asked.said.text("serialnumber"), field="serialnumber")
    return done({"sn": taken.serial, "base64": await picture_of(asked, taken)})


ENDPOINTS = (take_serial, read_picture)
