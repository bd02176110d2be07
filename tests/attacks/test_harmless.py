"""A verifier that refuses everything is fooled by nobody and of use to nobody."""

from __future__ import annotations

import pytest
from tests.attacks.bases import Bases
from tests.attacks.harmless import VARIANTS, Variant

from meterai.verification.model import Verdict


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_an_unusual_file_gets_the_verdict_that_is_due(bases: Bases, variant: Variant) -> None:
    judgement = variant.trusting(bases).judge(variant.make(bases), bases.now + variant.later)
    assert judgement.verdict is variant.verdict, judgement.reasons
    assert set(variant.reasons) <= set(judgement.reasons)
    if variant.verdict is Verdict.GENUINE:
        assert judgement.reasons[0] == "genuine"
        assert all(stamp.intact for stamp in judgement.stamps)
