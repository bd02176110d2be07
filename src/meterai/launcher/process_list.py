"""The processes of the service: how each is started, which settings it gets, when it is ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from meterai.kit import database_urls
from meterai.kit.database_urls import without_user
from meterai.kit.installation import TWIN_CLIENT, TWIN_COMPANIES, TWIN_MERCHANT, Addresses, start_of
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, front_root, in_url, public_url, queue_root, shown_host
from meterai.launcher.preparation import LOCAL, Ports, Twins
from meterai.launcher.schema.migrate import head_version
from meterai.launcher.supervisor import (
    Ready,
    Spec,
    accepts_tcp,
    accepts_unix,
    needs_no_wait,
    python_module,
    shows_itself,
)
from meterai.stamping.signer_wire import socket_path

NOTICES_PATH: Final = "/api/v1/payments/midtrans/notices"
SNAP_PATH: Final = "/api/v1/gateways/snap"
"""Stands before the paths of BI-SNAP's notices."""
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
_SIGNER_SETTINGS: Final = (
    "environment",
    "data",
    "trust_folder",
    "database_signer_url",
    "tsa_url",
    "log_level",
    "pkcs11_module",
    "pkcs11_pin_file",
    "pkcs11_sessions",
    "signer_users",
    "signer_name",
    "signer_listen",
    "signer_clients",
    "signer_tls_ca",
    "signer_tls_certificate",
    "signer_tls_key",
)
_KEY_DEVICE_VARIABLES: Final = (
    "SOFTHSM2_CONF",
    "YUBIHSM_PKCS11_CONF",
    "NFAST_HOME",
    "ChrystokiConfigurationPath",
    "CS_PKCS11_R3_CFG",
)
"""Variables that the modules of key devices read. Only the signer gets them."""
_STORE_VARIABLES: Final = "AWS_"
"""Prefix of the variables that obstore reads for S3. The processes that keep documents there get them."""
_GATE_SETTINGS: Final = (
    "environment",
    "data",
    "host_name",
    "queue_folder",
    "nats_url",
    "nats_credentials",
    "nats_tls_ca",
    "nats_replicas",
    "keep_line_days",
    "public_url",
    "trusted_proxies",
    "gate_url",
    "hsts",
    "gate_work",
    "gate_work_joins_per_second",
    "mail_providers_file",
    "events_file",
    "contact",
    "operator_name",
    "log_level",
)
_MIRROR_SETTINGS: Final = (
    "environment",
    "data",
    "queue_folder",
    "nats_url",
    "nats_credentials",
    "nats_tls_ca",
    "nats_replicas",
    "keep_line_days",
    "line_key",
    "log_level",
)
_QUEUE_SETTINGS: Final = (
    "environment",
    "data",
    "host_name",
    "queue_folder",
    "nats_url",
    "nats_credentials",
    "nats_tls_ca",
    "nats_replicas",
    "keep_line_days",
    "line_key",
    "line_controller_key",
    "queue_beacon",
    "general_purchases_per_minute",
    "database_controller_url",
    "log_level",
)
STATUS_SETTINGS: Final = (
    "environment",
    "data",
    "public_url",
    "gate_url",
    "status_to",
    "status_data",
    "status_notice",
    "status_url",
    "probe_seconds",
    "probe",
    "probe_secret",
    "log_level",
)
"""It gets no database, and no secret but the probe's: it only uses the doors that everybody sees."""
_CLOSER_SETTINGS: Final = ("environment", "data", "secrets_folder", "database_closer_url", "log_level")
_CONSOLE_HOST: Final = "localhost"
"""Passkeys need a name, not a number."""
CONSOLE_SETTINGS: Final = (
    "environment",
    "data",
    "trust_folder",
    "database_console_url",
    "database_connections_max",
    "secrets_folder",
    "console_url",
    "console_host",
    "public_url",
    "gate_url",
    "hsts",
    "trusted_proxies",
    "queue_folder",
    "contact",
    "operator_name",
    "log_level",
    "traces_url",
    "traces_percent",
)
_KEPT_FROM_DOORS: Final = {
    "signer_name",
    "signer_listen",
    "signer_clients",
    "signer_users",
    *database_urls.SETTINGS,
    database_urls.POOLER,
    "embedded_database",
    "pkcs11_module",
    "pkcs11_pin_file",
    "nats_url",
    "nats_credentials",
    "nats_tls_ca",
    "nats_replicas",
    "line_key",
    "line_controller_key",
    "officers",
    "backup_recipients",
    "backup_signing_key",
    "role_port",
    *(name for name in Settings.__struct_fields__ if name.startswith("adapter_")),
}
_KEPT_FROM_SITE: Final = _KEPT_FROM_DOORS - {"database_site_url"} | {
    "settlement_reports",
    "settlement_keys",
    "payout_url",
    "payout_key",
    "smtp_url",
    "whatsapp_url",
    "whatsapp_token",
    "audit_head",
    "probe_contact",
}
_KEPT_FROM_WORKER: Final = _KEPT_FROM_DOORS - {"database_worker_url"} | {"tls_key", "probe_secret"}
"""Each process connects as its own role alone. Money leaves, and messages go out, by the worker."""
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104
_KEEPS_PAGES: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}
"""For processes that handle files: the allocator keeps up to 16 MB. Fresh pages for each file cost the worker
a twentieth of its time."""


