"""Makes the files of `meterai.pdf.own_page` and prints the serial: `python -m tests.pdf.make_own_page`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.pdf import own_page
from meterai.stamping.placement import Placement
from sandbox.pki.authority import make_pki
from tests.pdf.sealing import SealingBench
from tests.stamping.letters import make_letter

FOLDER = Path(own_page.__file__).parent


async def main() -> None:
    page = make_letter("Yang bertanda tangan di bawah ini")
    with tempfile.TemporaryDirectory() as folder:
        pki = make_pki(Path(folder) / "pki")
        bench = SealingBench(pki)
        stamp = bench.stamp(Placement(page=1, x=400, y=100), "own page")
        stamped = await bench.seal(page, stamp)
        certificate = x509.load_pem_x509_certificate((pki / "stamp.pem").read_bytes())
        (FOLDER / "root.pem").write_bytes((pki / "root.pem").read_bytes())
    (FOLDER / "page.pdf").write_bytes(page)
    (FOLDER / "stamped.pdf").write_bytes(stamped)
    (FOLDER / "stamp.der").write_bytes(certificate.public_bytes(Encoding.DER))
    print(stamp.serial)


if __name__ == "__main__":
    asyncio.run(main())
