"""The command `meterai`."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import asyncpg
import pytest

from meterai.cli import archive
from meterai.cli.main import COMMANDS
from meterai.cli.refusal_words import WORDS, told
from meterai.cli.stamp_run import StampRun
from meterai.kit.installation import Secrets
from meterai.kit.postgres import EmbeddedPostgres
from meterai.kit.settings import Settings
from meterai.stamping.archive.level import Level
from meterai.stamping.archive_queries import ArchiveCount
from meterai.stamping.bundle import Outcome


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meterai.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_explains_itself(name: str) -> None:
    entry = COMMANDS[name]
    assert callable(getattr(importlib.import_module(entry.module), entry.function))
    shown = run(*name.split(), "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


def test_help_is_quick_and_lists_every_command() -> None:
    """CPU time, not the clock: the tests share the machine."""
    seconds = []
    for _ in range(3):
        before = os.times()
        shown = run("--help")
        after = os.times()
        seconds.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    assert all(name.split()[0] in shown.stdout for name in COMMANDS)
    assert min(seconds) < 0.6  # 0.25 s on an idle machine


def test_help_imports_no_command() -> None:
    shown = run("--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert "meterai.cli.main" in shown.stderr
    for heavy in ("asyncpg", "aiohttp", "pyhanko", "litestar", "meterai.cli.up"):
        assert heavy not in shown.stderr


LIBRARY_THAT_HOLDS_INTERRUPTS = """
import os, signal, sys
class Library:
    def find_spec(self, name, path=None, target=None):
        if name == "meterai.cli.up":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException:
                pass
sys.meta_path.insert(0, Library())
"""


def test_ctrl_c_while_a_command_is_imported_ends_it_whatever_a_library_does(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LIBRARY_THAT_HOLDS_INTERRUPTS)
    heeding = ["env", "--default-signal=INT", f"PYTHONPATH={tmp_path}", sys.executable]
    shown = subprocess.run([*heeding, "-m", "meterai.cli", "up", "--help"], capture_output=True)
    assert shown.returncode == -signal.SIGINT


def test_config_shows_every_setting_and_no_secret() -> None:
    shown = run("config", "--json", env={"METERAI_PAYOUT_KEY": "s3cr3t", "METERAI_PORT": "9001"})
    rows = {row["name"]: row for row in json.loads(shown.stdout)}
    assert len(rows) == len(Settings.__struct_fields__)
    assert rows["METERAI_PORT"]["value"] == "9001"
    assert "s3cr3t" not in shown.stdout


def test_a_setting_that_can_not_be_read_is_named() -> None:
    shown = run("config", env={"METERAI_PORT": "many"})
    assert shown.returncode == 1
    assert "METERAI_PORT" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("words", [("--port", "99999"), ()])
def test_a_port_that_is_none_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    shown = run("up", *words, "--data", str(tmp_path), env={} if words else {"METERAI_PORT": "99999"})
    assert shown.returncode in (1, 2)
    assert "65535" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_commands_beside_the_service_say_how_to_start_it(tmp_path: Path) -> None:
    shown = run("check", env={"METERAI_DATA": str(tmp_path)})
    assert shown.returncode == 2
    assert "script/server" in shown.stderr


@pytest.mark.parametrize(
    "command", ["stop-signing", "resume-signing", "keys retire 5fcb67d0", f"refunds end {UUID(int=1)}"]
)
def test_an_act_without_a_reason_is_refused(tmp_path: Path, command: str) -> None:
    """Before anything is done: not even the database is looked for."""
    shown = run(*command.split(), "--reason", " ", "--data", str(tmp_path))
    assert shown.returncode == 2
    assert "say why" in shown.stderr


@pytest.mark.parametrize(
    "command", ["stop-signing --reason x", "keys list", "refunds list", "check", "queue status"]
)
@pytest.mark.parametrize("away", ["postgresql://a:b@127.0.0.1:1/c", "postgresql:///c?host=/nowhere&port=5"])
def test_while_the_database_is_away_an_operator_reads_the_next_step(
    tmp_path: Path, command: str, away: str
) -> None:
    env = {"METERAI_DATABASE_APP_URL": away, "METERAI_DATABASE_READER_URL": away}
    shown = run(*command.split(), "--data", str(tmp_path), env=env)
    assert shown.returncode == 2
    assert "The database does not answer" in shown.stderr
    assert "postgres.log" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.storage
async def test_an_older_release_says_that_the_data_are_a_newer_one_s(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    env = {"METERAI_DATA": str(tmp_path)}
    assert run("db", "migrate", env=env).returncode == 0
    server = EmbeddedPostgres(tmp_path / "postgres", password=Secrets(tmp_path).database_owner)
    server.start()
    try:
        owner = await asyncpg.connect(server.url("meterai"))
        await owner.execute("UPDATE public.alembic_version SET version_num = '9999'")
        await owner.close()
    finally:
        server.stop()
    for words in (("db", "migrate"), ("up", "--port", "0")):
        shown = run(*words, env=env)
        assert shown.returncode == 1
        assert "9999" in shown.stdout + shown.stderr
        assert "newer release" in shown.stdout + shown.stderr
        assert "Traceback" not in shown.stderr


def test_a_refused_command_says_what_happened_and_what_to_do_next(tmp_path: Path) -> None:
    """Whoever is on duty at night reads words; the code stands behind them for searching."""
    tmp_path.chmod(0o711)
    shown = run("restore", str(tmp_path / "copy"), "--data", str(tmp_path / "data"))
    assert shown.returncode == 1
    assert shown.stderr.strip() == (
        f"There is no whole copy in {tmp_path / 'copy'}. "
        "Name the folder that was given to meterai backup. (backup.none)"
    )


@pytest.mark.parametrize(
    ("code", "facts", "expected"),
    [
        ("queue.cap_above_policy", {"policy": 600}, "The policy of this queue allows 600 people a minute"),
        (
            "queue.unknown",
            {"event": "casn"},
            "meterai queue status shows the events that have one. (queue.unk",
        ),
        ("key.unfit", {"what": "size", "reason": "too long"}, "needs. (key.unfit, reason=too long)"),
        ("pdf.encrypted", {}, "This PDF is locked with a password."),  # the site's words
        ("no.words", {"why": "new"}, "It was refused. (no.words, why=new)"),
    ],
)
def test_the_words_of_a_refusal_are_followed_by_its_code_and_what_they_do_not_say(
    code: str, facts: dict[str, object], expected: str
) -> None:
    assert expected in told(code, facts)


def test_why_a_folder_waits_is_said_without_open_places() -> None:
    """A job that waits has a code and no facts, and some words have places for facts."""
    warned: list[str] = []
    run = StampRun(None, None, uuid4(), uuid4(), None, warn=warned.append)  # type: ignore[arg-type]
    waiting = SimpleNamespace(outcome=Outcome.STAMPING, code="key.not_ready")
    for _ in range(2):
        run._warn_of_troubles(SimpleNamespace(files=[waiting]))  # type: ignore[arg-type]
    (text,) = warned
    assert text.startswith("The signer can't sign with key –: –. (key.not_ready) The service tries again")


def test_what_keeps_files_from_being_renewed_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    count = ArchiveCount(
        level=Level.LTA, files=9, due=2, in_trouble=2, next_due=None, trouble="revocation.unavailable"
    )
    archive._show([count])
    assert "An authority does not say whether a certificate is revoked." in capsys.readouterr().out


def test_every_refusal_of_a_command_has_a_next_step() -> None:
    assert [code for code, (what, step) in WORDS.items() if not (what and step)] == []
