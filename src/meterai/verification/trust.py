"""Loads what verification trusts: pinned root certificates, and the public keys of the 2-D code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.refusals import Kind, Refusal
from meterai.verification.model import Trust

TRUST_FOLDER = Path("pki") / "trust"
"""Folder of the trust material, below a service's data directory."""


def load_trust(folder: Path) -> Trust:
    """Loads the trust material in `folder`: `root.pem` (one or more certificates) and `code.json` (optional).

    Raises: Refusal(INVALID, "trust.unreadable") if there is no readable root.
    """
    roots = load_roots([folder / "root.pem"])
    try:
        code = folder / "code.json"
        keys = msgspec.json.decode(code.read_bytes(), type=dict[int, str]) if code.exists() else {}
        lengths = {len(bytes.fromhex(key)) for key in keys.values()}
    except (OSError, ValueError) as error:
        raise _unreadable(folder) from error
    if lengths - {32}:
        raise _unreadable(folder)
    return Trust(roots_pem=roots.roots_pem, code_keys=keys)


def load_roots(files: Iterable[Path]) -> Trust:
    """Loads the root certificates of PEM files, each with one or more.

    Raises: Refusal(INVALID, "trust.unreadable").
    """
    roots: list[str] = []
    for file in files:
        try:
            certificates = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as error:
            raise _unreadable(file) from error
        roots += [certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates]
    return Trust(roots_pem=tuple(roots))


def _unreadable(path: Path) -> Refusal:
    return Refusal(Kind.INVALID, "trust.unreadable", folder=path.name)
