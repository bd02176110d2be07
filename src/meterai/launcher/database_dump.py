"""Copies a whole database to a file and back, with `pg_dump` and `pg_restore`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from meterai.kit.database_urls import query_without

PROGRAMS: Final = ("pg_dump", "pg_restore")
_GIVEN_UP: Final = (
    "connect_timeout=3&tcp_user_timeout=30000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3"
)
"""When a server counts as dead, as in kit/database.py. Without this the programs wait for hours."""


class DumpFailed(RuntimeError):
    """A copy could not be made or loaded. The text is the program's."""


def dump_database(programs: Path, url: str, path: Path, *, snapshot: str) -> None:
    """Writes an exported snapshot to `path`, without owners and roles. Raises: DumpFailed.

    `programs`: their folder, of `programs_of`.
    """
    words = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={path}"]
    _run(programs / "pg_dump", url, *words)


def load_database(programs: Path, url: str, path: Path) -> None:
    """Loads a copy into an empty database whose roles exist, in one transaction. Raises: DumpFailed."""
    _run(programs / "pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(path))


def _run(program: Path, url: str, *arguments: str) -> None:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{host}" if user else host
    # Everybody can read arguments in the list of processes: no password there.
    password = unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password", "")
    query = "&".join(filter(None, (query_without(parts.query, "password"), _GIVEN_UP)))
    shown = urlunsplit(parts._replace(netloc=netloc, query=query))
    done = subprocess.run(
        [program, "--dbname", shown, *arguments],
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
        capture_output=True,
    )
    if done.returncode:
        raise DumpFailed(f"{program.name}: {done.stderr.decode(errors='replace').strip()}")
