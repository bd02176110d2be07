"""One process of the benchmark `stamp`: `python -m benchmarks.stamping.engines ENGINE --size-bytes N`.

Three engines do the same job on the same file with the same RSA-2048 keys, each time with a new serial
number:

- `meterai`: all that the product does for a stamp. Before signing: Ed25519 signature of the 2-D code, opening
and checking the normalised file, field, visible stamp, digest. Then: PAdES signature, checked time stamp,
filling the gap, comparing with the prepared file, SHA-256 of the sealed one, light check. The upload was
normalised before anybody paid.
- `pyhanko`: pyHanko as in its manual. Key loaded from PEM, picture of the 2-D code and text as the visible
stamp, PAdES signature with certification and time stamp. No check of the file, no check afterwards.
- `limit`: what can't be avoided: SHA-256 of the file's bytes and an RSA signature.

The time stamp is a real RFC 3161 token, made in this process by the sandbox's authority. The authority's own
CPU time is measured separately and not in `cpu_seconds`; it is in the wall time. Process boundaries (jail,
signer) and HTTP are not in the figures: `benchmarks.stamping.cycle` has them.

With `--documents N` instead of seconds, N files (some ten times and a hundred times as large) are stamped and
the resident memory is read meanwhile.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import io
import json
import random
import resource
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import zxingcpp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from PIL import Image

from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.pdf.requests import CoveredDigest, LightCheckRequest
from meterai.pdf.signed.seal_check import light_check
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import SealRequest, Stamp
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import RunningDigest, fill
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.stamping.signer.private_keys.software_key import KeyDevice, SoftwareKey
from meterai.stamping.signer.time_stamp_client import TokenChecker, make_query
from sandbox.tsa import TimeStampAuthority

_BASE_URL = "https://meterai.example"
_PLACE = Placement(page=1, x=400, y=100)

StampOnce = Callable[[], Awaitable[bytes]]

_LARGE_BYTES = 1 << 20
"""Size of a file after which the jail collects the reference cycles that PDF libraries leave."""


def make_document(size_bytes: int) -> bytes:
    """Makes a scanned letter of about `size_bytes`: one page, some text and one JPEG.

    Beyond what the picture itself needs, its size comes from application segments, as cameras write them.
    """
    generator = random.Random(7)  # noqa: S311  (the same file on every run)
    noise = Image.frombytes("L", (310, 438), generator.randbytes(310 * 438))
    out = io.BytesIO()
    noise.resize((1240, 1754)).point([235 + value // 13 for value in range(256)]).save(
        out, "JPEG", quality=20
    )
    jpeg = out.getvalue()
    filler, missing = [], size_bytes - len(jpeg) - 1000
    while missing > 0:
        length = min(missing, 65_000)
        filler.append(b"\xff\xed" + (length + 2).to_bytes(2, "big") + generator.randbytes(length))
        missing -= length
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595.28, 841.89)).obj
    name = pikepdf.Name
    font = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
    scan = pdf.make_stream(
        jpeg[:2] + b"".join(filler) + jpeg[2:],
        Type=name.XObject,
        Subtype=name.Image,
        Width=1240,
        Height=1754,
        BitsPerComponent=8,
        ColorSpace=name.DeviceGray,
        Filter=name.DCTDecode,
    )
    page["/Resources"] = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(Scan=scan), Font=pikepdf.Dictionary(F1=font)
    )
    page["/Contents"] = pdf.make_stream(
        b"q 595.28 0 0 841.89 0 0 cm /Scan Do Q BT /F1 12 Tf 72 760 Td (Surat pernyataan) Tj ET"
    )
    saved = io.BytesIO()
    pdf.save(saved)
    return saved.getvalue()


class InProcessAuthority:
    """The sandbox's time-stamp authority without its socket, with the CPU time it used.

    Replies are checked as over HTTP.
    """

    def __init__(self, folder: Path) -> None:
        self._authority = TimeStampAuthority(folder)
        self._checker = TokenChecker([(folder / "root.pem").read_bytes()], lambda: datetime.now(UTC))
        self.cpu_seconds = 0.0

    def respond(self, query: bytes) -> bytes:
        before = time.process_time()
        reply = self._authority.respond(query)
        self.cpu_seconds += time.process_time() - before
        return reply

    async def stamp(self, imprint: bytes) -> bytes:
        nonce = secrets.randbits(63) | 1
        return self._checker.check(self.respond(make_query(imprint, nonce)), imprint, nonce)


def make_meterai(
    folder: Path, document: bytes, authority: InProcessAuthority, *, key: KeyDevice | None = None
) -> StampOnce:
    key, code_key = key or SoftwareKey.load(folder), CodeKey.load(folder)
    stored = prepare_document(DocumentRequest(data=document)).data
    stored_sha256 = hashlib.sha256(stored).hexdigest()

    async def stamp_once() -> bytes:
        serial, now = make_serial(secrets.token_bytes(RANDOM_BYTES)), datetime.now(UTC)
        signature = code_key.sign(code_message(serial, now.date(), code_key.key_id))
        code = encode_code(_BASE_URL, serial, now.date(), key_id=code_key.key_id, signature=signature)
        stamp = Stamp(serial=serial, code=code, placement=_PLACE)
        prepared = prepare_seal(SealRequest(data=stored, normalised=True, stamps=[stamp], signing_time=now))
        gap = (prepared.gap_start, prepared.gap_end)
        running = RunningDigest(prepared.data, *gap)
        covered = CoveredDigest(gap_start=gap[0], gap_end=gap[1], sha256=running.covered())
        cms = await build_cms(covered.sha256, key, authority)
        sealed = fill(prepared.data, *gap, cms)
        running.sealed(sealed)
        request = LightCheckRequest(
            data=sealed,
            certificate=key.certificates[0],
            pages=1,
            serials=[serial],
            input_bytes=len(stored),
            input_sha256=stored_sha256,
            covered=covered,
        )
        light_check(request)
        return sealed

    return stamp_once


def make_pyhanko(folder: Path, document: bytes, authority: InProcessAuthority) -> StampOnce:
    from asn1crypto import tsp
    from pyhanko.pdf_utils.images import PdfImage
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers, timestamps
    from pyhanko.stamp import TextStampStyle

    class InProcess(timestamps.TimeStamper):
        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            return tsp.TimeStampResp.load(authority.respond(req.dump()))

    timestamper = InProcess()
    paths = [str(folder / name) for name in ("stamp.key.pem", "stamp.pem", "intermediate.pem")]

    async def stamp_once() -> bytes:
        serial = make_serial(secrets.token_bytes(RANDOM_BYTES))
        signer = signers.SimpleSigner.load(paths[0], paths[1], ca_chain_files=(paths[2],))
        symbol = zxingcpp.create_barcode(f"{_BASE_URL}/C/{serial * 5}".upper(), zxingcpp.BarcodeFormat.QRCode)
        style = TextStampStyle(
            stamp_text=f"METERAI ELEKTRONIK\n10000\n{serial}",
            background=PdfImage(Image.fromarray(symbol.to_image(scale=4))),
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        metadata = signers.PdfSignatureMetadata(
            field_name=f"Emet{serial}",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=f"[{serial}] Pembubuhan meterai elektronik",
            location="Indonesia",
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        )
        box = fields.SigFieldSpec(f"Emet{serial}", box=(400, 100, 490, 190))
        signing = signers.PdfSigner(
            metadata, signer, timestamper=timestamper, stamp_style=style, new_field_spec=box
        )
        out = await signing.async_sign_pdf(writer)
        return bytes(out.getbuffer())

    return stamp_once


def make_limit(folder: Path, document: bytes, authority: InProcessAuthority) -> StampOnce:
    key = serialization.load_pem_private_key((folder / "stamp.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    scheme, prehashed = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())

    async def stamp_once() -> bytes:
        signature = key.sign(hashlib.sha256(document).digest(), scheme, prehashed)
        return authority.respond(make_query(hashlib.sha256(signature).digest(), 1))

    return stamp_once


ENGINES = {"meterai": make_meterai, "pyhanko": make_pyhanko, "limit": make_limit}


async def measure(stamp_once: StampOnce, authority: InProcessAuthority, seconds: float) -> dict[str, float]:
    """Stamps one file after the other for `seconds`. Returns their number, CPU and wall time."""
    authority.cpu_seconds = 0.0
    count, cpu, start = 0, time.process_time(), time.perf_counter()
    while count == 0 or time.perf_counter() - start < seconds:
        await stamp_once()
        count += 1
    return {
        "count": count,
        "cpu_seconds": time.process_time() - cpu - authority.cpu_seconds,
        "tsa_cpu_seconds": authority.cpu_seconds,
        "wall_seconds": time.perf_counter() - start,
    }


async def watch_memory(stamps: dict[int, StampOnce], documents: int) -> dict[str, float]:
    """Stamps this many documents: one in twenty has the second size, one in 200 the third.

    Slope: of the straight line through the resident memory at fifty moments of the last nine tenths.
    """
    small, medium, large = sorted(stamps)
    moments, every = [], max(1, documents // 50)
    for number in range(1, documents + 1):
        size = large if number % 200 == 0 else medium if number % 20 == 0 else small
        await stamps[size]()
        if size > _LARGE_BYTES:
            gc.collect()
        if number % every == 0:
            moments.append((number, _resident_bytes()))
    kept = [moment for moment in moments if moment[0] > documents // 10] or moments
    return {
        "documents": documents,
        "first_mb": round(moments[0][1] / 1e6, 1),
        "last_mb": round(moments[-1][1] / 1e6, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
        "slope_bytes_per_document": round(slope(kept), 1),
    }


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def slope(points: list[tuple[int, int]]) -> float:
    """Slope by least squares."""
    middle_x, middle_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def main() -> None:
    """Warms up, says `ready`, waits for a line, measures, prints one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("--pki", type=Path, required=True)
    parser.add_argument("--size-bytes", type=int, required=True)
    how_long = parser.add_mutually_exclusive_group(required=True)
    how_long.add_argument("--seconds", type=float)
    how_long.add_argument("--documents", type=int)
    asked = parser.parse_args()
    authority = InProcessAuthority(asked.pki)
    sizes = [asked.size_bytes] if asked.seconds else [asked.size_bytes * factor for factor in (1, 10, 100)]
    stamps = {size: ENGINES[asked.engine](asked.pki, make_document(size), authority) for size in sizes}
    with asyncio.Runner() as runner:
        for stamp_once in stamps.values():
            for _ in range(3):
                runner.run(_once(stamp_once))
        gc.collect()
        gc.freeze()  # as in the jail: loaded code stays
        print("ready", flush=True)
        sys.stdin.readline()
        if asked.seconds:
            result = runner.run(measure(stamps[asked.size_bytes], authority, asked.seconds))
        else:
            result = runner.run(watch_memory(stamps, asked.documents))
        print(json.dumps(result), flush=True)


async def _once(stamp_once: StampOnce) -> None:
    await stamp_once()


if __name__ == "__main__":
    main()
