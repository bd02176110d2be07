"""The next key of 2-D codes: readers learn it before it signs, and the file keeps no older private key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.stamping.signer.private_keys.code_key import CodeKeyFile, rotate_code_key
from meterai.verification.trust import TrustFolder
from sandbox.pki.authority import make_pki

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    return make_pki(tmp_path / "pki", "p-256")


def public_keys(pki: Path) -> dict[int, str]:
    return {int(id): key for id, key in json.loads((pki / "trust" / "code.json").read_bytes()).items()}


def test_a_running_signer_changes_to_the_next_key_at_its_time(pki: Path) -> None:
    running = CodeKeyFile(pki, NOON)
    first = running.now(NOON)
    following = rotate_code_key(pki, NOON, begins=TOMORROW)
    assert public_keys(pki) == {1: first.public_bytes.hex(), 2: following.public_bytes.hex()}
    assert running.now(TOMORROW - timedelta(seconds=1)).key_id == 1
    signing = running.now(TOMORROW)
    assert signing.key_id == 2
    Ed25519PublicKey.from_public_bytes(following.public_bytes).verify(signing.sign(b"m"), b"m")
    assert CodeKeyFile(pki, TOMORROW).now(TOMORROW).key_id == 2, "after a restart"


def test_private_keys_before_the_one_that_signs_are_deleted_and_public_ones_stay(pki: Path) -> None:
    (pki / "code.key.pem").chmod(0o400)
    for day in range(3):
        now = NOON + timedelta(days=2 * day)
        rotate_code_key(pki, now, begins=now + timedelta(days=1))
    assert (pki / "code.key.pem").read_text().count("BEGIN PRIVATE KEY") == 2
    assert (pki / "code.key.pem").stat().st_mode & 0o777 == 0o400
    assert sorted(public_keys(pki)) == [1, 2, 3, 4]


def test_no_rotation_begins_before_the_last_one_has(pki: Path) -> None:
    rotate_code_key(pki, NOON, begins=TOMORROW)
    with pytest.raises(ValueError, match="the last rotation begins at 2026-12-02 12:00:00 UTC: wait for it"):
        rotate_code_key(pki, NOON, begins=TOMORROW)


def test_a_running_site_learns_the_next_key_and_keeps_what_it_read_last(pki: Path) -> None:
    seconds = 0.0
    following = TrustFolder(pki / "trust", monotonic=lambda: seconds)
    assert sorted(following.now().code_keys) == [1]
    rotate_code_key(pki, NOON, begins=TOMORROW)
    seconds += 2
    assert sorted(following.now().code_keys) == [1, 2]
    assert following.now() is following.now(), "the pages are made once"
    (pki / "trust" / "code.json").write_text("{")
    seconds += 2
    assert sorted(following.now().code_keys) == [1, 2]
