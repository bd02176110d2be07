"""Changes to the catalog, the page tree, boxes, rotation and layers."""

from __future__ import annotations

import io

import pikepdf

from tests.attacks.raw import append, edited, stream
from tests.changes.editing import Objects, appended, dictionary, page, page_with, root, root_with
from tests.changes.kind import HARMLESS, Kind, Make, Start, kinds

_SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
_GROUP = b"<< /Type /OCG /Name (x) >>"


def tree_with(**entries: bytes | None) -> Make:
    return appended(lambda start, _: dictionary(start, start.parts.pages, **entries))


def inherited(key: str, value: bytes) -> Make:
    """An entry that pages inherit, taken from the page and given to the tree."""

    def objects(start: Start, _: int) -> Objects:
        return {
            **page(start, **{key: None}),
            **dictionary(start, start.parts.pages, **{key: value}),
        }

    return appended(objects)


def _kids(start: Start) -> list[bytes]:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        return [kid.unparse() for kid in pdf.Root.Pages.Kids]


def kids(change: object) -> Make:
    """The list of pages changed by a function."""

    def objects(start: Start, _: int) -> Objects | None:
        old = _kids(start)
        new = change(old)  # type: ignore[operator]
        if new == old:
            return None
        listed = b"[%s]" % b" ".join(new)
        return dictionary(start, start.parts.pages, Kids=listed, Count=b"%d" % len(new))

    return appended(objects)


def _one_page_more(start: Start, free: int) -> Objects:
    listed = b"[%s %d 0 R]" % (b" ".join(_kids(start)), free)
    new = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents %d 0 R >>"
    pages = dictionary(start, start.parts.pages, Kids=listed, Count=b"%d" % (len(_kids(start)) + 1))
    return {**pages, free: new % (start.parts.pages, free + 1), free + 1: stream(b"9 9 9 9 re f")}


def _page_in_front(start: Start, free: int) -> Objects:
    made = _one_page_more(start, free)
    listed = b"[%d 0 R %s]" % (free, b" ".join(_kids(start)))
    more = dictionary(start, start.parts.pages, Kids=listed, Count=b"%d" % (len(_kids(start)) + 1))
    return {**made, **more}


def _copy_of_the_page(start: Start, free: int) -> Objects:
    """Another object with the very same entries takes the page's place."""
    listed = b" ".join(_kids(start)).replace(b"%d 0 R" % start.parts.page, b"%d 0 R" % free, 1)
    same = edited(start.data, start.parts.page, {})
    return {**dictionary(start, start.parts.pages, Kids=b"[%s]" % listed), free: same}


def _branch_between(start: Start, free: int) -> Objects:
    """One more branch between the tree and its pages."""
    listed = b"[%s]" % b" ".join(_kids(start))
    count = b"%d" % len(_kids(start))
    branch = b"<< /Type /Pages /Parent %d 0 R /Kids %s /Count %s >>"
    return {
        **dictionary(start, start.parts.pages, Kids=b"[%d 0 R]" % free),
        free: branch % (start.parts.pages, listed, count),
    }


def _copy_of_the_catalog(start: Start) -> bytes:
    free = start.parts.size
    return append(start.data, {free: edited(start.data, start.parts.root, {})}, root=free)


def layers(usual: bytes, page_entries: bytes = b"") -> Make:
    """The catalog names layers, and the page has one."""

    def objects(start: Start, free: int) -> Objects:
        entry = b"<< /OCGs [%d 0 R] /D << %s >> >>" % (free, usual.replace(b"%d", b"%d" % free))
        found = dict(root(start, OCProperties=entry))
        found[free] = _GROUP
        if page_entries:
            found |= page(start, PieceInfo=page_entries)
        return found

    return appended(objects)


def _trailer(text: bytes) -> Make:
    """A revision that names one new object and says this in its trailer."""
    return lambda s: append(s.data, {s.parts.size: b"null"}, trailer=text)


