"""The two hosts. `satu` has everything, by `meterai up`.

`dua` has site, gate, worker and signer, each by `meterai run`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from chaos.hosts.parts import Part, answers
from chaos.running_service import RunningService, launch, without_settings
from meterai.kit.installation import Addresses, derive
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from sandbox.pki.authority import certify_request
from sandbox.pki.tls import TlsAuthority
from simulator.rehearsal.victims import is_module, processes_below

FIRST, SECOND = "127.0.0.2", "127.0.0.3"
ROLES: Final = ("signer", "worker", "site", "gate")
_ROLE_PORTS: Final = {"signer": 20, "mirror": 26, "site": 31, "worker": 41, "controller": 51, "gate": 61}
_READY_SECONDS: Final = 60.0


@dataclass(slots=True)
class Place:
    """Where everything of the run is."""

    folder: Path
    owner_url: str
    pooler: str
    site: str
    """Address of the front that leads to both sites."""
    gate: str
    objects: str
    port: int
    """Of the sites; the gates follow as everywhere."""
    signer_port: int
    variables: Mapping[str, str]
    """For the object store."""

    @property
    def first(self) -> Path:
        """The data directory of `satu`."""
        return self.folder / "satu"

    @property
    def second(self) -> Path:
        """The data directory of `dua`."""
        return self.folder / "dua"


@dataclass(slots=True)
class Pair:
    """Both hosts, running."""

    place: Place
    service: RunningService
    roles: dict[str, Part] = field(default_factory=dict)

    async def kill(self, host: str, role: str) -> None:
        """Kills a process of a host, and waits until its successor can do its work."""
        if host == "dua":
            part = self.roles[role]
            before = part.starts
            os.kill(part.pid, signal.SIGKILL)
            await until(lambda: part.starts > before, f"{host}'s {role} to be started again")
            await until_ready(f"http://{SECOND}:{role_port(self.place.port, role)}/readyz")
            return
        module = "controller" if role == "controller" else role
        wanted = is_module(f"meterai.processes.{module}")
        (victim,) = processes_below(self.service.launcher.pid, wanted)
        os.kill(victim.pid, signal.SIGKILL)

        def is_back() -> bool:
            found = processes_below(self.service.launcher.pid, wanted)
            return bool(found) and found[0].pid != victim.pid

        await until(is_back, f"{host}'s {role} to be started again")
        name = "queue" if role == "controller" else role
        port = self.service.addresses.roles[name]
        await until_ready(f"http://127.0.0.1:{port}/readyz")


def role_port(port: int, role: str) -> int:
    """The port for monitors of a host's process; `port`: its site's."""
    return port + _ROLE_PORTS[role]


async def until(
    holds: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = _READY_SECONDS
) -> None:
    """Waits for it. Raises: TimeoutError that names it."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.1)


async def until_ready(url: str) -> None:
    """Waits until a process says that it can do its work."""
    await until(lambda: answers(url), url)


def common_settings(place: Place, tls: TlsAuthority, host: str) -> dict[str, str]:
    """The settings that both hosts have, with those of their own."""
    address, other = (FIRST, SECOND) if host == "satu" else (SECOND, FIRST)
    certificate, key = tls.issue(host, [address])
    return {
        "METERAI_HOST_NAME": host,
        "METERAI_HOST": address,
        "METERAI_PUBLIC_URL": place.site,
        "METERAI_GATE_URL": place.gate,
        "METERAI_QUEUE_FOLDER": str(place.folder / "queue"),
        "METERAI_OBJECTS_URL": place.objects,
        "METERAI_DATABASE_POOLER_URL": place.pooler,
        "METERAI_SIGNER_URL": f"unix,tls://{other}:{place.signer_port}",
        "METERAI_SIGNER_LISTEN": f"{address}:{place.signer_port}",
        "METERAI_SIGNER_CLIENTS": "satu:seal,dua:seal",
        "METERAI_SIGNER_TLS_CA": str(tls.ca),
        "METERAI_SIGNER_TLS_CERTIFICATE": str(certificate),
        "METERAI_SIGNER_TLS_KEY": str(key),
        **place.variables,
    }


def start_first(place: Place, tls: TlsAuthority, *, python: Path = Path(sys.executable)) -> RunningService:
    """Starts `satu`, without waiting. `python`: of the release."""
    own = {"METERAI_DATABASE_URL": place.owner_url, "METERAI_GATE_WORK": "off"}
    return launch(
        place.first,
        arguments=("--port", str(place.port)),
        env={**common_settings(place, tls, "satu"), **own},
        output=place.folder / "satu.output",
        python=python,
    )


