"""Draws the stamps of documents of a batch, for the messages about them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence

from meterai.kernel.clock import business_date
from meterai.kernel.serial_number import SerialNumber
from meterai.partners.batches.model import BatchDocument
from meterai.signatures.stamp_code import encode_code
from meterai.stamping.ports import Signer
from meterai.stamping.stamp_face.jpeg_picture import stamp_jpeg


class BatchPictures:
    """Draws with codes that the signer signs, all of a visit in one call."""

    def __init__(self, signer: Signer, public_url: str, *, specimen: bool) -> None:
        self._signer = signer
        self._public_url = public_url
        self._specimen = specimen

    async def __call__(self, documents: Sequence[BatchDocument]) -> Mapping[str, str]:
        """Returns the picture of each serial number, as base64 of a JPEG.

        Raises: Refusal as `Signer.code_signatures`.
        """
        stamps = [
            (SerialNumber(one.serial), business_date(one.taken_at))
            for one in documents
            if one.serial and one.taken_at
        ]
        if not stamps:
            return {}
        signed = await self._signer.code_signatures(stamps)
        codes = {
            serial: encode_code(self._public_url, serial, day, key_id=signed.key_id, signature=signature)
            for (serial, day), signature in zip(stamps, signed.signatures, strict=True)
        }
        return await asyncio.to_thread(self._draw, codes)

    def _draw(self, codes: Mapping[SerialNumber, str]) -> Mapping[str, str]:
        return {
            serial: base64.b64encode(stamp_jpeg(serial, code, specimen=self._specimen)).decode()
            for serial, code in codes.items()
        }
