"""The line's carrier: three NATS servers with JetStream, which write each message to their disks at once."""

from __future__ import annotations

from pathlib import Path

from chaos.cluster.hosts import NATS, NATS_PEER, STORES, address
from chaos.cluster.pieces import Piece
from chaos.hosts.parts import path_only


def nats(host: str, folder: Path) -> Piece:
    """The NATS server on a host."""
    own = folder / host / "nats"
    own.mkdir(parents=True, exist_ok=True)
    routes = ", ".join(f'"nats://{address(one)}:{NATS_PEER}"' for one in STORES)
    settings = own / "nats.conf"
    settings.write_text(
        f"""server_name: {host}
listen: {address(host)}:{NATS}
http: {address(host)}:8222
jetstream {{
    store_dir: "{own / "store"}"
    sync_interval: always
    max_memory_store: 256MB
    max_file_store: 2GB
}}
cluster {{
    name: meterai
    listen: {address(host)}:{NATS_PEER}
    routes: [{routes}]
}}
"""
    )
    words: list[str | Path] = ["/usr/sbin/nats-server", "-c", settings]
    return Piece(host, "nats", words, env=path_only(), logs=folder / "logs")


def url() -> str:
    """METERAI_NATS_URL."""
    return ",".join(f"nats://{address(one)}:{NATS}" for one in STORES)
