"""Compares what a document says of itself, such as title and author, with what an earlier revision said.

Programs that sign or archive a document note their name and the time. Nothing else may change
(ISO 32000-2, 14.3; ISO 16684-1).
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic

from meterai.pdf.signed.diff_rules import metadata_untouched

_NOTED = frozenset({"/ModDate", "/Producer"})
_ADDED = frozenset({"/CreationDate", "/Creator"})
"""Entries that a program may add where there are none."""
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xml": "http://www.w3.org/XML/1998/namespace",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_VERSIONS = "{http://ns.adobe.com/xap/1.0/mm/}"
"""Numbers and history of versions, which each program that writes the file goes on with."""
_NOTED_XMP = frozenset(
    f"{{{_NAMESPACES[space]}}}{name}"
    for space, name in (
        ("dc", "format"),
        ("dc", "date"),
        ("pdf", "Producer"),
        ("pdf", "PDFVersion"),
        ("xmp", "ModifyDate"),
        ("xmp", "MetadataDate"),
        ("xmp", "CreatorTool"),
        ("xmp", "CreateDate"),
    )
)
_RDF = f"{{{_NAMESPACES['rdf']}}}"

type Properties = set[tuple[str, tuple[str, ...]]]


def says_the_same(before: Any, reader: Any) -> bool:
    """Whether title, author and all other metadata are as they were in an earlier revision.

    Raises: etree.XMLSyntaxError when changed metadata are no XML.
    """
    return _information_is_kept(_information(before.trailer_view), _information(reader.trailer)) and (
        metadata_untouched(before, reader.get_historical_resolver(reader.xrefs.total_revisions - 1))
        or _properties(before.root) == _properties(reader.root)
    )


def _information(trailer: Any) -> dict[str, str | bytes]:
    """The entries of the document information dictionary, texts by their meaning."""
    try:
        found = trailer["/Info"]
    except KeyError:
        return {}
    if not isinstance(found, generic.DictionaryObject):
        return {}
    entries = {key: _meaning(found.raw_get(key).get_object()) for key in found}
    return {key: value for key, value in entries.items() if value not in ("", b"null")}


def _meaning(value: Any) -> str | bytes:
    if isinstance(value, generic.TextStringObject):
        return str(value)
    out = io.BytesIO()
    value.write_to_stream(out, None)
    return out.getvalue()


def _information_is_kept(old: dict[str, str | bytes], new: dict[str, str | bytes]) -> bool:
    return all(
        old.get(key) == new.get(key) or (key in _ADDED and key not in old)
        for key in (old.keys() | new.keys()) - _NOTED
    )


def _properties(root: Any) -> Properties:
    """The properties with their texts, without what programs note.

    A property may be an attribute or an element (ISO 16684-1, 7.9.2.2). Programs choose as they like, and
    write different blanks.
    """
    stream = root.raw_get("/Metadata").get_object() if "/Metadata" in root else None
    if stream is None or isinstance(stream, generic.NullObject):
        return set()
    tree = etree.fromstring(stream.data, etree.XMLParser(resolve_entities=False, no_network=True))
    found: Properties = set()
    for description in tree.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            found.add((name, (value.strip(),)))
        for item in description.iterchildren(etree.Element):
            found.add((item.tag, tuple(_texts(item))))
    return {(name, texts) for name, texts in found if any(texts) and not _is_noted(name)}


def _texts(item: Any) -> list[str]:
    """The texts of a property and the attributes below it, without names of languages and of structure."""
    texts = []
    for part in item.iter(etree.Element):
        texts += [
            value.strip()
            for key, value in part.attrib.items()
            if not key.startswith(f"{{{_NAMESPACES['xml']}}}") and not key.startswith(_RDF)
        ]
        texts += [(part.text or "").strip(), *((child.tail or "").strip() for child in part)]
    return [text for text in texts if text]


def _is_noted(name: str) -> bool:
    return name in _NOTED_XMP or name.startswith((_VERSIONS, _RDF, f"{{{_NAMESPACES['xml']}}}"))
