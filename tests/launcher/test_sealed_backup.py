"""Backups can be read with one private key alone, and a restore refuses those that were changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from meterai.cli.copies.backup_folder import BackupFolder, copy_folder
from meterai.cli.copies.backup_keys import sealing_keys
from meterai.cli.copies.sealed_state import BackupFacts
from meterai.kernel.clock import system_clock
from meterai.kit.files.sealed_files import new_identity
from meterai.kit.files.text_signatures import new_key, public_part
from meterai.kit.settings import from_environment
from meterai.launcher.schema.migrate import head_version
from tests import backup_keys
from tests.run_here import RunHere

SECRET = b"rahasia perusahaan"
OTHER_SERVER = {**backup_keys.SETTINGS, "METERAI_BACKUP_SIGNING_KEY": new_key()}


def a_backup(folder: Path, *, settings: dict[str, str] = backup_keys.SETTINGS) -> BackupFolder:
    """A copy of a service that has one secret, without a database."""
    source = folder.parent / "source"
    source.mkdir(exist_ok=True)
    (source / "application.json").write_bytes(SECRET)
    folder.mkdir()
    copy, keys = BackupFolder(folder), sealing_keys(from_environment(settings))
    copy.claim(keys)
    new = copy.begin(keys)
    copy_folder(source, new.path / "secrets", new.put)
    copy.finish(new, BackupFacts(made_at=system_clock(), schema=head_version(), with_database=False))
    return copy


def changed_file(copy: BackupFolder) -> None:
    file = copy.state / "secrets" / "application.json.age"
    sealed = file.read_bytes()
    file.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def missing_file(copy: BackupFolder) -> None:
    (copy.state / "secrets" / "application.json.age").unlink()


def changed_list(copy: BackupFolder) -> None:
    facts = json.loads((copy.state / "backup.json").read_bytes())
    facts["made_at"] = "2020-01-01T00:00:00Z"
    (copy.state / "backup.json").write_text(json.dumps(facts))


def file_of_another_copy(copy: BackupFolder) -> None:
    """Sealed to the same key, by somebody who knows the public one."""
    other = a_backup(copy.path.with_name("other"))
    name = Path("secrets", "application.json.age")
    (copy.state / name).write_bytes((other.state / name).read_bytes())


def unsigned(copy: BackupFolder) -> None:
    (copy.state / "backup.sig").unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (changed_file, "application.json.age was changed since"),
        (file_of_another_copy, "application.json.age was changed since"),
        (missing_file, "application.json.age is missing in the copy"),
        (changed_list, "is not signed by the server"),
        (unsigned, "is not encrypted and not signed"),
    ],
)
def test_a_changed_copy_is_refused(
    run_here: RunHere, tmp_path: Path, spoil: Callable[[BackupFolder], None], said: str
) -> None:
    copy, data = a_backup(tmp_path / "copy"), tmp_path / "data"
    spoil(copy)
    opens = backup_keys.opening(tmp_path)
    done = run_here("restore", str(copy.path), *opens, "--data", str(data), env=backup_keys.SETTINGS)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert SECRET not in b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())


def test_only_a_copy_of_the_expected_server_is_accepted(run_here: RunHere, tmp_path: Path) -> None:
    copy = a_backup(tmp_path / "copy", settings=OTHER_SERVER)
    opens = [str(copy.path), *backup_keys.opening(tmp_path), "--data", str(tmp_path / "data")]
    assert "give that server's public key by --signer" in run_here("restore", *opens).stderr
    refused = run_here("restore", *opens, env=backup_keys.SETTINGS)
    assert "is not signed by the server that --signer" in refused.stderr
    assert "--signer: Expected a key" in run_here("restore", *opens, "--signer", "x").stderr
    signer = public_part(OTHER_SERVER["METERAI_BACKUP_SIGNING_KEY"])
    accepted = run_here("restore", *opens, "--signer", signer)
    assert "The copy holds no database" in accepted.stderr, "it was opened, and read"
    assert not (tmp_path / "data" / "restore.part").exists()


def test_without_its_private_key_a_copy_can_not_be_read(run_here: RunHere, tmp_path: Path) -> None:
    copy = a_backup(tmp_path / "copy")
    for path in copy.path.rglob("*"):
        assert path.is_dir() or SECRET not in path.read_bytes()
    words = ["restore", str(copy.path), "--data", str(tmp_path / "data")]
    other = tmp_path / "other"
    for content, said in (
        (None, "name the file with the private key by --identity"),
        (backup_keys.SETTINGS["METERAI_BACKUP_RECIPIENTS"], "is no such file"),
        (new_identity()[0], "does not open the copy"),
    ):
        other.write_text(content or "")
        refused = run_here(*words, *(["--identity", str(other)] if content else []), env=backup_keys.SETTINGS)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    assert "leave --unencrypted out" in run_here(*words, "--unencrypted").stderr


def test_what_an_attacker_put_into_the_folder_is_not_signed_again(tmp_path: Path) -> None:
    copy = a_backup(tmp_path / "copy")
    keys = sealing_keys(from_environment(backup_keys.SETTINGS))
    assert copy.begin(keys).earlier is not None
    changed_list(copy)
    assert copy.begin(keys).earlier is None


def test_a_copy_that_others_could_read_is_not_made(run_here: RunHere, tmp_path: Path) -> None:
    """Without keys, over a copy of an earlier release, or to other keys than the rest of the folder."""
    data, plain, copy = tmp_path / "data", tmp_path / "plain", a_backup(tmp_path / "copy")
    (plain / "objects").mkdir(parents=True)
    nowhere = {"METERAI_DATABASE_URL": "postgresql://o@localhost:1/d"}
    other_keys = {"METERAI_BACKUP_RECIPIENTS": new_identity()[1]}
    for folder, settings, said in (
        (plain, {}, "METERAI_BACKUP_RECIPIENTS or METERAI_BACKUP_SIGNING_KEY is not set"),
        (plain, backup_keys.SETTINGS, "a copy of an earlier release, which is not encrypted"),
        (copy.path, backup_keys.SETTINGS | other_keys, "is encrypted to other keys"),
    ):
        done = run_here("backup", str(folder), "--data", str(data), env=nowhere | settings)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_keys_are_made_for_the_settings_and_the_safe(run_here: RunHere, tmp_path: Path) -> None:
    made = run_here("backup-key", str(tmp_path / "stick"))
    assert made.returncode == 0, made.stderr
    identity, key = (tmp_path / "stick" / name for name in ("backup-identity.txt", "backup-signing-key"))
    assert {path.stat().st_mode & 0o777 for path in (identity, key)} == {0o600}
    told = dict(line.split("=", 1) for line in made.stdout.splitlines() if line.startswith("METERAI_"))
    settings = {
        "METERAI_BACKUP_RECIPIENTS": told["METERAI_BACKUP_RECIPIENTS"],
        "METERAI_BACKUP_SIGNING_KEY": key.read_text().strip(),
    }
    copy = a_backup(tmp_path / "copy", settings=settings)
    signer = made.stdout.rpartition("--signer ")[2].strip()
    assert signer in identity.read_text()
    words = [str(copy.path), "--identity", str(identity), "--data", str(tmp_path / "data")]
    assert "holds no database" in run_here("restore", *words, "--signer", signer).stderr
    assert "exists, and is not replaced" in run_here("backup-key", str(tmp_path / "stick")).stderr
