"""What keeps a release from migrating a database that it could not serve afterwards."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from meterai.launcher.installed_packages import stale_packages


def checkout(tmp_path: Path, lock: str) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "meterai"\ndependencies = ["msgspec>=0.22", "not-there>=1", "structlog>=26.1"]\n'
    )
    (tmp_path / "requirements.lock").write_text(lock)
    return tmp_path


def test_what_is_missing_or_of_another_version_than_the_lock_says_is_named(tmp_path: Path) -> None:
    lock = f"msgspec=={version('msgspec')} \\\n    --hash=sha256:0\nnot-there==1.2 ; sys_platform != 'x' \\\n"
    lock += "pytest==0.1\nstructlog==0.1 \\\n"
    assert stale_packages(checkout(tmp_path, lock)) == ["not-there 1.2", "structlog 0.1"]


def test_this_checkout_has_what_it_needs_and_one_without_a_lock_is_not_asked(tmp_path: Path) -> None:
    assert stale_packages() == []
    assert stale_packages(tmp_path) == []
