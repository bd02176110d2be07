"""The database: etcd, PostgreSQL under Patroni with a synchronous standby, HAProxy and PgBouncer."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import yaml  # type: ignore[import-untyped] # it has no types

from chaos.cluster.hosts import (
    BALANCER,
    ETCD,
    ETCD_PEER,
    PATRONI,
    POOLER,
    POSTGRES,
    SLOW_BALANCER,
    STORES,
    address,
)
from chaos.cluster.pieces import AS_NOBODY, FIRST, Piece
from chaos.hosts.pair import until
from chaos.hosts.parts import answers, path_only
from meterai.kit.database_urls import Role

OWNER: Final = "meterai"
PASSWORD: Final = "of-the-owner"  # noqa: S105 - of a cluster that is gone at the end
_NOBODY: Final = 65_534
_NETWORK: Final = "10.77.0.0/16 scram-sha-256"
_DEPLOY: Final = Path(__file__).parents[2] / "deploy"


def etcd(host: str, folder: Path) -> Piece:
    """The member of etcd on a host."""
    here = address(host)
    members = ",".join(f"{one}=http://{address(one)}:{ETCD_PEER}" for one in STORES)
    options = {
        "name": host,
        "data-dir": folder / host / "etcd",
        "listen-client-urls": f"http://{here}:{ETCD}",
        "advertise-client-urls": f"http://{here}:{ETCD}",
        "listen-peer-urls": f"http://{here}:{ETCD_PEER}",
        "initial-advertise-peer-urls": f"http://{here}:{ETCD_PEER}",
        "initial-cluster": members,
        "log-level": "warn",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    return Piece(host, "etcd", [*FIRST, "/usr/bin/etcd", *words], env=path_only(), logs=folder / "logs")


def patroni(host: str, folder: Path) -> Piece:
    """PostgreSQL on a host, led by Patroni."""
    own = folder / host / "postgresql"
    own.mkdir(parents=True)
    settings = own / "patroni.json"
    settings.write_text(json.dumps(_patroni_settings(host, own)))
    for path in (own, settings):
        os.chown(path, _NOBODY, _NOBODY)
    env = {**path_only(), "PYTHONWARNINGS": "ignore"}
    words: list[str | Path] = [*FIRST, *AS_NOBODY, "/usr/bin/patroni", settings]
    return Piece(host, "patroni", words, env=env, logs=folder / "logs")


def _patroni_settings(host: str, own: Path) -> dict[str, Any]:
    """The shipped settings, with a host's addresses and folder, and without TLS."""
    here = address(host)
    programs = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda at: int(at.parts[4])).parent
    settings: dict[str, Any] = yaml.safe_load((_DEPLOY / "patroni.yml").read_text())
    settings["name"] = host
    settings["restapi"] = dict.fromkeys(settings["restapi"], f"{here}:{PATRONI}")
    settings["etcd3"]["hosts"] = [f"{address(one)}:{ETCD}" for one in STORES]
    database = settings["postgresql"]
    for login in database["authentication"].values():
        login["password"] = PASSWORD
    database |= {
        "listen": f"{here}:{POSTGRES}",
        "connect_address": f"{here}:{POSTGRES}",
        "data_dir": str(own / "data"),
        "bin_dir": str(programs),
        "pgpass": str(own / "pgpass"),
        "parameters": {"unix_socket_directories": str(own)},
        "pg_hba": [
            "local all all trust",
            f"host replication replicator {_NETWORK}",
            f"host all all {_NETWORK}",
        ],
    }
    return settings


def haproxy(host: str, folder: Path) -> Piece:
    """HAProxy on a host: leads to the PostgreSQL that Patroni calls the primary."""
    own = folder / host / "haproxy.cfg"
    text, _, _ = (_DEPLOY / "haproxy.cfg").read_text().partition("    server ")
    text = text.replace(
        "bind 127.0.0.1:5433", f"bind 127.0.0.1:{BALANCER}\n    bind 127.0.0.1:{SLOW_BALANCER}"
    )
    servers = (f"    server {one} {address(one)}:{POSTGRES} check port {PATRONI}\n" for one in STORES)
    own.write_text(text + "".join(servers))
    words: list[str | Path] = [*FIRST, "/usr/sbin/haproxy", "-db", "-f", own]
    return Piece(host, "haproxy", words, env=path_only(), logs=folder / "logs")


def pgbouncer(host: str, folder: Path, passwords: Mapping[Role, str]) -> Piece:
    """PgBouncer on a host, before its HAProxy. `passwords`: of the roles."""
    own = folder / host / "pgbouncer"
    own.mkdir()
    users = own / "users.txt"
    users.write_text("".join(f'"meterai_{role}" "{word}"\n' for role, word in passwords.items()))
    settings = own / "pgbouncer.ini"
    settings.write_text(
        f"""[databases]
meterai = host=127.0.0.1 port={BALANCER} dbname=meterai
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {POOLER}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
max_prepared_statements = 1000
default_pool_size = 10
max_client_conn = 500
server_login_retry = 1
server_connect_timeout = 3
tcp_user_timeout = 5000
"""
    )
    for path in (own, users, settings):
        os.chown(path, _NOBODY, _NOBODY)
    words: list[str | Path] = [*AS_NOBODY, "/usr/sbin/pgbouncer", settings]
    return Piece(host, "pgbouncer", words, env=path_only(), logs=folder / "logs")


async def leader() -> str:
    """The host whose PostgreSQL takes writes. Empty: there is none, or more than one says so."""
    asked = await asyncio.gather(*(answers(f"http://{address(one)}:{PATRONI}/primary") for one in STORES))
    leading = [one for one, is_leading in zip(STORES, asked, strict=True) if is_leading]
    return leading[0] if len(leading) == 1 else ""


async def until_led(*, seconds: float = 60, without: str = "") -> str:
    """Waits for a leader other than `without`. Returns its host. Raises: TimeoutError."""
    found = ""

    async def is_led() -> bool:
        nonlocal found
        found = await leader()
        return found not in ("", without)

    await until(is_led, "a leading PostgreSQL", seconds)
    return found


async def is_whole() -> bool:
    """Whether there is a leader, and both others follow it closely, one of them synchronously."""
    leading = await leader()
    if not leading:
        return False
    others = [one for one in STORES if one != leading]  # a new leader calls itself a standby for a moment
    for path, wanted in (("replica?lag=1MB", 2), ("synchronous", 1)):
        asked = await asyncio.gather(*(answers(f"http://{address(one)}:{PATRONI}/{path}") for one in others))
        if sum(asked) < wanted:
            return False
    return True


def url_of(host: str, user: str = OWNER, database: str = "meterai") -> str:
    """The address of a host's PostgreSQL itself."""
    return f"postgresql://{user}:{PASSWORD}@{address(host)}:{POSTGRES}/{database}"


async def make_database() -> str:
    """Makes the owner and the empty database as soon as there is a leader. Returns the owner's URL there."""
    host = await until_led()
    admin = await asyncpg.connect(url_of(host, "postgres", "postgres"))
    await admin.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    await admin.execute(f"CREATE DATABASE meterai OWNER {OWNER}")
    await admin.close()
    return url_of(host)
