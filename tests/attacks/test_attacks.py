"""A verifier that is never fooled: none of these files is genuine, and the genuine ones are."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.attacks import tables
from tests.attacks.bases import GENUINE, Bases
from tests.attacks.raw import anatomy, append, stream
from tests.attacks.suite import CLASSES, Attack
from tests.attacks.table import ATTACKS

from meterai.verification.model import Verdict
from meterai.verification.reasons import REASONS
from meterai.verification.rules.document import open_document
from meterai.verification.rules.second_reader import sees_no_more


@pytest.fixture(scope="module")
def named() -> Counter[Verdict]:
    """How often each verdict was given."""
    return Counter()


@pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_is_in_its_file_and_is_not_judged_genuine(
    bases: Bases, attack: Attack, named: Counter[Verdict]
) -> None:
    genuine = bases[attack.base]
    forged = attack.make(bases, genuine)
    assert attack.shows(genuine, forged), "the file is merely broken: it shows nothing"
    judgement = bases.judge(forged)
    named[judgement.verdict] += 1
    assert judgement.verdict is not Verdict.GENUINE
    assert all(code in REASONS for code in judgement.reasons)


def test_most_attacks_are_named_and_not_merely_found_unreadable(named: Counter[Verdict]) -> None:
    """A verifier that can't read anything would pass the test above."""
    if named.total() < len(ATTACKS):
        pytest.skip("not all attacks were judged in this run")
    assert named[Verdict.NOT_GENUINE] > 0.8 * len(ATTACKS)


@pytest.mark.parametrize("name", GENUINE)
def test_the_genuine_files_that_attacks_start_from_are_genuine(bases: Bases, name: str) -> None:
    """The third verdict on one of them fails the suite: it would make every refusal above worthless."""
    judgement = bases.judge(bases[name])
    assert judgement.verdict is Verdict.GENUINE, judgement.reasons
    assert judgement.reasons[0] == "genuine"


@pytest.mark.parametrize("name", tables.TWICE)
def test_qpdf_sees_what_pyhanko_does_not(bases: Bases, name: str) -> None:
    """Asked alone, where another rule already refuses the file."""
    genuine = bases["final"]
    for data, alike in (
        (tables.archived_by_hand(genuine), True),
        (tables.TWICE[name](bases, genuine), False),
        (append(genuine, {anatomy(genuine).content: stream(b"")}), True),  # pyHanko sees that, too
    ):
        assert sees_no_more(open_document(data), _revision(genuine), len(genuine)) is alike


def _revision(data: bytes) -> int:
    """The number of its last revision."""
    return int(open_document(data).reader.xrefs.total_revisions) - 1


def test_every_class_of_attacks_has_files() -> None:
    assert {attack.kind for attack in ATTACKS} == set(CLASSES)
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS) >= 90
