"""A PostgreSQL server with base backups and a copy of its WAL, which is lost and recovered."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import asyncpg

from meterai.launcher.embedded_postgres import EmbeddedPostgres, client_programs

ROOT: Final = Path(__file__).parents[2]
_UNIT: Final = ROOT / "deploy" / "systemd" / "meterai-wal.service"
_SETTINGS: Final = {"wal_level": "replica", "max_wal_senders": "4", "fsync": "off"}
"""What a server of one's own has by default, and the embedded one has not."""


class FollowedServer:
    """A server in `disk`, and what `copy` has of it: `base` and `wal`, by the commands of the units."""

    def __init__(self, disk: Path, copy: Path, *, password: str) -> None:
        self.copy = copy
        self._password = password
        self._receiver: subprocess.Popen[bytes] | None = None
        self._server = self._start(disk)

    def url(self, database: str = "meterai") -> str:
        """The owner's URL."""
        return self._server.url(database)

    async def begin(self) -> None:
        """Makes the role, starts to receive the WAL, and makes the first base backup."""
        connection = await asyncpg.connect(self.url())
        await connection.execute("CREATE ROLE meterai_wal LOGIN REPLICATION PASSWORD 'of-wal'")
        await connection.close()
        for name in ("wal", "base"):
            (self.copy / name).mkdir(parents=True)
        subprocess.run(self._words("ExecStartPre"), env=self._environment(), check=True)
        self.receive()
        self.base_backup()

    def receive(self) -> None:
        """Starts what meterai-wal.service starts."""
        log = (self.copy / "wal.log").open("ab")
        words, env = self._words("ExecStart"), self._environment()
        self._receiver = subprocess.Popen(words, env=env, stdout=log, stderr=log)

    def stop_receiving(self) -> None:
        """Ends it."""
        if self._receiver is not None:
            self._receiver.terminate()
            self._receiver.wait(30)

    def base_backup(self) -> None:
        """Runs what meterai-base.service runs."""
        words = [str(ROOT / "deploy" / "base-backup"), str(self.copy / "base"), str(self.copy / "wal"), "7"]
        subprocess.run(words, env=self._environment(), check=True)

    def lose(self) -> None:
        """Kills the server. The caller deletes its disk."""
        self._server.process.kill()
        self._server.stop(at_once=True)
        self.stop_receiving()

    def recover(self, disk: Path, target: str) -> None:
        """Puts it back into `disk`, from the newest base backup and the WAL. `target`: where to end."""
        data = disk / "server" / "data"
        data.mkdir(parents=True, mode=0o700)
        disk.chmod(0o711)
        base = max(self.copy.glob("base/2*Z"))
        for archive, folder in (("base.tar.gz", data), ("pg_wal.tar.gz", data / "pg_wal")):
            subprocess.run(["tar", "-xzf", str(base / archive), "-C", str(folder)], check=True)
        wal = self.copy / "wal"
        with (data / "postgresql.auto.conf").open("a") as file:
            file.write(f"restore_command = 'cp {wal}/%f %p || cp {wal}/%f.partial %p'\n{target}")
        (data / "recovery.signal").touch()
        subprocess.run(["chmod", "-R", "a+rX", str(self.copy)], check=True)
        if os.getuid() == 0:  # the server runs as nobody then
            subprocess.run(["chown", "-R", "nobody", str(data.parent)], check=True)
        self._server = self._start(disk)

    def stop(self) -> None:
        """Ends everything."""
        self.stop_receiving()
        self._server.stop()

    def _start(self, disk: Path) -> EmbeddedPostgres:
        log = disk.with_name(f"{disk.name}.log")
        server = EmbeddedPostgres(disk / "server", password=self._password, settings=_SETTINGS, log=log)
        server.start()
        return server

    def _words(self, line: str) -> list[str]:
        """The command of a line of meterai-wal.service, with our folders and programs."""
        lines = _UNIT.read_text().splitlines()
        program, *words = next(row for row in lines if row.startswith(f"{line}=")).partition("=")[2].split()
        ours = [word.replace("/mnt/copy", str(self.copy)) for word in words]
        return [f"{client_programs()}/{Path(program).name}", *ours]

    def _environment(self) -> dict[str, str]:
        port = self.url().rpartition(":")[2].partition("/")[0]
        return {
            "PATH": f"{client_programs()}:/usr/bin:/bin",
            "PGHOST": "127.0.0.1",
            "PGPORT": port,
            "PGUSER": "meterai_wal",
            "PGPASSWORD": "of-wal",
        }
