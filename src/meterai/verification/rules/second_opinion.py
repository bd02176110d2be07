"""pyHanko's judgement of a signature: the second opinion, which must agree with our own rules."""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import msgspec
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What pyHanko says of one of our signatures."""

    sound: bool
    """Intact, valid, trusted, its time stamp too."""
    later_changes: str
    """Greatest change after the signed revision: NONE, LTA_UPDATES, FORM_FILLING, ANNOTATIONS, OTHER."""
    changed_fields: frozenset[str]
    """Form fields changed afterwards."""
    permitted_level: int | None
    """DocMDP level of the signature or its lock (1 no changes, 2 form filling, 3 annotations), if any."""
    allowed: bool
    """Whether pyHanko finds the later changes allowed by DocMDP and FieldMDP."""


def ask(reader: Any, field: str, field_object: Any, roots_pem: tuple[str, ...], moment: datetime) -> Opinion:
    """Validates a signature as of `moment`, without any look-up on a network.

    Raises: whatever pyHanko raises on a structure that it refuses.
    """
    embedded = EmbeddedPdfSignature(reader, field_object, field)
    status = _drive(
        async_validate_pdf_signature(
            embedded,
            signer_validation_context=_context(roots_pem, moment),
            ts_validation_context=_context(roots_pem, moment),
            key_usage_settings=_USAGE,
        )
    )
    stamp = status.timestamp_validity
    stamped = stamp is None or (stamp.intact and stamp.valid and stamp.trusted)
    found = status.diff_result
    changes = found if isinstance(found, DiffResult) else DiffResult(ModificationLevel.OTHER, set())
    return Opinion(
        sound=bool(status.intact and status.valid and status.trusted and stamped),
        later_changes=changes.modification_level.name,
        changed_fields=frozenset(changes.changed_form_fields),
        permitted_level=embedded.docmdp_level.value if embedded.docmdp_level else None,
        allowed=status.docmdp_ok is True,
    )


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """What can be known of a signature whose issuer we do not know."""

    intact: bool
    certificates: tuple[bytes, ...]
    """DER, the signer's first; as carried by the signature, unchecked."""
    stated_time: datetime | None


def describe(reader: Any, field: str, field_object: Any) -> Stranger:
    """Checks the digest and the signature with the certificate inside; asks nothing about trust.

    Raises: whatever pyHanko raises on a structure that it can't read.
    """
    embedded = EmbeddedPdfSignature(reader, field_object, field)
    signed = embedded.signed_data
    kind = signed["encap_content_info"]["content_type"].native
    digest = embedded.compute_digest()
    if kind == "tst_info":
        digest = _token_digest(embedded, digest)
    intact, valid = validate_sig_integrity(
        embedded.signer_info, embedded.signer_cert, expected_content_type=kind, actual_digest=digest
    )
    certificates = (embedded.signer_cert, *embedded.other_embedded_certs)
    return Stranger(
        intact=bool(intact and valid),
        certificates=tuple(certificate.dump() for certificate in certificates),
        stated_time=_time_of(embedded, kind),
    )


def _token_digest(embedded: Any, file_digest: bytes) -> bytes:
    """Digest of the TSTInfo; empty (so that nothing matches) when it is not about this file."""
    content = embedded.signed_data["encap_content_info"]["content"]
    if content.parsed["message_imprint"]["hashed_message"].native != file_digest:
        return b""
    return hashlib.new(embedded.md_algorithm, bytes(content)).digest()


def _time_of(embedded: Any, kind: str) -> datetime | None:
    if kind == "tst_info":
        time = embedded.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    else:
        time = embedded.self_reported_timestamp
    return time if isinstance(time, datetime) and time.tzinfo is not None else None


def _context(roots_pem: tuple[str, ...], moment: datetime) -> ValidationContext:
    roots = [asn1_x509.Certificate.load(pem.unarmor(text.encode())[2]) for text in roots_pem]
    return ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)


def _drive[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never waits for anything: nothing is fetched, so there is nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("the validator waits for something outside")
