"""A verifier that is never fooled: none of these files is genuine, and the genuine ones are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace

import msgspec
import pytest

from meterai.texts.reasons import REASONS
from meterai.verification.in_jail import afterwards
from meterai.verification.in_jail.document import Unreadable, open_document
from meterai.verification.in_jail.revisions import closes, only_whole_revisions, signed_revision
from meterai.verification.in_jail.second_reader import sees_no_more
from meterai.verification.model import SEAL_HOLDS, Verdict
from tests.attacks import tables
from tests.attacks.bases import GENUINE, Bases
from tests.attacks.raw import Anatomy, anatomy, append, edited, stream
from tests.attacks.suite import CLASSES, Attack
from tests.attacks.table import ATTACKS


@pytest.fixture(scope="module")
def named() -> Counter[Verdict]:
    """How often each verdict was given."""
    return Counter()


@pytest.mark.everyday(one_in=5)
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
    assert judgement.verdict not in SEAL_HOLDS
    assert all(code in REASONS for code in judgement.reasons)


def test_most_attacks_are_named_and_not_merely_found_unreadable(named: Counter[Verdict]) -> None:
    """A verifier that can't read anything would pass the test above."""
    if named.total() < len(ATTACKS) / 10:
        pytest.skip("few attacks were judged in this run")
    assert named[Verdict.NOT_GENUINE] > 0.8 * named.total()


@pytest.mark.parametrize("name", GENUINE)
def test_the_genuine_files_that_attacks_start_from_are_genuine(bases: Bases, name: str) -> None:
    """The third verdict on one of them fails the suite: it would make every refusal above worthless."""
    judgement = bases.judge(bases[name])
    has_additions = name in ("signed afterwards", "stamped again")
    due = Verdict.WITH_ADDITIONS if has_additions else Verdict.GENUINE
    assert judgement.verdict is due, judgement.reasons
    assert judgement.reasons[0] == ("file.additions" if has_additions else "genuine")


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


QPDF_READS: dict[str, Callable[[Anatomy, bytes], dict[int, bytes]]] = {
    "other content": lambda parts, _: {parts.content: stream(b"1 1 1 rg")},
    "a signature with another reason": lambda parts, data: {
        parts.signature: edited(data, parts.signature, {"/Reason": b"(another)"})
    },
    "a script in the catalog": lambda parts, data: {
        parts.root: edited(data, parts.root, {"/OpenAction": b"<< /S /JavaScript /JS (1) >>"})
    },
    "other content of a page": lambda parts, data: {
        parts.page: edited(data, parts.page, {"/Contents": b"%d 0 R" % parts.size})
    },
}


@pytest.mark.parametrize("reads", QPDF_READS.values(), ids=QPDF_READS)
def test_qpdf_compares_objects_catalog_and_pages(
    bases: Bases, reads: Callable[[Anatomy, bytes], dict[int, bytes]]
) -> None:
    """What pyHanko reads is a revision that names the catalog and a page and changes neither."""
    genuine = bases["two contents, approval"]
    parts = anatomy(genuine)
    named = {number: edited(genuine, number, {}) for number in (parts.root, parts.page)}
    named[parts.size] = stream(b"0")
    harmless = open_document(append(genuine, named))
    for data, alike in (
        (harmless.data, True),
        (append(genuine, {**named, **reads(parts, genuine)}), False),
    ):
        document = msgspec.structs.replace(harmless, data=data)
        assert sees_no_more(document, _revision(genuine), len(genuine)) is alike


def test_qpdf_compares_streams_by_their_bytes_and_by_their_entries(bases: Bases) -> None:
    genuine = append(bases["final"], {anatomy(bases["final"]).content: stream(b"0 g")})
    harmless = open_document(tables.archived_by_hand(genuine))
    content = anatomy(genuine).content
    for other in (stream(b"1 g"), stream(b"0 g", b"/Filter /ASCIIHexDecode")):
        document = msgspec.structs.replace(harmless, data=append(genuine, {content: other}))
        assert not sees_no_more(document, _revision(genuine), len(genuine))


