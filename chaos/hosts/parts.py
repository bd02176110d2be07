"""What stands around the hosts: PostgreSQL from Debian, PgBouncer in transaction mode, nginx in front."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import asyncpg

_NOBODY: Final = 65_534
_OWNER: Final = "meterai"
_PASSWORD: Final = "of-the-owner"  # noqa: S105 - of a server that is gone at the end
_FRONT: Final = "client_max_body_size 300m;"
_PASSED: Final = (
    "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; "
    "proxy_http_version 1.1; proxy_connect_timeout 2s; proxy_request_buffering off;"
)
_ONE_PERSON: Final = "hash $remote_addr$http_user_agent consistent; "
"""One person stays at one server, as in `deploy/nginx.conf`."""
_WAIT_SECONDS: Final = 30.0


class Part:
    """A program that is started again when it ends, until it is stopped."""

    def __init__(
        self,
        name: str,
        words: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str],
        nobody: bool = False,
    ) -> None:
        self.name, self._words, self._log, self._env, self._nobody = name, words, log, env, nobody
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int:
        """Of the living process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it, without waiting until it can do its work."""
        user: dict[str, Any] = {}
        if self._nobody and os.geteuid() == 0:
            user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in self._words],
                env=dict(self._env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **user,
            )
        self.starts += 1

    async def replace(self, words: Sequence[str | Path]) -> None:
        """Ends it as a service manager does, waits until it has drained, and starts `words` in its place."""
        assert self._process is not None
        ending, self._process = self._process, None
        ending.terminate()
        code = await asyncio.to_thread(ending.wait, 60)
        if code not in (0, -signal.SIGTERM):  # uvicorn drains, then ends by the signal
            raise RuntimeError(f"{self.name} ended with {code}, see {self._log}")
        self._words = words
        self.start()

    async def keep(self) -> None:
        """Starts it again whenever it has ended, as a service manager does, until it is cancelled."""
        while True:
            await asyncio.sleep(0.1)
            if self._process is not None and self._process.poll() is not None:
                await asyncio.sleep(0.2)
                self.start()

    def stop(self) -> None:
        """Ends it for good."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def path_only() -> dict[str, str]:
    """The environment of programs that need none of ours."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def postgres(folder: Path, port: int) -> Part:
    """Makes a cluster of Debian's newest PostgreSQL with the owner's role."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    programs = max(found, key=lambda path: int(path.parts[4])).parent
    folder.mkdir()
    secret = folder / "password"
    secret.write_text(_PASSWORD)
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        for path in (folder, secret):
            os.chown(path, _NOBODY, _NOBODY)
        user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    words = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256"]
    words += [f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(words, check=True, capture_output=True, **user)
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "100"}
    start = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    start += [f"-c{name}={value}" for name, value in options.items()]
    return Part("postgresql", start, folder.parent / "postgresql.log", env=path_only(), nobody=True)


async def make_database(port: int) -> str:
    """Makes the owner and the empty database once the server answers. Returns the owner's URL."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            admin = await asyncpg.connect(f"postgresql://postgres:{_PASSWORD}@127.0.0.1:{port}/postgres")
            break
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
    await admin.execute(f"CREATE ROLE {_OWNER} LOGIN CREATEROLE PASSWORD '{_PASSWORD}'")
    await admin.execute(f"CREATE DATABASE meterai OWNER {_OWNER}")
    await admin.close()
    return f"postgresql://{_OWNER}:{_PASSWORD}@127.0.0.1:{port}/meterai"


def pgbouncer(folder: Path, port: int, *, database: int, passwords: Path) -> Part:
    """PgBouncer before the server at the port `database`. `passwords`: DATA/secrets/database.json."""
    folder.mkdir()
    roles: dict[str, str] = json.loads(passwords.read_text())
    users = folder / "users.txt"
    users.write_text("".join(f'"meterai_{role}" "{password}"\n' for role, password in roles.items()))
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"""[databases]
meterai = host=127.0.0.1 port={database} dbname=meterai
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
max_prepared_statements = 1000
default_pool_size = 10
max_client_conn = 500
server_login_retry = 1
"""
    )
    folder.chmod(0o755)
    if os.geteuid() == 0:
        for path in (users, settings):
            os.chown(path, _NOBODY, _NOBODY)
    words = ["/usr/sbin/pgbouncer", str(settings)]
    return Part("pgbouncer", words, folder.parent / "pgbouncer.log", env=path_only(), nobody=True)


def nginx(folder: Path, fronts: Mapping[int, Sequence[str]]) -> Part:
    """A front that passes each port on to its servers (HOST:PORT)."""
    folder.mkdir()
    servers = []
    for port, behind in fronts.items():
        upstream = _ONE_PERSON + "".join(f"server {one} max_fails=1 fail_timeout=1s;" for one in behind)
        servers.append(
            f"upstream u{port} {{ {upstream} }} server {{ listen 127.0.0.1:{port}; {_FRONT} "
            f"location / {{ proxy_pass http://u{port}; {_PASSED} }} }}"
        )
    places = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = folder / "nginx.conf"
    settings.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr warn; worker_processes 1; "
        f"events {{ worker_connections 1024; }} http {{ access_log off; {places} {' '.join(servers)} }}"
    )
    words = ["/usr/sbin/nginx", "-c", str(settings), "-p", str(folder)]
    return Part("nginx", words, folder.parent / "nginx.log", env=path_only())


async def answers(url: str) -> bool:
    """Whether an address answers 200."""
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        async with asyncio.timeout(3):
            host, _, rest = url.removeprefix("http://").partition("/")
            name, _, port = host.rpartition(":")
            reader, writer = await asyncio.open_connection(name, int(port))
            writer.write(f"GET /{rest} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
            line = await reader.readline()
            writer.close()
            return b" 200 " in line
    return False
