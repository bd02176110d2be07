"""The places of signers: a unix socket on this machine, or an address over mutual TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from meterai.kit.formats.comma_list import listed
from meterai.kit.settings import Settings
from meterai.stamping.signer_wire import ReachableSocket, socket_path

type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HERE: Final = "unix"
"""How METERAI_SIGNER_URL names the signer on this machine."""
DIAL_SECONDS: Final = 3.0


class Place(Protocol):
    """Where a signer listens."""

    async def connect(self) -> Connection:
        """Opens a connection. Raises: OSError; TimeoutError."""
        ...


@dataclass(frozen=True, slots=True)
class SocketPlace:
    """A signer on this machine."""

    path: Path

    async def connect(self) -> Connection:
        """Opens a connection. Raises: OSError."""
        with ReachableSocket(self.path) as address:
            return await asyncio.open_unix_connection(address)


@dataclass(frozen=True, slots=True)
class TlsPlace:
    """A signer on another machine. Both ends show a certificate of the installation's own authority."""

    host: str
    port: int
    context: ssl.SSLContext

    async def connect(self) -> Connection:
        """Opens a connection. Raises: OSError (ssl.SSLError too); TimeoutError."""
        async with asyncio.timeout(DIAL_SECONDS):
            return await asyncio.open_connection(
                self.host, self.port, ssl=self.context, server_hostname=self.host
            )


def signer_places(settings: Settings) -> Sequence[Place]:
    """The signers that METERAI_SIGNER_URL names, the preferred one first; else the one on this machine.

    Raises: ValueError for an address or a certificate that can't be used.
    """
    places: list[Place] = []
    for one in listed(settings.signer_url) or [HERE]:
        parts = urlsplit(one)
        if one == HERE:
            places.append(SocketPlace(socket_path(settings.data)))
        elif parts.scheme == "tls" and parts.hostname and parts.port:
            places.append(TlsPlace(parts.hostname, parts.port, _context(settings, ssl.Purpose.SERVER_AUTH)))
        else:
            raise ValueError(f"METERAI_SIGNER_URL: expected tls://HOST:PORT or unix, not {one}")
    return places


def listening_context(settings: Settings) -> ssl.SSLContext:
    """What a signer shows to its askers and demands of them. Raises: ValueError."""
    return _context(settings, ssl.Purpose.CLIENT_AUTH)


def _context(settings: Settings, purpose: ssl.Purpose) -> ssl.SSLContext:
    """TLS 1.3, with our certificate, and with the other end's from the same authority (RFC 8446)."""
    names = ("signer_tls_ca", "signer_tls_certificate", "signer_tls_key")
    if missing := [f"METERAI_{name.upper()}" for name in names if not getattr(settings, name)]:
        raise ValueError(f"{', '.join(missing)}: signers on other machines are reached over mutual TLS")
    try:
        context = ssl.create_default_context(purpose, cafile=settings.signer_tls_ca)
        context.load_cert_chain(settings.signer_tls_certificate, settings.signer_tls_key)
    except OSError as error:
        raise ValueError(f"METERAI_SIGNER_TLS_...: a file can't be used ({error})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    return context
