"""Makes the 2-D code of a serial number that was taken to be stamped outside."""

from __future__ import annotations

from datetime import date

from meterai.kernel.serial_number import SerialNumber
from meterai.signatures.stamp_code import encode_code
from meterai.stamping.ports import HashSigner


async def code_of_serial(signer: HashSigner, public_url: str, serial: SerialNumber, day: date) -> str:
    """Returns the text of the code. It is the same for the same day, and uses no counted key.

    Raises: Refusal CONFLICT `stamping.serial_not_allocated`: it is neither unstamped nor stamped outside;
    UNAVAILABLE `signer.unavailable`, `sealing.stopped`.
    """
    signed = await signer.code_signatures([(serial, day)])
    return encode_code(public_url, serial, day, key_id=signed.key_id, signature=signed.signatures[0])
