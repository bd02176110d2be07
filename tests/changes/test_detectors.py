"""Each function of the verifier that can object does so: without it a changed file passes."""

from __future__ import annotations

import pytest

from tests.attacks.bases import Bases
from tests.changes.detectors import deciding, switched_off
from tests.changes.files import Files
from tests.changes.matrix import judged
from tests.changes.proofs import PARTS, PROOFS
from tests.changes.registry import KINDS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(Bases.make(tmp_path_factory.mktemp("detectors")))


@pytest.mark.everyday(one_in=5)
@pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")
@pytest.mark.parametrize("name", PROOFS)
def test_a_changed_file_passes_when_a_detector_is_off(files: Files, name: str) -> None:
    """With the others off that object too, it alone refuses the file."""
    proof = PROOFS[name]
    start, kind = files.start(proof.page, proof.profile), KINDS[proof.kind]
    data = kind.make(start)
    assert data is not None
    with switched_off(dict(proof.also)):
        assert judged(files, data).verdict in kind.right(start)
    with switched_off({**proof.also, name: proof.answer}):
        assert judged(files, data).verdict not in kind.right(start)


def test_each_detector_has_a_proof() -> None:
    """A new function that answers yes or no, or refuses a file, must be proven or be a part of another."""
    assert deciding().keys() - PROOFS.keys() - PARTS == set()
    assert PROOFS.keys() | PARTS <= deciding().keys(), "gone"
