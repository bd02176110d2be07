"""Several signers, each with its own key and counter, over mutual TLS. One takes over from another."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.settings import Settings
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.stamping import signer_wire
from meterai.stamping.queries import job as find_job
from meterai.stamping.signer.key_files import read_counters
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from meterai.verification.model import Verdict
from sandbox.pki.tls import TlsAuthority
from tests.keys.certified import certify
from tests.keys.rotating_setup import RotatingSetup
from tests.keys.test_rotation import verdict
from tests.ports import free_port
from tests.stamping.stamping_setup import Process, copy_pki, until

pytestmark = pytest.mark.storage

LOCAL = "127.0.0.1"


class Crash(Exception):
    """A crash of the worker."""


@dataclass
class Signers:
    """The signer without a name in the data directory of the setup, and the signer `dua` in its own."""

    setup: RotatingSetup
    authority: TlsAuthority
    second_data: Path
    ports: tuple[int, int]
    keys: tuple[str, str]

    def environment(self, number: int) -> dict[str, str]:
        """What a signer gets for TLS."""
        certificate, key = self.authority.issue(f"signer-{number}", [LOCAL])
        return {
            "METERAI_SIGNER_LISTEN": f"{LOCAL}:{self.ports[number]}",
            "METERAI_SIGNER_CLIENTS": "pekerja:seal,situs:look",
            "METERAI_SIGNER_TLS_CA": str(self.authority.ca),
            "METERAI_SIGNER_TLS_CERTIFICATE": str(certificate),
            "METERAI_SIGNER_TLS_KEY": str(key),
        }

    def client(self, name: str) -> SignerClient:
        """A client of both that shows this common name."""
        certificate, key = self.authority.issue(name)
        urls = ",".join(f"tls://{LOCAL}:{port}" for port in self.ports)
        return SignerClient.of(
            Settings(
                signer_url=urls,
                signer_tls_ca=str(self.authority.ca),
                signer_tls_certificate=str(certificate),
                signer_tls_key=str(key),
            )
        )

    def start(self, number: int) -> Process:
        """Starts one of them, without waiting."""
        if number == 0:
            return self.setup.spawn(**self.environment(0))
        own = {"METERAI_DATA": str(self.second_data), "METERAI_SIGNER_NAME": "dua"}
        return self.setup.spawn(**own, **self.environment(1))


async def two_signers(setup: RotatingSetup, pki: Path, tmp_path: Path) -> Signers:
    """Registers a key for each, and lets the test's worker ask both over TLS."""
    second_data = tmp_path / "dua"
    copy_pki(pki, second_data)
    setup.hsm.write_pin(second_data / "secrets" / "pkcs11-pin")
    first = await setup.register_first()
    second = await setup.add("stamp-1", signer="dua")
    authority = TlsAuthority(tmp_path / "tls")
    signers = Signers(setup, authority, second_data, (free_port(), free_port()), (first, second))
    signers.start(0)
    signers.start(1)
    setup.client = signers.client("pekerja")
    await until(lambda: signs(setup, first), what="the first signer")
    await until(lambda: signs(setup, second), what="the second signer")
    await setup.activate_at_once(second)
    return signers


async def signs(setup: RotatingSetup, key_id: str) -> bool:
    """Whether a signer is there that can sign with this key."""
    try:
        return await setup.ready(key_id)
    except Refusal:
        return False


