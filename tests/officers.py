"""Officers with real SSH keys, or with authenticator apps, for tests."""

from __future__ import annotations

import base64
import secrets
import subprocess
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp

from meterai.kit.acting import Signature
from meterai.operations.officers.totp import new_secret
from tests.storage_fixtures import TestDatabase


def make_ssh_key(file: Path) -> str:
    """Makes a private key without passphrase in `file`. Returns its public line."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", str(file)]
    subprocess.run(command, check=True)
    return file.with_suffix(".pub").read_text().strip()


def make_officers(folder: Path, *, more: str = "", **roles: Sequence[str]) -> Path:
    """Makes a key for each name in `folder`, and the officers file beside them. `more`: its first lines."""
    lines = [more]
    for name, his in roles.items():
        names = ", ".join(f'"{role}"' for role in his)
        lines.append(f'[officers.{name}]\nroles = [{names}]\nkeys = ["{make_ssh_key(folder / name)}"]\n')
    file = folder / "officers.toml"
    file.write_text("\n".join(lines))
    file.chmod(0o644)
    return file


async def record_officer(database: TestDatabase, name: str, roles: str) -> bytes:
    """Records an officer with an authenticator app; `roles` as PostgreSQL writes them. Returns its secret."""
    secret = new_secret()
    await database.owner.execute(
        "INSERT INTO operations.officer VALUES ($1, $2::text::text[], ARRAY['key of ' || $1], '{}', now())",
        name,
        roles,
    )
    await database.owner.execute(
        """INSERT INTO operations.officer_factor (id, officer, kind, name, secret, added_at)
           VALUES ($1, $2, 'totp', 'app', $3, now())""",
        uuid.uuid4(),
        name,
        secret,
    )
    return secret


def code_of(secret: bytes, moment: datetime) -> str:
    """The code that the officer's app shows then."""
    return pyotp.TOTP(base64.b32encode(secret).decode()).at(moment)


def signed_by(officer: str, kind: str, subject: str) -> Signature:
    """The signature of an officer with the key `key of OFFICER`, as `verify_signature` returns it."""
    nonce = secrets.token_hex(16)
    return Signature(
        officer=officer,
        key=f"key of {officer}",
        kind=kind,
        subject=subject,
        nonce=nonce,
        text=f"nonce {nonce}",
        signature="signature",
        valid_until=datetime.now(UTC) + timedelta(minutes=5),
    )
