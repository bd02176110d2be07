"""What an adapter beside a client asks for: certificates, and the signature of a hash."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from meterai.api.wire.addresses import base_of
from meterai.api.wire.answers import signed
from meterai.api.wire.endpoints import Style, WireRequest, endpoint
from meterai.api.wire.resources.signing_fields import check_profile, read_serial
from meterai.api.wire.resources.time_stamps import TIME_STAMP_PATH
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import parse_serial
from meterai.stamping.taken.queries import taken_serial
from meterai.stamping.use_cases.code_of_serial import code_of_serial
from meterai.stamping.use_cases.hash_chain import hash_chain
from meterai.stamping.use_cases.sign_hash import SignedHash, sign_hash

_BASE: Final = "/keystamp/pdfsigning/rest"
_ROLE: Final = "stampservice"
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_ATTRIBUTES_MAX: Final = 16_384


@endpoint(_ROLE, "POST", _BASE + "/getSignerCertChain", scope="stamps:write", style=Style.SIGNING)
async def read_chain(asked: WireRequest) -> dict[str, Any]:
    """Answers with the chain of the key that signs hashes, the signer's certificate first.

    Beside it: where time stamps are made, and the text of the 2-D code of `refToken`.
    """
    return await _certificates(asked, only_signer=False)


@endpoint(_ROLE, "POST", _BASE + "/getSignerCertificate", scope="stamps:write", style=Style.SIGNING)
async def read_certificate(asked: WireRequest) -> dict[str, Any]:
    """Answers with the certificate of the key that signs hashes."""
    return await _certificates(asked, only_signer=True)


async def _certificates(asked: WireRequest, *, only_signer: bool) -> dict[str, Any]:
    profile = asked.said.text("profileName") or asked.said.text("workerName")
    if not profile:
        asked.said.needed("profileName")
    check_profile(profile)
    chain = [base64.b64encode(one).decode() for one in await hash_chain(asked.service.signer)]
    more = {"certificate": chain[0]} if only_signer else {}
    return signed(
        profileName=profile,
        certs=chain[:1] if only_signer else chain,
        timestampUrl=base_of(asked.service, _ROLE) + TIME_STAMP_PATH,
        **more,
        **await _stamp_code(asked),
    )


async def _stamp_code(asked: WireRequest) -> dict[str, str]:
    """The text of the 2-D code of `refToken`, if that is a serial number of the organisation."""
    service, serial = asked.service, parse_serial(asked.said.text("refToken"))
    taken = serial and await taken_serial(service.db, serial, organisation_id=asked.caller.organisation_id)
    if not taken:
        return {}
    day = business_date(taken.taken_at)
    return {"stampCode": await code_of_serial(service.signer, service.public_url, taken.serial, day)}


@endpoint(_ROLE, "POST", _BASE + "/docSigningB", scope="stamps:write", style=Style.SIGNING)
async def sign_attributes(asked: WireRequest) -> dict[str, Any]:
    """Signs the attributes of a CMS. The serial number is stamped with it, once however often it is asked."""
    said, service = asked.said, asked.service
    said.needed("workerName", "data", "shaChecksum")
    check_profile(said.text("workerName"))
    made = await sign_hash(
        service.db,
        service.signer,
        organisation_id=asked.caller.organisation_id,
        serial=read_serial(said),
        source_sha256=_source(said.text("shaChecksum")),
        attributes=_attributes(said.text("data")),
        now=service.clock(),
    )
    return _shown(made)


def _source(text: str) -> bytes:
    if not _DIGEST.fullmatch(text):
        raise Refusal(Kind.INVALID, "wire.field_wrong", field="shaChecksum")
    return bytes.fromhex(text)


def _attributes(text: str) -> bytes:
    """The DER of the attributes, however its base64 is broken into lines. Raises: Refusal INVALID
    `hash.attributes`.
    """
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not 0 < len(data) <= _ATTRIBUTES_MAX:
        raise Refusal(Kind.INVALID, "hash.attributes")
    return data


def _shown(made: SignedHash) -> dict[str, Any]:
    """The answer, the same for a repeated request: the ids are made from that of the request."""
    return signed(
        trxId=str(made.request_id),
        archiveId=f"{made.request_id.hex}-{made.number}",
        requestId=made.request_id.int & 0x7FFF_FFFF,
        data=base64.b64encode(made.signature).decode(),
        crlEntries=[],
        ocspEntries=[],
    )


ENDPOINTS = (read_chain, read_certificate, sign_attributes)
