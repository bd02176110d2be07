"""Debian's PostgreSQL 17 as its administrator leaves it: TLS, SCRAM, an owner who is no superuser.

Its programs are those of this machine, else of Debian's packages, unpacked and kept in the user's cache.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from tests.debian_packages import CACHE, unpack
from tests.places import passing_folder
from tests.ports import free_port

VERSION: Final = "17"
PACKAGE: Final = f"postgresql-{VERSION}"
_INSTALLED: Final = Path(f"/usr/lib/postgresql/{VERSION}/bin")
_KEPT: Final = CACHE / "meterai-tests" / PACKAGE
_PASSWORD: Final = "secret/of+the owner"
_OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "ssl": "on",
    "ssl_cert_file": "server.pem",
    "ssl_key_file": "server.key",
    "fsync": "off",
}


class DebianPostgres:
    """A running server. It takes connections over TLS alone."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.bin = programs
        self._port = free_port()
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            self._as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            os.chown(folder, 65534, 65534)
        self._folder = folder / "cluster"
        self._make(folder / "password")
        words = [programs / "postgres", "-D", self._folder, "-p", str(self._port)]
        options = [f"-c{name}={value}" for name, value in _OPTIONS.items()]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [*words, *options], stdout=self._log, stderr=self._log, **self._as_user
        )
        asyncio.run(self._until_it_answers())

    def make_database(self) -> str:
        """Makes an empty database; drops the one before. Returns its owner's URL."""
        asyncio.run(self._ask("DROP DATABASE IF EXISTS meterai", "CREATE DATABASE meterai OWNER meterai"))
        return self._url("meterai", "meterai")

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        self._process.wait()
        self._log.close()

    def _make(self, password: Path) -> None:
        password.write_text(_PASSWORD)
        password.chmod(0o644)
        self._run(self.bin / "initdb", "-D", self._folder, "-U", "postgres", "-A", "scram-sha-256",
                  f"--pwfile={password}", "--encoding=UTF8", "--no-sync")  # fmt: skip
        self._run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                  "-keyout", self._folder / "server.key", "-out", self._folder / "server.pem")  # fmt: skip
        (self._folder / "pg_hba.conf").write_text("hostssl all all all scram-sha-256\n")

    def _run(self, *words: Path | str) -> None:
        subprocess.run(words, check=True, capture_output=True, **self._as_user)

    def _url(self, user: str, database: str) -> str:
        password = _PASSWORD.replace("/", "%2F").replace(" ", "%20")
        safe = f"sslmode=verify-full&sslrootcert={self._folder / 'server.pem'}"
        return f"postgresql://{user}:{password}@localhost:{self._port}/{database}?{safe}"

    async def _until_it_answers(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                await self._ask(f"CREATE ROLE meterai LOGIN CREATEROLE PASSWORD '{_PASSWORD}'")
                return
            except (OSError, asyncpg.CannotConnectNowError):
                assert time.monotonic() < deadline, Path(self._log.name).read_text()
                await asyncio.sleep(0.05)

    async def _ask(self, *commands: str) -> None:
        connection = await asyncpg.connect(self._url("postgres", "postgres"))
        try:
            for command in commands:
                await connection.execute(command)
        finally:
            await connection.close()


@contextmanager
def debian_postgres() -> Iterator[DebianPostgres]:
    """A running server. Skips the test on a machine without these programs that can't get them either."""
    if not (_INSTALLED.is_dir() or _KEPT.is_dir() or _download()):
        pytest.skip(f"apt-get install {PACKAGE}")
    with passing_folder("meterai-debian-") as folder:
        programs = _INSTALLED
        if not programs.is_dir():  # the server's user can't enter the cache of root
            subprocess.run(["cp", "--archive", _KEPT / "usr", folder], check=True)
            programs = folder / "usr" / "lib" / "postgresql" / VERSION / "bin"
        server = DebianPostgres(folder, programs)
        try:
            yield server
        finally:
            server.close()


def _download() -> bool:
    """Unpacks Debian's packages into the cache. Returns False on other machines and without a network."""
    with suppress(OSError, subprocess.SubprocessError):
        unpack(_KEPT, PACKAGE, f"postgresql-client-{VERSION}")
    return _KEPT.is_dir()
