"""Repairs what qpdf's own repair leaves: boxes, shared lists, circular structure, damaged page content.

Runs in the jail, before a document without signatures is rewritten.
"""

from __future__ import annotations

import zlib
from typing import Any

import pikepdf

from meterai.pdf.opening.structure import OpenedDocument

_ELEMENT = pikepdf.Name.StructElem


def mend(document: OpenedDocument) -> None:
    """Repairs the file so that all readers show what most of them show of the damaged one."""
    for walked in document.pages:
        if walked.box_missing:
            walked.page["/MediaBox"] = pikepdf.Array([0, 0, 612, 792])
        if walked.crop_outside:  # some readers would show nothing of the page
            box = walked.box
            corners = [round(value, 4) for value in (box.x0, box.y0, box.x1, box.y1)]
            walked.page["/CropBox"] = pikepdf.Array(corners)
        annotations = walked.page.get("/Annots")
        if isinstance(annotations, pikepdf.Array) and annotations.is_indirect:
            # Pages may share one list; flattening the first of them would empty it for the others.
            walked.page["/Annots"] = pikepdf.Array(list(annotations))
    _mend_metadata(document.pdf, encrypted=document.encrypted)
    _mend_structure(document.pdf.Root.get("/StructTreeRoot"))
    if document.repaired:
        for walked in document.pages:
            _mend_contents(walked.page.get("/Contents"))


def _mend_metadata(pdf: pikepdf.Pdf, *, encrypted: bool) -> None:
    """Removes metadata that can't be used.

    - Metadata that can't be unpacked would stop the writer, which states the version in them.
    - Metadata that are no stream, and document information that is no dictionary (ISO 32000-1 clauses 14.3.2
      and 14.3.3): readers ignore both. But programs that compare revisions fail on them.
    - Metadata that decrypting turned into noise. LibreOffice and Ghostscript don't encrypt them in a file
      encrypted by RC4. People who sign such a file afterwards would get errors.
    """
    try:
        metadata = pdf.Root.get("/Metadata")
        lost = not isinstance(metadata, pikepdf.Stream) or (not _is_xmp(metadata.read_bytes()) and encrypted)
    except pikepdf.PikepdfError:
        lost = True
    if lost and "/Metadata" in pdf.Root:
        del pdf.Root["/Metadata"]
    information = pdf.trailer.get("/Info")
    if isinstance(information, pikepdf.Stream) or not isinstance(information, pikepdf.Dictionary | None):
        del pdf.trailer["/Info"]


def _mend_structure(tree: Any) -> None:
    """Gives each element of the structure tree one place, its first (ISO 32000-1 clause 14.7.2).

    An element that contains itself keeps pyHanko from comparing revisions. Later signatures could not be
    checked.
    """
    seen, waiting = set(), [tree]
    while waiting:
        holder = waiting.pop()
        kids: Any = holder.get("/K") if isinstance(holder, pikepdf.Dictionary) else None
        listed, again = isinstance(kids, pikepdf.Array), []
        for number, kid in enumerate(kids if listed else [kids]):
            if not isinstance(kid, pikepdf.Dictionary):
                continue
            if not kid.is_indirect or kid.objgen not in seen:
                seen.add(kid.objgen)
                waiting.append(kid)
            elif kid.get("/Type", _ELEMENT) == _ELEMENT:
                again.append(number)
        for number in reversed(again):
            if listed:
                del kids[number]
            else:
                del holder["/K"]


def _is_xmp(data: bytes) -> bool:
    """Whether this may be metadata (ISO 16684-1) in some Unicode encoding."""
    return b"rdf" in data.replace(b"\0", b"")


def _mend_contents(contents: Any) -> None:
    """Replaces packed content that ends in damage by the part that can be unpacked, which readers draw."""
    for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if not isinstance(stream, pikepdf.Stream) or stream.get("/Filter") != "/FlateDecode":
            continue
        try:
            stream.read_bytes()
        except pikepdf.PikepdfError:
            stream.write(_unpacked_part(stream.read_raw_bytes()))


def _unpacked_part(packed: bytes) -> bytes:
    unpacker, found = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(packed), 64):
            found += unpacker.decompress(packed[start : start + 64])
    except zlib.error:
        pass
    return bytes(found)
