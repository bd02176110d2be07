"""The ports of the processes for monitors (`kit.http.role_port`). The units have the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from meterai.kit.child_processes import free_port
from meterai.launcher.supervisor import Spec

ROLE_PORTS: Final = {
    "signer": 20,
    "closer": 21,
    "verifier": 22,
    "adapter": 23,
    "console": 24,
    "status": 25,
    "mirror": 26,
    "site": 31,
    "worker": 41,
    "queue": 51,
    "gate": 61,
}
"""How far behind the site's port the first process of a role has its own; the next ones follow it."""
_PORT_MAX: Final = 65_535


def with_role_ports(specs: Sequence[Spec], site_port: int) -> tuple[list[Spec], dict[str, int]]:
    """Gives each process its port: another for a busy one, any with `site_port` 0. Returns them by name, too.

    Raises: OSError when no port is free.
    """
    ports: dict[str, int] = {}
    for spec in specs:
        wanted = _wanted(spec.name, site_port)
        ports[spec.name] = free_port(0 if wanted in ports.values() else wanted)
        while list(ports.values()).count(ports[spec.name]) > 1:
            ports[spec.name] = free_port()
    numbered = [replace(spec, env={**spec.env, "METERAI_ROLE_PORT": str(ports[spec.name])}) for spec in specs]
    return numbered, ports


def _wanted(name: str, site_port: int) -> int:
    role, _, number = name.partition("-")
    if not site_port or role not in ROLE_PORTS:
        return 0
    port = site_port + ROLE_PORTS[role] + int(number or 1) - 1
    return port if port <= _PORT_MAX else 0