def addresses_of(
    settings: Settings, ports: Ports, twins: Twins, database_url: str, database_socket: str
) -> Addresses:
    """The addresses at which everything will listen."""
    return Addresses(
        pid=os.getpid(),
        started=start_of(os.getpid()),
        site=public_url(settings, port=ports.site),
        database=without_user(database_url),
        database_socket=database_socket,
        gateway=f"http://{LOCAL}:{ports.gateway}" if twins.gateway else "",
        snap=f"http://{LOCAL}:{ports.snap}" if twins.snap else "",
        tsa=f"http://{LOCAL}:{ports.tsa}" if twins.tsa else "",
        revocation=f"http://{LOCAL}:{ports.revocation}" if twins.revocation else "",
        inbox=f"http://{LOCAL}:{ports.inbox}" if twins.inbox else "",
        smtp=f"smtp://{LOCAL}:{ports.smtp}" if twins.inbox else "",
        status=f"http://{LOCAL}:{ports.status}" if twins.status else "",
        gate=settings.gate_url.rstrip("/") or _gate_url(settings, ports),
        console=console_address(settings, ports.console) if settings.console_processes else "",
        objects=settings.objects_url,
        queue=str(queue_root(settings).absolute()) if settings.queue_folder else "",
        environment=settings.environment,
        schema=head_version(),
        checkout=str(Path(sys.prefix).parent),
    )


def _gate_url(settings: Settings, ports: Ports) -> str:
    """The gates speak no TLS: a server in front of them does (docs/waiting-room.md)."""
    return f"http://{shown_host(settings.host)}:{ports.gate}"


