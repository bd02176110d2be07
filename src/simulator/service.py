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
    """No service runs on this data directory."""


def find_service(data: Path) -> Service:
    """Reads DATA/run/service.json. Raises: ServiceMissing when it is not there or its launcher is gone."""
    try:
        raw = (data / "run" / "service.json").read_bytes()
        service = msgspec.json.decode(raw, type=Service)
        os.kill(service.pid, 0)
    except (OSError, msgspec.DecodeError) as error:
        raise ServiceMissing(f"no service runs on {data}; start one with script/server") from error
    return service
