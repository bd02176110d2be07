"""Backups of a database in Debian's PostgreSQL failed: it offers SCRAM-SHA-256-PLUS over TLS.

Our detour for programs without TLS passed that offer on, and pg_dump refused it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from meterai.kit.settings import Settings
from meterai.launcher.database_dump import PROGRAMS
from meterai.launcher.database_programs import programs_of
from meterai.launcher.embedded_postgres import PostgresFailed
from tests import backup_keys
from tests.debian_postgres import DebianPostgres, debian_postgres
from tests.places import passing_folder
from tests.prepared import without_settings

pytestmark = [pytest.mark.storage, pytest.mark.long]


@pytest.fixture(scope="module")
def debian() -> Iterator[DebianPostgres]:
    with debian_postgres() as server:
        yield server


def run(*words: str, data: Path, url: str, programs: Path) -> str:
    env = backup_keys.SETTINGS | {
        "METERAI_DATA": str(data),
        "METERAI_DATABASE_URL": url,
        "METERAI_PG_BIN": str(programs),
    }
    if words[0] == "check":  # no service runs
        env["METERAI_DATABASE_READER_URL"] = url
    done = subprocess.run(
        [sys.executable, "-m", "meterai.cli", *words],
        capture_output=True, text=True, timeout=120, env=without_settings() | env,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def test_a_copy_of_debian_s_server_over_tls_is_put_back(debian: DebianPostgres) -> None:
    with passing_folder("meterai-") as place:
        data, copy, url = place / "data", place / "copy", debian.make_database()
        run("db", "migrate", data=data, url=url, programs=debian.bin)
        asyncio.run(ask(url, "CREATE TABLE public.kept AS SELECT 42 AS number"))
        run("backup", str(copy), data=data, url=url, programs=debian.bin)
        debian.make_database()
        run("restore", str(copy), *backup_keys.opening(place), data=data, url=url, programs=debian.bin)
        run("check", data=data, url=url, programs=debian.bin)
        assert asyncio.run(ask(url, "SELECT number FROM public.kept")) == 42


@pytest.mark.parametrize(
    ("program", "said"),
    [("", "no pg_dump, no pg_restore"), ("pg_dump (PostgreSQL) 16.9", "pg_dump 16, no pg_restore")],
)
def test_programs_that_the_server_is_too_new_for_are_refused(
    debian: DebianPostgres, tmp_path: Path, program: str, said: str
) -> None:
    if program:
        (tmp_path / "pg_dump").write_text(f"#!/bin/sh\necho '{program}'\n")
        (tmp_path / "pg_dump").chmod(0o755)
    settings = Settings(database_url=debian.make_database(), pg_bin=str(tmp_path))
    with pytest.raises(PostgresFailed) as refused:
        asyncio.run(programs_of(settings, *PROGRAMS))
    assert f"{tmp_path} has {said}." in str(refused.value)
    assert "Install postgresql-client-17 (Debian), or name" in str(refused.value)


def test_without_the_setting_the_path_is_searched(
    debian: DebianPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{debian.bin}:{os.environ['PATH']}")
    settings = Settings(database_url=debian.make_database())
    assert asyncio.run(programs_of(settings, *PROGRAMS)) == debian.bin
