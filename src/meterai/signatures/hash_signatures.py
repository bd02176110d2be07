"""Checks a signature that an adapter built around a hash that we signed (docs/wire.md)."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from meterai.signatures.certificate_chain import load_certificate
from meterai.signatures.cms import RSA, SignedForm
from meterai.signatures.hash_attributes import check_attributes
from meterai.signatures.public_keys import has_signed


def verifies_hash(form: SignedForm, message_digest: bytes) -> bool:
    """Whether the key for hashes signed the attributes that it may sign, and they name this digest (SHA-256).

    Which of the two kinds of attributes the partner's agreement allows is the signer's business.
    Raises: ValueError for a certificate that can't be read.
    """
    signer = form.certificates[0]
    key = load_certificate(signer).public_key()
    if form.digest != "sha256" or form.mechanism not in RSA or not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        named = check_attributes(form.signed_attributes, certificate=signer, plain=True)
    except ValueError:
        return False
    return named == message_digest and has_signed(
        key, form.signature, form.signed_attributes, hashes.SHA256()
    )
