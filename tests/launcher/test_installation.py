"""What follows from a data directory: secrets, addresses, settings of commands beside the service."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import msgspec
import pytest

from meterai.cli.data_folder import refuse_another_users
from meterai.kernel.refusals import Refusal
from meterai.kit import installation
from meterai.kit.database import connect
from meterai.kit.database_urls import without_user
from meterai.kit.installation import Addresses
from meterai.kit.installation_id import AnotherInstallation, keep_id, read_id
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import GATE_PORT, Settings, from_environment, public_url
from meterai.launcher.database_dump import dump_database, load_database
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import EmbeddedPostgres, PostgresFailed
from meterai.launcher.preparation import LOCAL, LaunchProblem, Ports, Twins, moved_from, refuse_moved
from meterai.operations.use_cases.know_installation import know_installation
from simulator.crowd.service import ServiceMissing, find_service
from tests.ports import free_port

ADDRESSES = Addresses(
    pid=os.getpid(),
    site="http://localhost:8123",
    database="postgresql://127.0.0.1:5555/meterai",
    gateway="http://127.0.0.1:8124",
    tsa="http://127.0.0.1:8125",
    inbox="http://127.0.0.1:8126",
    smtp="smtp://127.0.0.1:8127",
)


def test_secrets_are_kept_private_and_stay_the_same(tmp_path: Path) -> None:
    first, again = Secrets(tmp_path), Secrets(tmp_path)
    assert first.database_roles == again.database_roles
    assert first.gateway_server_key == again.gateway_server_key
    assert len(set(first.database_roles.values())) == 10
    assert {path.stat().st_mode & 0o777 for path in first.folder.iterdir()} == {0o600}


def test_a_user_without_a_home_has_a_place_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number which no password file knows."""
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_000)
    assert installation.default_data() == Path("/var/lib/meterai")
    monkeypatch.setenv("HOME", "/home/ani")
    assert installation.default_data() == Path("/home/ani/.local/share/meterai")


def test_a_command_beside_the_service_gets_the_settings_the_service_uses(tmp_path: Path) -> None:
    installation.write_addresses(tmp_path, ADDRESSES)
    settings = installation.settings_of_running(Settings(data=tmp_path))
    password = Secrets(tmp_path).database_roles["reader"]
    assert settings.database_reader_url == f"postgresql://meterai_reader:{password}@127.0.0.1:5555/meterai"
    assert settings.payout_url == "http://127.0.0.1:8124/iris/api/v1"
    assert (settings.port, settings.smtp_url) == (8123, ADDRESSES.smtp)
    assert settings.settlement_reports == "midtrans=http://127.0.0.1:8124/settlements/{day}.csv"


def test_what_an_operator_set_is_never_replaced(tmp_path: Path) -> None:
    given = Settings(
        data=tmp_path, gateway_url="https://api.example", database_operator_url="postgresql://a@b/c"
    )
    settings = installation.derive(given, ADDRESSES, Secrets(tmp_path))
    assert settings.gateway_url == "https://api.example"
    assert settings.settlement_reports == "", "the twin that pays refunds out has no report of it"
    assert settings.database_operator_url == "postgresql://a@b/c"


def test_in_development_the_probe_needs_nothing_by_hand_and_production_makes_none(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    for off in (Settings(probe="off"), Settings(status_page="off")):
        assert installation.derive(off, ADDRESSES, secrets).probe != "on"
    elsewhere = msgspec.structs.replace(ADDRESSES, environment="production")
    assert installation.derive(Settings(), elsewhere, secrets).probe == ""
    assert not secrets.probe_secret_file.exists()
    settings = installation.derive(Settings(), ADDRESSES, secrets)
    assert (settings.probe, settings.probe_secret) == ("on", secrets.probe_secret)
    assert from_environment({"METERAI_PROBE_SECRET": settings.probe_secret}).probe_secret
    assert from_environment({"METERAI_PROBE_CONTACT": settings.probe_contact}).probe_contact
    with pytest.raises(ValueError, match="METERAI_PROBE_SECRET"):
        from_environment({"METERAI_PROBE_SECRET": "p" * 31})


def test_whoever_may_not_look_into_the_data_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", closed)
    with pytest.raises(Refusal, match=r"data\.not_ours"):
        installation.read_addresses(tmp_path)
    with pytest.raises(ServiceMissing, match="belongs to another user"):
        find_service(tmp_path)


def test_a_service_that_runs_as_another_user_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_ours(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    installation.write_addresses(tmp_path, ADDRESSES)
    monkeypatch.setattr(os, "kill", not_ours)
    assert find_service(tmp_path).site == installation.read_addresses(tmp_path).site == ADDRESSES.site


def test_a_service_that_does_not_run_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"service\.not_running"):
        installation.read_addresses(tmp_path)
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True)
    gone = msgspec.structs.replace(ADDRESSES, pid=int(ended.stdout))
    installation.write_addresses(tmp_path, gone)
    with pytest.raises(Refusal, match=r"service\.not_running"):
        installation.read_addresses(tmp_path)


