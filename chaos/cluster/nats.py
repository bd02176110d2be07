"""The carrier of the line: three NATS servers with the shipped configuration, without TLS."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from chaos.cluster.hosts import NATS, NATS_MONITOR, NATS_PEER, STORES, address
from chaos.cluster.pieces import FIRST, Piece
from chaos.hosts.parts import path_only
from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.nats_connection import NatsConnection

_STORES_WITHIN_S: Final = 60.0
_PLACED_WITHIN_S: Final = 10.0
User = Literal["controller", "gate", "mirror"]
_USERS: Final[tuple[User, ...]] = ("controller", "gate", "mirror")
_PASSWORD: Final = "of-the-{user}-of-this-cluster"  # noqa: S105 - of a cluster that is gone at the end
SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "nats.conf"


def nats(host: str, folder: Path) -> Piece:
    """The NATS server on a host."""
    own = folder / host / "nats"
    own.mkdir(parents=True, exist_ok=True)
    settings = own / "nats.conf"
    settings.write_text(fitted(SHIPPED.read_text(), own, host))
    passwords = {f"METERAI_NATS_{user.upper()}_PASSWORD": _PASSWORD.format(user=user) for user in _USERS}
    words: list[str | Path] = [*FIRST, "/usr/sbin/nats-server", "-c", settings]
    return Piece(host, "nats", words, env={**path_only(), **passwords}, logs=folder / "logs")


def fitted(text: str, own: Path, host: str) -> str:
    """The shipped text with a host's addresses and folder. Raises: ValueError when it has changed."""
    text = re.sub(r"^tls \{.*?^\}\n", "", text, flags=re.S | re.M)
    routes = ", ".join(f'"nats://{address(one)}:{NATS_PEER}"' for one in STORES)
    for shipped, ours in (
        ("listen: 0.0.0.0:4222", f"server_name: {host}\nlisten: {address(host)}:{NATS}"),
        ("store_dir: /var/lib/nats", f'store_dir: "{own / "store"}"'),
        ("sync_interval: always", "sync_interval: always"),
    ):
        if shipped not in text:
            raise ValueError(f"deploy/nats.conf has no '{shipped}' any more")
        text = text.replace(shipped, ours)
    return (
        f"{text}\nhttp: {address(host)}:{NATS_MONITOR}\n"
        f"cluster {{ name: meterai, listen: {address(host)}:{NATS_PEER}, routes: [{routes}] }}\n"
    )


def url(user: User) -> str:
    """METERAI_NATS_URL of a process that connects as this user."""
    return ",".join(f"nats://{user}:{_PASSWORD.format(user=user)}@{address(one)}:{NATS}" for one in STORES)


async def until_it_stores(servers: Sequence[Piece]) -> None:
    """Waits until the servers take a stream with three replicas.

    Servers that start at once sometimes never find "suitable peers for placement" (nats-server 2.10). The
    leader is then started again, as an operator does.

    Raises: TimeoutError.
    """
    settings = Settings(nats_url=url("controller"), nats_replicas=len(STORES))
    line = NatsConnection(settings, "controller")
    async with asyncio.timeout(_STORES_WITHIN_S):
        await line.open()
        try:
            while not await _takes_streams(line):
                for server in servers:
                    if _monitor(server.host, "jsz").get("meta_cluster", {}).get("leader") == server.host:
                        await server.restart()
                        break
        finally:
            await line.close()


async def _takes_streams(line: NatsConnection) -> bool:
    deadline = time.monotonic() + _PLACED_WITHIN_S
    while time.monotonic() < deadline:
        try:
            await line.make_streams()
        except OSError:
            await asyncio.sleep(0.5)
        else:
            return True
    return False


async def is_whole() -> bool:
    """Whether each server has caught up with each stream."""
    asked = await asyncio.gather(*(asyncio.to_thread(_is_healthy, host) for host in STORES))
    return all(asked)


def leader_of(stream: str) -> str:
    """The host whose server leads a stream. Raises: LookupError when there is none."""
    for host in STORES:
        told = _monitor(host, "jsz?acc=$G&streams=true")
        for account in told.get("account_details", []):
            for one in account.get("stream_detail", []):
                if one["name"] == stream and one["cluster"].get("leader"):
                    return str(one["cluster"]["leader"])
    raise LookupError(f"nobody leads the stream {stream}")


def _monitor(host: str, path: str) -> dict[str, Any]:
    """What a server says of itself; nothing when it can't be asked."""
    try:
        with urllib.request.urlopen(f"http://{address(host)}:{NATS_MONITOR}/{path}", timeout=2) as answer:
            return dict(json.loads(answer.read()))
    except (OSError, ValueError):
        return {}


def _is_healthy(host: str) -> bool:
    return _monitor(host, "healthz").get("status") == "ok"