_VIEW = b"<< /Event /Print /Category [/Print] /OCGs [%d 0 R] >>"
KINDS: list[Kind] = [
    *kinds(
        "catalog",
        {
            "script on opening": root_with(OpenAction=_SCRIPT),
            "opened at another page": root_with(OpenAction=b"[0 /Fit]"),
            "script on printing": root_with(AA=b"<< /WP %s >>" % _SCRIPT),
            "names of scripts": root_with(Names=b"<< /JavaScript << /Names [(a) %s] >> >>" % _SCRIPT),
            "attached files": root_with(Names=b"<< /EmbeddedFiles << /Names [] >> >>"),
            "associated files": root_with(AF=b"[]"),
            "destinations": root_with(Dests=b"<< >>"),
            "outlines": root_with(Outlines=b"<< /Type /Outlines /Count 0 >>"),
            "threads": root_with(Threads=b"[]"),
            "layout": root_with(PageLayout=b"/TwoColumnLeft"),
            "mode": root_with(PageMode=b"/FullScreen"),
            "preferences": root_with(ViewerPreferences=b"<< /HideToolbar true >>"),
            "language": root_with(Lang=b"(en)"),
            "labels of pages": root_with(PageLabels=b"<< /Nums [0 << /S /r >>] >>"),
            "structure": root_with(StructTreeRoot=b"<< /Type /StructTreeRoot >>"),
            "marks": root_with(MarkInfo=b"<< /Marked false >>"),
            "output intents": root_with(OutputIntents=b"[]"),
            "a portfolio": root_with(Collection=b"<< /View /H >>"),
            "address": root_with(URI=b"<< /Base (http://127.0.0.1/) >>"),
            "legal": root_with(Legal=b"<< >>"),
            "requirements": root_with(Requirements=b"[]"),
            "web capture": root_with(SpiderInfo=b"<< >>"),
            "needs rendering": root_with(NeedsRendering=b"true"),
            "extensions with a script": root_with(Extensions=b"<< /ADBE << /O %s >> >>" % _SCRIPT),
            "permissions": root_with(Perms=b"<< >>"),
            "an entry that nobody knows": root_with(Lain=b"(x)"),
            "no form": root_with(AcroForm=None),
            "no type": root_with(Type=None),
        },
    ),
    *kinds(
        "page tree",
        {
            "one page more": appended(_one_page_more),
            "one page in front": appended(_page_in_front),
            "one page less": kids(lambda old: old[:-1] if len(old) > 1 else old),
            "in another order": kids(lambda old: old[::-1]),
            "the first page twice": kids(lambda old: [*old, old[0]]),
            "a copy of the page": appended(_copy_of_the_page),
            "one more branch": appended(_branch_between),
            "a wrong count": tree_with(Count=b"7"),
            "a negative count": tree_with(Count=b"-1"),
            "no count": tree_with(Count=None),
            "a null among the pages": lambda s: tree_with(Kids=b"[%s null]" % b" ".join(_kids(s)))(s),
            "a loop": lambda s: tree_with(Kids=b"[%s %d 0 R]" % (b" ".join(_kids(s)), s.parts.pages))(s),
            "an entry that nobody knows": tree_with(Lain=b"(x)"),
            "box for all pages": tree_with(MediaBox=b"[0 0 100 100]"),
            "turn for all pages": tree_with(Rotate=b"90"),
            "turn inherited": inherited("Rotate", b"90"),
            "box inherited": inherited("MediaBox", b"[0 0 300 842]"),
            "resources inherited": inherited("Resources", b"<< >>"),
        },
    ),
    *kinds(
        "page",
        {
            **{f"turned by {angle}": page_with(Rotate=b"%d" % angle) for angle in (180, 270, 450, -90, 45)},
            "turned by a name": page_with(Rotate=b"/Left"),
            "cropped": page_with(CropBox=b"[0 0 595 500]"),
            "cropped to nothing": page_with(CropBox=b"[0 0 0 0]"),
            "cropped by a point": page_with(CropBox=b"[0 0 595 841]"),
            "crop of three numbers": page_with(CropBox=b"[0 0 500]"),
            "enlarged": page_with(MediaBox=b"[0 0 595 1200]"),
            "made small": page_with(MediaBox=b"[0 0 400 842]"),
            "moved box": page_with(MediaBox=b"[0 50 595 892]"),
            "no box": page_with(MediaBox=None),
            "box upside down": page_with(MediaBox=b"[595 842 0 0]"),
            "trim box": page_with(TrimBox=b"[0 0 100 100]"),
            "art box": page_with(ArtBox=b"[0 0 100 100]"),
            "bleed box": page_with(BleedBox=b"[0 0 100 100]"),
            "in other units": page_with(UserUnit=b"3"),
            "in units of nothing": page_with(UserUnit=b"0"),
            "no annotations": page_with(Annots=None),
            "annotations a null": page_with(Annots=b"null"),
            "a transparency group": page_with(Group=b"<< /S /Transparency /CS /DeviceGray /I true >>"),
            "shown for a second": page_with(Dur=b"1"),
            "a transition": page_with(Trans=b"<< /S /Dissolve >>"),
            "script on opening": page_with(AA=b"<< /O %s >>" % _SCRIPT),
            "a thumbnail": page_with(Thumb=b"null"),
            "viewports": page_with(VP=b"[]"),
            "order of tabs": page_with(Tabs=b"/S"),
            "piece of a program": page_with(PieceInfo=b"<< >>"),
            "date": page_with(LastModified=b"(D:20300101)"),
            "number in the structure": page_with(StructParents=b"7"),
            "metadata": page_with(Metadata=b"null"),
            "no type": page_with(Type=None),
            "no parent": page_with(Parent=None),
            "an entry that nobody knows": page_with(Lain=b"(x)"),
            "freed": lambda s: append(s.data, entries={s.parts.page: 0}),
        },
    ),
    *kinds(
        "layers",
        {
            "all off": layers(b"/BaseState /OFF"),
            "off in a list": layers(b"/OFF [%d 0 R]"),
            "off on paper": layers(b"/AS [" + _VIEW + b"]"),
            "locked": layers(b"/Locked [%d 0 R]"),
            "in an order": layers(b"/Order [%d 0 R]"),
            "one of several": layers(b"/RBGroups [[%d 0 R]]"),
            "none": layers(b""),
            "with a piece on the page": layers(b"", b"<< /x << >> >>"),
        },
    ),
    *kinds(
        "trailer",
        {
            "encrypted": _trailer(b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <00> /U <00> /P -4 >>"),
            "two catalogs": lambda s: append(
                s.data, {s.parts.size: b"null"}, trailer=b"/Root %d 0 R" % s.parts.page
            ),
            "a smaller size": lambda s: append(s.data, {s.parts.size: b"null"}, trailer=b"/Size 3"),
            "a stream of the table": _trailer(b"/XRefStm 15"),
        },
    ),
    *kinds(
        "nothing changed",
        {
            "catalog written again": root_with(),
            "catalog under another number": _copy_of_the_catalog,
            "catalog with another version": root_with(Version=b"/2.0"),
            "page tree written again": tree_with(),
            "page written again": page_with(),
            "another identity": _trailer(b"/ID [<00> <11>]"),
            "an entry in the trailer": _trailer(b"/Lain (x)"),
        },
        right=HARMLESS,
    ),
]
