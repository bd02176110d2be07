"""What an adapter in the field asks for: a chain, a signature over its attributes, and a time stamp."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import msgspec
from asn1crypto import algos, cms, tsp

from simulator.crowd.wire.field_client import Refused

PROFILE: Final = "emeteraicertificateSigner"
_SYSTEM: Final = "EMETERAI"
_REST: Final = "/keystamp/pdfsigning/rest"


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificates, signer first, and where time stamps come from."""

    certificates: tuple[bytes, ...]
    time_stamps: str


class AdapterCalls:
    """Calls the stamp service for one client. Raises: Refused, aiohttp.ClientError."""

    def __init__(self, session: aiohttp.ClientSession, stampservice: str, token: str) -> None:
        self._session = session
        self._base = stampservice
        self._head = {"Authorization": f"Bearer {token}", "x-Gateway-APIKey": "adapter"}

    async def chain(self, serial: str) -> Chain:
        """getSignerCertChain."""
        sent = {"profileName": PROFILE, "systemId": _SYSTEM, "refToken": serial}
        said = await self._ask("getSignerCertChain", sent)
        return Chain(tuple(map(base64.b64decode, said["certs"])), said["timestampUrl"])

    async def sign(self, serial: str, attributes: bytes, *, checksum: str) -> bytes:
        """docSigningB. `checksum`: SHA-256 of the source file, in hex."""
        return base64.b64decode(
            (await self._ask("docSigningB", signing_order(serial, attributes, checksum)))["data"]
        )

    async def time_stamp(self, address: str, signature: bytes) -> bytes:
        """A token for a signature (RFC 3161)."""
        query = time_stamp_query(signature)
        head = {**self._head, "Content-Type": "application/timestamp-query"}
        async with self._session.post(address, data=query, headers=head) as answer:
            content = await answer.read()
        told = tsp.TimeStampResp.load(content)
        status = told["status"]["status"].native
        if status != "granted":
            raise Refused("timestamp", status, content[:100])
        return bytes(told["time_stamp_token"].dump())

    async def _ask(self, call: str, sent: dict[str, Any]) -> Any:
        async with self._session.post(f"{self._base}{_REST}/{call}", json=sent, headers=self._head) as answer:
            said = msgspec.json.decode(await answer.read())
        if said["errorCode"] != "00":
            raise Refused(call, said["errorCode"], said["errorMessage"])
        return said


def signing_order(serial: str, attributes: bytes, checksum: str, *, retry: bool = False) -> dict[str, Any]:
    """The body of docSigningB."""
    return {
        "workerName": PROFILE,
        "data": base64.b64encode(attributes).decode(),
        "systemId": _SYSTEM,
        "shaChecksum": checksum,
        "retryFlag": "1" if retry else "0",
        "refToken": serial,
    }


def signed_attributes(certificate: bytes, message_digest: bytes) -> bytes:
    """The DER of the attributes to sign (CMS, RFC 5652, and signing-certificate-v2, RFC 5035)."""
    named = tsp.ESSCertIDv2(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "cert_hash": hashlib.sha256(certificate).digest(),
        }
    )
    return bytes(
        cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [message_digest]}),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [tsp.SigningCertificateV2({"certs": [named]})],
                    }
                ),
            ]
        ).dump(force=True)
    )


def time_stamp_query(signature: bytes) -> bytes:
    """Asks for a time stamp of a signature, with the authority's certificate in it."""
    return bytes(
        tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "hashed_message": hashlib.sha256(signature).digest(),
                },
                "nonce": int.from_bytes(os.urandom(8), "big") >> 1,
                "cert_req": True,
            }
        ).dump()
    )
