"""What was counted as free may be taken meanwhile: then it is counted again, a few times."""

from __future__ import annotations

import pytest

from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger.recounting import retry_with_new_count


@pytest.mark.parametrize(
    ("codes", "tries", "outcome"),
    [
        ([], 1, "reserved"),
        (["ledger.insufficient"] * 4, 5, "reserved"),
        (["ledger.insufficient"] * 5, 5, "ledger.insufficient"),
        (["ledger.insufficient", "quota.empty"], 2, "quota.empty"),
    ],
)
async def test_what_is_free_is_counted_anew_while_others_take_of_it(
    codes: list[str], tries: int, outcome: str
) -> None:
    """`quota.empty`: the second comer is told what is left, not that something failed."""
    tried = 0

    async def reserve() -> str:
        nonlocal tried
        tried += 1
        if tried <= len(codes):
            raise Refusal(Kind.CONFLICT, codes[tried - 1])
        return "reserved"

    try:
        told = await retry_with_new_count(reserve)
    except Refusal as refusal:
        told = refusal.code
    assert (told, tried) == (outcome, tries)
