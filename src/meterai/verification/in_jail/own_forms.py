"""Reads signatures whose certificates lead to our root: seals of ours, and hashes that we signed.

The certificate of a hash's key bears a mark, so that neither kind passes for the other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
from cryptography import x509

from meterai.pdf.signed.byte_range import without_padding
from meterai.signatures import certificate_chain
from meterai.signatures.cms import SignedForm, element_length, read_hash_signature, read_signature
from meterai.signatures.hash_attributes import is_for_hashes
from meterai.signatures.hash_signatures import verifies_hash
from meterai.signatures.time_stamp import check_token


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What the examination trusts."""

    roots: list[x509.Certificate]
    moment: datetime


class Making(NamedTuple):
    """Who built a signature of our chain, and what follows from it."""

    by_hash: bool
    """An adapter outside built the file, and we signed only its hash."""
    subfilters: frozenset[str]
    read: Callable[[bytes], SignedForm]
    verifies: Callable[[SignedForm, bytes], bool]
    """Whether the signature is over this digest."""


SEAL = Making(
    by_hash=False,
    subfilters=frozenset({"/ETSI.CAdES.detached"}),
    read=read_signature,
    verifies=certificate_chain.verifies,
)
HASH = Making(
    by_hash=True,
    subfilters=SEAL.subfilters | {"/adbe.pkcs7.detached"},
    read=read_hash_signature,
    verifies=verifies_hash,
)


class OwnForm(NamedTuple):
    """A signature of our chain in the form that its making allows. It may still be over other bytes."""

    form: SignedForm
    signer: x509.Certificate
    making: Making


def making_of(signer: x509.Certificate) -> Making:
    """What a signer's certificate of our chain is for. Raises: ValueError."""
    return HASH if is_for_hashes(signer) else SEAL


def read_form(content: bytes, making: Making) -> SignedForm:
    """Reads the gap's content, padding included. Raises: FormError, ShapeError."""
    return making.read(without_padding(content, element_length(content)))


def read_own(content: bytes, trust: Trusted) -> OwnForm | None:
    """Reads the gap's content; None if its certificates do not lead to a root of ours.

    Raises: FormError, ShapeError, ValueError for any other form.
    """
    form = read_form(content, HASH)  # of the two forms the wider one
    certificates = [certificate_chain.load_certificate(c) for c in form.certificates]
    if not certificate_chain.build_path(certificates, trust.roots, trust.moment, exact=False).leads_to_root:
        return None
    making = making_of(certificates[0])
    return OwnForm(form if making.by_hash else read_form(content, making), certificates[0], making)


def trust_rules(form: SignedForm, trust: Trusted) -> tuple[datetime | None, list[str]]:
    """The time of the stamp, and what is wrong with its time stamp and its chain."""
    if form.token is None:
        return None, ["time_stamp.missing"]
    stamp = check_token(form.token, form.signature, trust.roots, trust.moment)
    if stamp.problem or stamp.time is None:
        return stamp.time, [stamp.problem]
    certificates = [certificate_chain.load_certificate(c) for c in form.certificates]
    path = certificate_chain.build_path(certificates, trust.roots, stamp.time, exact=True)
    if not path.leads_to_root or path.problem:
        return stamp.time, [path.problem or "chain.unknown"]
    return stamp.time, [] if certificate_chain.may_stamp(certificates[0]) else ["chain.not_allowed"]