def test_root_stores_no_files_that_the_services_user_could_not_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sudo meterai stamp` would leave folders of the store in which the service's own uploads fail."""
    refuse_another_users(Settings(data=tmp_path))
    (tmp_path / "run").mkdir()
    refuse_another_users(Settings(data=tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)
    with pytest.raises(Refusal, match=r"data\.not_ours"):
        refuse_another_users(Settings(data=tmp_path))


def test_whoever_has_the_launchers_number_after_a_power_cut_is_no_service(tmp_path: Path) -> None:
    """Nothing tidies up then, and process ids are used again."""
    before = msgspec.structs.replace(ADDRESSES, started="an earlier start of the machine")
    installation.write_addresses(tmp_path, before)
    with pytest.raises(Refusal, match=r"service\.not_running"):
        installation.read_addresses(tmp_path)
    now = msgspec.structs.replace(ADDRESSES, started=installation.start_of(os.getpid()))
    installation.write_addresses(tmp_path, now)
    assert installation.read_addresses(tmp_path) == now


def test_a_command_from_a_bare_shell_works_where_the_service_keeps_its_files(tmp_path: Path) -> None:
    """That of a copy each hour, for example: it would copy nothing, and delete what it had copied."""
    told = msgspec.structs.replace(
        ADDRESSES, objects="file:///srv/objects", queue="/srv/queue", environment="production"
    )
    assert installation.where_it_keeps(Settings(data=tmp_path)) == Settings(data=tmp_path), "none runs"
    installation.write_addresses(tmp_path, told)
    for settings in (installation.settings_of_running, installation.where_it_keeps):
        found = settings(Settings(data=tmp_path))
        assert (found.objects_url, found.queue_folder) == ("file:///srv/objects", "/srv/queue")
        found = settings(Settings(data=tmp_path, objects_url="s3://a/b", queue_folder="/q"))
        assert (found.objects_url, found.queue_folder) == ("s3://a/b", "/q")
    assert installation.settings_of_running(Settings(data=tmp_path)).environment == "production"


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("postgresql://o:p@h:1/d", "postgresql://meterai_worker:a%2Fb@h:1/d"),
        ("postgresql://h/d?sslmode=require", "postgresql://meterai_worker:a%2Fb@h/d?sslmode=require"),
        (
            "postgresql:///d?host=/run/pg&user=o&port=5&password=p",
            "postgresql://meterai_worker:a%2Fb@/d?host=/run/pg&port=5",
        ),
    ],
)
def test_a_role_s_address_keeps_everything_but_the_user(owner: str, expected: str) -> None:
    assert installation.role_url(owner, "worker", "a/b") == expected


def test_an_address_that_is_shown_holds_no_password_wherever_it_stood() -> None:
    for owner in (
        "postgresql://o:s3cr3t@h:1/d?sslmode=require",
        "postgresql://h:1/d?pass%77ord=s3cr3t&sslmode=require",
    ):
        assert without_user(owner) == "postgresql://h:1/d?sslmode=require"


def noting_program(folder: Path, name: str) -> Path:
    """A program that writes down its arguments and the password."""
    program, said = folder / name, folder / "said"
    program.write_text(f'#!/bin/sh\nprintf \'%s\\n\' "$@" "$PGPASSWORD" > {said}\n')
    program.chmod(0o755)
    return said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://o:s3%2Fcr3t@h:1/d?sslmode=require",
        "postgresql://o@h:1/d?password=s3%2Fcr3t&sslmode=require",
    ],
)
def test_no_password_of_the_database_stands_in_the_list_of_processes(tmp_path: Path, url: str) -> None:
    said = noting_program(tmp_path, "pg_restore")
    load_database(tmp_path, url, lambda stream: stream.write(b"a dump"))
    *words, password = said.read_text().splitlines()
    [address] = [word for word in words if "://" in word]
    assert address.startswith("postgresql://o@h:1/d?sslmode=require&")
    assert "cr3t" not in address
    assert password == "s3/cr3t"


def test_a_copy_from_a_server_that_is_cut_off_is_given_up_within_seconds(tmp_path: Path) -> None:
    """Or the copies of the next hours wait for it."""
    said = noting_program(tmp_path, "pg_dump")
    dump_database(tmp_path, "postgresql://o:p@h:1/d", lambda stream: stream.read(), snapshot="1")
    [address] = [word for word in said.read_text().splitlines() if "://" in word]
    limits = {name: int(value) for name, value in parse_qsl(urlsplit(address).query)}
    idle, interval, probes = (limits[f"keepalives_{name}"] for name in ("idle", "interval", "count"))
    assert idle + interval * probes <= 12
    assert 0 < limits["connect_timeout"] <= 10
    assert 5_000 <= limits["tcp_user_timeout"] <= 30_000


def test_ports_follow_the_first_and_avoid_busy_ones() -> None:
    first = free_port()
    ports = Ports.choose(first, host=LOCAL)
    assert ports.site == first
    chosen = [getattr(ports, name) for name in Ports.__slots__]
    assert len(set(chosen)) == len(chosen)


def test_the_gate_of_a_service_on_its_own_port_is_where_nginx_looks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("meterai.launcher.preparation.free_port", lambda wanted, host: wanted)
    ports = Ports.choose(Settings().port, host=LOCAL)
    assert (ports.site, ports.gate) == (8000, GATE_PORT)
    nginx = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text()
    assert f"server 127.0.0.1:{ports.gate} " in nginx
    assert f"server 127.0.0.1:{ports.site};" in nginx


@pytest.mark.parametrize(
    ("busy", "moved"), [("gate", {"gate": 8006}), ("site", {"site": 8000}), ("tsa", {}), ("", {})]
)
def test_a_site_or_gate_that_others_send_people_to_does_not_move(
    monkeypatch: pytest.MonkeyPatch, busy: str, moved: dict[str, int]
) -> None:
    """nginx would look for it in vain, and everybody in line see 502."""
    held = 8000 + Ports.__slots__.index(busy) if busy else 0

    def free(wanted: int = 0, *, host: str) -> int:
        return 20_001 if wanted in (0, held) else wanted

    monkeypatch.setattr("meterai.launcher.preparation.free_port", free)
    ports = Ports.choose(8000, host=LOCAL)
    here = Settings(port=8000)
    assert moved_from(here, ports) == moved
    refuse_moved(here, ports)
    for public in (
        Settings(port=8000, public_url="https://a.id"),
        Settings(port=8000, gate_url="https://a.id"),
        Settings(port=8000, environment="production"),
    ):
        refuse_moved(msgspec.structs.replace(public, port=0), ports)
        with pytest.raises(LaunchProblem, match=f"Port {held}") if moved else nullcontext():
            refuse_moved(public, ports)
        if busy == "gate":
            refuse_moved(msgspec.structs.replace(public, gate_processes=0), ports)


@pytest.mark.parametrize("first", [65_531, 65_535])
def test_ports_end_where_ports_end(first: int) -> None:
    ports = Ports.choose(first, host=LOCAL)
    assert max(getattr(ports, name) for name in Ports.__slots__) <= 65_535


def test_the_database_gets_no_port_of_root_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site may have 443; the database, which runs as nobody then, could not have 448."""
    monkeypatch.setattr("meterai.launcher.preparation.free_port", lambda wanted, host: wanted or 20_001)
    ports = Ports.choose(443, host=LOCAL)
    assert (ports.site, ports.postgres) == (443, 20_001)


def test_a_host_of_another_machine_is_named() -> None:
    with pytest.raises(LaunchProblem, match="METERAI_HOST"):
        Ports.choose(0, host="203.0.113.5")


@pytest.mark.parametrize("host", ["::1", "2001:db8::5"])
def test_an_ipv6_address_can_be_read_back_from_the_site_s(host: str) -> None:
    assert urlsplit(public_url(Settings(host=host, port=8000))).port == 8000


def test_twins_stand_in_only_where_no_real_address_is_set() -> None:
    assert Twins.needed(Settings()) == Twins(
        gateway=True, tsa=True, inbox=True, revocation=True, snap=True, status=True
    )
    assert not Twins.needed(Settings(status_page="off")).status
    real = Settings(
        gateway_url="https://g", payout_url="https://p", tsa_url="https://t", status_url="https://s"
    )
    assert Twins.needed(real) == Twins(gateway=False, tsa=False, inbox=True, revocation=True, snap=True)
    assert not Twins.needed(Settings(payment_gateways="midtrans")).snap
    assert Twins.needed(Settings(payment_gateways="midtrans, snap")).snap
    assert not Twins.needed(Settings(payment_gateways="snap", snap_url="https://s")).snap
    assert Twins.needed(Settings(environment="production", payment_gateways="snap")) == Twins(
        gateway=False, tsa=False, inbox=False, revocation=False
    )


@pytest.mark.storage
async def test_a_server_of_ones_own_gets_roles_and_schema_but_no_embedded_database(tmp_path: Path) -> None:
    outside = EmbeddedPostgres(tmp_path / "outside", password="owner", settings={"fsync": "off"})
    outside.start()
    try:
        settings = Settings(data=tmp_path / "data", database_url=outside.url("postgres"))
        server = DatabaseServer(settings, Secrets(settings.data), may_make=True)
        server.start(0)
        with pytest.raises(PostgresFailed, match=r"right server.*disk mounted\?.*meterai restore COPY"):
            await DatabaseServer(settings, Secrets(settings.data), may_make=False).make_ready()
        own = settings.data / "postgres"
        (own / "data").mkdir(parents=True)
        (own / "data" / "PG_VERSION").write_text("18")
        with pytest.raises(PostgresFailed, match=f"embedded database, in {own}.*To move it: start with"):
            await DatabaseServer(settings, Secrets(settings.data), may_make=False).make_ready()
        shutil.rmtree(own)
        assert await server.make_ready()
        assert not await DatabaseServer(settings, Secrets(settings.data), may_make=False).make_ready()
        connection = await asyncpg.connect(server.url("worker"))
        assert await connection.fetchval("SELECT current_user") == "meterai_worker"
        await connection.close()
        assert not (settings.data / "postgres").exists()
        await refuse_others(server, settings)
    finally:
        outside.stop()


async def refuse_others(server: DatabaseServer, settings: Settings) -> None:
    """A data directory that is new, or of another installation, changes nothing in the database."""
    kept = read_id(settings.data)
    assert kept is not None
    second = msgspec.structs.replace(settings, data=settings.data.with_name("second"))
    with pytest.raises(AnotherInstallation, match=f"is new, and the database holds the installation {kept}"):
        await DatabaseServer(second, Secrets(second.data), may_make=True).make_ready()
    assert not second.data.exists()
    shutil.copytree(settings.data / "secrets", second.data / "secrets")
    assert not await DatabaseServer(second, Secrets(second.data), may_make=True).make_ready()
    assert read_id(second.data) == kept, "it has the secrets, as after a restore"
    keep_id(second.data, other := uuid.uuid4())
    with pytest.raises(AnotherInstallation, match=f"belongs to the installation {other}"):
        await DatabaseServer(second, Secrets(second.data), may_make=True).make_ready()
    db = await connect(server.url("site"), connections_max=1)
    try:
        with pytest.raises(AnotherInstallation, match="Nothing was written"):
            await know_installation(db, second.data)
        await know_installation(db, settings.data, folder := settings.data / "queue")
        assert read_id(folder) == kept
    finally:
        await db.close()


@pytest.mark.journey
@pytest.mark.parametrize("words", [("up", "--port", "0"), ("db", "migrate"), ("restore",)])
def test_a_database_that_is_not_there_is_not_made_anew(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Its disk is not mounted, most often: it would sell and sign as if nothing had been."""
    Secrets(tmp_path).make_shared()
    empty = tmp_path / "postgres"
    empty.mkdir()
    said = refused(*words, data=tmp_path)
    assert str(empty) in said
    assert said.index("disk mounted?") < said.index("meterai restore COPY")
    assert not list(empty.iterdir())


def test_a_restore_without_a_copy_makes_no_installation(tmp_path: Path) -> None:
    data = tmp_path / "mistyped"
    assert "disk mounted?" in refused("restore", data=data)
    assert not [path for path in data.rglob("*") if path.is_file() and path != data / "run" / "lock"]


def refused(*words: str, data: Path) -> str:
    """What a command says that ends with 1."""
    command = [sys.executable, "-m", "meterai.cli", *words]
    env = {**os.environ, "METERAI_DATA": str(data)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr
