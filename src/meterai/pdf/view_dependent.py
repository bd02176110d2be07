"""Finds what a document shows in one view and not in another: screen, paper, zoom, export, a click.

Runs in the jail. Every object is looked at, because each kind may hide in any of them. A search through its
text comes first, as in `active_content.py`.

ISO 32000-2: layers (8.11), alternate images (8.9.5.4), reference XObjects (8.10.4), PostScript XObjects
(8.8.2), overprint (8.6.7), transfer functions and halftones (10.5, 10.6), external streams (7.3.8.2), OPI
(14.11.7), areas to print (table 147).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import pikepdf

from meterai.pdf.opening.objects import dictionaries_in, dictionary_of
from meterai.pdf.opening.structure import name_of


class Trait(StrEnum):
    """How a document depends on the view. Each is the end of a notice's code."""

    LAYERS = "layers"
    PAPER = "paper_differs"
    """Paper shows something else than the screen."""
    ELSEWHERE = "content_elsewhere"
    """A page shows content of another file."""


class Found(NamedTuple):
    """An entry that depends on the view."""

    trait: Trait
    holder: Any
    """The dictionary or stream with the entry."""
    key: str


GROUP_KINDS = ("/OCG", "/OCMD")
"""A layer, and a rule over layers."""
TRANSFERS = ("/TR", "/TR2")
"""They change colours, in some readers on the screen, too."""
POSTSCRIPT = "/PS"
_SWITCH = "/SetOCGState"
"""The action that switches layers on and off."""
_PRINT_AREAS = ("/ViewArea", "/ViewClip", "/PrintArea", "/PrintClip")
_OVERPRINT = ("/OP", "/op")
_FUNCTIONS = (*TRANSFERS, "/BG", "/BG2", "/UCR", "/UCR2")
_FILE_KEYS = ("/F", "/FFilter", "/FDecodeParms")
_SUSPICION = re.compile(
    rb"/(?:OC|OCG|OCMD|Properties|Alternates|Ref|FFilter|FDecodeParms|PS|OPI|TR2?|BG2?|UCR2?|HT|OP|op"
    rb"|SetOCGState)\b"
    rb"|/F (?:[(<]|\d+ \d+ R)|/(?:Subtype2?|S) \d+ \d+ R"
)
"""Names that hint at such entries. The name of a type may be an object of its own."""


def find_view_dependent(pdf: pikepdf.Pdf) -> list[Found]:
    """Every entry that depends on the view. One for layers may name a group that nothing uses."""
    found = [entry for item in pdf.objects for entry in _found_in(item)]
    if isinstance(pdf.Root.get("/OCProperties"), pikepdf.Dictionary):
        found.append(Found(Trait.LAYERS, pdf.Root, "/OCProperties"))
    preferences = pdf.Root.get("/ViewerPreferences")
    if isinstance(preferences, pikepdf.Dictionary):
        areas = [key for key in _PRINT_AREAS if preferences.get(key, "/CropBox") != "/CropBox"]
        found += [Found(Trait.PAPER, preferences, key) for key in areas]
    return found


def _found_in(item: Any) -> Iterator[Found]:
    own = dictionary_of(item)
    if not isinstance(own, pikepdf.Dictionary | pikepdf.Array) or not _SUSPICION.search(
        own.unparse(resolved=True)
    ):
        return
    if isinstance(item, pikepdf.Stream):
        yield from _found_in_stream(item)
    for number, dictionary in enumerate(dictionaries_in(own)):
        yield from _layers_of(dictionary if number else item)
        yield from (Found(Trait.PAPER, dictionary, key) for key in _print_settings(dictionary))


def _found_in_stream(item: pikepdf.Stream) -> Iterator[Found]:
    kind = name_of(item.get("/Subtype"))
    if POSTSCRIPT in (kind, name_of(item.get("/Subtype2"))):
        yield Found(Trait.PAPER, item, POSTSCRIPT)
    if kind in ("/Image", "/Form"):
        yield from (Found(Trait.PAPER, item, key) for key in ("/Alternates", "/OPI") if key in item)
    if isinstance(item.get("/Ref"), pikepdf.Dictionary) and kind == "/Form":
        yield Found(Trait.ELSEWHERE, item, "/Ref")
    if "/F" in item or "/FFilter" in item:
        yield from (Found(Trait.ELSEWHERE, item, key) for key in _FILE_KEYS if key in item)


def _layers_of(dictionary: Any) -> Iterator[Found]:
    if "/OC" in dictionary and is_group(dictionary["/OC"]):
        yield Found(Trait.LAYERS, dictionary, "/OC")
    if name_of(dictionary.get("/S")) == _SWITCH:
        yield Found(Trait.LAYERS, dictionary, "/S")
    lists = dictionary.get("/Properties")
    if isinstance(lists, pikepdf.Dictionary) and any(is_group(lists[key]) for key in lists.keys()):  # noqa: SIM118
        yield Found(Trait.LAYERS, dictionary, "/Properties")


def is_group(value: Any) -> bool:
    """Whether a value is a layer or a rule over layers. Readers do without its type."""
    if not isinstance(value, pikepdf.Dictionary):
        return False
    if "/Type" in value:
        return name_of(value["/Type"]) in GROUP_KINDS
    return any(key in value for key in ("/OCGs", "/VE", "/Usage", "/Intent", "/Name"))


def _print_settings(dictionary: Any) -> Iterator[str]:
    """The keys of a graphics state that only paper follows, by the shape of their values: a font may be
    named /TR, and a button has a background /BG."""
    if any(dictionary.get(key) is True for key in _OVERPRINT):
        yield from (key for key in (*_OVERPRINT, "/OPM") if key in dictionary)
    if "/HalftoneType" in dictionary or name_of(dictionary.get("/S")) in ("/Alpha", "/Luminosity"):
        return  # belongs to a halftone, which goes with its state, or to a mask, which all readers follow
    yield from (key for key in _FUNCTIONS if key in dictionary and _has_function(dictionary[key]))
    halftone = dictionary.get("/HT")
    if isinstance(halftone, pikepdf.Dictionary | pikepdf.Stream) and "/HalftoneType" in halftone:
        yield "/HT"


def _has_function(value: Any) -> bool:
    parts = list(value) if isinstance(value, pikepdf.Array) else [value]
    return any(
        isinstance(part, pikepdf.Dictionary | pikepdf.Stream) and "/FunctionType" in part for part in parts
    )
