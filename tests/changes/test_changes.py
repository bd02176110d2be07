"""A sample of all kinds of change: no verdict is false. The whole: `python -m tests.changes`."""

from __future__ import annotations

from collections import defaultdict

import pytest

from meterai.pdf.profiles import Profile
from tests.attacks.bases import Bases
from tests.changes.files import Files
from tests.changes.kind import Kind
from tests.changes.matrix import sample
from tests.changes.pages import PAGES
from tests.changes.registry import KINDS

OF_A_SUBJECT = 5
"""Kinds of each subject that are tried here, evenly chosen. `tests/attacks` has tests of its own."""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(Bases.make(tmp_path_factory.mktemp("changes")))


def chosen() -> dict[str, list[Kind]]:
    subjects: dict[str, list[Kind]] = defaultdict(list)
    for kind in KINDS.values():
        if not kind.subject.startswith("attack"):
            subjects[kind.subject].append(kind)
    return {name: kinds[:: max(1, len(kinds) // OF_A_SUBJECT)] for name, kinds in subjects.items()}


@pytest.mark.everyday(one_in=3)
@pytest.mark.parametrize("subject", chosen())
def test_no_verdict_on_a_changed_file_is_false(files: Files, subject: str) -> None:
    outcomes = {kind.id: sample(files, kind) for kind in chosen()[subject]}
    assert not [kind for kind, found in outcomes.items() if found is None], "it applies nowhere"
    assert not [str(found) for found in outcomes.values() if found is not None and found.false]


def test_there_are_enough_kinds_pages_and_profiles() -> None:
    own = [kind for kind in KINDS.values() if not kind.subject.startswith("attack")]
    assert len(own) >= 500
    assert len(PAGES) == 13
    assert len(Profile) == 3
