"""The roles of hosts that clients in the field know, and the names that an operator gave them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from meterai.kit.formats.comma_list import listed

BASE: Final = "/wire"
"""The path below which the site answers the wire."""
ROLES: Final = ("backend", "stampv2", "inventory", "stampservice", "fileupload")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?", re.IGNORECASE)


def read_hosts(text: str) -> dict[str, str]:
    """The host of each role that has a name of its own: `stampv2=stamp.example,backend=login.example:8443`.

    Raises: ValueError for an unknown role, a host that is none, and what is named twice.
    """
    hosts: dict[str, str] = {}
    for one in listed(text):
        role, _, host = (part.strip() for part in one.partition("="))
        if role not in ROLES or not _HOST.fullmatch(host):
            raise ValueError(f"Expected ROLE=HOST with commas between; roles: {', '.join(ROLES)}")
        if role in hosts or host.lower() in hosts.values():
            raise ValueError("A role and a host may be named once")
        hosts[role] = host.lower()
    return hosts


def base_address(role: str, *, public_url: str, hosts: str) -> str:
    """The address of a role, without a slash at its end: where clients reach it. `hosts`: as `read_hosts`."""
    named = read_hosts(hosts)
    if role in named:
        return f"{urlsplit(public_url).scheme}://{named[role]}"
    return f"{public_url}{BASE}/{role}"
