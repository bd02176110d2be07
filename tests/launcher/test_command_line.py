"""The command `meterai`."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
import typer
from rich.console import Console

from meterai.cli import up
from meterai.cli.copies import restore
from meterai.cli.main import COMMANDS
from meterai.cli.operator import archive, keys, queue
from meterai.cli.operator.shared.operator_settings import operator_settings
from meterai.cli.outage_messages import outage_message
from meterai.cli.refusal_texts import WORDS, refusal_text
from meterai.cli.stamp import command as stamp
from meterai.cli.stamp.run import StampRun
from meterai.cli.tools import demo
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database_failures import naming_server
from meterai.kit.database_urls import ROLES
from meterai.kit.http.listening import listen
from meterai.kit.installation import Addresses, write_addresses
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment
from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema.migrate import make_roles, upgrade_script
from meterai.sales.events import EXAMPLE
from meterai.stamping.archive.level import Level
from meterai.stamping.archive.queries import ArchiveCount
from meterai.stamping.bundles.model import Outcome
from meterai.stamping.keys.key_register import KeyNow
from meterai.stamping.use_cases.note_restore import NotedRestore
from meterai.waiting_room.files.log_facts import OperatorFacts
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.files.restore_files import RewoundFiles
from meterai.waiting_room.queries import QueueView
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.use_cases.rewind_queues import RewoundQueues
from tests import backup_keys
from tests.run_here import RunHere
from tests.storage_fixtures import TestCluster


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "meterai.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_explains_itself(run_here: RunHere, name: str) -> None:
    entry = COMMANDS[name]
    assert callable(getattr(importlib.import_module(entry.module), entry.function))
    shown = run_here(*name.split(), "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


def test_help_lists_every_command_and_imports_none() -> None:
    shown = run("--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert all(name.split()[0] in shown.stdout for name in COMMANDS)
    assert "meterai.cli.main" in shown.stderr
    for heavy in ("asyncpg", "aiohttp", "pyhanko", "litestar", "meterai.cli.up"):
        assert heavy not in shown.stderr


LIBRARY_THAT_HOLDS_INTERRUPTS = """
import os, signal, sys
class Library:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException:
                pass
