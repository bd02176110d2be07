"""Checks before anything starts: the data directory, the ports, the twins that are needed."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from meterai.kit.child_processes import free_port
from meterai.kit.files.file_lock import locked
from meterai.kit.formats.comma_list import listed
from meterai.kit.settings import Settings, public_url
from meterai.kit.unsafe_settings import is_loopback
from meterai.stamping.stamp_face.given_artwork import check_artwork

LOCAL: Final = "127.0.0.1"
_PORT_MAX: Final = 65_535
_FOR_EVERYBODY_FROM: Final = 1024
_PRIVATE_FOLDERS: Final = ("run", "secrets", "logs")


class LaunchProblem(RuntimeError):
    """The service can't be started. The text says why and what to do next."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens on 127.0.0.1 (the site and the gates on `host`)."""

    site: int
    gateway: int
    tsa: int
    inbox: int
    smtp: int
    postgres: int
    gate: int
    """GATE_PORT when the site has 8000; deploy/nginx.conf expects it there."""
    revocation: int
    snap: int = 0
    console: int = 0
    status: int = 0

    @classmethod
    def wanted(cls, first: int) -> dict[str, int]:
        """`first` and the ten ports after it, by name; 0 for each when any will do."""
        return {field.name: first + place if first else 0 for place, field in enumerate(fields(cls))}

    @classmethod
    def choose(cls, first: int, *, host: str) -> Ports:
        """Takes `first` and the ten ports after it, another for a busy one; with 0 any eleven.

        Raises: LaunchProblem when `host` is not an address of this machine.
        """
        chosen: list[int] = []
        for name, wanted in cls.wanted(first).items():
            address = host if name in ("site", "gate") else LOCAL
            if wanted > _PORT_MAX or (name == "postgres" and wanted < _FOR_EVERYBODY_FROM):
                wanted = 0  # the database never runs as root, even when the launcher does
            try:
                port = free_port(wanted, host=address)
                while port in chosen:
                    port = free_port(host=address)
            except OSError as error:
                raise LaunchProblem(
                    f"No port can be had on {address} ({error}). METERAI_HOST must be an address of ours."
                ) from None
            chosen.append(port)
        return cls(*chosen)


@dataclass(frozen=True, slots=True)
class Twins:
    """The twins of the outside world that are needed: those for which no real address is set."""

    gateway: bool
    tsa: bool
    inbox: bool
    revocation: bool
    snap: bool = False
    status: bool = False
    """The host elsewhere that serves the status page."""

    @classmethod
    def needed(cls, settings: Settings) -> Twins:
        """No twin in production: bootstrap refuses to start there without real addresses."""
        if settings.environment == "production":
            return cls(gateway=False, tsa=False, inbox=False, revocation=False)
        named = listed(settings.payment_gateways)
        return cls(
            gateway=not (settings.gateway_url and settings.payout_url),
            tsa=not settings.tsa_url,
            inbox=not (settings.smtp_url and settings.whatsapp_url),
            revocation=not settings.revocation_url,
            snap=not settings.snap_url and (not named or "snap" in named),
            status=settings.status_page != "off" and not settings.status_url,
        )


def moved_from(settings: Settings, ports: Ports) -> dict[str, int]:
    """The wanted ports of site and gate that they did not get, by name."""
    names = ["site", "gate"] if settings.gate_processes else ["site"]
    expected = {name: port for name, port in Ports.wanted(settings.port).items() if name in names and port}
    return {name: port for name, port in expected.items() if getattr(ports, name) != port}


def refuse_moved(settings: Settings, ports: Ports) -> None:
    """Refuses to start on other ports where people are led to the wanted ones, for example by nginx.

    Raises: LaunchProblem.
    """
    looked_for = settings.public_url or settings.gate_url or settings.environment == "production"
    for name, port in moved_from(settings, ports).items() if looked_for else ():
        raise LaunchProblem(
            f"Port {port} of the {name} is busy or not for us, and who is sent there would find nobody. See "
            f"what has it (ss -ltnp 'sport = :{port}') and end that, or name another --port, also to the "
            "server in front."
        )


