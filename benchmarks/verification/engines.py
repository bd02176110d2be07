"""One process of the benchmark `verify`: `python -m benchmarks.verification.engines ENGINE`.

Four engines are asked about the same file, stamped by the product itself:

- `meterai`: the full judgement, `verification.in_jail.judge`, as the jail runs it; the register apart.
- `fast`: SHA-256 of the file and its look-up in the register, a PostgreSQL database with 50,000 other
  stamps. The CPU time of the database's process for this connection is counted.
- `pyhanko`: pyHanko's validation of each signature as its manual shows it.
- `limit`: what can't be avoided: SHA-256 of the file's bytes and two RSA verifications for each stamp, its
  signature's and its time stamp's.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import logging
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from benchmarks.stamping.engines import InProcessAuthority, make_document
from benchmarks.verification.register import enter
from meterai.kernel.serial_number import RANDOM_BYTES, SerialNumber, make_serial
from meterai.kit.database import connect
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.in_jail import preparation
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import SealRequest, Stamp
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import fill
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.stamping.signer.private_keys.software_key import SoftwareKey
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, RegisterAnswer, Verdict
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import judge_digest

JudgeOnce = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Subject:
    """The stamped file and where its trust lies."""

    pki: Path
    data: bytes
    serials: list[SerialNumber]
    register: dict[str, str]
    """Addresses of the register by role; empty for the engines that ask none."""


@dataclass(frozen=True)
class Engine:
    """One way of judging, and what else of the machine works for it."""

    once: JudgeOnce
    helper: int = 0
    """Process whose CPU time counts too; 0: none."""


async def stamp_document(pki: Path, size_bytes: int, count: int) -> tuple[bytes, list[SerialNumber]]:
    """A document of about `size_bytes` with `count` stamps, as the product makes it."""
    preparation.STAMPS_MAX = max(preparation.STAMPS_MAX, count)  # what we sell is less than what we can judge
    key, code_key, authority = SoftwareKey.load(pki), CodeKey.load(pki), InProcessAuthority(pki)
    stamps = [_stamp(code_key, number) for number in range(count)]
    data = make_document(size_bytes)
    for index in range(count):
        request = SealRequest(data=data, stamps=stamps, index=index, signing_time=datetime.now(UTC))
        prepared = prepare_seal(request)
        cms = await build_cms(prepared.digest, key, authority)
        data = fill(prepared.data, prepared.gap_start, prepared.gap_end, cms)
    return data, [stamp.serial for stamp in stamps]


def _stamp(key: CodeKey, number: int) -> Stamp:
    serial, day = make_serial(secrets.token_bytes(RANDOM_BYTES)), date(2026, 9, 4)
    signature = key.sign(code_message(serial, day, key.key_id))
    code = encode_code("https://meterai.example", serial, day, key_id=key.key_id, signature=signature)
    place = Placement(page=1, x=20 + 105 * (number % 5), y=20 + 105 * (number // 5))
    return Stamp(serial=serial, code=code, placement=place)


async def make_meterai(subject: Subject) -> Engine:
    trust = load_trust(subject.pki / "trust")

    async def once() -> None:
        request = JudgeRequest(data=subject.data, trust=trust, moment=datetime.now(UTC))
        assert judge(request).verdict is Verdict.GENUINE

    return Engine(once)


async def make_fast(subject: Subject) -> Engine:
    await enter(subject.register["owner"], list(subject.serials), hashlib.sha256(subject.data).hexdigest())
    db = await connect(subject.register["verifier"], connections_max=1, application_name="bench")
    async with db.connection() as connection:
        helper = await connection.fetchval("SELECT pg_backend_pid()")

    async def once() -> None:
        judgement = await judge_digest(db, hashlib.sha256(subject.data).hexdigest())
        assert judgement is not None
        assert judgement.register is RegisterAnswer.CONFIRMED

    return Engine(once, helper)


async def make_pyhanko(subject: Subject) -> Engine:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    logging.disable(logging.WARNING)
    root = load_cert_from_pemder(str(subject.pki / "root.pem"))

    async def once() -> None:
        reader = PdfFileReader(io.BytesIO(subject.data))
        for signature in reader.embedded_signatures:
            context = ValidationContext(trust_roots=[root], allow_fetching=False)
            status = await async_validate_pdf_signature(signature, context)
            assert status.bottom_line

    return Engine(once)


async def make_limit(subject: Subject) -> Engine:
    digest = hashlib.sha256(subject.data).digest()
    scheme, prehashed = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
    checks = [_signed(subject.pki, name, digest) for name in ("stamp", "tsa")]

    async def once() -> None:
        hashlib.sha256(subject.data).digest()
        for _ in subject.serials:
            for key, signature in checks:
                key.verify(signature, digest, scheme, prehashed)

    return Engine(once)


def _signed(pki: Path, name: str, digest: bytes) -> tuple[rsa.RSAPublicKey, bytes]:
    private = serialization.load_pem_private_key((pki / f"{name}.key.pem").read_bytes(), None)
    public = x509.load_pem_x509_certificate((pki / f"{name}.pem").read_bytes()).public_key()
    assert isinstance(private, rsa.RSAPrivateKey)
    assert isinstance(public, rsa.RSAPublicKey)
    return public, private.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))


ENGINES = {"meterai": make_meterai, "fast": make_fast, "pyhanko": make_pyhanko, "limit": make_limit}


def cpu_seconds(engine: Engine) -> float:
    """CPU time of this process and the helper's so far (`/proc/PID/schedstat`, nanoseconds)."""
    spent = time.process_time()
    if engine.helper:
        spent += int(Path(f"/proc/{engine.helper}/schedstat").read_text().split()[0]) / 1e9
    return spent


async def measure(engine: Engine, seconds: float) -> dict[str, float]:
    """Judges again and again for `seconds`: how often, and the CPU and wall time it took."""
    count, cpu, start = 0, cpu_seconds(engine), time.perf_counter()
    while count == 0 or time.perf_counter() - start < seconds:
        await engine.once()
        count += 1
    return {
        "count": count,
        "cpu_seconds": cpu_seconds(engine) - cpu,
        "wall_seconds": time.perf_counter() - start,
    }


def main() -> None:
    """Warms up, says `ready`, waits for a line, measures, prints one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("--pki", type=Path, required=True)
    parser.add_argument("--size-bytes", type=int, required=True)
    parser.add_argument("--stamps", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--register", type=json.loads, default={})
    asked = parser.parse_args()
    with asyncio.Runner() as runner:
        data, serials = runner.run(stamp_document(asked.pki, asked.size_bytes, asked.stamps))
        engine = runner.run(ENGINES[asked.engine](Subject(asked.pki, data, serials, asked.register)))
        for _ in range(1 if asked.engine == "pyhanko" else 5):
            runner.run(_once(engine))
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(runner.run(measure(engine, asked.seconds))), flush=True)


async def _once(engine: Engine) -> None:
    await engine.once()


if __name__ == "__main__":
    main()