sys.meta_path.insert(0, Library())
"""


@pytest.mark.journey
@pytest.mark.parametrize("module", ["meterai.cli.up", "pydantic"], ids=["import", "arguments"])
def test_ctrl_c_before_a_command_runs_ends_it_whatever_a_library_does(tmp_path: Path, module: str) -> None:
    library = LIBRARY_THAT_HOLDS_INTERRUPTS.replace("{module}", module)
    (tmp_path / "sitecustomize.py").write_text(library)
    heeding = ["env", "--default-signal=INT", f"PYTHONPATH={tmp_path}", sys.executable]
    shown = subprocess.run([*heeding, "-m", "meterai.cli", "up", "--port", "none"], capture_output=True)
    assert shown.returncode == -signal.SIGINT


def test_config_shows_every_setting_and_no_secret(run_here: RunHere) -> None:
    shown = run_here("config", "--json", env={"METERAI_PAYOUT_KEY": "s3cr3t", "METERAI_PORT": "9001"})
    rows = {row["name"]: row for row in json.loads(shown.stdout)}
    assert len(rows) == len(Settings.__struct_fields__)
    assert rows["METERAI_PORT"]["value"] == "9001"
    assert "s3cr3t" not in shown.stdout


def test_config_shows_what_the_service_was_started_with_beside_what_this_shell_says(tmp_path: Path) -> None:
    """As the officer does who looks for why people are sent to localhost, in a shell of his own."""
    started = {**os.environ, "METERAI_PUBLIC_URL": "https://example.go.id", "METERAI_PAYOUT_KEY": "s3cr3t"}
    with subprocess.Popen(["sleep", "60"], env=started) as service:
        addresses = Addresses(pid=service.pid, site="http://localhost:9001", database="postgresql:///d")
        write_addresses(tmp_path, addresses)
        shown = run("config", "--json", "--data", str(tmp_path))
        table = run("config", "--data", str(tmp_path), env={"COLUMNS": "200"}).stdout
        narrow = run("config", "--data", str(tmp_path), env={"COLUMNS": "80"}).stdout
        service.kill()
    rows = {row["name"]: row for row in json.loads(shown.stdout)}
    assert (rows["METERAI_PUBLIC_URL"]["value"], rows["METERAI_PUBLIC_URL"]["service"]) == (
        "",
        "https://example.go.id",
    )
    assert rows["METERAI_PORT"]["service"] == "9001"
    assert "s3cr3t" not in shown.stdout + table
    assert "In this shell" in table
    assert "https://example.go.id" in table
    assert [name for name in rows if f" {name} " not in narrow] == []
    assert "…" not in narrow


@pytest.mark.parametrize(
    "words",
    [("issue-quota", "5"), ("check",), ("queue", "status"), ("backup", "copy"), ("stamp", ".", "--out", "o")],
)
def test_a_command_of_an_older_release_does_nothing_beside_a_newer_service(
    run_here: RunHere, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """As from a timer that still names the checkout from before the upgrade."""
    write_addresses(tmp_path, newer_service())
    more = ("--customer", "a@contoh.id") if words[0] == "stamp" else ()
    done = run_here(*words, *more, "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Nothing was done. Run the command of that release: /opt/newer/.venv/bin/meterai." in done.stderr


def test_the_emergency_stop_may_be_of_any_release(tmp_path: Path) -> None:
    write_addresses(tmp_path, newer_service())
    Secrets(tmp_path).make_shared()
    with pytest.raises(Refusal, match=r"service\.newer"):
        operator_settings(tmp_path)
    assert operator_settings(tmp_path, of_any_release=True).database_operator_url


def newer_service() -> Addresses:
    return Addresses(
        pid=os.getpid(), site="", database="postgresql:///d", schema="9999", checkout="/opt/newer"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("on = true", "on = true\nclaim_minutes = 1"), "claim_minutes"),
        (("[[event]]", "[[event"), "line"),
        (("on = true", "on = true"), ""),
    ],
    ids=["a value", "TOML", "as shipped"],
)
def test_an_events_file_can_be_tried_before_a_service_stays_down_with_it(
    run_here: RunHere, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = tmp_path / "events.toml"
    file.write_text(EXAMPLE.read_text().replace(*change))
    shown = run_here("config", env={"METERAI_EVENTS_FILE": str(file)})
    assert shown.returncode == (1 if said else 0)
    assert (f"METERAI_EVENTS_FILE ({file}) can't be read: " in shown.stderr) == bool(said)
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("environment", ["production", "development"])
def test_the_demo_is_offered_where_it_may_be_run(
    tmp_path: Path, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = Addresses(pid=1, site="http://localhost:9001", database="postgresql:///d")
    up._Launch(Settings(data=tmp_path, environment=environment))._show(addresses)
    shown = capsys.readouterr().out
    assert "Next: open http://localhost:9001/casn" in shown
    assert ("demo FILE.pdf" in shown) == (environment == "development")


def test_what_is_running_leads_to_the_events_of_the_house_and_not_to_the_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first start in production ended with the address of a page that there is none of."""
    text = EXAMPLE.read_text().replace('"casn"', '"casn-2027"').replace("Seleksi CASN", "Seleksi CASN 2027")
    over = text.replace("casn-2027", "casn-2023").replace("2034-12-31", "2024-12-31")
    file = tmp_path / "events.toml"
    file.write_text(over + text)
    addresses = Addresses(
        pid=1, site="https://m.example", database="postgresql:///d", gate="https://m.example"
    )
    up._Launch(Settings(data=tmp_path, events_file=str(file)))._show(addresses)
    shown = capsys.readouterr().out
    assert set(re.findall(r"https://m.example(\S*)", shown)) == {"", "/casn-2027", "/antre/casn-2027"}
    assert "demo" not in shown

    file.write_text("")
    up._Launch(Settings(data=tmp_path, events_file=str(file)))._show(addresses)
    assert "Next: open https://m.example/\n" in capsys.readouterr().out


