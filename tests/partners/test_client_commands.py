"""An officer keeps the clients of a partner by commands: registers, lists, changes and ends them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from meterai.customers.organisations import ensure_organisations
from tests.api.programs import new_key, public_half
from tests.partners.test_partner_commands import meterai
from tests.replays.officers_cast import Office, open_office
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


async def done(office: Office, *words: str) -> str:
    """What a command prints that one officer signs."""
    code, said, _ = await meterai(office, "client", *words, "--sign-with", str(office.key("ani")))
    assert code == 0, said
    return said


async def listed(office: Office) -> list[dict[str, object]]:
    """The clients, as the command lists them for programs."""
    _, said, _ = await meterai(office, "client", "list", "bank-raya", "--json")
    found: list[dict[str, object]] = msgspec.json.decode(said)
    return found


def key_file(folder: Path, name: str) -> str:
    """A file with the public half of a new key."""
    (folder / name).write_bytes(public_half(new_key()))
    return str(folder / name)


def named(said: str, what: str) -> str:
    """The id that a command prints after a word."""
    return next(line.split()[-1] for line in said.splitlines() if line.startswith(what))


async def test_an_officer_registers_a_client_replaces_its_key_and_revokes_it(
    database: TestDatabase, tmp_path: Path
) -> None:
    office = await open_office(database, tmp_path)
    await ensure_organisations(database.app, datetime.now(UTC))
    await meterai(office, "partner", "add", "bank-raya", "--name", "Bank Raya", "--role", "collector")
    _, said, _ = await meterai(office, "client", "list", "bank-raya")
    assert "It has no client." in said

    adding = ("add", "bank-raya", "--name", "Core banking", "--key", key_file(tmp_path, "old.pem"))
    _, _, refused = await meterai(office, "client", *adding)
    assert refused == "officer.unsigned"
    assert await listed(office) == []
    limits = (
        "--scope",
        "stamps:write",
        "--network",
        "203.0.113.0/24",
        "--hour-max",
        "2000",
        "--day-max",
        "0",
    )
    said = await done(office, *adding, *limits)
    client, old = named(said, "client_id:"), named(said, "kid:")
    new = named(await done(office, "add-key", client, "--key", key_file(tmp_path, "new.pem")), "kid:")
    ending = ("end-key", old, "--reason", "a new one came", "--at", "2099-10-01T00:00")
    assert f"{old} ends at 2099-10-01 00:00:00 UTC." in await done(office, *ending)

    (one,) = await listed(office)
    assert one["id"] == client
    keys = msgspec.convert(one["keys"], list[dict[str, str | None]])
    assert [(key["id"], (key["ends_at"] or "")[:10]) for key in keys] == [(old, "2099-10-01"), (new, "")]
    _, said, _ = await meterai(office, "client", "list", "bank-raya")
    for told in ("Core banking  active", "may: stamps:write", "from: 203.0.113.0/24", f"{old}  since"):
        assert told in said
    assert "by hour: 2,000 stamps; by day: no cap" in said

    changed = await done(office, "change", client, "--any-network", "--day-max", "9000")
    assert "from: anywhere" in changed
    assert "by hour: 2,000 stamps; by day: 9,000 stamps" in changed
    await done(office, "wire", "bank-raya", "on", "--reason", "an old client")
    said = await done(office, "login", client, "--user", "core@raya.id")
    assert len(named(said, "password:")) == 26
    _, said, _ = await meterai(office, "client", "list", "bank-raya")
    assert ("user core@raya.id" in said, "The wire is on since" in said) == (True, True)
    assert "core@raya.id has ended." in await done(office, "end-login", "core@raya.id", "--reason", "done")
    await done(office, "wire", "bank-raya", "off", "--reason", "done")
    await done(office, "end-key", old, "--reason", "it was stolen")
    await done(office, "revoke", client, "--reason", "the contract ended")
    _, said, _ = await meterai(office, "client", "list", "bank-raya")
    assert "Core banking  revoked" in said
    assert ", ended" in said
    actions = (
        "SELECT action FROM operations.audit_entry WHERE action LIKE 'client.%' AND actor = 'ani' ORDER BY id"
    )
    assert [row["action"] for row in await database.owner.fetch(actions)] == [
        "client.add", "client.key_add", "client.key_end", "client.change", "client.wire", "client.login_add",
        "client.login_end", "client.wire", "client.key_end", "client.revoke",
    ]  # fmt: skip


async def test_what_can_not_be_registered_is_refused(database: TestDatabase, tmp_path: Path) -> None:
    office = await open_office(database, tmp_path)
    await ensure_organisations(database.app, datetime.now(UTC))
    await meterai(office, "partner", "add", "bank-raya", "--name", "Bank Raya", "--role", "collector")
    good = key_file(tmp_path, "key.pem")
    (tmp_path / "private.pem").write_bytes(new_key().as_pem(private=True))
    adding = ("client", "add", "bank-raya", "--name", "Uji", "--key")
    unknown = "cli_00000000000000000000000000"
    sign = ("--sign-with", str(office.key("ani")))
    for words, code in (
        ((*adding, str(tmp_path / "private.pem")), "client.key_private"),
        ((*adding, good, "--scope", "everything"), "client.scope"),
        ((*adding, good, "--network", "203.0.113.7/24"), "client.network"),
        (("client", "add", "nobody", "--name", "Uji", "--key", good), "partner.unknown"),
        (("client", "add-key", unknown, "--key", good), "client.unknown"),
        (("client", "revoke", unknown, "--reason", "a test"), "client.unknown"),
        (("client", "login", unknown, "--user", "a@b.id"), "client.unknown"),
        (("client", "end-login", "a@b.id", "--reason", "a test"), "login.unknown"),
        (("client", "wire", "bank-raya", "off", "--reason", "a test"), "login.wire_so"),
        (("client", "end-key", unknown.replace("cli", "key"), "--reason", "a test"), "client.key_unknown"),
    ):
        assert (await meterai(office, *words, *sign))[2] == code, words
    code, said, _ = await meterai(office, "client", "revoke", "key_1", "--reason", "a test", *sign)
    assert code == 2
    assert "an id begins with cli_" in said
    assert await database.owner.fetchval("SELECT count(*) FROM partners.client") == 0
