"""The addresses of the wire: base paths below /wire/, names of hosts, and how clients write them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from meterai.bootstrap import App
from meterai.kit.wire_hosts import BASE, ROLES, base_address, read_hosts

type Scope = Any  # the ASGI specification's own types: dictionaries and callables
type ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


class WireAddresses:
    """ASGI middleware around the site. It gives requests to the wire the address that its routes have.

    `hosts`: the setting METERAI_WIRE_HOSTS.
    """

    def __init__(self, site: ASGIApp, hosts: str) -> None:
        self._site = site
        self._roles = {host.partition(":")[0]: role for role, host in read_hosts(hosts).items()}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Passes a request on."""
        if scope["type"] == "http":
            path = wire_path(scope["path"], self._roles.get(_host(scope), "") if self._roles else "")
            if path:
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._site(scope, receive, send)


def wire_path(path: str, role: str = "") -> str:
    """The path of a request to the wire as its routes have it. Empty: it is for the site.

    Clients put bases and paths together with a slash too many, or one too few. `role`: that of the host.
    """
    tidy = "/" + "/".join(part for part in path.split("/") if part)
    if tidy != BASE and not tidy.startswith(BASE + "/"):
        return f"{BASE}/{role}{tidy}".rstrip("/") if role else ""
    rest = tidy[len(BASE) + 1 :]
    for one in ROLES:
        if rest.startswith(one):
            return f"{BASE}/{one}/{rest[len(one) :].lstrip('/')}".rstrip("/")
    return tidy


def base_of(service: App, role: str) -> str:
    """The address of a role, without a slash at its end: where clients reach it."""
    return base_address(role, public_url=service.public_url, hosts=service.settings.wire_hosts)


def _host(scope: Scope) -> str:
    found = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return str(found.decode("latin-1").lower().partition(":")[0])
