"""Finds the running service: its addresses, as the launcher wrote them into its data directory."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of a running service. `pid` is the launcher's: the root of its process tree."""

    pid: int
    site: str
    inbox: str
    gateway: str
    gate: str = ""


class ServiceMissing(Exception):
    """No service runs on this data directory, or it is another user's."""


def find_service(data: Path) -> Service:
    """Reads DATA/run/service.json.

    Raises: ServiceMissing when it is not there, its launcher is gone, or another user's data may not be read.
    """
    try:
        raw = (data / "run" / "service.json").read_bytes()
    except PermissionError as error:
        raise ServiceMissing(f"{data} belongs to another user: give the command as that user") from error
    except OSError as error:
        raise _missing(data) from error
    try:
        service = msgspec.json.decode(raw, type=Service)
        os.kill(service.pid, 0)
    except PermissionError:  # it lives, as somebody else
        return service
    except (OSError, msgspec.DecodeError) as error:
        raise _missing(data) from error
    return service


def _missing(data: Path) -> ServiceMissing:
    return ServiceMissing(f"no service runs on {data}; start one with script/server")
