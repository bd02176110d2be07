"""The installation: schema, keys and secrets, the twins of the outside world, the data of each host."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from chaos.cluster.hosts import (
    APPS,
    FRONTS,
    NAME,
    OUTSIDE,
    POOLER,
    PORT,
    PUBLIC,
    SIGNER,
    SITE,
    STORES,
    address,
    inside,
    publish,
)
from chaos.cluster.nats import url
from chaos.hosts.pair import activate_key, copy_installation, make_signer_key, until
from chaos.hosts.parts import Part
from chaos.running_service import without_settings
from meterai.kernel.clock import system_clock
from meterai.kit.database_urls import role_url, without_user
from meterai.kit.installation import Addresses, derive
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.launcher.first_start import open_installation
from meterai.launcher.preparation import Ports, Twins
from meterai.launcher.process_list import twin_specs
from meterai.stamping.archive.crl_mirror import PLACE
from sandbox.pki.tls import TlsAuthority
from simulator.crowd.service import Service

_TWINS: Final = {"gateway": 9101, "tsa": 9102, "inbox": 9103, "smtp": 9104, "revocation": 9105}
_MIGRATION_SECONDS_MAX: Final = 180
_EXCEPT: Final = ("data", "queue_folder", "objects_url", "host", "gate_first_number")


class Installation:
    """The one installation of all hosts. `folder`: of the run."""

    def __init__(self, folder: Path, store: Mapping[str, str], *, over_nats: bool) -> None:
        """`store`: variables of the object store, METERAI_OBJECTS_URL among them. `over_nats`: for the line.

        `owner_url` is set once there is a database.
        """
        self.folder, self.owner_url, self.store, self.over_nats = folder, "", store, over_nats
        self.secrets = Secrets(self.data("app-1"))
        self.tls = TlsAuthority(folder / "tls")
        self.certificates = {host: self.tls.issue(host, [address(host)]) for host in APPS}

    def data(self, host: str) -> Path:
        """The data directory of a host."""
        return self.folder / host / "data"

    def queue(self, host: str) -> Path:
        """The queue folder of a host's controller; without NATS of all hosts."""
        return (self.folder / host if self.over_nats else self.folder) / "queue"

    def front_queue(self, host: str) -> Path:
        """The queue folder of a host's gate, site and worker. With NATS its mirror keeps it."""
        return self.folder / host / "queue-front" if self.over_nats else self.queue(host)

    @property
    def addresses(self) -> Addresses:
        """Where everything is, as hosts see it."""
        return Addresses(
            pid=os.getpid(),
            site=PUBLIC,
            gate=PUBLIC,
            database=without_user(self.owner_url),
            objects=self.store["METERAI_OBJECTS_URL"],
            smtp=f"smtp://{OUTSIDE}:{_TWINS['smtp']}",
            gateway=f"http://{OUTSIDE}:{_TWINS['gateway']}",
            tsa=f"http://{OUTSIDE}:{_TWINS['tsa']}",
            inbox=f"http://{OUTSIDE}:{_TWINS['inbox']}",
            revocation=f"http://{OUTSIDE}:{_TWINS['revocation']}",
        )

    @property
    def outside(self) -> Service:
        """The service as people see it; its twins are in the outside world, as they are."""
        gateway, inbox = (f"http://127.0.0.1:{_TWINS[name]}" for name in ("gateway", "inbox"))
        return Service(pid=os.getpid(), site=PUBLIC, gate=PUBLIC, gateway=gateway, inbox=inbox)

    async def make(self) -> None:
        """Makes schema, secrets, keys and the site's first rows."""
        first = self.data("app-1")
        first.mkdir(mode=0o711)
        pki = asyncio.create_task(asyncio.to_thread(self._make_keys, first / "pki"))
        await asyncio.to_thread(self._migrate, first)
        self.secrets.make_shared()
        await pki
        complete = msgspec.structs.replace(self._complete(Settings(data=first)), public_url=PUBLIC)
        passwords = self.secrets.database_roles
        direct = {"database_operator_url": role_url(self.owner_url, "operator", passwords["operator"])}
        await open_installation(msgspec.structs.replace(complete, **direct), now=system_clock())

    def _complete(self, settings: Settings) -> Settings:
        pooler = f"postgresql://127.0.0.1:{POOLER}/meterai"
        named = msgspec.structs.replace(
            settings,
            database_pooler_url=pooler,
            payment_gateways="midtrans",
            nats_url=url("controller") if self.over_nats else "",
            nats_replicas=len(STORES),
        )
        return derive(named, self.addresses, self.secrets)

    def _make_keys(self, folder: Path) -> None:
        words = [sys.executable, "-m", "sandbox.pki.authority", str(folder)]
        subprocess.run([*words, "--revocation-url", f"{PUBLIC}{PLACE}"], check=True, capture_output=True)

    def _migrate(self, data: Path) -> None:
        env = {**without_settings(), "METERAI_DATABASE_URL": self.owner_url}
        words = [sys.executable, "-m", "meterai.cli", "db", "migrate", "--data", str(data)]
        done = subprocess.run(
            words, env=env, capture_output=True, text=True, timeout=_MIGRATION_SECONDS_MAX, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"meterai db migrate: {done.stderr.strip()}")

    def copy(self) -> None:
        """Gives each other host what its roles read."""
        first = self.data("app-1")
        for host in APPS[1:]:
            copy_installation(first, self.data(host))
            make_signer_key(first, self.data(host))
        for host in FRONTS:
            self.give_front(host)

    def give_front(self, host: str) -> None:
        """Gives a front, which may have a new disk, the installation's id."""
        self.data(host).mkdir(mode=0o711, parents=True)
        shutil.copy2(self.data("app-1") / "installation", self.data(host) / "installation")

    async def start_twins(self) -> list[Part]:
        """Starts the twins of the gateway, of mail, and of the authorities."""
        ports = Ports(site=PORT, postgres=0, gate=0, **_TWINS)
        twins = Twins(gateway=True, tsa=True, inbox=True, revocation=True)
        settings = Settings(data=self.data("app-1"), host=NAME)
        parts = []
        for spec in twin_specs(settings, ports, twins, self.secrets):
            log = self.folder / "logs" / f"{spec.name}.log"
            part = Part(spec.name, list(spec.argv), log, env=spec.env)
            part.start()
            parts.append(part)
            await until(lambda spec=spec, part=part: spec.ready(part.pid), spec.name)  # type: ignore[misc]
        for port in _TWINS.values():
            publish(port)
        return parts

    def settings(self, host: str) -> dict[str, str]:
        """All settings of a host, as an operator writes them."""
        named = {
            f"METERAI_{name.upper()}": str(value)
            for name, value in msgspec.structs.asdict(self._complete(Settings())).items()
            if value != "" and name not in _EXCEPT
        }
        here = address(host)
        return {
            **without_settings(),
            **named,
            **self.store,
            "METERAI_HOST_NAME": host,
            "METERAI_HOST": here,
            "METERAI_PORT": str(SITE),
            "METERAI_PUBLIC_URL": PUBLIC,
            "METERAI_GATE_URL": PUBLIC,
            "METERAI_QUEUE_FOLDER": str(self.queue(host)),
            "METERAI_TRUSTED_PROXIES": ",".join(address(front) for front in FRONTS),
            "METERAI_GATE_FIRST_NUMBER": host.rpartition("-")[2],
            "METERAI_GATE_WORK": "off",
            "METERAI_GENERAL_PURCHASES_PER_MINUTE": "6000",
            "METERAI_JAIL_SLOTS": "1",
            "METERAI_PROBE": "off",
            "METERAI_STATUS_PAGE": "off",
            "METERAI_REFUND_WAIT_MINUTES": "0",
            **(self._signer_settings(host) if host in APPS else {}),
        }

    def _signer_settings(self, host: str) -> dict[str, str]:
        certificate, key = self.certificates[host]
        others = ",".join(f"tls://{address(one)}:{SIGNER}" for one in APPS if one != host)
        return {
            "METERAI_SIGNER_NAME": "" if host == APPS[0] else host,
            "METERAI_SIGNER_URL": f"unix,{others}",
            "METERAI_SIGNER_LISTEN": f"{address(host)}:{SIGNER}",
            "METERAI_SIGNER_CLIENTS": ",".join(f"{one}:seal" for one in APPS),
            "METERAI_SIGNER_TLS_CA": str(self.tls.ca),
            "METERAI_SIGNER_TLS_CERTIFICATE": str(certificate),
            "METERAI_SIGNER_TLS_KEY": str(key),
        }

    def command(self, *words: str) -> list[str]:
        """A command of the product at app-1. Its variables are `settings("app-1")`."""
        return inside("app-1", sys.executable, "-m", "meterai.cli", *words)

    def activate_keys(self) -> None:
        """Registers the keys of the further signers, as an officer does."""
        for host in APPS[1:]:
            chain = self.data(host) / "pki" / "chain.pem"
            env = self.settings("app-1")
            activate_key(self.command(), self.data("app-1"), chain, signer=host, env=env)
