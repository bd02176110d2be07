"""Copies a whole database to a file and back, with the PostgreSQL programs of the wheel."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from meterai.kit.database_urls import query_without
from meterai.launcher.embedded_postgres import client_program

_GIVEN_UP: Final = (
    "connect_timeout=3&tcp_user_timeout=30000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3"
)
"""When a server counts as dead, as in kit/database.py. Without this the programs wait for hours."""


class DumpFailed(RuntimeError):
    """A copy could not be made or loaded. The text is the program's."""


def dump_database(url: str, path: Path, *, snapshot: str) -> None:
    """Writes an exported snapshot to `path`, without owners and roles. Raises: DumpFailed."""
    _run("pg_dump", url, "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={path}")


def load_database(url: str, path: Path) -> None:
    """Loads a copy into an empty database whose roles exist, in one transaction. Raises: DumpFailed."""
    _run("pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(path))


def _run(program: str, url: str, *arguments: str) -> None:
    from meterai.launcher.tls_way import way_without_tls  # brings the driver: not for --help

    with way_without_tls(url) as way:
        parts = urlsplit(way)
        user, _, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}@{host}" if user else host
        # Everybody can read arguments in the list of processes: no password there.
        password = unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password", "")
        query = "&".join(filter(None, (query_without(parts.query, "password"), _GIVEN_UP)))
        shown = urlunsplit(parts._replace(netloc=netloc, query=query))
        env = {name: value for name, value in os.environ.items() if not name.startswith("PGSSL")}
        done = subprocess.run(
            [client_program(program), "--dbname", shown, *arguments],
            env=env | ({"PGPASSWORD": password} if password else {}),
            capture_output=True,
        )
    if done.returncode:
        raise DumpFailed(f"{program}: {done.stderr.decode(errors='replace').strip()}")
