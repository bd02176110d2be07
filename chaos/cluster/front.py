"""A front: nginx with the shipped configuration, without TLS, before the gates and sites of all hosts."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path
from typing import Final

from chaos.cluster.hosts import APPS, FRONTS, GATE, NAME, PORT, SITE, address
from chaos.cluster.pieces import Piece
from chaos.hosts.parts import path_only

_SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "nginx.conf"


def nginx(host: str, folder: Path, queue: Path) -> Piece:
    """nginx on a front."""
    own = folder / host / "nginx"
    own.mkdir(parents=True)
    settings = own / "nginx.conf"
    settings.write_text(fitted(_SHIPPED.read_text(), own, queue, here=address(host)))
    words: list[str | Path] = [
        "/usr/sbin/nginx",
        "-e",
        "stderr",
        "-c",
        settings,
        "-p",
        own,
        "-g",
        "daemon off;",
    ]
    return Piece(host, "nginx", words, env=path_only(), logs=folder / "logs")


def fitted(text: str, own: Path, queue: Path, *, here: str) -> str:
    """The shipped text with the cluster's addresses and folders. Raises: ValueError when it has changed."""
    text = re.sub(r"    server \{\n        listen 80;.*?\n    \}\n", "", text, flags=re.S)  # the way to TLS
    text = re.sub(r"^\s*(?:ssl_|listen 80|listen \[::\]).*\n", "", text, flags=re.M)
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};"
    gate = " max_fails=2 fail_timeout=5s;"
    for shipped, ours in (
        ("user www-data;", user),
        ("worker_processes auto;", "worker_processes 1;"),
        ("/run/nginx.pid", str(own / "nginx.pid")),
        ("/var/log/nginx", str(own)),
        ("/var/lib/meterai/queue", str(queue)),
        ("listen 443 ssl default_server;", f"listen {here}:{PORT} default_server;"),
        ("listen 443 ssl;", f"listen {here}:{PORT};"),
        ("http2 on;", ""),
        ("server_name METERAI.EXAMPLE;", f"server_name {NAME};"),
        (f"server 127.0.0.1:8006{gate}", _servers(FRONTS, GATE, gate)),
        ("server 127.0.0.1:8000;", _servers(APPS, SITE, " max_fails=2 fail_timeout=5s;")),
        ("proxy_connect_timeout 10s;", "proxy_connect_timeout 2s;"),
    ):
        if shipped not in text:
            raise ValueError(f"deploy/nginx.conf has no '{shipped}' any more")
        text = text.replace(shipped, ours)
    return text


def _servers(hosts: tuple[str, ...], port: int, how: str) -> str:
    return "\n        ".join(f"server {address(host)}:{port}{how}" for host in hosts)
