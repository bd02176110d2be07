"""`meterai install --joins ROLE`: a host gets the files of its roles, and no secret is made."""

from __future__ import annotations

import os
import uuid
from configparser import ConfigParser
from pathlib import Path

import pytest

from meterai.kit.installation_id import AnotherInstallation, keep_id, read_id
from meterai.kit.settings import from_environment
from meterai.launcher.preparation import LaunchProblem
from meterai.launcher.units.environment_files import write_environment_files
from meterai.launcher.units.joining import Joining, join, remove_others
from tests.launcher.test_gateway_key import as_root
from tests.launcher.test_production import variables
from tests.run_here import RunHere
from tests.storage_fixtures import TestDatabase

SHARED = "s" * 40
UNITS = Path(__file__).parents[2] / "deploy" / "systemd"


async def test_a_host_gets_what_its_roles_need_and_no_more(database: TestDatabase, tmp_path: Path) -> None:
    data, units = tmp_path / "data", tmp_path / "units"
    (data / "secrets").mkdir(parents=True)
    settings = from_environment(variables(data, DATABASE_SITE_URL=database.urls.site))
    with pytest.raises(LaunchProblem, match=r"secrets/application\.json is missing"):
        await join(settings, [Joining.SITE])
    for name in ("application.json", "metrics-token"):
        (data / "secrets" / name).write_text("{}")
    with pytest.raises(LaunchProblem, match=r"database\.json holds no password of worker.*_WORKER_URL"):
        await join(settings, [Joining.SITE, Joining.WORKER])
    assert read_id(data) is None, "a refusal writes nothing"

    roles = [Joining.SITE, Joining.GATE]
    complete = await join(settings, roles)
    write_environment_files(complete, units, {})
    remove_others(units, roles)
    for path in write_environment_files(complete, units, {}, roles=roles):
        text = path.read_text()
        assert (database.urls.site in text) == (path.name == "site.env")
        assert settings.database_url not in text
    kept = {path.name for path in units.glob("*.env")}
    assert kept == {"site.env", "gate.env", "status.env"}, "a role that has left does not start"
    assert {path.name for path in (data / "secrets").iterdir()} == {"application.json", "metrics-token"}
    assert read_id(data) == await database.owner.fetchval("SELECT id FROM operations.installation")

    keep_id(data, other := uuid.uuid4())
    with pytest.raises(AnotherInstallation, match=str(other)):
        await join(settings, roles)


async def test_passwords_that_were_copied_make_the_addresses(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database.json").write_text('{"closer": "geheim"}')
    settings = from_environment(variables(tmp_path, DATABASE_POOLER_URL="postgresql://127.0.0.1:1/meterai"))
    with pytest.raises(LaunchProblem, match="no password of operator"):
        await join(settings, [Joining.OPERATOR])
    (tmp_path / "secrets" / "day-close.key.pem").write_text("key")
    with pytest.raises(ConnectionRefusedError):
        await join(settings, [Joining.CLOSER])
    assert "operator" not in (tmp_path / "secrets" / "database.json").read_text(), "no password is made"


@as_root
def test_the_command_says_what_is_missing(tmp_path: Path, run_here: RunHere) -> None:
    env = variables(tmp_path / "data", GATEWAY_URL="http://127.0.0.1:1")
    shown = run_here("install", "--joins", "console", "--units", str(tmp_path / "units"), env=env)
    assert shown.returncode == 1
    assert "Not installed. METERAI_SECRETS_FOLDER:" in shown.stderr
    assert "console-key is missing" in shown.stderr
    assert not (tmp_path / "units").exists()
    assert not os.listdir(tmp_path / "data" / "secrets")


@pytest.mark.parametrize("role", Joining)
def test_a_unit_starts_where_its_role_is(role: Joining) -> None:
    """`systemctl start meterai.target` on a host without the role leaves its unit out."""
    for path in UNITS.glob(f"meterai-{role}*.service"):
        unit = ConfigParser(strict=False)
        unit.read(path)
        if unit["Unit"].get("PartOf") == "meterai.target":
            assert unit["Unit"]["ConditionPathExists"] == f"/etc/meterai/units/{role}.env"


async def test_a_host_with_a_mirror_needs_the_secret_of_the_line_and_gets_no_other(tmp_path: Path) -> None:
    """Gates and sites use the folder that the mirror keeps; a controller has its own beside it."""
    (tmp_path / "secrets").mkdir()
    lines = {"NATS_URL": "tls://nats.example:4222", "QUEUE_FOLDER": "/srv/antrean"}
    settings = from_environment(variables(tmp_path, **lines))
    with pytest.raises(LaunchProblem, match=r"secrets/line-key is missing"):
        await join(settings, [Joining.MIRROR])
    (tmp_path / "secrets" / "line-key").write_text(f"{SHARED}\n")
    with pytest.raises(LaunchProblem, match=r"secrets/line-controller-key is missing"):
        await join(settings, [Joining.QUEUE])
    roles = [Joining.MIRROR, Joining.GATE]
    complete = await join(settings, roles)
    written = write_environment_files(complete, tmp_path / "units", {}, roles=roles)
    told = {path.name: path.read_text() for path in written}
    assert told.keys() == {"mirror.env", "gate.env"}
    assert all('METERAI_QUEUE_FOLDER="/srv/antrean-front"' in text for text in told.values())
    assert SHARED in told["mirror.env"]
    assert SHARED not in told["gate.env"]
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == {"line-key"}

    queue = [
        path for path in write_environment_files(complete, tmp_path / "units", {}) if path.stem == "queue"
    ]
    assert 'METERAI_QUEUE_FOLDER="/srv/antrean"' in queue[0].read_text()


async def test_without_nats_there_is_no_mirror(tmp_path: Path) -> None:
    settings = from_environment(variables(tmp_path))
    names = {path.name for path in write_environment_files(settings, tmp_path / "units", {})}
    assert "gate.env" in names
    assert "mirror.env" not in names