def test_a_restore_names_what_operators_did_in_the_time_that_is_gone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moment = datetime(2026, 9, 5, tzinfo=UTC)
    noted = NotedRestore(lost_from=moment, lost_until=moment, forgotten={}, counters={})
    did = (("on", "always", "crowd"), ("cap", "10", "slow"), ("halt", "", "look"), ("announce", "{}", ""))
    acts = [OperatorFacts(action=action, value=value, reason=reason) for action, value, reason in did]
    one = RewoundFiles(event="casn", entries=4, head="9:ab", epoch=1, acts=acts)
    queues = RewoundQueues(rewound=[one], lost=[], too_old=[], lists={})
    restore._show(noted, queues, [], moment)
    shown = capsys.readouterr().out
    assert "NOT in force any more: on --always (crowd); cap 10 (slow); halt (look); announce {}. " in shown
    restore._show(noted, msgspec.structs.replace(queues, rewound=[]), [], moment)
    assert "in force" not in capsys.readouterr().out


def test_a_setting_that_can_not_be_read_is_named(run_here: RunHere) -> None:
    shown = run_here("config", env={"METERAI_PORT": "many"})
    assert shown.returncode == 1
    assert "METERAI_PORT" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_CONNECTIONS_MAX", "0", "`int` >= 1"),  # every process would wait for ever
        ("SITE_PROCESSES", "0", "`int` >= 1"),
        ("WORKER_PROCESSES", "-1", "`int` >= 1"),
        ("SERVICE_FEE", "-1", "`int` >= 0"),
        ("VAT_BASIS_POINTS", "11000", "`int` <= 10000"),
        ("PAYMENT_MINUTES", "0", "`int` >= 1"),
        ("PUBLIC_URL", "meterai.example.go.id", "such as https://"),  # it stands on every stamp
        ("TSA_URL", "https://", "such as https://"),
        ("GATEWAY_URL", "https://gateway:port", "such as https://"),
        ("SMTP_URL", "mail:s3cr3t@example", "such as smtp://"),
        ("DATABASE_URL", "mysql://a:s3cr3t@b/c", "such as postgresql://"),
        ("DATABASE_URL", "postgresql://o:top/s3cr3t@h:5432/d", "%2F"),  # what reads on shows a piece of it
        ("DATABASE_URL", "postgresql://o:12/s3cr3t@h:5432/d", "%2F"),
        ("DATABASE_URL", "postgresql://o:12#s3cr3t@h:5432/d", "%23"),
        ("DATABASE_URL", "postgresql://o:12?s3cr3t@h:5432/d", "%3F"),
        ("DATABASE_READER_URL", "postgresql://o:12@s3cr3t@h:5432/d", "%40"),
        ("DATABASE_URL", "postgresql://o@h:s3cr3t/d", "such as postgresql://"),
        (
            "DATABASE_URL",
            "postgresql://o:s3cr3t@h/d?sslrootcert=/no/root.pem",
            "not there, or that we may not",
        ),
        ("OBJECTS_URL", "/srv/objects", "file:///"),
        ("OBJECTS_URL", "file://srv/objects", "three slashes"),  # would lie wherever it was started
        ("OBJECTS_URL", "foo://x", "s3://"),
        ("OBJECTS_URL", "s3:///prefix", "s3://"),
        ("OBJECTS_URL", "s3://key:s3cr3t@bucket", "s3://"),
        ("TLS_CERTIFICATE", "/etc/tls/site.pem", "METERAI_TLS_KEY: "),
        ("TLS_KEY", "/etc/tls/site.key", "METERAI_TLS_CERTIFICATE: "),
        ("MAIL_SENDER", "méterai@example", "ASCII"),
        ("CONTACT", "javascript:alert(1)", "bantuan@example.go.id"),
        ("CONTACT", "the office", "https"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("ENVIRONMENT", "production", "set METERAI_TSA_URL, "),
    ],
)
def test_a_setting_that_can_not_be_meant_is_refused_in_words_before_anything_starts(
    run_here: RunHere, tmp_path: Path, name: str, value: str, said: str
) -> None:
    shown = run_here("up", "--port", "0", "--data", str(tmp_path / "data"), env={f"METERAI_{name}": value})
    assert shown.returncode == 1
    assert f"METERAI_{name}" in shown.stderr or name.startswith("TLS")
    assert said in shown.stderr
    assert "s3cr3t" not in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///d",
        "postgres://u@/d?host=/run/postgresql&port=5433",
        "postgresql://u:p%2Fw%40d@one:5432,two/d?target_session_attrs=read-write",
        "postgresql://u@[2001:db8::5]:5433/d",
        "postgresql://u:p@%2Frun%2Fpostgresql/d",
        "postgresql://127.0.0.1/d?user=me@tenant&password=p",
    ],
)
def test_every_address_of_a_database_is_taken(address: str) -> None:
    assert from_environment({"METERAI_DATABASE_URL": address}).database_url == address