def test_what_qpdf_alone_sees_is_the_third_verdict(bases: Bases, monkeypatch: pytest.MonkeyPatch) -> None:
    archived = tables.archived_by_hand(bases["final"])
    assert bases.judge(archived).verdict is Verdict.GENUINE
    monkeypatch.setattr(afterwards, "sees_no_more", lambda *_: False)
    judgement = bases.judge(archived)
    assert (judgement.verdict, judgement.reasons) == (Verdict.CANNOT_CHECK, ("pdf.ambiguous",))


@pytest.mark.parametrize("name", tables.TWICE)
def test_a_catalog_named_twice_is_ambiguous_before_qpdf_is_asked(bases: Bases, name: str) -> None:
    genuine = bases["final"]
    document = open_document(tables.TWICE[name](bases, genuine))
    with pytest.raises(Unreadable, match=r"pdf\.ambiguous"):
        only_whole_revisions(document, _revision(genuine), len(genuine))
    behind = open_document(tables.TWICE[name](bases, tables.archived_by_hand(genuine)))
    with pytest.raises(Unreadable, match=r"pdf\.ambiguous"):
        only_whole_revisions(behind, _revision(genuine), len(genuine))  # a plain one comes first


def test_what_follows_a_stamp_begins_behind_it_and_ends_with_a_revision(bases: Bases) -> None:
    genuine = bases["final"]
    archived = tables.archived_by_hand(genuine)
    document, signed = open_document(archived), _revision(genuine)
    assert only_whole_revisions(document, signed, len(genuine))
    table = anatomy(archived).table
    assert not only_whole_revisions(document, signed, table + 1), "a table in the signed bytes"
    twice = open_document(tables.archived_by_hand(archived))
    assert only_whole_revisions(twice, signed, len(genuine))
    assert not only_whole_revisions(twice, signed, table + 1), "the first of two tables there"
    ended = msgspec.structs.replace(document, data=archived + b"%%EOF\n")
    assert not only_whole_revisions(ended, signed + 1, len(archived)), "no revision"
    behind = msgspec.structs.replace(document, data=archived + b"% more\n")
    assert not only_whole_revisions(behind, signed, len(genuine)), "bytes behind the last one"


def test_a_revision_is_closed_by_the_signature_that_was_made_in_it_and_signs_all_of_it(bases: Bases) -> None:
    """Each finding is about another file than the genuine one."""
    revision = _revision(bases["two"])

    def told(
        number: int = revision, end: int | None = 0, **otherwise: Callable[[int], object]
    ) -> tuple[bool, int | None]:
        document = open_document(bases["two"])
        signature, xrefs = document.signatures[-1], document.reader.xrefs
        shape = signature.byte_range
        assert shape is not None
        for name, changed in otherwise.items():
            setattr(xrefs, name, lambda asked, changed=changed: changed(asked))
        shorter = None if end is None else msgspec.structs.replace(shape, end=shape.end - end)
        signature = msgspec.structs.replace(signature, byte_range=shorter)
        signed = signed_revision(document, signature) if shorter else None
        return closes(document, signature, number), signed

    def ends(which: int) -> Callable[[int], object]:
        """A section of that number ends behind the signed bytes."""
        beyond = len(bases["two"]) + 1
        return lambda number: SimpleNamespace(end_location=beyond if number == which else 1)

    assert told() == told(get_xref_container_info=ends(revision + 1)) == (True, revision)
    assert told(end=None) == (False, None)
    assert told(end=8) == (False, None), "the end is cut off"
    assert told(revision + 1) == (False, revision), "there is no such revision"
    assert told(get_startxref_for_revision=lambda _: 9) == (False, None), "another table"
    assert told(get_last_change=lambda _: revision - 1) == (False, None), "made before"
    assert told(get_xref_container_info=ends(revision)) == (False, None)
    assert told(get_xref_container_info=ends(0)) == (True, None), "an earlier section lies behind it"


def _revision(data: bytes) -> int:
    """The number of its last revision."""
    return int(open_document(data).reader.xrefs.total_revisions) - 1


def test_every_class_of_attacks_has_files() -> None:
    assert {attack.kind for attack in ATTACKS} == set(CLASSES)
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS) >= 90
