"""Software keys of the stamp.

Only the signer process and the benchmarks import this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

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
    def load(cls, folder: Path, name: str = "stamp") -> SoftwareKey:
        """Reads `NAME.key.pem`, `NAME.pem` and `intermediate.pem` from the folder of the PKI."""
        return cls(
            (folder / f"{name}.key.pem").read_bytes(),
            (folder / f"{name}.pem").read_bytes(),
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
