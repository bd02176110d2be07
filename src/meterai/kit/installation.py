"""A data directory: its default place, the service that runs on it, and the settings of that service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.child_processes import stamp_of
from meterai.kit.database_urls import OWNER, ROLES, by_socket, role_url, url_as
from meterai.kit.files.atomic_write import write_whole
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings

TWIN_MERCHANT: Final = "G000000001"
"""The merchant for whom the gateway twin takes payments."""
PROBE_CONTACT: Final = "probe@meterai.localhost"
"""Of the probe's account, in development."""

TWIN_CLIENT: Final = "meterai-sandbox"
"""Our client id at the BI-SNAP twin."""
TWIN_COMPANIES: Final = {
    "bca": "19008",
    "bni": "98829",
    "bri": "22084",
    "mandiri": "88608",
    "permata": "73230",
}
"""Our numbers at the banks whose virtual accounts the BI-SNAP twin has."""


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the processes of a running service listen. Kept in DATA/run/service.json; holds no secret."""

    pid: int
    """The launcher's process id."""
    started: str = ""
    """Start of the launcher and of its machine. After a power cut another process may have the same id."""
    site: str
    database: str
    """Without user and password."""
    database_socket: str = ""
    """The folder of the embedded database's socket; empty: it has none."""
    gateway: str = ""
    """Base address of the gateway twin and of its page for people. Empty, here and below: a real one is
    used."""
    snap: str = ""
    """Base address of the BI-SNAP twin and of its page for people."""
    tsa: str = ""
    revocation: str = ""
    inbox: str = ""
    smtp: str = ""
    status: str = ""
    """Base address of the twin that serves the status page."""
    gate: str = ""
    """Base address of the gates, as people see it."""
    console: str = ""
    """Where officers reach the console; empty: it is not started here."""
    objects: str = ""
    """METERAI_OBJECTS_URL of the service. Empty, here and below: within the data directory."""
    queue: str = ""
    """METERAI_QUEUE_FOLDER of the service."""
    environment: Literal["development", "production"] = "development"
    schema: str = ""
    """The newest version of the schema that the service's release knows."""
    checkout: str = ""
    """The folder in which that release has its environment `.venv`."""
    roles: dict[str, int] = {}
    """Each process's port for monitors, by its name (`kit.http.role_port`)."""


def default_data() -> Path:
    """/var/lib/meterai for root and for users without a home, else a folder below the user's XDG_DATA_HOME.

    The unprivileged database process can reach /var/lib.
    """
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path("/var/lib" if os.getuid() == 0 or home.startswith("~") else home) / "meterai"


def write_addresses(data: Path, addresses: Addresses) -> None:
    """Writes down where the service listens, for other commands."""
    path = _addresses_path(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.format(msgspec.json.encode(addresses), indent=2) + b"\n", durable=False)


def read_addresses(data: Path) -> Addresses:
    """Reads where the running service of `data` listens.

    Raises: Refusal(UNAVAILABLE, "service.not_running", data=...), (FORBIDDEN, "data.not_ours", data=...).
    """
    try:
        addresses = msgspec.json.decode(_addresses_path(data).read_bytes(), type=Addresses)
    except PermissionError:
        raise Refusal(Kind.FORBIDDEN, "data.not_ours", data=str(data)) from None
    except (OSError, msgspec.DecodeError):
        raise Refusal(Kind.UNAVAILABLE, "service.not_running", data=str(data)) from None
    try:
        os.kill(addresses.pid, 0)
    except PermissionError:  # it lives, as somebody else
        return addresses
    except OSError:
        raise Refusal(Kind.UNAVAILABLE, "service.not_running", data=str(data)) from None
    if addresses.started and addresses.started != start_of(addresses.pid):
        raise Refusal(Kind.UNAVAILABLE, "service.not_running", data=str(data))
    return addresses


def start_of(pid: int) -> str:
    """When a living process started, as text that no later process has; empty when there is none."""
    stamp = stamp_of(pid)
    return f"{stamp.boot} {stamp.started}" if stamp else ""


def forget_addresses(data: Path) -> None:
    """Removes what `write_addresses` wrote."""
    _addresses_path(data).unlink(missing_ok=True)


def owner_url(settings: Settings) -> str:
    """The owner's URL of the database that METERAI_DATABASE_URL names, else of the running service's.

    Raises: as `read_addresses`.
    """
    if settings.database_url:
        return settings.database_url
    return url_as(read_addresses(settings.data).database, OWNER, Secrets.of(settings).database_owner)


