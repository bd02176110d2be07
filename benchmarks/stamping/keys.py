"""`python -m benchmarks keys`: compares a key in a PKCS#11 token (SoftHSM2) with a key in a file.

Both keys are wrapped as in the signer: each signature is checked against the certificate. `signature`: one
after the other; `stamp`: everything that the product does for a stamp on a 100 kB document, its time stamp
included, in one process. CPU time of the whole process, threads and module included; alternating rounds.
"""

# mypy: disallow-untyped-calls=False

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from benchmarks.stamping.engines import InProcessAuthority, make_document, make_meterai
from meterai.stamping.keys.signing_keys import TokenPlace
from meterai.stamping.signer.private_keys.certificate_request import make_request
from meterai.stamping.signer.private_keys.checked_key import CheckedKey, FaultAlarm
from meterai.stamping.signer.private_keys.pkcs11_key import Pkcs11Key
from meterai.stamping.signer.private_keys.pkcs11_module import Pin
from meterai.stamping.signer.private_keys.software_key import SoftwareKey
from sandbox.pki.authority import certify_request, make_pki

_PIN = "12345678"
_PLACE = TokenPlace(token="bench", label="stamp")
_DOCUMENT_BYTES = 100_000
_ROUNDS = 4

Work = Callable[[], Awaitable[object]]


def make_token(module: Path, folder: Path) -> None:
    """A SoftHSM2 token with an RSA-2048 key, for this process."""
    tokens = folder / "tokens"
    tokens.mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    token = ("--token-label", "bench", "--login", "--pin", _PIN)
    for command in (
        ("softhsm2-util", "--init-token", "--free", "--label", "bench", "--so-pin", _PIN, "--pin", _PIN),
        ("pkcs11-tool", "--module", str(module), *token, "--keypairgen", "--key-type", "rsa:2048",
         "--label", "stamp", "--id", "01", "--usage-sign"),
    ):  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=60)


async def open_token_key(module: Path, folder: Path, pki: Path) -> Pkcs11Key:
    """The key of the token under a certificate of the sandbox."""
    pin = folder / "pin"
    pin.touch(0o600)
    pin.write_text(_PIN)
    request = make_request(module, _PLACE, lambda: Pin(_PIN), {"common_name": "Bench SPESIMEN"})
    chain = load_pem_x509_certificates(certify_request(pki, request))
    certificates = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    key = Pkcs11Key(module, _PLACE, certificates, pin_file=pin)
    await key.open()
    return key


async def measure(works: dict[str, Work], seconds: float) -> dict[str, float]:
    """CPU milliseconds per call of each, in alternating rounds, so that the machine's load affects all
    alike."""
    spent, counts = dict.fromkeys(works, 0.0), dict.fromkeys(works, 0)
    for work in works.values():
        await work()
    for _ in range(_ROUNDS):
        for name, work in works.items():
            cpu, end = time.process_time(), time.perf_counter() + seconds / _ROUNDS
            while time.perf_counter() < end:
                await work()
                counts[name] += 1
            spent[name] += time.process_time() - cpu
    return {name: round(spent[name] / counts[name] * 1000, 3) for name in works}


async def run(module: Path, seconds: float) -> dict[str, dict[str, float]]:
    """Measures signatures and stamps with both keys."""

    async def no_switch(reason: str) -> None:
        raise AssertionError(reason)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pki = make_pki(folder / "pki")
        make_token(module, folder)
        device = await open_token_key(module, folder, pki)
        alarm = FaultAlarm(no_switch)
        keys = {"software": CheckedKey(SoftwareKey.load(pki), alarm), "pkcs11": CheckedKey(device, alarm)}
        document, digest = make_document(_DOCUMENT_BYTES), hashlib.sha256(b"bench").digest()
        stamps: dict[str, Work] = {
            name: make_meterai(pki, document, InProcessAuthority(pki), key=key) for name, key in keys.items()
        }
        signatures: dict[str, Work] = {name: partial(key.sign, digest) for name, key in keys.items()}
        results = {
            "signature": await measure(signatures, seconds),
            "stamp": await measure(stamps, seconds),
        }
        await device.close()
    for row in results.values():
        row["ratio"] = round(row["pkcs11"] / row["software"], 3)
    return results


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    asked = parser.parse_args()
    print(json.dumps(uvloop.run(run(asked.module, asked.seconds))))


if __name__ == "__main__":
    main()