def twin_specs(settings: Settings, ports: Ports, twins: Twins, secrets: Secrets) -> list[Spec]:
    """The twins of the outside world. They get no settings, only their key files."""
    folder = settings.data / "sandbox"
    scheme = "https" if settings.tls_certificate else "http"
    site = f"{scheme}://{in_url(_reached_at(settings))}:{ports.site}"
    specs = []
    if twins.gateway:
        _make_key_files(secrets)
        arguments = {
            "--port": ports.gateway,
            "--notify-url": f"{site}{NOTICES_PATH}",
            "--server-key-file": secrets.gateway_server_key_file,
            "--payout-key-file": secrets.payout_key_file,
            "--data": folder / "gateway",
        }
        specs.append(_spec("gateway", "sandbox.gateway", arguments, ready=accepts_tcp(LOCAL, ports.gateway)))
    if twins.snap:
        specs.append(_snap_spec(folder / "snap", ports.snap, f"{site}{SNAP_PATH}", secrets=secrets))
    if twins.tsa:
        arguments = {"--port": ports.tsa, "--pki": settings.data / "pki"}
        specs.append(_spec("tsa", "sandbox.tsa", arguments, ready=accepts_tcp(LOCAL, ports.tsa)))
    if twins.revocation:
        arguments = {"--port": ports.revocation, "--pki": settings.data / "pki"}
        ready = accepts_tcp(LOCAL, ports.revocation)
        specs.append(_spec("revocation", "sandbox.revocation", arguments, ready=ready))
    if twins.inbox:
        arguments = {
            "--smtp-port": ports.smtp,
            "--http-port": ports.inbox,
            "--data": folder / "inbox",
            "--whatsapp-token-file": secrets.whatsapp_token_file,
        }
        specs.append(_spec("inbox", "sandbox.inbox", arguments, ready=accepts_tcp(LOCAL, ports.inbox)))
    if twins.status:
        arguments = {"--port": ports.status, "--folder": settings.status_to or settings.data / "status"}
        ready = accepts_tcp(LOCAL, ports.status)
        specs.append(_spec("status-host", "sandbox.status_host", arguments, ready=ready))
    return specs


def _snap_spec(folder: Path, port: int, notify_url: str, *, secrets: Secrets) -> Spec:
    """The BI-SNAP twin. Its keys are made here."""
    secrets.make_snap_keys()
    _ = secrets.snap_client_secret
    arguments = {
        "--port": port,
        "--notify-url": notify_url,
        "--client-id": TWIN_CLIENT,
        "--merchant-id": TWIN_MERCHANT,
        "--banks": ",".join(f"{number}={bank}" for bank, number in TWIN_COMPANIES.items()),
        "--secret-file": secrets.snap_client_secret_file,
        "--merchant-key": secrets.snap_public_key_file,
        "--bank-key": secrets.snap_bank_key_file,
        "--data": folder,
    }
    return _spec("snap", "sandbox.snap", arguments, ready=accepts_tcp(LOCAL, port))


def product_specs(settings: Settings, ports: Ports) -> list[Spec]:
    """The product's processes in the order in which they start; `settings` is complete.

    They stop in reverse order: gates and site first, so that nothing new comes in.
    """
    signer = {name: getattr(settings, name) for name in _SIGNER_SETTINGS}
    front = {"queue_folder": front_folder(settings)}
    site = _all_but(settings, _KEPT_FROM_SITE) | front
    worker = _all_but(settings, _KEPT_FROM_WORKER) | front
    host = _reached_at(settings)
    listens = accepts_unix(socket_path(settings.data))
    serves = accepts_tcp(host, settings.port)
    works = shows_itself(settings.data / "run", "worker-*.json")
    stores = _store_variables() if settings.objects_url.startswith("s3:") else []
    workers = _numbered("worker", settings.worker_processes)
    sites = _numbered("site", settings.site_processes)
    return [
        _spec(
            "signer",
            "meterai.processes.signer",
            {},
            settings=signer,
            ready=listens,
            more=_KEY_DEVICE_VARIABLES,
        ),
        *(
            _spec(
                name,
                "meterai.processes.worker",
                {},
                settings=worker,
                ready=works,
                more=stores,
                always=_KEEPS_PAGES,
            )
            for name in workers
        ),
        *(
            _spec(
                name,
                "meterai.processes.site",
                {},
                settings=site,
                ready=serves,
                more=stores,
                always=_KEEPS_PAGES,
            )
            for name in sites
        ),
        *_queue_specs(settings, ports, host),
        _spec(
            "closer",
            "meterai.processes.closer",
            {},
            settings={name: getattr(settings, name) for name in _CLOSER_SETTINGS},
            ready=needs_no_wait,
        ),
        *_console_specs(settings, ports.console),
        *_status_specs(settings),
    ]


def front_folder(settings: Settings) -> str:
    """METERAI_QUEUE_FOLDER of gates, sites and workers."""
    return str(front_root(settings)) if settings.nats_url else settings.queue_folder


