"""Loads what verification trusts: pinned root certificates, and the public keys of the 2-D code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.refusals import Kind, Refusal
from meterai.verification.model import Trust

log = structlog.get_logger(__name__)
_LOOK_SECONDS = 1.0
TRUST_FOLDER = Path("pki") / "trust"
"""Where the trust material is below a data directory, unless METERAI_TRUST_FOLDER says something else."""


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


def trusted_roots(folder: Path) -> list[x509.Certificate]:
    """The roots of a folder of trust material. Raises: Refusal INVALID `trust.unreadable`."""
    try:
        return x509.load_pem_x509_certificates((folder / "root.pem").read_bytes())
    except (OSError, ValueError) as error:
        raise _unreadable(folder) from error


class TrustFolder:
    """The trust material of a running process. New keys of 2-D codes count at once, new roots after a start.

    While `code.json` can't be read, what was read last stays in use.
    """

    def __init__(self, folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises: as `load_trust`."""
        self._folder, self._monotonic = folder, monotonic
        self._read_from = self._mark()
        self._trust, self._looked_at = load_trust(folder), monotonic()

    def now(self) -> Trust:
        """What counts now."""
        if self._monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = self._monotonic()
            mark = self._mark()
            if mark != self._read_from:
                self._read_from = mark
                self._read_again()
        return self._trust

    def _read_again(self) -> None:
        try:
            keys = load_trust(self._folder).code_keys
        except Refusal as refusal:
            log.error("trust.unreadable", reason=refusal.code)
        else:
            self._trust = msgspec.structs.replace(self._trust, code_keys=keys)

    def _mark(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / "code.json").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


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
