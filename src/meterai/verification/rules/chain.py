"""Our own cryptography on a signature of exact form: attributes, signature, chain to the pinned root.

pyHanko gives a second opinion and both must agree. This runs on `cryptography`, whose X.509 parser is strict,
and it looks at every certificate that a signature carries: one that is not on the path is a foreign body.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meterai.verification.rules.cms import ID_DATA, TST_INFO, FormError, SignedForm, digest_name

PATH_LENGTH_MAX = 5
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """What building a chain found."""

    leads_to_root: bool
    problem: str = ""
    """Reason code when it does not lead to a pinned root, or not rightly."""


def common_name(certificate: x509.Certificate) -> str:
    """The certificate's common name, or its whole subject when it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def load_roots(pems: tuple[str, ...]) -> list[x509.Certificate]:
    """The pinned roots."""
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]


def build_path(
    carried: list[x509.Certificate], roots: list[x509.Certificate], moment: datetime, *, exact: bool
) -> Path:
    """Follows the chain from the first certificate to a pinned root.

    Each link: names, signature, CA flag, path length, key usage, validity at `moment`. With `exact`, a
    carried certificate that is not on the path fails the chain, for no signature covers it.
    """
    current, path = carried[0], [carried[0]]
    known = {_der(root) for root in roots}
    while len(path) <= PATH_LENGTH_MAX:
        if _der(current) in known:
            break
        issuer = _issuer(current, roots) or _issuer(current, carried)
        if issuer is None or issuer in path:
            return Path(leads_to_root=False, problem=_why_not(path, carried, roots))
        path.append(issuer)
        current = issuer
    if _der(path[-1]) not in known:
        return Path(leads_to_root=False, problem="chain.unknown")
    if len(path) == 1:
        return Path(leads_to_root=True, problem="chain.not_allowed")  # a root issues, it does not sign
    return Path(leads_to_root=True, problem=_path_problem(path, carried, moment, exact=exact))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _issuer(certificate: x509.Certificate, pool: list[x509.Certificate]) -> x509.Certificate | None:
    for candidate in pool:
        if candidate.subject == certificate.issuer and _issued(certificate, candidate):
            return candidate
    return None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _why_not(
    path: list[x509.Certificate], carried: list[x509.Certificate], roots: list[x509.Certificate]
) -> str:
    """Tells whoever borrows our names (impostor) from whoever merely is somebody else."""
    ours = [*roots, *(c for c in carried if any(_issued(c, root) for root in roots))]
    if any(certificate.issuer == own.subject for certificate in path for own in ours):
        return "chain.impostor"
    if len(path) == 1 and path[0].issuer == path[0].subject:
        return "chain.self_signed"
    return "chain.unknown"


def _path_problem(
    path: list[x509.Certificate], carried: list[x509.Certificate], moment: datetime, *, exact: bool
) -> str:
    if any(not c.not_valid_before_utc <= moment <= c.not_valid_after_utc for c in path):
        return "chain.expired"
    if any(not _may_issue(issuer, below) for below, issuer in enumerate(path[1:])):
        return "chain.not_allowed"
    if exact and any(certificate not in path for certificate in carried):
        # The pinned root itself may be carried along: then it is on the path.
        return "chain.foreign_body"
    return ""


def _may_issue(issuer: x509.Certificate, below: int) -> bool:
    """`below`: number of CA certificates between the issuer and the signer (RFC 5280, 4.2.1.9)."""
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca and usage.key_cert_sign and (basic.path_length is None or below <= basic.path_length)


def may_stamp(certificate: x509.Certificate) -> bool:
    """Whether a certificate of our chain is one that stamps: no CA, no time-stamp authority, may sign."""
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
    return (usage.content_commitment or usage.digital_signature) and not _is_time_stamper(certificate)


def may_time_stamp(certificate: x509.Certificate) -> bool:
    """Whether a certificate is a time-stamp authority's: exactly that purpose, critical (RFC 3161, 2.3)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return extension.critical and list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _is_time_stamper(certificate: x509.Certificate) -> bool:
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in purposes


def verifies(form: SignedForm, message_digest: bytes) -> bool:
    """Whether the signed attributes name this digest, type and signer, and the signature over them is right.

    RFC 5652, 5.4 and 11.1-11.2; RFC 5035 (signingCertificateV2).
    """
    signer = x509.load_der_x509_certificate(form.certificates[0])
    expected = TST_INFO if form.content else ID_DATA
    return _attributes_agree(form, message_digest, expected) and _signature_right(signer, form)


def _attributes_agree(form: SignedForm, message_digest: bytes, content_type: str) -> bool:
    values: dict[str, Any] = {}
    for attribute in cms.CMSAttributes.load(form.signed_attributes, strict=True):
        name = attribute["type"].native
        if name in values or len(attribute["values"]) != 1:
            raise FormError("signed attribute twice")
        values[name] = attribute["values"][0]
    kind, digest = values.get("content_type"), values.get("message_digest")
    if kind is None or digest is None:
        return False
    return (
        kind.dotted == content_type
        and digest.native == message_digest
        and _names_signer(values, form.certificates[0])
    )


def _names_signer(values: dict[str, Any], certificate: bytes) -> bool:
    """Whether the signed attributes name the signer's certificate by its digest (RFC 5035, RFC 2634)."""
    if (attribute := values.get("signing_certificate_v2")) is not None:
        first = attribute["certs"][0]
        algorithm = hashlib.new(digest_name(first["hash_algorithm"]))
    elif (attribute := values.get("signing_certificate")) is not None:
        first, algorithm = attribute["certs"][0], hashlib.sha1(usedforsecurity=False)
    else:
        return False
    algorithm.update(certificate)
    return bool(first["cert_hash"].native == algorithm.digest())


def _signature_right(signer: x509.Certificate, form: SignedForm) -> bool:
    key = signer.public_key()
    algorithm = _HASHES[form.digest]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(form.signature, form.signed_attributes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(form.signature, form.signed_attributes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
