"""Reads the folder `trust/`: pinned root certificates and the public keys of the 2-D code."""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.errors import Kind, Refusal
from meterai.verification.model import Trust


def load_trust(folder: Path) -> Trust:
    """The trust material in `folder`: `root.pem` (one or more certificates) and `code.json` (may be missing).

    Raises: Refusal(INVALID, "trust.unreadable") when there is no readable root.
    """
    try:
        certificates = x509.load_pem_x509_certificates((folder / "root.pem").read_bytes())
        code = folder / "code.json"
        keys = msgspec.json.decode(code.read_bytes(), type=dict[int, str]) if code.exists() else {}
        lengths = {len(bytes.fromhex(key)) for key in keys.values()}
    except (OSError, ValueError) as error:
        raise Refusal(Kind.INVALID, "trust.unreadable", folder=folder.name) from error
    if lengths - {32}:
        raise Refusal(Kind.INVALID, "trust.unreadable", folder=folder.name)
    roots = tuple(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)
    return Trust(roots_pem=roots, code_keys=keys)
