"""What a later revision overwrites in place is a change, whatever it is and whatever follows it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
import pytest
from pyhanko.sign.fields import MDPPerm

from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.increment import IncrementWriter
from meterai.verification.in_jail import judge
from meterai.verification.in_jail.document import open_document
from meterai.verification.model import SEAL_HOLDS, JudgeRequest, Verdict
from tests.attacks.bases import SUM, Bases
from tests.attacks.harmless import archive_stamped, archived
from tests.attacks.raw import append, entries_of, stream
from tests.attacks.signing import BLANK, signed_by_somebody
from tests.verification.making import letter

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    b' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" pdf:Keywords="%s">'
    b'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>'
    b"<xmp:ModifyDate>%s</xmp:ModifyDate><xmpRights:UsageTerms>%s</xmpRights:UsageTerms>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def packet(
    keywords: bytes = b"k", title: bytes = b"Surat", date: bytes = b"2026", terms: bytes = b"t"
) -> bytes:
    return stream(XMP % (keywords, title, date, terms), b"/Type /Metadata /Subtype /XML")


def rich() -> bytes:
    """A letter with all that a catalog and a trailer may name, each an object of its own."""
    with pikepdf.open(io.BytesIO(letter(SUM))) as pdf:
        root, new = pdf.Root, pdf.make_indirect

        def parsed(text: bytes) -> pikepdf.Object:
            return new(pikepdf.Object.parse(text))

        pdf.trailer.Info = parsed(
            b"<< /Title (Surat) /Author (Ani) /Subject (s) /Keywords (k) /Nomor (12) /Producer (p)"
            b" /Creator (c) /CreationDate (D:20260101000000Z) /ModDate (D:20260101000000Z) >>"
        )
        root.ViewerPreferences = parsed(b"<< /DisplayDocTitle true >>")
        root.Names = parsed(b"<< /Dests << /Names [(a) [0 /Fit]] >> >>")
        root.PageLabels = parsed(b"<< /Nums [0 << /S /D >>] >>")
        root.MarkInfo = parsed(b"<< /Marked true >>")
        root.Lang = new(pikepdf.String("id"))
        root.PageMode = new(pikepdf.Name.UseNone)
        root.OutputIntents = parsed(
            b"[<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) >>]"
        )
        outline = new(pikepdf.Dictionary(Type=pikepdf.Name.Outlines, Count=1))
        entry = new(
            pikepdf.Dictionary(Title="Satu", Parent=outline, Dest=[pdf.pages[0].obj, pikepdf.Name.Fit])
        )
        outline.First = outline.Last = entry
        root.Outlines = outline
        tree = new(pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot))
        tree.K = new(pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.P, P=tree, Alt="alt"))
        root.StructTreeRoot = tree
        root.Metadata = pdf.make_stream(
            XMP % (b"k", b"Surat", b"2026", b"t"), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML
        )
        page = pdf.pages[0].obj
        page.Resources = new(page.Resources)
        page.Group = parsed(b"<< /S /Transparency /CS /DeviceRGB >>")
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def number(data: bytes, *path: str | int) -> int:
    """Number of the object at the end of a path from the trailer."""
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        item: pikepdf.Object = pdf.trailer
        for step in path:
            item = item[step]
        assert item.is_indirect, path
        return item.objgen[0]


def with_entries(*path: str | int, **entries: bytes | None) -> Callable[[bytes], dict[int, bytes]]:
    """The dictionary at the end of a path, with other entries, under its own number."""

    def make(data: bytes) -> dict[int, bytes]:
        found = number(data, *path)
        changes = {f"/{key}": value for key, value in entries.items()}
        kept = {**entries_of(data, found), **changes}
        text = b" ".join(b"%s %s" % (key.encode(), value) for key, value in kept.items() if value is not None)
        return {found: b"<< %s >>" % text}

    return make


def instead(text: bytes, *path: str | int) -> Callable[[bytes], dict[int, bytes]]:
    return lambda data: {number(data, *path): text}


type Change = Callable[[bytes], dict[int, bytes]]
INFO: dict[str, Change] = {
    "title": with_entries("/Info", Title=b"(Surat lain)"),
    "author": with_entries("/Info", Author=b"(Budi)"),
    "subject": with_entries("/Info", Subject=b"(lain)"),
    "keywords": with_entries("/Info", Keywords=b"(lain)"),
    "entry of its own": with_entries("/Info", Nomor=b"(13)"),
    "new entry": with_entries("/Info", Company=b"(lain)"),
    "title dropped": with_entries("/Info", Title=None),
    "all dropped": instead(b"<< >>", "/Info"),
    "null": instead(b"null", "/Info"),
    "creation date": with_entries("/Info", CreationDate=b"(D:19990101000000Z)"),
}
METADATA: dict[str, Change] = {
    "XMP title": instead(packet(title=b"Lain"), "/Root", "/Metadata"),
    "XMP keywords": instead(packet(keywords=b"lain"), "/Root", "/Metadata"),
    "XMP usage terms": instead(packet(terms=b"lain"), "/Root", "/Metadata"),
    "XMP dropped": instead(stream(b"", b"/Type /Metadata /Subtype /XML"), "/Root", "/Metadata"),
}
CATALOG: dict[str, Change] = {
    "viewer preferences": with_entries("/Root", "/ViewerPreferences", DisplayDocTitle=b"false"),
    "viewer preferences to print": with_entries("/Root", "/ViewerPreferences", NumCopies=b"5"),
    "names": with_entries("/Root", "/Names", JavaScript=b"<< /Names [(a) << /S /JavaScript /JS (1) >>] >>"),
    "page labels": with_entries("/Root", "/PageLabels", Nums=b"[0 << /S /r >>]"),
    "mark information": with_entries("/Root", "/MarkInfo", Marked=b"false", Suspects=b"true"),
    "language": instead(b"(en)", "/Root", "/Lang"),
    "page mode": instead(b"/UseOutlines", "/Root", "/PageMode"),
    "output intent": instead(b"[]", "/Root", "/OutputIntents"),
    "outline": with_entries("/Root", "/Outlines", "/First", Title=b"(Dua)"),
    "outline's action": with_entries(
        "/Root", "/Outlines", "/First", Dest=None, A=b"<< /S /URI /URI (http://127.0.0.1/) >>"
    ),
    "structure": with_entries("/Root", "/StructTreeRoot", "/K", Alt=b"(lain)"),
    "structure's root": with_entries("/Root", "/StructTreeRoot", RoleMap=b"<< /P /H1 >>"),
    "page's group": with_entries("/Root", "/Pages", "/Kids", 0, "/Group", CS=b"/DeviceCMYK"),
    "page's resources": with_entries("/Root", "/Pages", "/Kids", 0, "/Resources", Properties=b"<< >>"),
}
CHANGES = INFO | METADATA | CATALOG
PROFILES = ("final by another", "approval", "to be signed", "signed before")


@pytest.fixture(scope="module")
def bases_of_rich(bases: Bases) -> dict[str, bytes]:
    """Rich files under a stamp: by pyHanko, which keeps all, and by our engine over a file to be signed or a
    signed one."""
    signed = signed_by_somebody(rich(), writing=IncrementWriter)
    return {
        "final by another": bases.signed(rich(), MDPPerm.NO_CHANGES),
        "approval": bases.signed(rich()),
        "to be signed": bases.sealed(rich(), profile=Profile.SIGN_LATER)[0],
        "signed before": bases.sealed(signed, profile=Profile.SIGNED)[0],
    }


def changed(data: bytes, change: Change) -> bytes:
    return append(data, change(data))


@pytest.mark.parametrize("profile", PROFILES)
def test_the_rich_file_is_genuine(bases: Bases, bases_of_rich: dict[str, bytes], profile: str) -> None:
    data = bases_of_rich[profile]
    assert bases.judge(data).verdict is Verdict.GENUINE
    assert bases.judge(archived(bases, data)).verdict is Verdict.GENUINE


@pytest.mark.everyday(one_in=5)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", CHANGES)
def test_an_object_overwritten_in_place_is_a_change(
    bases: Bases, bases_of_rich: dict[str, bytes], name: str, profile: str
) -> None:
    data = bases_of_rich[profile]
    try:
        forged = changed(data, CHANGES[name])
    except (KeyError, AssertionError):
        pytest.skip("our engine leaves this out of the sealed file")
    judgement = bases.judge(forged)
    assert (judgement.verdict, judgement.reasons[0]) == (Verdict.NOT_GENUINE, "file.changed_after")


def siti_signs(_: Bases, data: bytes) -> bytes:
    return signed_by_somebody(data, name="Siti", box=BLANK, writing=IncrementWriter)


UNREADABLE = {"null", "XMP dropped"}
"""pyHanko's writer can't go on after these."""


@pytest.mark.everyday(one_in=5)
@pytest.mark.parametrize("name", sorted(({*INFO, *METADATA} - UNREADABLE) | {"mark information"}))
@pytest.mark.parametrize(
    "follows",
    [archived, archive_stamped, siti_signs],
    ids=["archive data", "archive time stamp", "signature"],
)
@pytest.mark.parametrize("profile", ["approval", "to be signed", "signed before"])
def test_what_follows_does_not_hide_it(
    bases: Bases,
    bases_of_rich: dict[str, bytes],
    name: str,
    follows: Callable[[Bases, bytes], bytes],
    profile: str,
) -> None:
    data = bases_of_rich[profile]
    try:
        forged = changed(data, CHANGES[name])
    except (KeyError, AssertionError):
        pytest.skip("our engine leaves this out of the sealed file")
    judgement = bases.judge(follows(bases, forged))
    assert judgement.verdict not in SEAL_HOLDS, judgement.reasons


@pytest.mark.parametrize("profile", ["final", "two", "to be signed", "signed before", "approval"])
@pytest.mark.parametrize("direct", [True, False])
def test_information_that_a_trailer_adds_is_a_change(bases: Bases, profile: str, *, direct: bool) -> None:
    data = bases[profile]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        size = int(pdf.trailer.Size)
    info = b"<< /Title (Surat lain) >>"
    forged = (
        append(data, trailer=b"/Info %s" % info, entries={0: 0})
        if direct
        else append(data, {size: info}, trailer=b"/Info %d 0 R" % size)
    )
    assert bases.judge(forged).verdict not in SEAL_HOLDS


def test_an_earlier_revision_reads_the_trailer_with_its_own_table(bases: Bases) -> None:
    data = changed(bases.signed(rich()), INFO["title"])
    reader = open_document(data).reader
    last = reader.xrefs.total_revisions - 1
    titles = [reader.get_historical_resolver(n).trailer_view["/Info"]["/Title"] for n in (last - 1, last)]
    assert titles == ["Surat", "Surat lain"]


@pytest.mark.parametrize("profile", ["approval", "to be signed", "signed before"])
def test_a_program_may_note_its_name_and_the_time(
    bases: Bases, bases_of_rich: dict[str, bytes], profile: str
) -> None:
    data = bases_of_rich[profile]
    noted = instead(packet(date=b"2027"), "/Root", "/Metadata")(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        if "/Info" in pdf.trailer:
            noted |= with_entries("/Info", Producer=b"(lain)", ModDate=b"(D:20270101000000Z)")(data)
    later = archive_stamped(bases, append(data, noted))
    assert bases.judge(later).verdict is Verdict.GENUINE


OLD_XMP = {
    "without its outermost element": (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        b' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s'
        b"</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>"
    ),
    "with an element of old": (
        b'<x:xapmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        b' rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        b'<rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>'
        b"</x:xapmeta>"
    ),
}
NEW_XMP = OLD_XMP["with an element of old"].replace(b"xapmeta", b"xmpmeta")


def with_metadata(text: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(letter(SUM))) as pdf:
        pdf.Root.Metadata = pdf.make_stream(text, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
        pdf.save(out := io.BytesIO(), fix_metadata_version=False)
    return out.getvalue()


@pytest.mark.parametrize("old", OLD_XMP)
@pytest.mark.parametrize("certified", [True, False])
def test_metadata_of_an_old_form_may_be_written_in_the_new_one(
    bases: Bases, old: str, *, certified: bool
) -> None:
    source = with_metadata(OLD_XMP[old] % b"Surat")
    signer = {"writing": IncrementWriter}
    data = bases.sealed(signed_by_somebody(source, **signer), profile=Profile.SIGNED)[0]  # type: ignore[arg-type]
    place = number(data, "/Root", "/Metadata")
    for title, verdict in ((b"Surat", Verdict.GENUINE), (b"Surat lain", Verdict.NOT_GENUINE)):
        later = append(data, {place: stream(NEW_XMP % title, b"/Type /Metadata /Subtype /XML")})
        if certified:
            later = archive_stamped(bases, later)
        # pyHanko's own policy wants metadata in one form: it isn't asked here.
        request = JudgeRequest(data=later, trust=bases.stamper.trust, moment=datetime.now(UTC))
        assert judge(request).verdict is verdict, title


@pytest.mark.parametrize("profile", ["final", "two", "to be signed", "signed before", "signed afterwards"])
def test_a_line_end_behind_the_end_is_no_change(bases: Bases, profile: str) -> None:
    data = bases[profile]
    ended = bases.judge(data + b"\r\n")
    assert ended.verdict is bases.judge(data).verdict
    assert ended.verdict in SEAL_HOLDS
    assert ended.sha256 != bases.judge(data).sha256
    for rest in (b"\n", b"\r", b" ", b"0", b"\x00", b"\r\n\r\n0", b"\r\n%", b"\r\n\x00", b"%%EOF\r\n"):
        assert bases.judge(data + rest).verdict not in SEAL_HOLDS, rest


def test_a_signature_behind_a_line_end_is_an_addition(bases: Bases) -> None:
    data = signed_by_somebody(bases["to be signed"] + b"\r\n", box=BLANK)
    assert bases.judge(data).verdict is Verdict.WITH_ADDITIONS
    assert bases.judge(data + b"\r\n").verdict is Verdict.WITH_ADDITIONS
