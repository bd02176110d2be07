"""Seals documents in the tests as the product does: prepare, sign, fill. Also used by other tests."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, date, datetime
from pathlib import Path

from meterai.kernel.serial_number import make_serial
from meterai.pdf.profiles import Profile
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, ReceptionRequest, SealRequest, Stamp
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import fill
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.stamping.signer.private_keys.software_key import SoftwareKey
from meterai.stamping.signer.time_stamp_client import TokenChecker, make_query
from sandbox.tsa import TimeStampAuthority

BASE_URL = "http://127.0.0.1:8000"


def normalised(data: bytes) -> bytes:
    """What is stored of an upload without signatures."""
    found = receive(ReceptionRequest(data=data, stamps=1, limits=OutputLimits()))
    assert found.instead
    return found.instead


class LocalTimestamper:
    """The sandbox's authority without its socket; every reply is checked as over HTTP."""

    def __init__(self, folder: Path) -> None:
        self.authority = TimeStampAuthority(folder)
        trusted = [(folder / name).read_bytes() for name in ("root.pem", "intermediate.pem")]
        self.checker = TokenChecker(trusted, lambda: datetime.now(UTC))

    async def stamp(self, imprint: bytes) -> bytes:
        nonce = secrets.randbits(63) | 1
        return self.checker.check(self.authority.respond(make_query(imprint, nonce)), imprint, nonce)


class SealingBench:
    """A PKI and everything else that sealing needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = SoftwareKey.load(folder)
        self.code_key = CodeKey.load(folder)
        self.timestamper = LocalTimestamper(folder)

    def stamp(self, placement: Placement, name: str = "first") -> Stamp:
        """A stamp whose serial number follows from `name`."""
        serial = make_serial(hashlib.sha256(name.encode()).digest())
        day = date(2026, 8, 17)
        signature = self.code_key.sign(code_message(serial, day, self.code_key.key_id))
        code = encode_code(BASE_URL, serial, day, key_id=self.code_key.key_id, signature=signature)
        return Stamp(serial=serial, code=code, placement=placement)

    async def seal(self, data: bytes, *stamps: Stamp, profile: Profile = Profile.FINAL) -> bytes:
        """All stamps on one document, one after the other."""
        for index in range(len(stamps)):
            prepared = prepare_seal(
                SealRequest(
                    data=data,
                    stamps=list(stamps),
                    index=index,
                    profile=profile,
                    signing_time=datetime.now(UTC),
                )
            )
            cms = await build_cms(prepared.digest, self.key, self.timestamper)
            data = fill(prepared.data, prepared.gap_start, prepared.gap_end, cms)
        return data
