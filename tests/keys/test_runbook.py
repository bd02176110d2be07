"""docs/keys.md is true: each of its commands runs, in order, on a running service with an HSM."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from meterai.operations.service_status import LOOK_S
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path
from meterai.stamping.use_cases.hash_chain import hash_chain
from tests.keys.runbook import same, steps_of, walk
from tests.keys.soft_hsm import SoftHsm
from tests.officers import make_officers
from tests.running_service import RunningService, running_service
from tests.stamping.letters import make_letter
from tests.web.test_crls import crl_addresses, linked

RUNBOOK = Path(__file__).parents[2] / "docs" / "keys.md"


@pytest.mark.long
@pytest.mark.journey
def test_the_runbook_was_walked_through_and_prints_what_it_says(tmp_path: Path) -> None:
    hsm = SoftHsm(tmp_path / "device")
    (tmp_path / "letter.pdf").write_bytes(make_letter())
    steps = steps_of(RUNBOOK.read_text())
    assert len(steps) > 30
    officers = {
        "METERAI_OFFICERS": str(make_officers(tmp_path, ani=["keys", "admin"], budi=["keys", "admin"]))
    }
    with running_service(env=hsm.environment | officers) as service:
        environment = {**hsm.environment, "METERAI_DATA": str(service.data), "HSM_TOKENS": str(hsm.tokens)}
        outputs = walk(steps, tmp_path, environment)
        for step, output in zip(steps, outputs, strict=True):
            assert same(output) == same(step.output), step.command
        pin = (service.data / "secrets" / "pkcs11-pin").read_text().strip()
        assert pin
        assert all(pin not in log.read_text(errors="replace") for log in (service.data / "logs").iterdir())
        assert not any(pin.encode() in environ for environ in environments(service))
        assert_crl_addresses_answer(service)
        assert_status_page_tells_of_the_stop(service, environment, tmp_path)


def environments(service: RunningService) -> list[bytes]:
    """Environment of every process of the service."""
    return [Path(f"/proc/{child.pid}/environ").read_bytes() for child in service.children()]


def assert_crl_addresses_answer(service: RunningService) -> None:
    """Those of the chain that adapters get: the key of section 9 is active now."""

    async def chain_now() -> tuple[bytes, ...]:
        signer = SignerClient(socket_path(service.data))
        try:
            return await hash_chain(signer)
        finally:
            await signer.close()

    chain = asyncio.run(chain_now())
    assert "Hash SPESIMEN 2026" in x509.load_der_x509_certificate(chain[0]).subject.rfc4514_string()
    for certificate, issuer in linked(service.data / "pki", chain):
        (address,) = crl_addresses(certificate)
        assert address.startswith(service.addresses.site)
        with urllib.request.urlopen(address, timeout=10) as answer:
            crl = x509.load_der_x509_crl(answer.read())
        public = issuer.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        assert crl.is_signature_valid(public)


def assert_status_page_tells_of_the_stop(
    service: RunningService, environment: dict[str, str], keys: Path
) -> None:
    resume = ("resume-signing", "--reason", "test")
    for command, key, told in (
        (("stop-signing", "--reason", "test"), "ani", True),
        (resume, "ani", True),
        (("release", "sign", "5"), "budi", False),
    ):
        subprocess.run(
            [sys.executable, "-m", "meterai.cli", *command, "--sign-with", str(keys / key)],
            env={**os.environ, **environment},
            check=command != resume,  # it waits for the second officer
            capture_output=True,
            timeout=60,
        )
        time.sleep(LOOK_S)  # so old may be what the page says
        with urllib.request.urlopen(f"{service.addresses.site}/status", timeout=10) as page:
            assert ("Dihentikan sementara" in page.read().decode()) is told
