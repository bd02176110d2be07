"""Secrets made on first start and kept as files of mode 0600 in one folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec

from meterai.kit.files.atomic_write import write_whole


def keep_secret(folder: Path, name: str) -> str:
    """The secret kept in `folder/name`; made at random (base64url text) when there is none yet.

    Raises: OSError when the folder can't be written or the file can't be read.
    """
    return keep_secrets(folder, name, ["secret"])["secret"]


def keep_secrets(
    folder: Path, name: str, keys: Iterable[str], *, group_reads: bool = False
) -> dict[str, str]:
    """The secrets kept in `folder/name.json`, one per key; those that aren't there yet are made.

    `group_reads`: processes of several users share them. The group may read a new file if the umask allows.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o750 if group_reads else 0o700)
    path = folder / f"{name}.json"
    kept = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
    missing = [key for key in keys if key not in kept]
    if missing:
        kept |= {key: secrets.token_urlsafe(32) for key in missing}
        write_whole(path, msgspec.json.encode(kept), mode=0o640 if group_reads else 0o600)
    return kept


def keep_text(path: Path, prefix: str = "") -> str:
    """The secret kept in `path` as plain text, for a process that is told the file; made when missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, f"{prefix}{secrets.token_urlsafe(24)}\n".encode(), mode=0o600)
    return path.read_text().strip()


def keep_ed25519_key(path: Path) -> None:
    """Makes a private key of Ed25519 in `path` (PEM, PKCS #8) when there is none yet."""
    if path.exists():
        return
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_whole(path, pem, mode=0o600)


def keep_rsa_pair(private: Path, public: Path) -> None:
    """Makes an RSA key in `private` (PEM, PKCS#8) and its public half in `public`, unless both are there."""
    if private.exists() and public.exists():
        return
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    known = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(private, secret, mode=0o600)
    write_whole(public, known, mode=0o600)
