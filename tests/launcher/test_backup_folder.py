"""The folder of a copy, and a restore that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.places import passing_folder

from meterai.cli.backup_folder import BackupFacts, BackupFolder
from meterai.kernel.errors import Refusal
from meterai.kit.migrations import head_version

FACTS = BackupFacts(made_at=datetime(2026, 11, 1, tzinfo=UTC), schema=head_version())


def meterai(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meterai.cli", *words]
    env = {**os.environ, "METERAI_DATA": str(data)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)


def a_state(folder: Path, schema: str = FACTS.schema) -> None:
    folder.mkdir(parents=True)
    facts = msgspec.structs.replace(FACTS, schema=schema)
    (folder / "backup.json").write_bytes(msgspec.json.encode(facts))
    (folder / "database.dump").write_bytes(b"PGDMP that a disk has lost the rest of")


def test_two_copies_at_once_into_one_folder_are_refused(tmp_path: Path) -> None:
    """The later one would empty the new state under the earlier one's hands, and delete the whole one."""
    first, second = BackupFolder(tmp_path), BackupFolder(tmp_path)
    with first.held(), pytest.raises(Refusal, match=r"backup\.under_way"), second.held():
        pass
    with BackupFolder(tmp_path).held():
        pass


def test_a_state_that_a_power_cut_left_empty_is_none(tmp_path: Path) -> None:
    a_state(tmp_path / "state.old")
    a_state(tmp_path / "state")
    (tmp_path / "state" / "backup.json").write_bytes(b"")
    folder = BackupFolder(tmp_path)
    assert (folder.state, folder.facts()) == (tmp_path / "state.old", FACTS)


@pytest.mark.storage
def test_a_restore_that_fails_leaves_the_database_as_it_was() -> None:
    with passing_folder("meterai-restore-") as place:
        data = place / "data"
        assert "Brought" in meterai("db", "migrate", data=data).stdout
        a_state(place / "newer" / "state", schema="9999")
        refused = meterai("restore", str(place / "newer"), data=data)
        assert (refused.returncode, "newer release" in refused.stderr) == (1, True)
        assert not list(data.glob("before-restore-*"))

        a_state(place / "damaged" / "state")
        failed = meterai("restore", str(place / "damaged"), data=data)
        assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
        assert "Not restored. pg_restore" in failed.stderr
        assert "The database is as it was" in failed.stderr
        assert "Already" in meterai("db", "migrate", data=data).stdout
