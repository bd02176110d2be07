"""Secret settings in files and as credentials. With users and units: `tests/replays/test_unix_users.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meterai.kit.secret_settings import SECRET_FILES, SECRETS
from meterai.kit.settings import Settings, from_environment
from meterai.launcher.preparation import LaunchProblem, Ports
from meterai.launcher.process_list import product_specs
from meterai.launcher.units.role_secrets import refuse_unreadable
from meterai.stamping.signer.private_keys.pkcs11_module import read_pin_file
from tests.replays.machine import UNITS
from tests.run_here import RunHere

KEY = "METERAI_PAYOUT_KEY"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / KEY).write_text("IRIS-key\n")
    return tmp_path / KEY


def test_a_secret_is_read_from_its_file(kept: Path) -> None:
    assert from_environment({f"{KEY}_FILE": str(kept)}).payout_key == "IRIS-key"


def test_a_secret_is_read_from_the_credential_of_its_name(kept: Path) -> None:
    assert from_environment({"CREDENTIALS_DIRECTORY": str(kept.parent)}).payout_key == "IRIS-key"


@pytest.mark.parametrize("name", SECRET_FILES)
def test_a_credential_is_the_file_that_a_setting_would_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("1234")
    settings = from_environment({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert getattr(settings, name.removeprefix("METERAI_").lower()) == str(tmp_path / name)


def test_a_password_in_an_address_is_checked_where_it_stands_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("mysql://a:geheim@h/d")
    with pytest.raises(ValueError, match="METERAI_DATABASE_URL: Expected an address") as refused:
        from_environment({"METERAI_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert "geheim" not in str(refused.value)


def test_a_secret_that_is_set_twice_is_refused(kept: Path) -> None:
    by_file, by_unit = {f"{KEY}_FILE": str(kept)}, {"CREDENTIALS_DIRECTORY": str(kept.parent)}
    for given in ({KEY: "a"} | by_file, {KEY: "a"} | by_unit, by_file | by_unit):
        with pytest.raises(ValueError, match=f"{KEY}.*: it is set twice, also by .*{KEY}"):
            from_environment(given)


@pytest.mark.parametrize("content", ["", "\n", "first\nsecond\n"])
def test_a_file_that_holds_no_secret_is_refused_without_its_content(kept: Path, content: str) -> None:
    kept.write_text(content)
    with pytest.raises(ValueError, match=f"{KEY}_FILE: .* must hold the secret in one line") as refused:
        from_environment({f"{KEY}_FILE": str(kept)})
    assert "second" not in str(refused.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"METERAI_PAYOUT_KEY_FILE: .*/no can't be read \(No such file"):
        from_environment({f"{KEY}_FILE": str(tmp_path / "no")})


def test_the_table_of_settings_says_where_a_secret_stands(run_here: RunHere, kept: Path) -> None:
    shown = run_here("config", "--json", env={f"{KEY}_FILE": str(kept)})
    rows = {row["name"]: row["value"] for row in json.loads(shown.stdout)}
    assert rows[KEY] == f"(in {kept})"


def test_a_secret_s_file_that_everybody_can_read_is_refused(kept: Path) -> None:
    kept.chmod(0o644)
    with pytest.raises(LaunchProblem, match=f"{KEY}_FILE: every user .* First run: chmod o= {kept}"):
        refuse_unreadable({}, {KEY: str(kept)})


def test_commands_of_officers_need_a_file_and_no_credential() -> None:
    with pytest.raises(LaunchProblem, match="METERAI_DATABASE_READER_URL: commands of officers have no cred"):
        refuse_unreadable({}, {"METERAI_DATABASE_READER_URL": ""})


def test_a_pin_that_is_a_credential_may_have_the_mode_that_systemd_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of the access list lets the unit's user read it, and shows as rights of the group."""
    (pin := tmp_path / "METERAI_PKCS11_PIN_FILE").write_text("1234")
    pin.chmod(0o440)
    with pytest.raises(ValueError, match="must have mode 0600"):
        read_pin_file(pin)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_pin_file(pin).text == "1234"


UNIT_OF = {"signer": "signer", "worker": "worker@", "site": "site@", "queue": "queue@", "gate": "gate@"}


@pytest.mark.parametrize("role", [*UNIT_OF, "verifier"])
def test_each_unit_gets_the_credentials_of_its_role_and_no_others(
    role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit of a role reads its own secrets from the credential store, if they are there."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    names = {name.removeprefix("METERAI_").lower() for name in (*SECRETS, *SECRET_FILES)}
    given = {name: "set" for name in names if name in Settings.__struct_fields__}
    settings = Settings(**given, data=Path("/d"), objects_url="s3://a/b")
    specs = {spec.name: spec.env for spec in product_specs(settings, Ports(*range(8)))}
    needed = {"METERAI_DATABASE_VERIFIER_URL"} if role == "verifier" else set(specs[role])
    unit = (UNITS / f"meterai-{UNIT_OF.get(role, role)}.service").read_text()
    brought = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("ImportCredential=")]
    assert sorted(brought) == sorted(needed & {*SECRETS, *SECRET_FILES})
