"""For each function of the verifier that can object: a change that passes when the function is switched off.

Several functions object to the same changes. Then `also` names those that must be off, too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from meterai.pdf.profiles import Profile
from meterai.pdf.signed.byte_range import ByteRange
from meterai.verification.in_jail import document
from meterai.verification.in_jail.document import Document, Unreadable


class Proof(NamedTuple):
    """What the function answers when it is off, and the change that it alone then refuses no more."""

    answer: Any
    kind: str
    page: str = "form"
    profile: Profile = Profile.SIGN_LATER
    also: Mapping[str, Any] = {}


def _any_number_of_pages(data: bytes) -> Document:
    """Opens the document without a limit for its pages."""
    with patch.object(document, "PAGES_MAX", sys.maxsize):
        return _OPEN(data)


def _walk_on(*arguments: Any) -> Iterator[document.Page]:
    """The pages below a node; none where the true function objects."""
    with suppress(Unreadable):
        yield from _WALK(*arguments)


def _as_stated(_: bytes, numbers: list[int]) -> ByteRange:
    """The byte range that a signature states."""
    _first, length, second, rest = numbers
    return ByteRange(gap_start=length, gap_end=second, end=second + rest)


def _of_any_shape(data: bytes, *arguments: Any) -> document.Signature:
    """A signature whose gap is read as it is."""
    found = _SIGNATURE(data, *arguments)
    shape = _as_stated(data, [int(n) for n in found.object["/ByteRange"]])
    content = bytes.fromhex(data[shape.gap_start + 1 : shape.gap_end - 1].decode())
    return msgspec.structs.replace(found, byte_range=shape, content=content)


_OPEN, _WALK, _SIGNATURE = document.open_document, document._walk, document._signature
_CHECK = "in_jail.afterwards:_check_changes"
_WRONGLY = "sealed by our key, wrongly: "
_OWN = "attack on its own file: "
_OVER = "stranger over ink: black over the amount"
_STAMP_OVER = "second stamp of ours over ink: over the amount"
_ZEROS = "stranger behind the amount: three zeros"
_NAME = "prepared field: white over the name"
_WHITE = "contents: white rectangle over the amount"
_CODE = "machine-readable code: of a stamp"
_COPY = "copy of the stamp: 30 points, its code barred"
_LARGE = "stranger's clause: a sixth of the page"
_STRANGER = "stranger over a stranger: white over black"
_ALLOWED, _OBJECTS = "in_jail.afterwards:_is_allowed", "in_jail.overwritten:only_known_objects_changed"
_DIFFER = "in_jail.looks.rendered:differ"

PROOFS: dict[str, Proof] = {
    "in_jail.additions:_borrows": Proof(
        False, _OWN + "sneaky signature, field with a form of the page's in a layer", "letter"
    ),
    "in_jail.additions:_extensions_are_plain": Proof(True, "catalog: extensions with a script"),
    "in_jail.additions:_face_is_plain": Proof(
        True, "attack: sneaky signature, field with two faces and a state"
    ),
    "in_jail.additions:_fields_are_plain": Proof(
        True, "attack: archive, unsigned field with a script when its page opens"
    ),
    "in_jail.additions:_form_is_alike": Proof(True, "form fields: to be drawn by the reader"),
    "in_jail.additions:_has_clear_place": Proof(
        True,
        "attack: archive, time stamp's field with a place of five numbers",
        also={"in_jail.additions:_is_plain": True},
    ),
    "in_jail.additions:_has_layers": Proof(
        False, _OWN + "sneaky signature, field with a form in a layer", "letter"
    ),
    "in_jail.additions:_is_plain": Proof(
        True, "attack: sneaky signature, field of a fixed size at every zoom"
    ),
    "in_jail.additions:_keeps_its_order": Proof(
        True, _OWN + "archive, signature, notes in another order", "letter"
    ),
    "in_jail.additions:_same_but": Proof(True, "form fields: to be drawn by the reader"),
    "in_jail.additions:_stays_upright": Proof(False, "signed later: by Poppler, on blank paper", "rotated"),
    "in_jail.additions:only_plain_additions": Proof(True, "catalog: extensions with a script"),
    _CHECK: Proof([], _WHITE),
    "in_jail.afterwards:_are_signatures": Proof(
        True, _OWN + "sneaky signature, beside it another signature's face exchanged", "letter"
    ),
    _ALLOWED: Proof(True, _WHITE, also={_OBJECTS: True, _DIFFER: False}),
    "in_jail.afterwards:_is_drawn": Proof(False, "archive: a time stamp with a face"),
    "in_jail.afterwards:_is_left_alone": Proof(
        True, _OWN + "sneaky signature, beside it another signature's face exchanged", "letter"
    ),
    "in_jail.afterwards:_only_stamps_between": Proof(True, _STAMP_OVER),
    "in_jail.afterwards:_took_a_place": Proof(
        False, _OWN + "two stamps, second stamp as an archive time stamp", "letter", also={_CHECK: []}
    ),
    "in_jail.afterwards:check_afterwards": Proof([], _WHITE),
    "in_jail.document:_signature": Proof(_of_any_shape, "bytes overwritten: digits in another case"),
    "in_jail.document:_walk": Proof(_walk_on, _WRONGLY + "a page tree that names itself"),
    "in_jail.document:check_envelope": Proof(None, _WRONGLY + "larger than we check"),
    "in_jail.document:open_document": Proof(_any_number_of_pages, _WRONGLY + "more pages than we count"),
    "in_jail.history:stamps_removed": Proof(
        False, _OWN + "two stamps, second dropped", "letter", also={_CHECK: []}
    ),
    "in_jail.judging:_foreign_stamps_follow": Proof(
        False, "attack: sneaky signature, as a stamp of another authority"
    ),
    "in_jail.looks.boxes:lies_in": Proof(True, _CODE),
    "in_jail.looks.boxes:overlap": Proof(False, _STRANGER),
    "in_jail.looks.comparison:_Comparison._differs": Proof(
        False, _WHITE, also={_ALLOWED: True, _OBJECTS: True}
    ),
    "in_jail.looks.comparison:_Comparison._judge": Proof([], _OVER),
    "in_jail.looks.comparison:_Comparison.problems": Proof([], _OVER),
    "in_jail.looks.comparison:check_looks": Proof([], _OVER),
    "in_jail.looks.faces:covers": Proof(False, _STRANGER),
    "in_jail.looks.faces:is_beside": Proof(False, "stranger beside a comment: to its right", "commented"),
    "in_jail.looks.hidden_ink:hides_ink": Proof(False, _NAME),
    "in_jail.looks.judged_faces:PageFaces._hides": Proof(False, _NAME),
    "in_jail.looks.judged_faces:PageFaces._is_over_ink": Proof(False, _STAMP_OVER),
    "in_jail.looks.judged_faces:PageFaces._is_unclear": Proof(False, _LARGE),
    "in_jail.looks.judged_faces:PageFaces._judge_codes": Proof([], _CODE),
    "in_jail.looks.judged_faces:PageFaces._judge_offered": Proof([], _NAME),
    "in_jail.looks.judged_faces:PageFaces.judge": Proof([], _OVER),
    "in_jail.looks.judged_faces:_are_large": Proof(
        False,
        "attack: sneaky signature, field that takes a fifth of the page",
        also={"in_jail.looks.judged_faces:_is_larger": False},
    ),
    "in_jail.looks.judged_faces:_is_larger": Proof(False, _LARGE),
    "in_jail.looks.offered:is_offered": Proof(True, _ZEROS),
    _DIFFER: Proof(False, _WHITE, also={_ALLOWED: True, _OBJECTS: True}),
    "in_jail.looks.stamp_likeness:is_like_a_stamp": Proof(False, _COPY),
    "in_jail.looks.stamp_pictures:shows_a_stamp": Proof(False, _COPY),
    "in_jail.looks.text_lines:_has_letters": Proof(
        False, _ZEROS, also={"in_jail.looks.text_lines:_has_marks": False}
    ),
    "in_jail.looks.text_lines:_has_marks": Proof(False, _ZEROS, "scan"),
    "in_jail.looks.text_lines:_has_upright_letters": Proof(
        False, "stranger behind the amount: before the first word", "rotated"
    ),
    "in_jail.looks.text_lines:is_on_text_line": Proof(False, _ZEROS),
    "in_jail.metadata:_information_is_kept": Proof(True, "information overwritten: title"),
    "in_jail.metadata:says_the_same": Proof(True, "information overwritten: title"),
    _OBJECTS: Proof(True, _WHITE, also={_ALLOWED: True, _DIFFER: False}),
    "in_jail.revisions:_is_plain": Proof(True, "attack: tables, content of an unknown type"),
    "in_jail.revisions:_streams_are_plain": Proof(True, "attack: tables, page in an object stream, unnamed"),
    "in_jail.revisions:only_whole_revisions": Proof(True, "length: a letter behind"),
    "in_jail.second_reader:sees_no_more": Proof(
        True,
        "attack: tables, catalog twice in an object stream",
        "letter",
        also={"in_jail.revisions:_is_plain": True},
    ),
    "in_jail.stamps:_name_problems": Proof(
        [], "second stamp of ours, wrong: a serial with a wrong check character"
    ),
    "in_jail.steps:_is_filling": Proof(True, _STAMP_OVER),
    "in_jail.steps:_permits_filling": Proof(True, _WRONGLY + "after a stamp that closes the document"),
    "in_jail.steps:only_stamps_between": Proof(True, _STAMP_OVER),
    "pdf.signed.accepted_tables:is_hybrid": Proof(
        False, _WRONGLY + "a table and a stream that contradict each other"
    ),
    "pdf.signed.byte_range:check_belongs": Proof(
        None,
        "stamp's signature: another time",
        also={"in_jail.history:_is_known": True, _CHECK: []},
    ),
    "pdf.signed.byte_range:gap_content": Proof(
        lambda data, place: bytes.fromhex(data[place.gap_start + 1 : place.gap_end - 1].decode()),
        "bytes overwritten: digits in another case",
    ),
    "pdf.signed.byte_range:read_byte_range": Proof(_as_stated, _WRONGLY + "with a comment behind the end"),
    "pdf.signed.byte_range:without_padding": Proof(
        lambda content, length: content[:length], "bytes overwritten: a digit of the gap's padding"
    ),
    "pdf.signed.diff_rules:_check_metadata": Proof(None, "metadata: an entity"),
    "pdf.signed.diff_rules:metadata_untouched": Proof(True, "metadata: gone", "tagged"),
    "pdf.signed.reading:Reader._refers_to_left_behind": Proof(
        False, "attack: tables, a face left behind, called by its first generation"
    ),
    "pdf.signed.strange_signatures:StrangeSignature._states": Proof(
        True, "stranger without a certificate: a digest of other bytes"
    ),
}

PARTS = frozenset(
    {
        "in_jail.added:_counts", "in_jail.additions:_is_nowhere", "in_jail.additions:_is_reference",
        "in_jail.additions:_names_in",
        "in_jail.history:_has_form", "in_jail.history:_has_root", "in_jail.history:_is_known",
        "in_jail.looks.faces:_has_look",
        "in_jail.looks.faces:has_face", "in_jail.looks.machine_codes:Code.touches",
        "in_jail.looks.pages_to_draw:_Walk.has_changed", "in_jail.looks.pages_to_draw:_Walk.meets",
        "in_jail.looks.pages_to_draw:_is_drawn_by_readers", "in_jail.looks.scan_copies:_is_plain_jpeg",
        "in_jail.looks.stamp_likeness:_is_nearly_square", "in_jail.looks.text_lines:_is_scan",
        "in_jail.looks.text_lines:_is_text", "in_jail.looks.text_lines:_is_text_high",
        "in_jail.looks.text_lines:_meet", "in_jail.looks.text_lines:_runs_up", "in_jail.metadata:_is_noted",
        "in_jail.metadata:_texts", "in_jail.overwritten:_differs", "in_jail.picture_codes:_is_large",
        "in_jail.revisions:_is_object_stream", "in_jail.revisions:closes", "in_jail.steps:_is_new",
        "in_jail.steps:_is_new_face", "in_jail.steps:_same", "in_jail.steps:_was_filled",
        "in_jail.traces:_any_object", "in_jail.traces:_is_stamp", "in_jail.traces:_is_trace",
        "in_jail.traces:_was_moved", "in_jail.traces:shows_a_moved_stamp", "in_jail.traces:shows_a_stamp",
        "in_jail.traces:shows_no_signature", "pdf.signed.accepted_tables:_reaches",
        "pdf.signed.accepted_tables:_repeats", "pdf.signed.accepted_tables:_same_trailer",
        "pdf.signed.byte_range:was_moved", "pdf.signed.diff_rules:NewFieldRule.apply",
        "pdf.signed.diff_rules:_annotations", "pdf.signed.diff_rules:_compare_pages",
        "pdf.signed.diff_rules:_joined", "pdf.signed.diff_rules:is_same", "pdf.signed.reading:_is_stand_in",
        "pdf.signed.revision_views:RevisionView.is_ref_unassignable",
    }
)  # fmt: skip
"""Functions that answer a question of one of those above, choose words, or permit what pyHanko asks about."""
