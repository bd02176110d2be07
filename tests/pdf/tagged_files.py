"""Tagged and archival files, made by hand: letters with a structure tree, XMP and an output intent."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import pikepdf

from tests.pdf import samples

SHAPES = ("flat", "parents in a tree", "several at the top", "no next key", "one kid")

_XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="1" pdfaid:conformance="A" '
    b'xmlns:pdf="http://ns.adobe.com/pdf/1.3/" pdf:PDFVersion="1.4" pdf:Producer="Tangan"/></rdf:RDF>'
    b'</x:xmpmeta><?xpacket end="w"?>'
)


@lru_cache
def archival() -> bytes:
    """The parts of PDF/A-1a that matter here."""
    pdf = pikepdf.open(io.BytesIO(tagged("flat")))
    metadata = pdf.make_stream(_XMP, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
    pdf.Root["/Metadata"] = metadata
    profile = pdf.make_stream(b"\0" * 128, N=3)
    pdf.Root["/OutputIntents"] = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.OutputIntent,
                S=pikepdf.Name.GTS_PDFA1,
                OutputConditionIdentifier="sRGB",
                DestOutputProfile=profile,
            )
        ]
    )
    return _saved(pdf)


@lru_cache
def tagged(shape: str) -> bytes:
    """A letter with a structure tree of one of the `SHAPES`."""
    pdf = pikepdf.open(io.BytesIO(samples.letter()))
    page = pdf.pages[0].obj
    page["/StructParents"] = 0
    tree = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot))
    paragraph = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.P, Pg=page, K=0)
    )
    document = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.Document, P=tree)
    )
    paragraph["/P"] = document
    document["/K"] = paragraph if shape == "one kid" else pikepdf.Array([paragraph])
    tree["/K"] = document if shape == "one kid" else pikepdf.Array([document])
    if shape == "several at the top":
        paragraph["/P"] = tree
        tree["/K"] = pikepdf.Array([document, paragraph])
    tree["/ParentTree"] = _parents(pdf, paragraph, in_a_tree=shape == "parents in a tree")
    if shape != "no next key":
        tree["/ParentTreeNextKey"] = 1
    pdf.Root["/StructTreeRoot"] = tree
    pdf.Root["/MarkInfo"] = pikepdf.Dictionary(Marked=True)
    pdf.Root["/Lang"] = "id-ID"
    return _saved(pdf)


def broken_trees() -> list[bytes]:
    """Trees that can't be extended by their rules."""
    made = []
    for parents in (None, pikepdf.Dictionary(Nums=[0]), pikepdf.Dictionary(Kids=pikepdf.Array([])), 7):
        pdf = pikepdf.open(io.BytesIO(tagged("flat")))
        tree = pdf.Root["/StructTreeRoot"]
        if parents is None:
            del tree["/ParentTree"]
        else:
            tree["/ParentTree"] = parents
        made.append(_saved(pdf))
    return made


def _parents(pdf: pikepdf.Pdf, element: Any, *, in_a_tree: bool) -> Any:
    numbers = pikepdf.Array([0, pikepdf.Array([element])])
    if not in_a_tree:
        return pdf.make_indirect(pikepdf.Dictionary(Nums=numbers))
    leaf = pdf.make_indirect(pikepdf.Dictionary(Nums=numbers, Limits=pikepdf.Array([0, 0])))
    return pdf.make_indirect(pikepdf.Dictionary(Kids=pikepdf.Array([leaf])))


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()
