"""Checks a signature of exact form with our own cryptography: attributes, signature, chain to the pinned
root.

The X.509 parser of `cryptography` is strict. Every certificate that a signature carries is examined, and one
that is not on the path fails the chain. The tests ask pyHanko about every sample too: whatever pyHanko
refuses must be refused here.

Certificates repeat from file to file. Parsing a certificate and checking the signature on it are therefore
cached by its bytes. Its validity at a given time is checked on each call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from meterai.signatures import der
from meterai.signatures.cms import (
    ECDSA,
    OID_ALGORITHM_PROTECTION,
    SignedForm,
    certificate_digest,
    read_attributes,
    same_algorithms,
)
from meterai.signatures.public_keys import has_signed
from meterai.signatures.signed_data import OID_CONTENT_TYPE, OID_DATA, OID_MESSAGE_DIGEST, OID_TST_INFO

CERTIFICATE_BYTES_MAX = 16_384
"""Larger certificates are not cached, so that files of strangers cannot fill the memory. Ours are smaller."""
PATH_LENGTH_MAX = 5
REMEMBERED = 256
RSA_BITS_MIN = 2048
CURVE_BITS_MIN = 256
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_UNDERSTOOD = frozenset(
    (ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE)
)
_DOCUMENTS = (
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
    x509.ObjectIdentifier("1.2.840.113583.1.1.5"),
)
_CONSTRAINING = frozenset(
    (ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.POLICY_CONSTRAINTS, ExtensionOID.INHIBIT_ANY_POLICY)
)


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """The result of building a chain."""

    leads_to_root: bool
    problem: str = ""
    """Reason code when the chain does not lead to a pinned root or breaks a rule; empty otherwise."""
    certificates: tuple[x509.Certificate, ...] = ()
    """From the signer's certificate to the pinned root, if the chain leads there."""


def common_name(certificate: x509.Certificate) -> str:
    """The common name of the certificate, or its whole subject if it has none."""
    return short_name(certificate.subject)


