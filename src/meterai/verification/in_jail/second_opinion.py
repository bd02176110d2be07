"""What pyHanko says: of changes after a signature, and of signatures whose issuer we do not know."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.sign.diff_analysis import (
    DiffResult,
    FormUpdatingRule,
    ModificationLevel,
    SigFieldModificationRule,
    StandardDiffPolicy,
)
from pyhanko.sign.diff_analysis.constants import VALUE_UPDATE_KEYS
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from meterai.pdf.signed.diff_rules import GLOBAL_RULES, NewFieldRule

_FILLING = SigFieldModificationRule(value_update_keys=VALUE_UPDATE_KEYS | {"/M", "/Border", "/DV"})
_POLICY = StandardDiffPolicy(
    GLOBAL_RULES,
    FormUpdatingRule([NewFieldRule(), _FILLING]),
)
"""pyHanko's policy, with three changes. Its rule for other form fields is left out, because it lets a face
be exchanged. Metadata and annotations that did not change are not examined. What Poppler writes into a
field that it fills is allowed here and examined in `additions`."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The changes to the document after one of our signatures."""

    level: str
    """The greatest change: NONE, LTA_UPDATES, FORM_FILLING, ANNOTATIONS, OTHER."""
    fields: frozenset[str]
    """Form fields that changed."""
    allowed: bool
    """Whether pyHanko finds the changes allowed by DocMDP and FieldMDP, the signed revision being intact."""


def changes_after(reader: Any, field: str, field_object: Any) -> Changes:
    """Compares each later revision with the signed one, which is slow if there are many.

    Raises: whatever pyHanko raises on a structure that it refuses.
    """
    embedded = EmbeddedPdfSignature(reader, field_object, field)
    embedded.compute_integrity_info(_POLICY)  # type: ignore[no-untyped-call]
    found = embedded.diff_result
    result = found if isinstance(found, DiffResult) else DiffResult(ModificationLevel.OTHER, set())
    return Changes(
        level=result.modification_level.name,
        fields=frozenset(result.changed_form_fields),
        allowed=embedded.summarise_integrity_info()["docmdp_ok"] is True,
    )


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """What can be known of a signature of an unknown issuer."""

    intact: bool
    certificates: tuple[bytes, ...]
    """DER, the signer's first, as the signature carries them; not checked."""
    stated_time: datetime | None


def describe(reader: Any, field: str, field_object: Any) -> Stranger:
    """Checks the digest, and the signature with the certificate inside. It says nothing about trust.

    Raises: whatever pyHanko raises on a structure that it cannot read.
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
    """Digest of the TSTInfo; empty, so that nothing matches, if it is not about this file."""
    content = embedded.signed_data["encap_content_info"]["content"]
    if content.parsed["message_imprint"]["hashed_message"].native != file_digest:
        return b""
    return hashlib.new(embedded.md_algorithm, bytes(content)).digest()


def _time_of(embedded: Any, kind: str) -> datetime | None:
    """The stated time. None also if nobody can read what the signer's program wrote: it is shown and
    proves nothing."""
    if kind == "tst_info":
        time = embedded.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    else:
        try:
            time = embedded.self_reported_timestamp
        except (PdfReadError, ValueError):
            return None
    return time if isinstance(time, datetime) and time.tzinfo is not None else None
