"""A verifier that refuses everything is fooled by nobody and of use to nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.archive_extension import extend
from meterai.stamping.in_jail.increment import IncrementWriter
from meterai.stamping.requests import ExtendRequest
from meterai.verification.in_jail import judge
from meterai.verification.model import SEAL_HOLDS, JudgeRequest, Verdict
from tests.attacks.bases import Bases
from tests.attacks.harmless import VARIANTS, Variant
from tests.attacks.raw import stream
from tests.attacks.signing import BLANK, signed_by_somebody
from tests.verification.making import assemble

RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
METADATA = {
    "without the outermost element": RDF,
    "with an element of old": b'<x:xapmeta xmlns:x="adobe:ns:meta/">%s</x:xapmeta>' % RDF,
    "broken off": b"<x:xmpmeta>",
    "empty": b"",
}


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_an_unusual_file_gets_the_verdict_that_is_due(bases: Bases, variant: Variant) -> None:
    judgement = variant.trusting(bases).judge(variant.make(bases), bases.now + variant.later)
    assert judgement.verdict is variant.verdict, judgement.reasons
    assert set(variant.reasons) <= set(judgement.reasons)
    if variant.verdict in SEAL_HOLDS:
        has_additions = variant.verdict is Verdict.WITH_ADDITIONS
        assert judgement.reasons[0] == ("file.additions" if has_additions else "genuine")
        assert bool(judgement.additions) is has_additions
        assert all(stamp.intact for stamp in judgement.stamps)


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
@pytest.mark.parametrize("profile", Profile)
def test_metadata_that_nobody_touched_are_no_change(bases: Bases, metadata: bytes, profile: Profile) -> None:
    """pyHanko's own policy wants them in one form: it isn't asked here."""
    source = _with(metadata)
    if profile is Profile.SIGNED:
        source = signed_by_somebody(source, writing=IncrementWriter)
    stamped = bases.sealed(source, profile=profile)[0]
    if profile is Profile.SIGN_LATER:
        stamped = signed_by_somebody(stamped, box=BLANK, writing=IncrementWriter)
    request = ExtendRequest(
        data=stamped, certificates=[], crls=[], ocsp_responses=[], token_bytes=0, identity=bytes(16)
    )
    for data in (stamped, extend(request).data):
        judgement = judge(JudgeRequest(data=data, trust=bases.stamper.trust, moment=datetime.now(UTC)))
        due = Verdict.WITH_ADDITIONS if profile is Profile.SIGN_LATER else Verdict.GENUINE
        assert judgement.verdict is due, judgement.reasons


def _with(metadata: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /Resources << >> /MediaBox [0 0 595 842] >>"
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Metadata 4 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            page,
            stream(metadata, b"/Type /Metadata /Subtype /XML"),
        ]
    )