def short_name(name: x509.Name) -> str:
    """The common name in a name, or the whole name if it has none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


@lru_cache(maxsize=REMEMBERED)
def load_certificate(encoded: bytes) -> x509.Certificate:
    """Loads a certificate from DER and makes sure that its names can be read. Raises: ValueError."""
    if len(encoded) > CERTIFICATE_BYTES_MAX:
        raise ValueError("a certificate of unusual size")
    return _load(encoded)


def _load(encoded: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(encoded)
        _ = certificate.subject, certificate.issuer
    except (MemoryError, RecursionError):
        raise  # says nothing about the certificate
    except Exception as error:  # it is strict: old authorities write Latin-1 for what it takes as UTF-8
        raise ValueError("a certificate that can't be read") from error
    return certificate


@lru_cache(maxsize=16)
def load_roots(pems: tuple[str, ...]) -> list[x509.Certificate]:
    """The pinned roots."""
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]


def build_path(
    carried: list[x509.Certificate], roots: list[x509.Certificate], moment: datetime, *, exact: bool
) -> Path:
    """Follows the chain from the first certificate to a pinned root.

    Checks each link: names, signature, CA flag, path length, key usage, validity at `moment`. With `exact`, a
    carried certificate that is not on the path fails the chain, because no signature covers it. A pinned
    certificate that was renewed with the same name and key is the exception.
    """
    current, path = carried[0], [carried[0]]
    known = {_der(root) for root in roots}
    while len(path) <= PATH_LENGTH_MAX:
        if _der(current) in known:
            break
        issuer = _issuer(current, roots, moment) or _issuer(current, carried, moment)
        if issuer is None or issuer in path:
            return Path(leads_to_root=False, problem=_why_not(path, carried, roots))
        path.append(issuer)
        current = issuer
    if _der(path[-1]) not in known:
        return Path(leads_to_root=False, problem="chain.unknown")
    if len(path) == 1:
        return Path(leads_to_root=True, problem="chain.not_allowed")  # a root issues, it does not sign
    pinned = [certificate for certificate in carried if _der(certificate) in known]
    needed = path + [own for own in pinned if any(_is_same_authority(own, other) for other in path)]
    problem = _path_problem(path, moment)
    if not problem and exact and any(certificate not in needed for certificate in carried):
        problem = "chain.foreign_body"
    return Path(leads_to_root=True, problem=problem, certificates=tuple(path))


def follow_strange(
    carried: tuple[bytes, ...], roots: list[x509.Certificate], moment: datetime
) -> tuple[x509.Certificate | None, Path]:
    """Describes the signer of a foreign signature, and where its chain leads.

    Only the names of unusually large certificates are read, and nothing is cached. A certificate that
    `cryptography` cannot read is not ours. Returns None if the signer's certificate is missing or
    cannot be read.
    """
    if not carried:
        return None, Path(leads_to_root=False, problem="chain.unknown")
    small = _readable(load_certificate, [c for c in carried if len(c) <= CERTIFICATE_BYTES_MAX])
    large = _readable(_load, [c for c in carried if len(c) > CERTIFICATE_BYTES_MAX])
    signer = small.get(carried[0]) or large.get(carried[0])
    others = list(small.values())
    if signer is None:
        return None, Path(leads_to_root=False, problem="chain.unknown")
    if carried[0] in large:
        return signer, Path(leads_to_root=False, problem=_why_not(list(large.values()), others, roots))
    path = build_path(others, roots, moment, exact=False)
    if large and not path.leads_to_root:
        path = Path(leads_to_root=False, problem=_why_not([signer, *large.values()], others, roots))
    return signer, path


def _readable(
    load: Callable[[bytes], x509.Certificate], encoded: list[bytes]
) -> dict[bytes, x509.Certificate]:
    """The certificates that can be read, in their order."""
    found = {}
    for item in encoded:
        with suppress(ValueError):
            found[item] = load(item)
    return found


@lru_cache(maxsize=REMEMBERED)
def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _issuer(
    certificate: x509.Certificate, pool: list[x509.Certificate], moment: datetime
) -> x509.Certificate | None:
    """Chooses among certificates with the same name and key that are valid at `moment`.

    The one that ends last wins, because it renews the others.
    """
    found = [one for one in pool if one.subject == certificate.issuer and _issued(certificate, one)]
    return max(found, key=lambda one: (_is_valid(one, moment), one.not_valid_after_utc), default=None)


def _is_valid(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _is_same_authority(one: x509.Certificate, other: x509.Certificate) -> bool:
    return one.subject == other.subject and one.public_key() == other.public_key()


@lru_cache(maxsize=REMEMBERED)
def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _why_not(
    path: list[x509.Certificate], carried: list[x509.Certificate], roots: list[x509.Certificate]
) -> str:
    """Whether a signer's certificate claims to be issued by us without being so (an impostor).

    The name of the organisation alone is no claim: the authority that time-stamps for us may certify the
    public too.
    """
    ours = [*roots, *(c for c in carried if any(_issued(c, root) for root in roots))]
    if any(certificate.issuer == own.subject for certificate in path for own in ours):
        return "chain.impostor"
    if len(path) == 1 and path[0].issuer == path[0].subject:
        return "chain.self_signed"
    return "chain.unknown"


def _path_problem(path: list[x509.Certificate], moment: datetime) -> str:
    if not all(_is_valid(certificate, moment) for certificate in path):
        return "chain.expired"
    if any(not _may_issue(issuer, below) for below, issuer in enumerate(path[1:])):
        return "chain.not_allowed"
    return "" if all(_is_sound(certificate) for certificate in path) else "chain.not_allowed"


@lru_cache(maxsize=REMEMBERED)
def _is_sound(certificate: x509.Certificate) -> bool:
    """Whether the algorithms are strong and every critical extension is understood.

    Name and policy constraints are not understood, and so not accepted (RFC 5280, 4.2).
    """
    for extension in certificate.extensions:
        if extension.oid in _CONSTRAINING or (extension.critical and extension.oid not in _UNDERSTOOD):
            return False
    return isinstance(certificate.signature_hash_algorithm, _STRONG) and _is_strong(certificate.public_key())


def _is_strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= RSA_BITS_MIN
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= CURVE_BITS_MIN


@lru_cache(maxsize=REMEMBERED)
def _may_issue(issuer: x509.Certificate, below: int) -> bool:
    """`below`: number of CA certificates between the issuer and the signer (RFC 5280, 4.2.1.9)."""
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca and usage.key_cert_sign and (basic.path_length is None or below <= basic.path_length)


@lru_cache(maxsize=REMEMBERED)
def may_stamp(certificate: x509.Certificate) -> bool:
    """Whether a certificate of our chain may stamp: not a CA, may sign, meant for documents."""
    extensions = certificate.extensions
    try:
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return (usage.content_commitment or usage.digital_signature) and _is_for_documents(certificate)


@lru_cache(maxsize=REMEMBERED)
def may_time_stamp(certificate: x509.Certificate) -> bool:
    """Whether a certificate belongs to a time-stamp authority: exactly that purpose, critical (RFC 3161,
    2.3)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return extension.critical and list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _is_for_documents(certificate: x509.Certificate) -> bool:
    """Whether the purposes, if any are named, include signing documents (RFC 9336, or Adobe's older
    purpose)."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.TIME_STAMPING not in purposes and any(p in _DOCUMENTS for p in purposes)


def verifies(form: SignedForm, message_digest: bytes) -> bool:
    """Whether the signed attributes name this digest, type and signer, and the signature over them is right.

    RFC 5652, 5.4 and 11.1-11.2; RFC 5035 (signingCertificateV2); RFC 6211 (algorithm protection).
    Raises: FormError, ValueError.
    """
    expected = OID_TST_INFO if form.content else OID_DATA
    return _attributes_agree(form, message_digest, expected) and _signature_right(form)


def _attributes_agree(form: SignedForm, message_digest: bytes, content_type: bytes) -> bool:
    found = read_attributes(form)
    kind, digest = found.get(OID_CONTENT_TYPE), found.get(OID_MESSAGE_DIGEST)
    if kind is None or digest is None or kind.whole != content_type:
        return False
    if digest.whole != der.encode(der.OCTET_STRING, message_digest):
        return False
    protection = found.get(OID_ALGORITHM_PROTECTION)
    if protection is not None and not same_algorithms(protection, form):
        return False
    named = certificate_digest(found)
    if named is None or (named[0] == "sha1" and content_type == OID_DATA):
        return False  # time-stamp authorities still name themselves by SHA-1 (RFC 3161), we never did
    return named[1] == _digest(named[0], form.certificates[0])


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content, usedforsecurity=name != "sha1").digest()


def _signature_right(form: SignedForm) -> bool:
    key, algorithm = load_certificate(form.certificates[0]).public_key(), _HASHES[form.digest]
    if isinstance(key, ec.EllipticCurvePublicKey) != (form.mechanism in ECDSA):
        return False
    return has_signed(key, form.signature, form.signed_attributes, algorithm)
