"""What came after a stamp of another issuer: we can't check that stamp, but we say what followed it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meterai.verification.model import Afterwards, Verdict
from tests.attacks.bases import SUM, Bases
from tests.attacks.harmless import archive_stamped, strange_stamp, with_metadata
from tests.attacks.saved import SEEN, new_content, other_page_tree, page_added
from tests.attacks.signing import BLANK, signed_by_somebody, with_archive_stamp
from tests.verification.making import letter

type Later = Callable[[Bases, bytes], bytes]
FOLLOWS: dict[str, tuple[Later, Afterwards]] = {
    "nothing": (lambda _, data: data, Afterwards.NOTHING),
    "CR LF": (lambda _, data: data + b"\r\n", Afterwards.NOTHING),
    "archive time stamp": (archive_stamped, Afterwards.ARCHIVE_DATA),
    "signature": (lambda _, data: signed_by_somebody(data, name="Ani", box=BLANK), Afterwards.SIGNATURES),
    **{name: (SEEN[name], Afterwards.CHANGES) for name in SEEN if not name.startswith(("stamp", "perm"))},
    "bytes behind the end": (lambda _, data: data + b"%", Afterwards.CHANGES),
    "content, then a signature": (
        lambda bases, data: signed_by_somebody(new_content(bases, data), name="Ani"),
        Afterwards.CHANGES,
    ),
    "a page, then an archive time stamp": (
        lambda bases, data: with_archive_stamp(page_added(bases, data), bases.time_stamper(bases.now)),
        Afterwards.CHANGES,
    ),
    "other pages, then a signature": (
        lambda bases, data: signed_by_somebody(other_page_tree(bases, data), name="Ani"),
        Afterwards.CHANGES,
    ),
}


@pytest.mark.parametrize("name", FOLLOWS)
@pytest.mark.parametrize("source", [lambda: letter(SUM), with_metadata], ids=["letter", "with metadata"])
def test_what_followed_a_foreign_stamp_is_said(bases: Bases, name: str, source: Callable[[], bytes]) -> None:
    make, afterwards = FOLLOWS[name]
    judgement = bases.judge(make(bases, strange_stamp(bases, source())))
    stamp = next(stamp for stamp in judgement.stamps if stamp.foreign)
    assert stamp.afterwards is afterwards
    assert judgement.verdict is Verdict.CANNOT_CHECK
    assert ("note.foreign_changed" in judgement.reasons) is (afterwards is Afterwards.CHANGES)
    assert ("note.foreign_changed" in stamp.problems) is (afterwards is Afterwards.CHANGES)


def test_a_stamp_of_ours_has_its_additions_for_that(bases: Bases) -> None:
    assert all(stamp.afterwards is None for stamp in bases.judge(bases["signed afterwards"]).stamps)