def settings_of_running(settings: Settings) -> Settings:
    """Fills `settings` with what the running service of `settings.data` uses, for commands beside it.

    Raises: Refusal(UNAVAILABLE, "service.not_running").
    """
    addresses = read_addresses(settings.data)
    return derive(settings, addresses, Secrets.of(settings))


def where_it_keeps(settings: Settings) -> Settings:
    """Fills the places where the running service of `settings.data` keeps files and queues.

    What a setting names stays. Without a running service all stays.
    """
    try:
        return _with_places(settings, read_addresses(settings.data))
    except Refusal:
        return settings


def _with_places(settings: Settings, addresses: Addresses) -> Settings:
    return msgspec.structs.replace(
        settings,
        objects_url=settings.objects_url or addresses.objects,
        queue_folder=settings.queue_folder or addresses.queue,
    )


def derive(settings: Settings, addresses: Addresses, secrets: Secrets) -> Settings:
    """Fills the empty settings: database URLs of the roles, addresses and keys of the twins, places of files.
    In development the sandbox for partners is on.

    A command beside a service in production is in production too.
    """
    passwords = secrets.database_roles
    database = settings.database_pooler_url or by_socket(addresses.database, addresses.database_socket)
    urls = {
        f"database_{role}_url": getattr(settings, f"database_{role}_url")
        or role_url(database, role, passwords[role])
        for role in ROLES
    }
    site = urlsplit(addresses.site)
    settings = _with_places(settings, addresses)
    twins = dict[str, str]()
    if addresses.environment == "production":
        settings = msgspec.structs.replace(settings, environment="production")
    elif settings.environment == "development":
        twins |= {"partner_sandbox": "on", "status_page": "on"} | _probe(settings, secrets)
    if addresses.gateway:
        twins |= {
            "gateway_url": addresses.gateway,
            "gateway_server_key": secrets.gateway_server_key,
            "gateway_merchant_id": TWIN_MERCHANT,
            "payout_url": f"{addresses.gateway}/iris/api/v1",
            "payout_key": secrets.payout_key,
        }
    if addresses.snap:
        twins |= {
            "snap_url": addresses.snap,
            "snap_client_id": TWIN_CLIENT,
            "snap_client_secret": secrets.snap_client_secret,
            "snap_private_key": str(secrets.snap_key_file),
            "snap_bank_key": str(secrets.snap_bank_public_key_file),
            "snap_merchant_id": TWIN_MERCHANT,
            "snap_companies": ",".join(f"va_{bank}={number}" for bank, number in TWIN_COMPANIES.items()),
        }
    twins |= _settlements(settings, addresses, secrets)
    if settings.nats_url:
        twins |= {"line_key": secrets.line_key, "line_controller_key": secrets.line_controller_key}
    if addresses.tsa:
        twins["tsa_url"] = addresses.tsa
    if addresses.revocation:
        twins["revocation_url"] = addresses.revocation
    if addresses.gate:
        twins["gate_url"] = addresses.gate
    if addresses.status:
        twins["status_url"] = addresses.status
    if addresses.inbox:
        twins |= {
            "smtp_url": addresses.smtp,
            "whatsapp_url": f"{addresses.inbox}/whatsapp/messages",
            "whatsapp_token": secrets.whatsapp_token,
        }
    empty = {name: value for name, value in twins.items() if not getattr(settings, name)}
    return msgspec.structs.replace(settings, port=site.port or settings.port, **urls, **empty)


def _probe(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """What the probe of the status page needs. It is on unless it is turned off, or the page alone is."""
    if settings.probe == "off" or (settings.status_page == "off" and not settings.probe):
        return {}
    return {"probe": "on", "probe_contact": PROBE_CONTACT, "probe_secret": secrets.probe_secret}


def _settlements(settings: Settings, addresses: Addresses, secrets: Secrets) -> dict[str, str]:
    """Where the twins have their settlement reports. A twin that serves payouts alone has no reports."""
    keys = dict[str, str]()
    places = dict[str, str]()
    if addresses.gateway and not settings.gateway_url:
        places["midtrans"], keys["midtrans"] = addresses.gateway, secrets.gateway_server_key
    if addresses.snap and not settings.snap_url:
        places["snap"], keys["snap"] = addresses.snap, secrets.snap_client_secret
    return {
        "settlement_reports": ",".join(f"{one}={url}/settlements/{{day}}.csv" for one, url in places.items()),
        "settlement_keys": ",".join(f"{one}={key}" for one, key in keys.items()),
    }


def _addresses_path(data: Path) -> Path:
    return data / "run" / "service.json"
