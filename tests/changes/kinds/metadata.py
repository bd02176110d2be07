"""Changes to document information and metadata."""

from __future__ import annotations

import io

import pikepdf

from tests.attacks.dressed import XMP
from tests.attacks.raw import append, edited, stream
from tests.changes.editing import Objects, appended, root
from tests.changes.kind import CHANGED, Kind, Make, Start, kinds

_KIND = b"/Type /Metadata /Subtype /XML"


def information(**entries: bytes | None) -> Make:
    """The document information, under its old number."""

    def make(start: Start) -> bytes | None:
        number = _number(start)
        if not number:
            return None
        changed = {f"/{key}": value for key, value in entries.items()}
        return append(start.data, {number: edited(start.data, number, changed)}, trailer=_named(number))

    return make


def other_information(**entries: bytes) -> Make:
    """Other document information, under a new number."""

    def make(start: Start) -> bytes:
        free = start.parts.size
        rows = b" ".join(b"/%s %s" % (key.encode(), value) for key, value in entries.items())
        return append(start.data, {free: b"<< %s >>" % rows}, trailer=_named(free))

    return make


def hidden_information(**entries: bytes | None) -> Make:
    """The document information under its old number; the new trailer does not name it."""

    def make(start: Start) -> bytes | None:
        number = _number(start)
        changed = {f"/{key}": value for key, value in entries.items()}
        return append(start.data, {number: edited(start.data, number, changed)}) if number else None

    return make


def _named(number: int) -> bytes:
    return b"/Info %d 0 R" % number


def _number(start: Start) -> int:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = pdf.trailer.get("/Info")
        return found.objgen[0] if found is not None else 0


def packet(text: bytes) -> Make:
    """Other metadata, under their old number or a new one."""

    def objects(start: Start, free: int) -> Objects:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            found = pdf.Root.get("/Metadata")
            number = found.objgen[0] if found is not None else free
        return {**root(start, Metadata=b"%d 0 R" % number), number: stream(text, _KIND)}

    return appended(objects)


def in_place(old: bytes, new: bytes) -> Make:
    """The packet that is there, some of its text exchanged."""

    def objects(start: Start, _: int) -> Objects | None:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            found = pdf.Root.get("/Metadata")
            if found is None or old not in found.read_bytes():
                return None
            return {found.objgen[0]: stream(found.read_bytes().replace(old, new), _KIND)}

    return appended(objects)


_FORGED = b"(Surat kuasa Rp99.000.000)"
KINDS: list[Kind] = [
    *kinds(
        "information overwritten",
        {
            "title": information(Title=_FORGED),
            "author": information(Author=_FORGED),
            "subject": information(Subject=_FORGED),
            "keywords": information(Keywords=_FORGED),
            "no title": lambda s: information(Title=None)(s) if s.page.name == "tagged" else None,
            "title and date": information(Title=_FORGED, ModDate=b"(D:20301231)"),
        },
        right=CHANGED,
    ),
    *kinds(
        "information",
        {
            "title under a new number": other_information(Title=_FORGED),
            "author under a new number": other_information(Author=_FORGED),
            "title, not named by the trailer": hidden_information(Title=_FORGED),
            "title, a reference": information(Title=b"1 0 R"),
            "the page as information": lambda s: append(
                s.data,
                {s.parts.page: edited(s.data, s.parts.page, {"/Rotate": b"180"})},
                trailer=_named(s.parts.page),
            ),
            "information freed": lambda s: append(s.data, entries={_number(s): 0}) if _number(s) else None,
        },
    ),
    *kinds(
        "metadata",
        {
            "another title": packet(XMP % b"Rp99.000.000"),
            "title exchanged in place": in_place(b"Surat kuasa", b"Surat palsu"),
            "no XML": packet(b"Rp99.000.000"),
            "XML broken off": packet(b"<x:xmpmeta>"),
            "an entity": packet(b"<!DOCTYPE x [<!ENTITY a 'Rp99'>]><x>&a;</x>"),
            "gone": appended(lambda s, _: root(s, Metadata=None) if s.page.name == "tagged" else None),
            "the content as metadata": appended(
                lambda s, _: {
                    **root(s, Metadata=b"%d 0 R" % s.parts.content),
                    s.parts.content: stream(b"0 0 9 9 re f", _KIND),
                }
            ),
        },
    ),
]
