"""Back up, go on, lose everything since, restore the copy, go on."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from typer.testing import CliRunner

import meterai.sales
from meterai.cli.copies.backup_folder import BackupFolder
from meterai.cli.main import build
from meterai.kit.files.object_store import FolderStore
from meterai.kit.installation import read_addresses
from meterai.kit.installation_secrets import Secrets
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Head
from tests import backup_keys
from tests.keys.certified import make_software_key
from tests.pdf.sealing import normalised
from tests.places import passing_folder
from tests.prepared import copy_prepared
from tests.running_service import launch
from tests.stamp_buyers import buy, judged
from tests.stamping.letters import make_letter
from tests.waiting import until

pytestmark = [pytest.mark.storage, pytest.mark.journey]

EVENTS = (Path(meterai.sales.__file__).parent / "events.toml").read_text()


def meterai(*words: str, data: Path, status: int = 0) -> str:
    """`restore COPY` gets the key that opens the copy."""
    opens = backup_keys.opening(data.parent) if words[0] == "restore" and len(words) > 1 else []
    command = [sys.executable, "-m", "meterai.cli", *words, *opens, "--data", str(data)]
    env = os.environ | backup_keys.SETTINGS
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def audited(data: Path, *more: str) -> Any:
    """The report of `meterai queue audit`, which must pass."""
    words = ["queue", "audit", str(data / "queue/casn/public"), "--json", *more]
    done = subprocess.run([sys.executable, "-m", "meterai.cli", *words], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout.decode()
    return msgspec.json.decode(done.stdout)


def last_head(data: Path) -> str:
    lines = (data / "queue/casn/public/log/heads.jsonl").read_bytes().splitlines()
    head = published_documents.decode(lines[-1].partition(b" ")[0], Head)
    return f"{head.size}:{head.root}"


def strings_in(secret: Any) -> list[str]:
    return (
        [secret]
        if isinstance(secret, str)
        else [text for part in secret.values() for text in strings_in(part)]
    )


def serials(data: Path) -> list[str]:
    """Everything that the register has released."""

    async def read() -> list[str]:
        password = Secrets(data).database_owner
        url = read_addresses(data).database
        connection = await asyncpg.connect(url, user="meterai_owner", password=password)
        rows = await connection.fetch("SELECT serial FROM stamping.serial WHERE state = 'released'")
        await connection.close()
        return [row["serial"] for row in rows]

    return asyncio.run(read())


def asked(data: Path, question: str) -> Any:
    """What the database answers to its owner."""

    async def ask() -> Any:
        url = read_addresses(data).database
        connection = await asyncpg.connect(url, user="meterai_owner", password=Secrets(data).database_owner)
        answer = await connection.fetchval(question)
        await connection.close()
        return answer

    return asyncio.run(ask())


def forget_log(data: Path) -> None:
    """Deletes log rows, as the controller does after two days."""

    async def delete() -> None:
        url = read_addresses(data).database
        connection = await asyncpg.connect(url, user="meterai_owner", password=Secrets(data).database_owner)
        await connection.execute("DELETE FROM waiting_room.log_entry")
        await connection.close()

    asyncio.run(delete())


def keys(*words: str, data: Path) -> str:
    """The output of `meterai keys ...`, in this process."""
    shown = CliRunner().invoke(build(f"keys {words[0]}"), ["keys", *words, "--data", str(data)])
    assert shown.exit_code == 0, (shown.output, shown.exception)
    return shown.output


def put_to_use(data: Path, place: str) -> str:
    """Adds and activates the key in the folder `place`. Returns its id."""
    chain = data / place / "chain.pem"
    added = keys("add", "--place", f"file:{place}", "--certificate", str(chain), data=data)
    key_id = added.split()[added.split().index("key") + 1].rstrip(".")
    until(
        lambda: f"{key_id}  waiting" in (said := keys("list", data=data)) and "not seen" not in said,
        seconds=10,
    )
    keys("activate", key_id, data=data)
    return key_id


def keys_of_releases(data: Path) -> list[str]:
    """Which key sealed each release, the oldest first."""

    async def read() -> list[str]:
        url = read_addresses(data).database
        connection = await asyncpg.connect(url, user="meterai_owner", password=Secrets(data).database_owner)
        rows = await connection.fetch("SELECT key_id FROM stamping.release ORDER BY released_at")
        await connection.close()
        return [row["key_id"] for row in rows]

    return asyncio.run(read())


@pytest.fixture
def place() -> Iterator[Path]:
    with passing_folder("meterai-backup-") as folder:
        short = EVENTS.replace("[event.queue]", "[event.queue]\nwindow_s = 2\n#")
        (folder / "events.toml").write_text(short)
        yield folder


@contextmanager
def running(data: Path, **more: str) -> Iterator[None]:
    if not data.exists():
        copy_prepared(data)
    service = launch(data, env={"METERAI_EVENTS_FILE": str(data.parent / "events.toml"), **more})
    try:
        service.wait_until_ready()
        yield
    finally:
        if service.launcher.poll() is None:
            service.stop()


@pytest.mark.long
def test_after_a_restore_no_serial_comes_twice_and_all_that_is_lost_is_said(place: Path) -> None:
    data, copy = place / "data", place / "copy"
    with running(data):
        alice = buy(data, "alice").content

        def an_hour_before_it_breaks() -> None:
            meterai("queue", "on", "--event", "casn", "--always", "--because", "last day", data=data)
            meterai("backup", str(copy), data=data)

        bob = buy(data, "bob", before=an_hour_before_it_breaks).content
        carol = buy(data, "carol", event="casn").content
        files = {"alice": alice, "bob": bob, "carol": carol}
        before = {name: judged(data, file)[1] for name, file in files.items()}
        assert all(judged(data, file)[0] == "genuine" for file in files.values())
        audited(data)
        stolen = keys("list", data=data).split()[0]
        make_software_key(data / "pki", data / "pki" / "next")
        another = put_to_use(data, "pki/next")
        assert "has marked it" in keys("retire", stolen, "--reason", "stolen", data=data)

    ended = last_head(data)
    said = meterai("restore", str(copy), data=data)
    first, second = said[said.index("Key ") :].splitlines()[:2]
    assert f"Key {stolen} is active in the register, which has forgotten that it is retired since" in first
    assert f"Next: activate another key (meterai keys list), then meterai keys retire {stolen}" in first
    assert f"Key {another} is NOT in the register" in second
    assert "made 2 signatures that the register does not know" in said
    assert f"Publish the head that ended there: {ended}" in said
    assert f"What was here is in {data}/before-restore-" in said
    with running(data):
        until(lambda: f"{stolen}  retired" in keys("list", data=data), seconds=10)
        assert f"meterai keys retire {stolen}" in keys("list", data=data)
        assert len(serials(data)) == 1, "nothing is sealed with the key, although Bob's order is paid"
        assert put_to_use(data, "pki/next") == another
        assert "has marked it" in keys("retire", stolen, "--reason", "stolen", data=data)
        # Bob had ordered before the copy was made and has paid since: that settles itself.
        until(lambda: len(serials(data)) == 2)
        dave = buy(data, "dave", event="casn").content
        assert judged(data, dave)[0] == judged(data, alice)[0] == "genuine"
        assert judged(data, bob) == ("register.lost", before["bob"])
        assert judged(data, carol) == ("register.lost", before["carol"])
        assert before["alice"] in serials(data)
        assert keys_of_releases(data) == [stolen, another, another]
        assert not {before["bob"], before["carol"]} & set(serials(data))
        meterai("check", "--all", data=data)
        report = audited(data)
        (act,) = (act for act in report["operator_actions"] if act["action"] == "restore")
        assert act["value"] == ended

    # The machine is gone too, and with it what has happened since the copy.
    new = place / "new"
    (new / "queue" / "lost+found").mkdir(parents=True)  # the gates' disk, which is there before all else
    assert "What was here" not in meterai("restore", str(copy), data=new)
    assert not list(new.glob("before-restore-*"))
    with running(new):
        eve = buy(new, "eve", event="casn").content
        assert judged(new, eve)[0] == judged(new, alice)[0] == "genuine"
        assert judged(new, carol)[0] == judged(new, dave)[0] == "register.lost"
        meterai("check", "--all", data=new)
        assert audited(new)["dead_gates"]


def test_a_copy_is_whole_whoever_makes_it_from_which_shell(place: Path) -> None:
    """The service keeps files and queues elsewhere. Officers and cron may not have these settings."""
    data, copy, store, queues = (place / name for name in ("data", "copy", "kept/objects", "queues"))
    with running(data, METERAI_OBJECTS_URL=f"file://{store}", METERAI_QUEUE_FOLDER=str(queues)):
        buy(data, "alice")
        meterai("backup", str(copy), data=data)
        meterai("backup", str(copy), data=data)
        assert asked(data, "SELECT made_at FROM operations.last_backup") == BackupFolder(copy).facts().made_at
        assert [path for path in (copy / "objects").rglob("*") if path.is_file()]
        secret = msgspec.json.decode((data / "secrets" / "application.json").read_bytes())
        told = (b"PRIVATE KEY", b"PGDMP", b"%PDF", b"alice@contoh.id", *map(str.encode, strings_in(secret)))
        for path in copy.rglob("*"):
            assert path.is_dir() or not [one for one in told if one in path.read_bytes()]
        assert (copy / "state" / "queue" / "casn").is_dir()
        meterai("check", "--all", data=data)

        # Its own folders are no place for a copy: they would be compared with themselves.
        for own in (data, data / "copy", store.parent, store / "copy", queues):
            meterai("backup", str(own), data=data, status=2)
        assert not list(place.rglob("state.part"))

        # While one copy is under way, a second one would write into the same new state.
        with BackupFolder(copy).held():
            meterai("backup", str(copy), data=data, status=1)
        assert {path.name for path in (copy / "state").iterdir()} >= {"database.dump.age", "secrets", "pki"}


@pytest.mark.long
def test_a_copy_keeps_what_the_store_has_lost_and_forgets_what_the_service_deleted(place: Path) -> None:
    data, copy = place / "data", place / "copy"
    objects = FolderStore(data / "objects")
    with running(data):
        released = hashlib.sha256(buy(data, "alice").content).hexdigest()
        upload = hashlib.sha256(normalised(make_letter("Surat alice"))).hexdigest()
        deleted = asyncio.run(objects.put(b"an upload whose time is over"))
        meterai("backup", str(copy), data=data)
        copied = FolderStore(copy / "objects")
        assert all(map(copied.has, (released, upload, deleted)))

        objects.root.rename(place / "away")  # its disk was not there when the machine started
        objects.root.mkdir()
        said = meterai("backup", str(copy), data=data, status=3)
        assert f"1 files are MISSING in the store, such as {released}; the copy has 1 of them" in said
        assert [copied.has(key) for key in (released, upload, deleted)] == [True, True, False]

        fresh = place / "fresh"  # a first copy has nothing to keep
        assert "the copy has 0 of them" in meterai("backup", str(fresh), data=data, status=3)

        assert "2 files put back" in meterai("restore", str(copy), "--objects", data=data)
        meterai("backup", str(copy), data=data)
        meterai("check", "--all", data=data)


@pytest.mark.long
def test_a_copy_without_the_database_is_put_back_beside_one_that_was_recovered(place: Path) -> None:
    data, copy, new = place / "data", place / "copy", place / "new"
    with running(data):
        alice = buy(data, "alice", event="casn").content
        meterai("backup", str(copy), "--without-database", data=data)
        said = meterai("backup", str(copy), "--without-database", data=data)
        assert "WITHOUT the database" in said
        assert not list(copy.rglob("*.dump*"))
        meterai("queue", "halt", "--event", "casn", "--because", "trial", data=data)
        meterai("queue", "resume", "--event", "casn", "--because", "over", data=data)
        bob, ended = buy(data, "bob").content, last_head(data)
        full = place / "full"
        meterai("backup", str(full), data=data)
        assert "holds the database" in meterai("backup", str(full), "--without-database", data=data, status=2)
        assert BackupFolder(full).holds_database

    assert "holds no database" in meterai("restore", str(copy), data=new, status=1)
    assert not list(new.glob("before-restore-*"))
    shutil.copytree(data / "postgres", new / "postgres")  # as point-in-time recovery leaves it
    assert "all but the database" in meterai("restore", str(copy), data=new)
    with running(new):
        carol = buy(new, "carol", event="casn").content
        assert {judged(new, file)[0] for file in (alice, bob, carol)} == {"genuine"}
        assert audited(new, "--head", ended)["operator_actions"][-1]["action"] == "restore"
        forget_log(new)

    shutil.copytree(new / "queue", place / "queue")
    shutil.rmtree(new / "queue" / "casn")
    said = meterai("restore", str(copy), data=new, status=1)
    assert "files of queue casn" in said
    assert "TOO OLD" in said
    shutil.rmtree(new / "queue")
    shutil.copytree(place / "queue", new / "queue")

    log, database, away = new / "queue/casn/public/log/entries.jsonl", new / "postgres", place / "away"
    entries = log.read_bytes()
    database.rename(away)  # its disk was not there when the machine started
    database.mkdir()
    service = launch(new)
    assert service.launcher.wait(60) == 1
    for said in (service.output, meterai("restore", data=new, status=1)):
        assert "disk mounted?" in said
    assert log.read_bytes() == entries
    assert not list(database.iterdir())
    shutil.copytree(data / "postgres", database, dirs_exist_ok=True)
    meterai("restore", data=new)
    assert len(log.read_bytes()) < len(entries)
    aside = max(new.glob("before-restore-*"))
    assert (aside / "queue/casn/public/log/entries.jsonl").read_bytes() == entries