def test_a_certificate_that_can_not_be_used_is_said_before_anything_starts(
    run_here: RunHere, tmp_path: Path
) -> None:
    (tmp_path / "site.pem").write_text("no certificate")
    files = {
        "METERAI_TLS_CERTIFICATE": str(tmp_path / "site.pem"),
        "METERAI_TLS_KEY": str(tmp_path / "no.key"),
    }
    shown = run_here("up", "--port", "0", "--data", str(tmp_path / "data"), env=files)
    assert shown.returncode == 1
    assert "METERAI_TLS_CERTIFICATE and METERAI_TLS_KEY can't be used" in shown.stdout
    assert not (tmp_path / "data").exists()


def test_a_password_anywhere_in_an_address_is_not_shown(run_here: RunHere) -> None:
    address = "postgresql:///meterai?user=app&password=s3cr3t"
    shown = run_here("config", "--json", env={"METERAI_DATABASE_OPERATOR_URL": address})
    rows = {row["name"]: row for row in json.loads(shown.stdout)}
    assert rows["METERAI_DATABASE_OPERATOR_URL"]["value"] == "(set)"


def test_the_table_of_settings_shows_brackets() -> None:
    shown = run("config", env={"METERAI_QUEUE_FOLDER": "/srv/[/a]", "COLUMNS": "200"})
    assert shown.returncode == 0, shown.stderr
    assert "/srv/[/a]" in shown.stdout
    assert "smtp://[user:password@]host:port" in shown.stdout


def test_a_file_s_name_may_hold_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    file = {"output": "[/a].pdf", "serials": ["X"], "verdict": "ASLI", "register": "confirmed"}
    Console().print(demo._verdicts({"order": "N", "link": "http://localhost", "files": [file]}))
    assert "[/a].pdf" in capsys.readouterr().out


def test_the_demo_of_a_service_that_has_another_address_says_so(tmp_path: Path) -> None:
    (tmp_path / "surat.pdf").write_bytes(b"%PDF-1.7")
    write_addresses(
        tmp_path, Addresses(pid=os.getpid(), site="https://meterai.example.go.id", database="postgresql:///d")
    )
    shown = run("demo", str(tmp_path / "surat.pdf"), "--data", str(tmp_path), "--out", str(tmp_path))
    assert shown.returncode == 2
    assert "not to https://meterai.example.go.id" in " ".join(shown.stderr.split())
    assert "Traceback" not in shown.stderr


def test_an_empty_setting_is_none(run_here: RunHere, tmp_path: Path) -> None:
    """Of the data directory too: the service and the commands beside it mean the same one."""
    env = {"METERAI_DATA": "", "XDG_DATA_HOME": str(tmp_path)}
    shown = run_here("config", "--json", env=env)
    rows = {row["name"]: row for row in json.loads(shown.stdout)}
    assert rows["METERAI_DATA"]["value"] == str(default_data_of(tmp_path))


def default_data_of(home: Path) -> Path:
    return Path("/var/lib/meterai") if os.getuid() == 0 else home / "meterai"


@pytest.mark.parametrize("words", [("--port", "99999"), ()])
def test_a_port_that_is_none_is_refused(run_here: RunHere, tmp_path: Path, words: tuple[str, ...]) -> None:
    shown = run_here("up", *words, "--data", str(tmp_path), env={} if words else {"METERAI_PORT": "99999"})
    assert shown.returncode in (1, 2)
    assert "65535" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_commands_beside_the_service_say_how_to_start_it(run_here: RunHere, tmp_path: Path) -> None:
    shown = run_here("check", env={"METERAI_DATA": str(tmp_path)})
    assert shown.returncode == 2
    assert "script/server" in shown.stderr


def test_a_check_that_can_not_be_made_is_none_that_fails(run_here: RunHere) -> None:
    shown = run_here("check", env={"METERAI_PORT": "80o0"})
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "METERAI_PORT" in shown.stderr


@pytest.mark.parametrize(
    "command", ["stop-signing", "resume-signing", "keys retire 5fcb67d0", f"refunds end {UUID(int=1)}"]
)
def test_an_act_without_a_reason_is_refused(run_here: RunHere, tmp_path: Path, command: str) -> None:
    """Before anything is done: not even the database is looked for."""
    shown = run_here(*command.split(), "--reason", " ", "--data", str(tmp_path))
    assert shown.returncode == 2
    assert "say why" in shown.stderr


@pytest.mark.parametrize(
    "command", ["stop-signing --reason x", "keys list", "refunds list", "check", "queue status"]
)
@pytest.mark.parametrize(
    ("away", "server"),
    [
        ("postgresql://a:geheim@127.0.0.1:1/c", "127.0.0.1:1"),
        ("postgresql://a:geheim@localhost:1/c", "localhost:1"),  # it may have two addresses
        ("postgresql://a:geheim@0.0.0.1:1/c", "0.0.0.1:1"),  # no way there
        ("postgresql://a:geheim@[::1]:1,db.invalid/c", "[::1]:1, db.invalid:5432"),
        ("postgresql:///c?host=/nowhere&port=5", "/nowhere:5"),
    ],
)
def test_while_the_database_is_away_an_operator_reads_which_and_the_next_step(
    run_here: RunHere, tmp_path: Path, command: str, away: str, server: str
) -> None:
    env = {"METERAI_DATABASE_OPERATOR_URL": away, "METERAI_DATABASE_READER_URL": away}
    shown = run_here(*command.split(), "--data", str(tmp_path), env=env)
    assert shown.returncode == 2
    refuses_in_words(shown, f"The database at {server} does not answer (")


@pytest.mark.long
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


@pytest.mark.everyday("change1")
@pytest.mark.storage
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("INSERT INTO sales.tariff VALUES ('2099-01-01', 12000, 'UU baru')", "WHERE face_value <> 10000"),
        (
            """CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
               AS $$ BEGIN RAISE 'not today'; END $$;
               CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()""",
            "The database: not today",
        ),
    ],
)
async def test_what_keeps_the_schema_from_being_brought_up_is_told_in_words(
    cluster: TestCluster, tmp_path: Path, change: str, said: str
) -> None:
    tmp_path.chmod(0o711)
    async with cluster.empty_database() as name:
        await make_roles(cluster.server.url(name), {})
        owner = await asyncpg.connect(cluster.server.url(name))
        await owner.execute(upgrade_script(None, "0044"))
        await owner.execute(change)
        await owner.close()
        roles = {f"METERAI_DATABASE_{role.upper()}_URL": "postgresql:///kept" for role in ROLES}
        env = {"METERAI_DATABASE_URL": cluster.server.url(name), "METERAI_DATA": str(tmp_path), **roles}
        for words in (("db", "migrate"), ("up", "--port", "0")):
            shown = run(*words, env=env)
            assert shown.returncode == 1
            assert said in shown.stdout + shown.stderr
            assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("Multiple exceptions: [Errno 111] ('::1', 1), [Errno 111] ('127.0.0.1', 1)"), "not answer"),
        (OSError(113, "No route to host"), "not answer"),
        (ssl.SSLCertVerificationError(1, "certificate has expired"), "no safe way to the database"),
        (OSError(28, "No space left on device"), "This did not work: No space left on device."),
        (PermissionError(13, "Permission denied", "/x"), "This did not work: Permission denied (/x)."),
        (asyncpg.DiskFullError("could not extend file"), "has no room"),
        (asyncpg.LockNotAvailableError("canceling statement due to lock timeout"), "holds a table"),
        (asyncpg.InsufficientPrivilegeError("permission denied to create role"), "does not let us"),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"), "not answer"),
        (asyncpg.UniqueViolationError("twice"), ""),
        (KeyError("x"), ""),
        (OSError(28, "No space left on device", "/asal/a", None, "/salinan/a"), "device (/salinan/a)."),
    ],
)
def test_what_keeps_a_command_from_its_work_is_told_in_words(error: Exception, said: str) -> None:
    """And a fault of ours is not: its trace is wanted."""
    words = outage_message(error)
    assert (said in words) if said else words == ""


@pytest.mark.parametrize("words", ["install", "db migrate", "backup {}", "restore"])
def test_what_prepares_or_copies_names_an_external_database_that_is_down(
    run_here: RunHere, tmp_path: Path, words: str
) -> None:
    env = at_server("127.0.0.1:1", tmp_path / "data") | backup_keys.SETTINGS
    shown = run_here(*words.format(tmp_path / "copy").split(), env=env)
    refuses_in_words(shown, "The database at 127.0.0.1:1 does not answer (Connection refused).")


def test_a_database_that_may_be_the_services_own_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METERAI_DATABASE_URL", raising=False)
    with pytest.raises(OSError, match="refused") as raised, naming_server("postgresql://a:b@127.0.0.1:7/c"):
        raise ConnectionRefusedError(111, "Connection refused")
    words = outage_message(raised.value)
    assert words.startswith("The database at 127.0.0.1:7 does not answer (Connection refused).")
    assert "it starts it again" in words


def test_the_service_does_not_start_while_an_external_database_is_down(tmp_path: Path) -> None:
    shown = run("up", "--port", "0", env=at_server("127.0.0.1:1", tmp_path))
    refuses_in_words(shown, "The database at 127.0.0.1:1 does not answer (Connection refused).")


def at_server(host: str, data: Path) -> dict[str, str]:
    """Settings of an installation whose database is there."""
    url = f"postgresql://meterai:geheim@{host}/meterai"
    names = ("DATABASE", "DATABASE_OPERATOR", "DATABASE_READER")
    return {f"METERAI_{name}_URL": url for name in names} | {"METERAI_DATA": str(data)}


def refuses_in_words(shown: subprocess.CompletedProcess[str], said: str) -> None:
    told = " ".join((shown.stdout + shown.stderr).split())
    assert shown.returncode in (1, 2)
    assert said in told
    assert "is METERAI_DATABASE_URL right?" in told
    assert "geheim" not in told
    assert "Traceback" not in told


@pytest.mark.long
@pytest.mark.storage
async def test_a_database_that_is_not_the_commands_is_told_in_words(
    cluster: TestCluster, tmp_path: Path
) -> None:
    """Another password, another name, another release."""
    async with cluster.empty_database() as name:
        url = cluster.server.url(name)
        cases = {
            url.replace("meterai_owner:", "meterai_owner:not"): "does not let us",
            url.replace(name, "no_such_database"): "does not let us",
            url: "of another release",
        }
        for address, said in cases.items():
            for command in ("queue status", "keys list", "issue-quota 5", "check"):
                env = {"METERAI_DATABASE_OPERATOR_URL": address, "METERAI_DATABASE_READER_URL": address}
                shown = run(*command.split(), "--data", str(tmp_path), env=env)
                assert shown.returncode == 2, shown.stderr
                assert said in shown.stderr
                assert "Traceback" not in shown.stderr


def test_the_verifier_takes_no_part_of_the_sites_visitors(tmp_path: Path) -> None:
    """The site shares its port with processes of its own, and the kernel with everybody of the same user."""
    with listen("127.0.0.1", 0) as site:
        port = site.getsockname()[1]
        for address in (("--port", str(port)), ("--host", "192.0.2.1")):
            shown = run("verifier", *address, "--trust", str(tmp_path))
            assert shown.returncode == 2
            assert "is taken, or no address of" in " ".join(shown.stderr.replace("│", " ").split())


def test_a_folder_that_can_not_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("a file")
    env = {"METERAI_DATABASE_OPERATOR_URL": "postgresql://a:b@127.0.0.1:1/c"}
    words = ("stamp", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--customer", "a@contoh.id")
    shown = run(*words, "--data", str(tmp_path), env=env)
    assert shown.returncode == 2
    assert f"File exists ({tmp_path / 'out'})" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("ended", "code"), [(1, 1), (3, 3), (Refusal(Kind.INVALID, "archive.unreadable"), 2), (KeyError("x"), 2)]
)
def test_files_that_were_not_stamped_are_told_from_a_run_that_could_not_go_on(
    run_here: RunHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: int | Exception, code: int
) -> None:
    """With exit code 1 there is a report, even where no file was checked."""
    ends = AsyncMock(side_effect=[ended])
    monkeypatch.setattr(stamp, "_stamp", ends)
    env = {"METERAI_DATABASE_OPERATOR_URL": "postgresql://a:b@127.0.0.1:1/c"}
    words = ("stamp", str(tmp_path), "--out", str(tmp_path / "out"), "--customer", "a@contoh.id")
    shown = run_here(*words, "--data", str(tmp_path), env=env)
    assert shown.returncode == code
    assert ("no folder, and no ZIP that can be opened" in shown.stderr) == isinstance(ended, Refusal)


def test_a_refused_command_says_what_happened_and_what_to_do_next(tmp_path: Path) -> None:
    """The officer on duty reads words; the code behind them is for searching."""
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
    assert expected in refusal_text(code, facts)


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


QUEUE = QueueView(
    event="casn", state=QueueState.HALTED, is_on=True, always_in_line=False, rate=124.0, rate_cap=None,
    policy_cap=600, waiting=3, admitted=5, is_short=False, halted_because=None, note=Announcement(),
    note_until=None, closes_at=1_800_000_000, age_s=0.4, made_at=1_700_000_000.0, rests=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"age_s": 12.3}, "casn: nothing is published of it for 12 s: people see how it stood then."),
        ({"age_s": None}, "casn: nothing is published of it yet."),
        ({"age_s": 8_640_000.0, "rests": True}, ""),
    ],
)
def test_how_a_queue_stood_is_not_shown_as_how_it_stands(
    capsys: pytest.CaptureFixture[str], changes: dict[str, object], said: str
) -> None:
    queue._show([msgspec.structs.replace(QUEUE, **changes)])
    out = capsys.readouterr().out
    assert "124" in out
    assert (f"{said} Does the service run?" in out) if said else ("nothing is published" not in out)


