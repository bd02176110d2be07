"""Software keys of the stamp and of the 2-D code.

Only the signer process and the benchmarks import this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from meterai.kit.files.atomic_write import write_whole

_PREHASHED = utils.Prehashed(hashes.SHA256())
_PKCS1 = padding.PKCS1v15()
_ECDSA = ec.ECDSA(_PREHASHED)


class KeyDevice(Protocol):
    """A device with a private key: here a file, in production an HSM."""

    @property
    def key_id(self) -> str:
        """Id of the key in records: first 16 hex digits of the SHA-256 of its certificate."""
        ...

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The chain as DER: the signer first, without the root."""
        ...

    @property
    def algorithm(self) -> str:
        """`rsa` (PKCS #1 v1.5) or `ecdsa`, both over SHA-256."""
        ...

    @property
    def attempts(self) -> int:
        """Calls of `sign` since the start. An invariant compares them with the allocated stamps."""
        ...

    async def sign(self, digest: bytes) -> bytes:
        """Signs a SHA-256 digest of 32 bytes."""
        ...


class OpenKey(KeyDevice, Protocol):
    """A key device that the signer holds open."""

    @property
    def trouble(self) -> str:
        """Why it can't sign now; empty if it can. It recovers by itself."""
        ...

    def renew(self) -> None:
        """Makes the next signature use a new session, since the last one was wrong."""
        ...

    async def close(self) -> None:
        """Closes the device."""
        ...


def algorithm_of(public: object) -> str:
    """Returns `rsa` or `ecdsa`. Raises: ValueError for kinds of key that we don't use."""
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048:
        return "rsa"
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return "ecdsa"
    raise ValueError("the stamp key must be RSA of at least 2048 bits or P-256")


def signature_holds(public: object, signature: bytes, digest: bytes) -> bool:
    """Whether the signature over a SHA-256 digest was made by the private key of `public`."""
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, digest, _PKCS1, _PREHASHED)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, digest, _ECDSA)
        else:
            return False
    except InvalidSignature:
        return False
    return True


class SoftwareKey:
    """A key from PEM files, loaded and checked once: loading takes 72 ms, signing 0.6 ms (RSA-2048)."""

    def __init__(self, key_pem: bytes, certificate_pem: bytes, chain_pems: Sequence[bytes] = ()) -> None:
        """Checks the key.

        Raises: ValueError unless it is RSA >= 2048 bits or P-256 and fits its certificate.
        """
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("the stamp key must be RSA of at least 2048 bits or P-256")
        self.algorithm = algorithm_of(key.public_key())
        self._key = key
        chain = [x509.load_pem_x509_certificate(pem) for pem in (certificate_pem, *chain_pems)]
        self.certificates = tuple(item.public_bytes(serialization.Encoding.DER) for item in chain)
        self.key_id = chain[0].fingerprint(hashes.SHA256()).hex()[:16]
        self.attempts = 0
        self.trouble = ""
        # A fixed message that nobody could use, so the counter does not count it.
        if not signature_holds(chain[0].public_key(), self._sign(bytes(32)), bytes(32)):
            raise ValueError("key and certificate don't belong together")

    @classmethod
    def load(cls, folder: Path) -> SoftwareKey:
        """Reads `stamp.key.pem`, `stamp.pem` and `intermediate.pem` from the folder of the PKI."""
        return cls(
            (folder / "stamp.key.pem").read_bytes(),
            (folder / "stamp.pem").read_bytes(),
            [(folder / "intermediate.pem").read_bytes()],
        )

    async def sign(self, digest: bytes) -> bytes:
        self.attempts += 1
        return self._sign(digest)

    def _sign(self, digest: bytes) -> bytes:
        if len(digest) != 32:
            raise ValueError("a SHA-256 digest has 32 bytes")
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(digest, _PKCS1, _PREHASHED)
        return self._key.sign(digest, _ECDSA)

    def renew(self) -> None:
        """Does nothing: the key has no session."""

    async def close(self) -> None:
        """Does nothing."""


class CodeKey:
    """The Ed25519 key that signs the payload of the 2-D code."""

    def __init__(self, key_pem: bytes, key_id: int = 1) -> None:
        """Checks the key. Raises: ValueError for any other kind of key."""
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise ValueError("the code key must be Ed25519")
        self._key = key
        self.key_id = key_id
        self.public_bytes = key.public_key().public_bytes_raw()

    @classmethod
    def load(cls, folder: Path) -> CodeKey:
        """Loads the key from `folder`, with the id by which readers know it (`trust/code.json`).

        Raises: ValueError when readers don't know it: they would take its codes for forged ones.
        """
        key = cls((folder / "code.key.pem").read_bytes())
        known = json.loads((folder / "trust" / "code.json").read_bytes())
        ids = [int(key_id) for key_id, public in known.items() if public == key.public_bytes.hex()]
        if not ids:
            raise ValueError("trust/code.json doesn't hold the public key of code.key.pem")
        key.key_id = max(ids)
        return key

    @classmethod
    def make(cls, folder: Path) -> CodeKey:
        """Makes an installation's first key: `code.key.pem`, and its public part in `trust/code.json`.

        Raises: FileExistsError when either is there; OSError.
        """
        private, known = folder / "code.key.pem", folder / "trust" / "code.json"
        for file in (private, known):
            if file.exists():
                raise FileExistsError(f"{file} is there already")
        known.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key = cls(pem)
        write_whole(private, pem, mode=0o600)
        write_whole(known, json.dumps({str(key.key_id): key.public_bytes.hex()}).encode(), mode=0o600)
        return key

    def sign(self, message: bytes) -> bytes:
        """Signs `meterai.signatures.stamp_code.code_message(...)`. Returns 64 bytes."""
        return self._key.sign(message)
