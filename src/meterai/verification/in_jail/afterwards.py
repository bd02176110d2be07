"""Decides what happened to a document after it was stamped, and whether the stamp's profile allows it."""

from __future__ import annotations

from meterai.signatures.stamp_names import STAMP_FIELD
from meterai.verification.in_jail.added import first_seal
from meterai.verification.in_jail.additions import only_plain_additions
from meterai.verification.in_jail.document import Document, Unreadable
from meterai.verification.in_jail.history import stamps_removed
from meterai.verification.in_jail.looks.comparison import Since, check_looks
from meterai.verification.in_jail.revisions import only_whole_revisions, signed_revision
from meterai.verification.in_jail.second_opinion import Changes, changes_after
from meterai.verification.in_jail.second_reader import sees_no_more
from meterai.verification.in_jail.stamps import Examined
from meterai.verification.in_jail.steps import only_stamps_between
from meterai.verification.model import FaceLimits

_ARCHIVING = ("NONE", "LTA_UPDATES")


def check_afterwards(document: Document, examined: list[Examined], limits: FaceLimits) -> list[str]:
    """Reason codes of what is wrong with the whole file, if it has stamps of ours.

    A first stamp that covers the whole file settles it: the file is what was sealed. The last stamp settles
    it too, if only stamps of ours lie between, each filling its field. Otherwise only archive data may follow
    each stamp (document security store, document time stamps: ETSI EN 319 142-1, 5.4-5.5). Further intact
    signatures may follow a stamp that is not final. All pages must look as they did before.
    """
    ours = [e for e in examined if e.ours]
    open_places = document.open_stamp_fields or any(_took_a_place(document, e, ours) for e in examined)
    problems = ["stamp.incomplete"] if open_places else []
    serials = [e.signature.serial for e in ours]
    if len(serials) != len(set(serials)):
        problems.append("stamp.serial_twice")
    if stamps_removed(document):
        problems.append("stamp.removed")
    if _end(ours[0]) != len(document.data):
        open_ones = _open_ones(document, ours)
        if len(open_ones) > 1 or _end(open_ones[0]) != len(document.data):
            problems += _check_changes(document, examined, open_ones, limits)
    return problems


def _open_ones(document: Document, ours: list[Examined]) -> list[Examined]:
    """The stamps after which everything must be compared.

    The last seal stands for the others when each step between them is a mere filling of a field: what it
    allows to follow they allow too, for none of them closes the document or locks a field.
    """
    seals = [e for e in ours if not e.by_hash]
    if not seals or not _only_stamps_between(document, seals):
        return ours
    return [e for e in ours if e.by_hash or e is seals[-1]]


def _took_a_place(document: Document, examined: Examined, ours: list[Examined]) -> bool:
    """Whether a signature that others made fills a field that one of our seals reserved for a stamp."""
    signature, xrefs = examined.signature, document.reader.xrefs
    if signature.byte_range is None or not STAMP_FIELD.fullmatch(signature.field):
        return False
    if examined.ours:
        ours = [own for own in ours if examined.by_hash and not own.by_hash]
    made = xrefs.get_introducing_revision(signature.field_object.reference)
    place = xrefs.get_xref_container_info(made).start_location
    return any(place < _end(own) < signature.byte_range.end for own in ours)


def _only_stamps_between(document: Document, ours: list[Examined]) -> bool:
    return all(e.report.intact for e in ours) and only_stamps_between(document, [e.signature for e in ours])


def _check_changes(
    document: Document, examined: list[Examined], ours: list[Examined], limits: FaceLimits
) -> list[str]:
    later = [e for e in examined[examined.index(ours[0]) + 1 :] if e.signature.byte_range is not None]
    signed = signed_revision(document, ours[0].signature)
    if signed is None or not only_whole_revisions(document, signed, _end(ours[0])):
        return ["file.changed_after"]
    allowed = all(_is_allowed(document, stamp, later) for stamp in ours if _end(stamp) != len(document.data))
    people = [e for e in later if not (e.ours or e.signature.document_time_stamp)]
    if (
        allowed
        and all(_is_left_alone(document, person, later) for person in people)
        and only_plain_additions(document, signed, _fields([e for e in ours if not e.by_hash]))
        and not any(_is_drawn(e) for e in later)
    ):
        if not sees_no_more(document, signed, _end(ours[0])):
            raise Unreadable("pdf.ambiguous")
        seal = first_seal(document, examined)
        return check_looks(document, Since(signed, _end(ours[0]), later), seal, limits)
    return ["file.changed_after"]


def _fields(examined: list[Examined]) -> frozenset[str]:
    return frozenset(e.signature.field for e in examined)


def _is_drawn(examined: Examined) -> bool:
    """Whether a document time stamp has a face. It should have none (ETSI EN 319 142-1, 5.4.3)."""
    return examined.signature.document_time_stamp and examined.signature.box is not None


def _is_allowed(document: Document, stamp: Examined, later: list[Examined]) -> bool:
    changes = _changes_after(document, stamp)
    if not changes.allowed:
        return False
    if changes.level in _ARCHIVING:
        return True
    # Form filling is too wide a word: it would let the face of any field be swapped. Only signatures pass,
    # and behind the last one only archive data.
    return _are_signatures(changes, later) and (
        _end(later[-1]) == len(document.data) or _changes_after(document, later[-1]).level in _ARCHIVING
    )


def _are_signatures(changes: Changes, later: list[Examined]) -> bool:
    """Whether only fields were filled, each with a signature that is not broken.

    One that can't be checked proves as little as one by an unknown certificate.
    """
    signed = {e.signature.field for e in later if e.report.intact is not False}
    return changes.level == "FORM_FILLING" and changes.fields <= signed


def _is_left_alone(document: Document, person: Examined, later: list[Examined]) -> bool:
    """Whether only signatures and archive data follow somebody else's signature.

    For our stamp such a signature is a later addition, and another face in its place would be one too. The
    permission of its signer is not examined, because our stamp permits further signatures.
    """
    if _end(person) == len(document.data):
        return True
    changes = _changes_after(document, person)
    return changes.level in _ARCHIVING or _are_signatures(changes, later)


def _changes_after(document: Document, examined: Examined) -> Changes:
    signature = examined.signature
    return changes_after(document.reader, signature.field, signature.field_object)


def _end(examined: Examined) -> int:
    assert examined.signature.byte_range is not None
    return examined.signature.byte_range.end
