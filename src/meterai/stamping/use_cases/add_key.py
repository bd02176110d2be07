"""Adds a signing key to the register, ahead of its use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.audit import write_audit
from meterai.kit.database import Database
from meterai.stamping.model import SEAL_BYTES, TOKEN_BYTES
from meterai.stamping.seal.cms import cms_bytes_max
from meterai.stamping.signing_keys import SigningKey, key_id_of, parse_place
from meterai.stamping.store import keys


async def add_key(
    db: Database,
    *,
    place: str,
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    actor: str,
    now: datetime,
) -> SigningKey:
    """Registers the key whose certificate comes first in `chain`; nothing is signed with it yet.

    `place`: see `signing_keys.parse_place`. `roots`: what verifiers trust. The validity is the certificate's
    unless a shorter one is given.

    Raises: Refusal INVALID `key.unfit` (what=place, kind, usage, chain, size or validity); CONFLICT
    `key.known`.
    """
    try:
        parse_place(place)
    except ValueError as error:
        raise Refusal(Kind.INVALID, "key.unfit", what="place", reason=str(error)) from None
    own = chain[0]
    _check_kind(own)
    _check_chain(chain, roots)
    begin, end = valid_from or own.not_valid_before_utc, valid_until or own.not_valid_after_utc
    if not own.not_valid_before_utc <= begin < end <= own.not_valid_after_utc or end <= now:
        raise Refusal(Kind.INVALID, "key.unfit", what="validity")
    encoded = tuple(item.public_bytes(Encoding.DER) for item in chain if item not in roots)
    check_size(encoded)
    key = SigningKey(
        key_id=key_id_of(encoded[0]), place=place, certificates=encoded, valid_from=begin, valid_until=end
    )
    async with db.transaction() as tx:
        if not await keys.insert_key(tx, key, now):
            raise Refusal(Kind.CONFLICT, "key.known", key_id=key.key_id)
        facts = {"place": place, "valid_from": begin.isoformat(), "valid_until": end.isoformat()}
        await write_audit(tx, actor=actor, action="key.add", subject=key.key_id, facts=facts, now=now)
    return key


def check_size(certificates: Sequence[bytes]) -> None:
    """Whether a seal with these certificates (DER) fits into the room that every prepared document keeps.

    Raises: Refusal INVALID `key.unfit` (what=size): every job would wait with `seal.gap_too_small`.
    """
    needed = cms_bytes_max(certificates, TOKEN_BYTES)
    if needed > SEAL_BYTES:
        reason = (
            f"with these certificates a seal takes {needed} bytes, a stamp has room for {SEAL_BYTES}: "
            "ask the authority for a shorter chain"
        )
        raise Refusal(Kind.INVALID, "key.unfit", what="size", reason=reason)


def _check_kind(certificate: x509.Certificate) -> None:
    public = certificate.public_key()
    fits = (isinstance(public, rsa.RSAPublicKey) and 2048 <= public.key_size <= 4096) or (
        isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)
    )
    if not fits:
        raise Refusal(Kind.INVALID, "key.unfit", what="kind", reason="RSA 2048 to 4096 bits or P-256")
    if not _may_stamp(certificate):
        raise Refusal(Kind.INVALID, "key.unfit", what="usage")


def _may_stamp(certificate: x509.Certificate) -> bool:
    """As the verifier asks it: an end entity that may sign, and no time-stamp authority."""
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    try:
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        purposes = []
    signs = usage.digital_signature or usage.content_commitment
    return signs and ExtendedKeyUsageOID.TIME_STAMPING not in purposes


def _check_chain(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> None:
    """Each certificate is issued by the next, and the last by a root: nothing else may be carried along."""
    for below, above in pairwise(chain):
        if not _issued(above, below):
            raise Refusal(Kind.INVALID, "key.unfit", what="chain")
    if chain[-1] not in roots and not any(_issued(root, chain[-1]) for root in roots):
        raise Refusal(Kind.INVALID, "key.unfit", what="chain")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
