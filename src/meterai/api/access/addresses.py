"""From which addresses a client may call."""

from __future__ import annotations

import ipaddress
from typing import Any

from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.clients.model import Client


def check_address(client: Client, scope: Any) -> None:
    """Refuses a call from an address that is not on the client's list. An empty list allows all.

    Raises: Refusal FORBIDDEN `access.address`.
    """
    networks = client.limits.networks
    if networks and not _is_in(scope["client"][0] if scope.get("client") else "", networks):
        raise Refusal(Kind.FORBIDDEN, "access.address")


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ipaddress.ip_network(network) for network in networks)