async def test_another_signer_seals_the_intents_of_a_dead_one(
    setup: RotatingSetup, pki: Path, tmp_path: Path
) -> None:
    signers = await two_signers(setup, pki, tmp_path)
    first, second = signers.keys
    before = await setup.stamp("Surat pertama")
    assert await setup.key_of(before) == first, "the first that is named is preferred"

    def crash(point: str) -> None:
        if point == "after_intent":
            raise Crash

    job = await setup.order_letter("Surat kedua")
    with pytest.raises(Crash):
        await run_due_jobs(setup.tools(fail_point=crash), worker="test")
    intended = await setup.row("SELECT * FROM stamping.intent WHERE serial = $1", job.serials[0])
    setup.processes[0].kill()
    await free_leases(setup.tools(), worker="test")
    await setup.work()
    assert await setup.key_of(job) == second, "with its own key"
    assert await setup.row("SELECT * FROM stamping.intent WHERE serial = $1", job.serials[0]) == intended
    for one in (before, job):
        assert verdict(setup, await setup.file_of(one)) is Verdict.GENUINE
    assert read_counters(setup.data / "signer") == {first: 1}
    assert read_counters(signers.second_data / "signer") == {second: 1}
    assert [report.key_id for report in await setup.client.keys()] == [second]
    for name, folder in (("", setup.data), ("dua", signers.second_data)):
        counters = read_counters(folder / "signer")
        (i8,) = [
            found
            for found in await run_invariants(
                setup.database.reader, now=datetime.now(UTC), counters=counters, signer=name
            )
            if found.id == "I8"
        ]
        assert i8.ok, i8.violations

    setup.processes[1].kill()
    late = await setup.order_letter("Surat ketiga")
    assert await run_due_jobs(setup.tools(), worker="test") == 0, "a worker without a signer claims nothing"
    waiting = await find_job(setup.db, late.id)
    assert waiting is not None
    assert (waiting.state, waiting.attempts, waiting.trouble_code) == ("accepted", late.attempts, None)
    signers.start(0)
    await until(lambda: signs(setup, first), what="the first signer")
    await setup.work()
    assert await setup.key_of(late) == first


async def test_only_known_certificates_ask_and_for_what_they_may(
    setup: RotatingSetup, pki: Path, tmp_path: Path
) -> None:
    signers = await two_signers(setup, pki, tmp_path)
    looking, stranger = signers.client("situs"), signers.client("orang-lain")
    assert (await looking.ping()).key_id == signers.keys[0]
    with pytest.raises(Refusal, match=r"signer\.not_allowed"):
        await looking.code_signatures([(SerialNumber("EVDT2GVC9GHGGKHKJYFMHN"), date(2026, 9, 1))])
    with pytest.raises(Refusal, match=r"signer\.unavailable"):
        await stranger.ping()
    for context in (_no_certificate(signers.authority), _of_another_authority(signers, tmp_path)):
        with pytest.raises((OSError, EOFError)):
            await _ask(signers.ports[0], context)
    for client in (looking, stranger):
        await client.close()


def _no_certificate(authority: TlsAuthority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca))


def _of_another_authority(signers: Signers, folder: Path) -> ssl.SSLContext:
    context = _no_certificate(signers.authority)
    context.load_cert_chain(*TlsAuthority(folder / "another").issue("pekerja"))
    return context


async def _ask(port: int, context: ssl.SSLContext) -> None:
    """With TLS 1.3 a client learns by the first answer that its certificate was refused."""
    reader, writer = await asyncio.open_connection(LOCAL, port, ssl=context, server_hostname=LOCAL)
    try:
        writer.write(signer_wire.frame(signer_wire.Ping()))
        await signer_wire.read_frame(reader)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(signer_url="tls://10.0.0.1:8400"), "METERAI_SIGNER_TLS_CA, METERAI_SIGNER_TLS_CERTIFICATE"),
        (Settings(signer_url="http://10.0.0.1:8400"), "METERAI_SIGNER_URL: expected tls://HOST:PORT"),
    ],
)
def test_addresses_that_cannot_be_used_are_named(settings: Settings, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        SignerClient.of(settings)


async def test_the_register_binds_a_key_to_its_signer(setup: RotatingSetup) -> None:
    place = "pkcs11:token=meterai;object=stamp-2"
    key_id = await setup.add("stamp-2", chain=certify(setup.data / "pki", place), signer="dua")
    row = await setup.row("SELECT signer FROM stamping.signing_key WHERE key_id = $1", key_id)
    assert row["signer"] == "dua"
    await setup.register_first()
    await setup.start()
    assert key_id not in {report.key_id for report in await setup.client.keys()}
    with pytest.raises(Refusal, match=r"key\.not_ready"):
        await setup.activate_at_once(key_id)
