"""Copies a whole database to a stream and back, with `pg_dump` and `pg_restore`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from meterai.kit.database_urls import query_without

PROGRAMS: Final = ("pg_dump", "pg_restore")
_GIVEN_UP: Final = (
    "connect_timeout=3&tcp_user_timeout=30000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3"
)
"""When a server counts as dead, as in kit/database.py. Without this the programs wait for hours."""


class DumpFailed(RuntimeError):
    """A copy could not be made or loaded. The text is the program's."""


def dump_database(programs: Path, url: str, take: Callable[[IO[bytes]], object], *, snapshot: str) -> None:
    """Hands an exported snapshot to `take` as a stream, without owners and roles. Raises: DumpFailed.

    `programs`: their folder, of `programs_of`.
    """
    words = ["--format=custom", "--no-owner", f"--snapshot={snapshot}"]
    with _running(programs / "pg_dump", url, *words) as process:
        assert process.stdout is not None
        take(process.stdout)


def load_database(programs: Path, url: str, feed: Callable[[IO[bytes]], object]) -> None:
    """Loads what `feed` writes into an empty database whose roles exist, in one transaction.

    When `feed` fails, nothing is loaded. Raises: DumpFailed, and what `feed` raises.
    """
    words = ["--no-owner", "--exit-on-error", "--single-transaction"]
    with _running(programs / "pg_restore", url, *words) as process:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, and says why
            feed(process.stdin)
            process.stdin.flush()


@contextmanager
def _running(program: Path, url: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program, and waits for its end. Kills it when the caller fails. Raises: DumpFailed."""
    shown, password = _without_password(url)
    env = os.environ | ({"PGPASSWORD": password} if password else {})
    words: list[Path | str] = [program, "--dbname", shown, *arguments]
    pipe = subprocess.PIPE
    with (
        ThreadPoolExecutor(1) as reader,
        subprocess.Popen(words, env=env, stdin=pipe, stdout=pipe, stderr=pipe) as process,
    ):
        assert process.stdin is not None
        assert process.stderr is not None
        said: Future[bytes] = reader.submit(process.stderr.read)
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
        code, text = process.wait(), said.result()
    if code:
        raise DumpFailed(f"{program.name}: {text.decode(errors='replace').strip()}")


def _without_password(url: str) -> tuple[str, str]:
    """A URL for arguments, which everybody can read in the list of processes, and its password."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{host}" if user else host
    password = unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password", "")
    query = "&".join(filter(None, (query_without(parts.query, "password"), _GIVEN_UP)))
    return urlunsplit(parts._replace(netloc=netloc, query=query)), password
