"""pyHanko's full validation of a file: what our own rules accept, it must accept too."""

# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor

from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    FormUpdatingRule,
    GenericFieldModificationRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
)
from pyhanko.sign.diff_analysis.constants import VALUE_UPDATE_KEYS
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from meterai.pdf.signed.reading import Reader
from meterai.verification.model import SEAL_HOLDS, Judgement, StampReport

_FIELD_RULES = (
    SigFieldCreationRule(),
    SigFieldModificationRule(value_update_keys=VALUE_UPDATE_KEYS | {"/M", "/Border"}),
    GenericFieldModificationRule(),
)
_POLICY = StandardDiffPolicy(DEFAULT_DIFF_POLICY.global_rules, FormUpdatingRule(_FIELD_RULES))
"""Its own, but for two entries that Poppler writes into a field that it fills."""
_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})


def agrees(data: bytes, judgement: Judgement, roots_pem: tuple[str, ...]) -> None:
    """Fails when a genuine file's stamp is unsound to pyHanko, or the quick reader read anything else."""
    if judgement.verdict not in SEAL_HOLDS:
        return
    for stamp in judgement.stamps:
        if not stamp.foreign:
            with ThreadPoolExecutor(1) as thread:  # a test may have an event loop already
                status = thread.submit(lambda s=stamp: asyncio.run(_validate(data, s, roots_pem))).result()
            assert_sound(status)
    assert _signatures(Reader(data)) == _signatures(_opened(data))


def _opened(data: bytes) -> PdfFileReader:
    """Strictly, but for what Poppler leaves behind."""
    return PdfFileReader(io.BytesIO(data), strict=not Reader(data).left_behind)


def assert_sound(status: PdfSignatureStatus) -> None:
    """Intact, valid, trusted, its time stamp too, and nothing happened later that it forbids."""
    assert status.intact, "digest"
    assert status.valid, "signature"
    assert status.trusted, "chain"
    assert status.docmdp_ok, "later changes"
    stamp = status.timestamp_validity
    assert stamp is not None
    assert stamp.intact, "time stamp's digest"
    assert stamp.valid, "time stamp's signature"
    assert stamp.trusted, "time stamp's chain"


async def _validate(data: bytes, stamp: StampReport, roots_pem: tuple[str, ...]) -> PdfSignatureStatus:
    reader = _opened(data)
    field = next(f for name, _, f in enumerate_sig_fields(reader) if name == stamp.field)
    roots = [asn1_x509.Certificate.load(pem.unarmor(text.encode())[2]) for text in roots_pem]
    contexts = [
        ValidationContext(trust_roots=roots, moment=stamp.stamped_at, allow_fetching=False) for _ in range(2)
    ]
    return await async_validate_pdf_signature(
        EmbeddedPdfSignature(reader, field, stamp.field),
        *contexts,
        diff_policy=_POLICY,
        key_usage_settings=_USAGE,
    )


def _signatures(reader: PdfFileReader) -> list[bytes]:
    found = []
    for _, value, _ in enumerate_sig_fields(reader):
        out = io.BytesIO()
        if value is not None:
            signature = value.get_object()
            assert isinstance(signature, generic.DictionaryObject)
            contents = signature.raw_get("/Contents").original_bytes
            entries = {k: v for k, v in signature.items() if k != "/Contents"}
            generic.DictionaryObject(entries).write_to_stream(out)
            out.write(contents)
        found.append(out.getvalue())
    return found
