"""One genuine stamped file to begin from, sealed by a PKI of its own. Made once per process."""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from meterai.signatures import der
from meterai.signatures.signed_data import OID_TIME_STAMP_TOKEN, read_signed_data
from meterai.stamping.placement import Placement
from sandbox.pki.authority import make_pki
from tests.pdf import samples
from tests.pdf.sealing import SealingBench

_GAP = re.compile(rb"/ByteRange ?\[ ?0 (\d+) (\d+) (\d+)")


class Sealed(NamedTuple):
    """A stamped file and what is known of it."""

    data: bytes
    cms: bytes
    certificate: bytes
    root_pem: str
    pages: int
    serials: list[str]
    code: str
    moment: datetime
    """Right after the sealing; the tests judge it as of then."""


@cache
def sealed() -> Sealed:
    with tempfile.TemporaryDirectory() as folder:
        bench = SealingBench(make_pki(Path(folder) / "pki"))
        stamp = bench.stamp(Placement(page=1, x=400, y=100))
        data = asyncio.run(bench.seal(samples.letter(), stamp))
        root = (Path(folder) / "pki" / "root.pem").read_text()
        certificate = bench.key.certificates[0]
    gap_start, gap_end, _ = _numbers(data)
    cms = der.read(bytes.fromhex(data[gap_start + 1 : gap_end - 1].decode())).whole
    return Sealed(data, cms, certificate, root, 1, [stamp.serial], stamp.code, datetime.now(UTC))


def token() -> bytes:
    """The time-stamp token inside."""
    return read_signed_data(sealed().cms).unsigned_attributes[OID_TIME_STAMP_TOKEN]


def content(data: bytes) -> bytes:
    """A sealed file without its gap."""
    gap_start, gap_end, _ = _numbers(data)
    return data[:gap_start] + data[gap_end:]


def _numbers(data: bytes) -> tuple[int, int, int]:
    found = _GAP.search(data)
    assert found is not None
    first, second, rest = (int(number) for number in found.groups())
    return first, second, rest
