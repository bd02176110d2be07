"""Finds the running service: its addresses, as the launcher wrote them into its data directory."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from simulator.crowd.browser import Browser, ConnectionLost, Elsewhere


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of a running service. `pid` is the launcher's: the root of its process tree.

    `environment`: `production` or another.
    """

    pid: int
    site: str
    inbox: str
    gateway: str
    snap: str = ""
    gate: str = ""
    environment: str = ""


class ServiceMissing(Exception):
    """No service for a crowd runs on this data directory, or it is another user's."""


def find_service(data: Path) -> Service:
    """Reads DATA/run/service.json.

    Raises: ServiceMissing when it is not there, its launcher is gone, or the data of another user may not be
    read. Also in production, where made-up people would take the places of others.
    """
    try:
        raw = (data / "run" / "service.json").read_bytes()
    except PermissionError as error:
        raise ServiceMissing(f"{data} belongs to another user: run the command as that user") from error
    except OSError as error:
        raise _missing(data) from error
    try:
        service = msgspec.json.decode(raw, type=Service)
        os.kill(service.pid, 0)
    except PermissionError:
        pass  # it lives, as somebody else
    except (OSError, msgspec.DecodeError) as error:
        raise _missing(data) from error
    if service.environment == "production":
        raise ServiceMissing(
            f"{data} is in production, where made-up people have no place: play on an installation of its own"
        )
    return service


async def see_reachable(service: Service, *, by_line: bool = True) -> None:
    """Sends a request to each address that a crowd needs: nobody could do anything without one of them.
    `by_line`: its people stand in line first.

    Raises: ServiceMissing.
    """
    browser = Browser("", timeout_seconds=10)
    for name in ("site", *(["gate"] if by_line else []), "inbox", "gateway"):
        address = getattr(service, name)
        if not address:
            raise ServiceMissing(f"a crowd needs the {name}, and this service has none for it")
        try:
            await browser.request("GET", f"{address}/", follow=False)
        except (Elsewhere, ConnectionLost, OSError) as error:
            raise ServiceMissing(f"a crowd can't reach the {name}, {address}: {error}") from error
    browser.close()


def _missing(data: Path) -> ServiceMissing:
    return ServiceMissing(f"no service runs on {data}; start one with script/server")