def check_settings(settings: Settings) -> None:
    """Checks settings at which all processes would fail one after the other.

    Raises: LaunchProblem for a certificate that can't be used, and for development in production's folder;
    ValueError for half of a certificate, artwork that can't be used, and what production refuses.
    """
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        missing = "TLS_KEY" if settings.tls_certificate else "TLS_CERTIFICATE"
        raise ValueError(
            f"METERAI_{missing}: the site speaks HTTPS with a certificate and its key; set both, or none"
        )
    check_artwork(settings.stamp_artwork)
    if settings.environment == "production":
        from meterai.bootstrap import check_settings  # slow to import

        check_settings(settings)
        _refuse_own_database(settings)
        _refuse_made_gate_address(settings)
    elif _is_of_production(settings.data / "pki"):
        raise LaunchProblem(other_environment(settings, "production"))
    if settings.tls_certificate:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=lambda: "")
        except OSError as error:
            raise LaunchProblem(
                f"METERAI_TLS_CERTIFICATE and METERAI_TLS_KEY can't be used ({error}). They must name "
                "files in PEM that we may read: the chain, and its key without a password."
            ) from None


def _refuse_own_database(settings: Settings) -> None:
    if not settings.database_url and settings.embedded_database == "refuse":
        raise ValueError(
            "METERAI_DATABASE_URL: name the PostgreSQL server that production needs (docs/first-start.md). "
            f"The embedded one in {settings.data / 'postgres'} runs as the user of the service and on its "
            "disk; METERAI_EMBEDDED_DATABASE=accept takes it all the same"
        )


def _refuse_made_gate_address(settings: Settings) -> None:
    """The address that is made for the gates is http, and leads other people to their own machine."""
    people_are_here = is_loopback(urlsplit(public_url(settings)).hostname or "")
    if settings.gate_processes and not settings.gate_url and not people_are_here:
        raise ValueError(
            "METERAI_GATE_URL: without it people would be led to the gates by http; give the https address "
            "at which they reach them, with deploy/nginx.conf the same as METERAI_PUBLIC_URL"
        )


def _is_of_production(pki: Path) -> bool:
    """Whether somebody put a trusted root there. In development the root's certificate lies beside it."""
    return (pki / "trust").exists() and not (pki / "root.pem").exists()


def other_environment(settings: Settings, kept: str) -> str:
    """The message for a start in another environment than the installation's."""
    return (
        f"{settings.data} is a {kept} installation, and METERAI_ENVIRONMENT is {settings.environment} here: "
        f"start it with METERAI_ENVIRONMENT={kept} and its other settings, or name another directory with "
        "--data DIR. Nothing was written."
    )


def prepare_folders(data: Path, *, of_others: bool = False) -> None:
    """Makes the data directory and its private folders.

    A new data directory gets mode 0711: PostgreSQL may run as `nobody` and must pass through it.
    `of_others`: an existing one may belong to another user.

    Raises: LaunchProblem when this user can't write it.
    """
    try:
        if not data.exists():
            data.mkdir(parents=True)
            data.chmod(0o711)
        for name in _PRIVATE_FOLDERS:
            (data / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LaunchProblem(
            f"The data directory {data} can't be used ({error.strerror}). Name another one with --data DIR."
        ) from None
    owner = (data / "run").stat().st_uid
    if owner != os.getuid() and not of_others:
        raise LaunchProblem(
            f"The data directory {data} belongs to another user (id {owner}). Start as that user, "
            "or name another directory with --data DIR."
        )


@contextmanager
def only_launcher(data: Path) -> Iterator[None]:
    """Locks the data directory for this launcher. The kernel releases it when the process ends.

    Raises: LaunchProblem when another launcher runs on it.
    """
    try:
        lock = locked(data / "run" / "lock")
    except BlockingIOError:
        raise LaunchProblem(
            f"The service already runs on {data}. Stop it with Ctrl-C where it was started, "
            "or start a second one beside it with another --data and --port."
        ) from None
    with os.fdopen(lock):
        yield
