"""Puts the certificates of a key into order, or says which of them does not sign which."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from meterai.signatures.certificate_chain import common_name, short_name


def in_order(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Returns the key's certificate, then the one that signed it, and so on; roots that were given come last.

    Raises: ValueError, in words, when one certificate is missing, or one too many is there.
    """
    given = list(dict.fromkeys(chain))
    ordered = [_of_key(given, roots)]
    while ordered[-1] not in roots and not any(_signed(root, ordered[-1]) for root in roots):
        issuer = next((one for one in given if _signed(one, ordered[-1])), None)
        if issuer is None or issuer in ordered:
            raise ValueError(_why_unsigned(ordered[-1], given, roots))
        ordered.append(issuer)
    rest = [one for one in given if one not in ordered]
    for stray in rest:
        if stray not in roots:
            raise ValueError(
                f"'{common_name(stray)}' signed none of the certificates from '{common_name(ordered[0])}' up "
                "to the root: take it out of the file"
            )
    return [*ordered, *rest]


def _of_key(given: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate that signed no other, and is no authority's."""
    found = [one for one in given if one not in roots and not any(_signed(one, other) for other in given)]
    own = [one for one in found if not _is_authority(one)] or found or list(given)
    if len(own) > 1 and not any(_is_authority(one) for one in own):
        names = " and ".join(f"'{common_name(one)}'" for one in own)
        raise ValueError(f"the file holds the certificates of several keys, {names}: give one key at a time")
    return own[0]


def _why_unsigned(
    certificate: x509.Certificate, given: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> str:
    name, issuer = common_name(certificate), short_name(certificate.issuer)
    for place, pool in (("the file", given), ("pki/trust/root.pem", roots)):
        if any(one.subject == certificate.issuer and one != certificate for one in pool):
            return (
                f"the '{issuer}' in {place} did not sign '{name}': it has the name, but another key. Ask the "
                "authority for the certificate that did"
            )
    if certificate.subject == certificate.issuer:
        return f"'{name}' signs itself and is not in pki/trust/root.pem, so no verifier trusts it"
    return (
        f"'{name}' was signed by '{issuer}', which is neither in the file nor in pki/trust/root.pem: add "
        "that certificate"
    )


def _signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether `issuer` signed `certificate`, another one."""
    if issuer == certificate or issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