def mirror_spec(settings: Settings) -> Spec:
    """The process that keeps the folder of gates, sites and workers where NATS carries the lines."""
    told = {name: getattr(settings, name) for name in _MIRROR_SETTINGS}
    told["queue_folder"] = str(front_root(settings))
    return _spec("mirror", "meterai.processes.mirror", {}, settings=told, ready=needs_no_wait)


def console_address(settings: Settings, port: int) -> str:
    """Where officers reach the console, without a slash at its end."""
    return settings.console_url.rstrip("/") or f"http://{_CONSOLE_HOST}:{port}"


def _console_specs(settings: Settings, port: int) -> list[Spec]:
    """The console. It listens on this machine alone: a server in front of it has its address."""
    told = {name: getattr(settings, name) for name in CONSOLE_SETTINGS}
    return [
        _spec(
            name,
            "meterai.processes.console",
            {},
            settings=told | {"console_url": console_address(settings, port), "port": port},
            ready=accepts_tcp(LOCAL, port),
        )
        for name in _numbered("console", settings.console_processes)
    ]


def _status_specs(settings: Settings) -> list[Spec]:
    """The process that writes the status page, where it is on. In production it belongs on another host."""
    if settings.status_page != "on":
        return []
    named = {name: getattr(settings, name) for name in STATUS_SETTINGS}
    stores = _store_variables() if settings.status_to.startswith("s3:") else []
    return [_spec("status", "meterai.processes.status", {}, settings=named, ready=needs_no_wait, more=stores)]


def _all_but(settings: Settings, kept: Collection[str]) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__ if name not in kept}


def _reached_at(settings: Settings) -> str:
    """The host at which this machine reaches the site and the gates."""
    return LOCAL if settings.host in _EVERYWHERE else settings.host


def _store_variables() -> list[str]:
    return [name for name in os.environ if name.startswith(_STORE_VARIABLES)]


def _queue_specs(settings: Settings, ports: Ports, host: str) -> list[Spec]:
    """The controllers and the gates. A gate gets no database and no secret, only its folder."""
    controller = {name: getattr(settings, name) for name in _QUEUE_SETTINGS}
    gate = {name: getattr(settings, name) for name in _GATE_SETTINGS}
    gate["queue_folder"] = front_folder(settings)
    shows = shows_itself(settings.data / "run", "queue-*.json")
    serves = accepts_tcp(host, ports.gate)
    first, controllers = settings.gate_first_number, _numbered("queue", settings.queue_processes)
    return [
        *(
            _spec(name, "meterai.processes.controller", {}, settings=controller, ready=shows)
            for name in controllers
        ),
        *([mirror_spec(settings)] if settings.nats_url else []),
        *(
            _spec(
                name,
                "meterai.processes.gate",
                {"--number": number, "--host": settings.host, "--port": ports.gate},
                settings=gate,
                ready=serves,
            )
            for number, name in enumerate(_numbered("gate", settings.gate_processes), first)
        ),
    ]


def _spec(
    name: str,
    module: str,
    arguments: Mapping[str, object],
    *,
    ready: Ready,
    settings: Mapping[str, object] | None = None,
    more: Sequence[str] = (),
    always: Mapping[str, str] | None = None,
) -> Spec:
    words = [str(word) for pair in arguments.items() for word in pair]
    env = variables_passed_on(*more)
    env |= always or {}
    env |= {f"METERAI_{key.upper()}": str(value) for key, value in (settings or {}).items() if value != ""}
    fail_point = os.environ.get("METERAI_FAIL_POINT")
    if fail_point and settings:  # for tests; production ignores it
        env["METERAI_FAIL_POINT"] = fail_point
    return Spec(name=name, argv=python_module(module, *words), env=env, ready=ready)


def variables_passed_on(*more: str) -> dict[str, str]:
    """The variables of this process that each process of the service gets, and those of `more`."""
    return {key: os.environ[key] for key in (*_PASSED_ON, *more) if key in os.environ}


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def _make_key_files(secrets: Secrets) -> None:
    _ = secrets.gateway_server_key, secrets.payout_key