@pytest.mark.parametrize(
    ("changes", "is_said"),
    [
        ({"state": QueueState.OPEN, "is_short": True}, True),
        ({"state": QueueState.OPEN}, False),
        ({"state": QueueState.HALTED, "is_short": True}, False),
    ],
)
def test_why_hardly_anybody_is_called_is_said(
    capsys: pytest.CaptureFixture[str], changes: dict[str, object], *, is_said: bool
) -> None:
    queue._show([msgspec.structs.replace(QUEUE, **changes)])
    assert ("than there are stamps for" in capsys.readouterr().out) is is_said


@pytest.mark.parametrize("as_json", [False, True])
def test_a_wish_that_no_controller_followed_does_not_end_as_one_that_is_in_force(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    async def written_down(*_: object) -> tuple[None, None]:
        return None, None

    monkeypatch.setattr(queue, "_acted", written_down)
    with pytest.raises(typer.Exit) as ended:
        queue.halt("casn", "uji coba", as_json=as_json)
    assert ended.value.exit_code == 3, "2 and 1 say that nothing was done"
    assert ('"obeyed_after_s":null' if as_json else "no controller has followed") in capsys.readouterr().out


def test_what_wait_pages_say_is_shown_with_the_way_to_take_it_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue._show([QUEUE, msgspec.structs.replace(QUEUE, note=Announcement("Sebentar", "A moment"))])
    out = capsys.readouterr().out
    assert out.count("every wait page says") == 1
    assert "casn: every wait page says “Sebentar” / “A moment”" in out
    assert "meterai queue announce --event casn\n" in out


def test_the_status_of_a_queue_is_cut_nowhere_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    view = msgspec.structs.replace(
        QUEUE, event="seleksi-badan-kepegawaian-2026", state=QueueState.OUT_OF_STOCK, always_in_line=True,
        rate=5_432.0, rate_cap=1_200, policy_cap=6_000, waiting=1_234_567, admitted=987_654,
        halted_because="the gateway is down, ticket 4711",
    )  # fmt: skip
    queue._show([view])
    out = capsys.readouterr().out
    assert "…" not in out
    for number in ("5432", "1,234,567", "987,654"):
        assert number in out
    slug = re.findall(r"^[a-z0-9-]+", out, re.M)
    assert "".join(slug) == view.event


async def test_an_act_is_in_force_with_the_second_status_after_it_however_long_it_took(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The controller goes on meanwhile."""
    statuses = iter(range(10, 99))
    acted_at = 0

    async def act(*_: object) -> None:
        nonlocal acted_at
        acted_at = max(next(statuses) for _ in range(20))

    monkeypatch.setattr(queue, "_read", lambda _: SimpleNamespace(sequence=next(statuses)))
    monkeypatch.setattr(queue, "connect", AsyncMock())
    monkeypatch.setenv("METERAI_DATABASE_OPERATOR_URL", "postgresql://nowhere")
    status, _ = await queue._acted(tmp_path, "casn", queue.Wish(action="on", act=act), None)
    assert status is not None
    assert status.sequence >= acted_at + 2


def test_a_reason_may_hold_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    queue._show([msgspec.structs.replace(QUEUE, halted_because="[ops 4711] see [/runbook/3]")])
    out = capsys.readouterr().out
    assert "[ops 4711]" in out
    assert "[/runbook/3]" in out


def test_every_refusal_of_a_command_has_a_next_step() -> None:
    assert [code for code, (what, step) in WORDS.items() if not (what and step)] == []


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=9, hours=1), "Only 9 days are left: add"),
        (timedelta(-1), "It has ended, nothing is signed: add"),
    ],
)
def test_a_key_that_has_ended_is_not_said_to_have_days_left(
    left: timedelta, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    key = KeyNow(
        key_id="7f8d3d17f0ce777c",
        state="active",
        purpose="seal",
        place="file:pki",
        name="Meterai",
        valid_from=now - timedelta(days=1_000),
        valid_until=now + left,
        active_from=now - timedelta(days=1_000),
        retired_at=None,
        needs_next=True,
        uses=1,
        signer="",
    )
    keys._show([key])
    assert said in capsys.readouterr().out
