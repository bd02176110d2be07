"""Files that only the holder of a private key can read, and signatures of their lists."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, cast

import pytest

from meterai.kit.files.sealed_files import (
    SealBroken,
    digest_of,
    identities_of,
    new_identity,
    recipients_of,
    seal,
    unseal,
)
from meterai.kit.files.text_signatures import is_signed, new_key, public_part, sign

PIECE = 64 << 10
IDENTITY, RECIPIENT = new_identity()
OURS, OTHERS = identities_of(f"# made today\n{IDENTITY}\n"), identities_of(new_identity()[0])


def sealed(path: Path, content: bytes) -> str:
    digest = seal(io.BytesIO(content), path, recipients_of(RECIPIENT))
    assert digest == digest_of(path)
    assert path.stat().st_mode & 0o777 == 0o600
    return digest


@pytest.mark.parametrize("size", [0, 1, PIECE, 5 * PIECE + 7])
def test_a_sealed_file_gives_its_content_to_the_holder_of_the_key_alone(tmp_path: Path, size: int) -> None:
    content, file, got = b"Rahasia" * (size // 7) + b"R" * (size % 7), tmp_path / "x.age", io.BytesIO()
    digest = sealed(file, content)
    assert b"Rahasia" not in file.read_bytes()
    unseal(file, got, OURS, digest=digest)
    assert got.getvalue() == content
    with pytest.raises(SealBroken, match="No matching keys"):
        unseal(file, io.BytesIO(), OTHERS, digest=digest)


def test_a_changed_file_is_refused_before_the_last_piece_is_given_out(tmp_path: Path) -> None:
    """Also one that somebody else sealed to the same public key."""
    file, content = tmp_path / "x.age", bytes(3 * PIECE)
    digest = sealed(file, content)
    whole = file.read_bytes()
    sealed(tmp_path / "other.age", content)
    other = (tmp_path / "other.age").read_bytes()
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    for changed in (whole[:-1], whole + b"x", flipped, other, b"no age at all"):
        file.write_bytes(changed)
        got = io.BytesIO()
        with pytest.raises(SealBroken):
            unseal(file, got, OURS, digest=digest)
        assert len(got.getvalue()) < len(content)


class Endless:
    """As many zeros as are wanted. Notes the largest piece that was asked for."""

    def __init__(self, size: int) -> None:
        self._left = size
        self.largest = 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, self._left if size < 0 else size)
        taken = min(size, self._left)
        self._left -= taken
        return bytes(taken)


class Nowhere:
    """Notes the largest piece that came."""

    largest = 0

    def write(self, content: bytes) -> int:
        self.largest = max(self.largest, len(content))
        return len(content)


def test_a_file_may_be_larger_than_memory(tmp_path: Path) -> None:
    file, source, target = tmp_path / "x.age", Endless(8 << 20), Nowhere()
    digest = seal(cast("IO[bytes]", source), file, recipients_of(RECIPIENT))
    unseal(file, target, OURS, digest=digest)
    assert 0 < max(source.largest, target.largest) <= PIECE


@pytest.mark.parametrize(
    "text",
    ["", " , ", "age1short", IDENTITY, f"{RECIPIENT};{RECIPIENT}"],
    ids=["empty", "comma", "short", "secret", "semicolon"],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="age1"):
        recipients_of(text)


@pytest.mark.parametrize("text", ["", "# none", RECIPIENT], ids=["empty", "comment", "public"])
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="AGE-SECRET-KEY-"):
        identities_of(text)


def test_only_the_holder_of_the_signing_key_signs_and_only_this_for_this_purpose() -> None:
    key = new_key()
    signature, public = sign(key, b"backup", b"list"), public_part(key)
    assert is_signed(public, b"backup", b"list", signature)
    for purpose, content, by in (
        (b"backup", b"lists", public),
        (b"backups", b"list", public),
        (b"backup", b"list", public_part(new_key())),
    ):
        assert not is_signed(by, purpose, content, signature)
    assert not is_signed(public, b"backup", b"list", b"")
    with pytest.raises(ValueError, match="Ed25519"):
        sign("c2hvcnQ=", b"backup", b"list")