async def start_second(place: Place, tls: TlsAuthority, service: RunningService) -> dict[str, Part]:
    """Copies the secrets to `dua`, gives its signer a key of its own, and starts its processes."""
    await asyncio.to_thread(prepare_second, place)
    settings = settings_of(place, tls, service.addresses, "dua")
    parts = {}
    for role in ROLES:
        env = {**without_settings(), **settings}
        env["METERAI_ROLE_PORT"] = f"{SECOND}:{role_port(place.port, role)}"
        words = [sys.executable, "-m", "meterai.cli", "run", role, "--data", place.second]
        parts[role] = Part(f"dua {role}", words, place.folder / f"dua-{role}.log", env=env)
    parts["signer"].start()
    env = {**without_settings(), **common_settings(place, tls, "satu")}
    await asyncio.to_thread(activate, place, env)
    for role in ROLES:
        if role != "signer":
            parts[role].start()
        await until_ready(f"http://{SECOND}:{role_port(place.port, role)}/readyz")
    return parts


def prepare_second(place: Place) -> None:
    """`dua` gets the installation's files, and its signer a key of its own."""
    copy_installation(place.first, place.second)
    make_signer_key(place.first, place.second)


def copy_installation(first: Path, second: Path) -> None:
    """Another host gets the installation's id, the secrets of its roles, and what verification trusts."""
    second.mkdir(mode=0o711)
    shutil.copy2(first / "installation", second / "installation")
    (second / "secrets").mkdir(mode=0o700)
    for name in ("application.json", "metrics-token"):
        shutil.copy2(first / "secrets" / name, second / "secrets" / name)
    shutil.copytree(first / "pki" / "trust", second / "pki" / "trust")


def make_signer_key(first: Path, second: Path) -> None:
    """The signer of another host gets a key of its own, certified by the development PKI of the first one."""
    pki = second / "pki"
    for name in ("code.key.pem", "intermediate.pem"):
        shutil.copy2(first / "pki" / name, pki / name)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Meterai Elektronik 10000 SPESIMEN 2")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    chain = certify_request(first / "pki", request.public_bytes(serialization.Encoding.PEM))
    (pki / "chain.pem").write_bytes(chain)
    own = x509.load_pem_x509_certificates(chain)[0]
    (pki / "stamp.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    secret = pki / "stamp.key.pem"
    secret.touch(0o600)
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def settings_of(place: Place, tls: TlsAuthority, addresses: Addresses, host: str) -> dict[str, str]:
    """All settings of a host, as an operator would write them. `addresses`: those of the twins, too."""
    known = derive(
        Settings(database_pooler_url=place.pooler, payment_gateways="midtrans"),
        addresses,
        Secrets(place.first),
    )
    kept = ("data", "queue_folder", "objects_url", "host", "gate_first_number")
    named = {
        f"METERAI_{name.upper()}": str(value)
        for name, value in msgspec.structs.asdict(known).items()
        if value != "" and name not in kept
    }
    own = {"METERAI_PORT": str(place.port), "METERAI_JAIL_SLOTS": "1", "METERAI_GATE_WORK": "off"}
    if host == "dua":
        own |= {"METERAI_SIGNER_NAME": "dua", "METERAI_GATE_FIRST_NUMBER": "2"}
    return {**named, **common_settings(place, tls, host), **own}


def activate(place: Place, env: Mapping[str, str]) -> None:
    """Registers the key of `dua`'s signer and activates it, as an officer does at `satu`."""
    meterai = [sys.executable, "-m", "meterai.cli"]
    activate_key(meterai, place.first, place.second / "pki" / "chain.pem", signer="dua", env=env)


def activate_key(
    meterai: Sequence[str], data: Path, chain: Path, *, signer: str, env: Mapping[str, str]
) -> None:
    """Registers the key of a signer and activates it, once it answers. `meterai`: words of the command."""

    def keys(*words: str) -> str:
        command = [*meterai, "keys", *words, "--data", str(data)]
        done = subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"meterai keys {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    added = keys("add", "--place", "file:pki", "--certificate", str(chain), "--signer", signer)
    key_id = added.split("Added key ")[1].split(".")[0]
    deadline = time.monotonic() + 20
    while True:
        with suppress(RuntimeError):
            keys("activate", key_id)
            return
        if time.monotonic() > deadline:
            keys("activate", key_id)
        time.sleep(0.5)
