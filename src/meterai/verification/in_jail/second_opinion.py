"""What pyHanko says: of changes after a signature, and of signatures whose issuer we do not know."""

from __future__ import annotations

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

from meterai.pdf.signed.diff_rules import GLOBAL_RULES, NewFieldRule
from meterai.pdf.signed.strange_signatures import StrangeSignature

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
    embedded = StrangeSignature(reader, field_object, field)
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

    intact: bool | None
    """None: it was made in a way that can't be checked (`pdf/signed/strange_signatures.py`)."""
    certificates: tuple[bytes, ...]
    """DER, the signer's first, as the signature carries them; not checked. Empty if that one is missing."""
    stated_time: datetime | None


def describe(reader: Any, field: str, field_object: Any) -> Stranger:
    """Checks the digest, and the signature with the certificate inside. It says nothing about trust.

    Raises: whatever pyHanko raises on a structure that it cannot read.
    """
    strange = StrangeSignature(reader, field_object, field)
    return Stranger(
        intact=strange.is_intact(), certificates=strange.certificates(), stated_time=_time_of(strange)
    )


def _time_of(strange: StrangeSignature) -> datetime | None:
    """The stated time. None also if nobody can read what the signer's program wrote: it is shown and
    proves nothing."""
    try:
        if strange.content_type == "tst_info":
            time = strange.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
        else:
            time = strange.self_reported_timestamp
    except (PdfReadError, ValueError):
        return None
    return time if isinstance(time, datetime) and time.tzinfo is not None else None
