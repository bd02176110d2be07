"""Finds PostgreSQL's programs: the wheel's for the embedded database, the server's own for every other.

The wheel's programs speak no TLS. Only the server's own know what that server offers.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from meterai.kit.database import connect_alone
from meterai.kit.settings import Settings
from meterai.launcher.embedded_postgres import PostgresFailed, client_programs

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_ASK_SECONDS: Final = 10


async def programs_of(settings: Settings, *names: str) -> Path:
    """The folder with the programs `names`, such as `pg_dump`, that are good for the service's database.

    Raises: PostgresFailed when they are missing or older than the server; what the driver raises, OSError.
    """
    if not settings.database_url:
        return client_programs()
    connection = await connect_alone(settings.database_url)
    try:
        server = connection.get_server_version().major
    finally:
        await connection.close()
    seen = []
    for folder in _folders(settings, server, names):
        versions = [_major(folder / name) for name in names]
        if min(versions) >= server:
            return folder
        seen.append(f"{folder} has {_said(names, versions)}")
    raise PostgresFailed(
        f"The server is PostgreSQL {server}. {'; '.join(seen) or 'The PATH has no such programs'}. Install "
        f"postgresql-client-{server} (Debian), or name the folder with {' and '.join(names)} of PostgreSQL "
        f"{server} in METERAI_PG_BIN."
    )


def _folders(settings: Settings, server: int, names: tuple[str, ...]) -> Iterator[Path]:
    """Debian's folder comes before the PATH, where Debian has a program that chooses by local servers."""
    if settings.pg_bin:
        yield Path(settings.pg_bin)
        return
    if (debian := Path(f"/usr/lib/postgresql/{server}/bin")).is_dir():
        yield debian
    if found := shutil.which(names[0]):
        yield Path(found).parent


def _major(program: Path) -> int:
    """The version of a program; 0: it is not there, or does not run."""
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_ASK_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = _VERSION.search(asked.stdout)
    return int(found[1]) if found else 0


def _said(names: tuple[str, ...], versions: list[int]) -> str:
    pairs = zip(names, versions, strict=True)
    return ", ".join(f"{name} {version}" if version else f"no {name}" for name, version in pairs)
