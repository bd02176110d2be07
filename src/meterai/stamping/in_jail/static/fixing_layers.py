"""Makes layers part of their pages as the screen shows them, or drops them (ISO 32000-2 clause 8.11). Runs in
the jail.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf

from meterai.pdf.opening.structure import OpenedDocument, WalkedPage, name_of, refuse
from meterai.pdf.view_dependent import Found, Trait, is_group
from meterai.stamping.in_jail.static.empty_form import empty
from meterai.stamping.in_jail.static.layer_content import Shows, cut_hidden
from meterai.stamping.in_jail.static.layer_states import LayerStates

_DEPTH_MAX = 100

type Groups = dict[str, Any]
"""Layers and rules over layers, by their names in resources."""


def fix_layers(document: OpenedDocument, found: Sequence[Found]) -> None:
    """Fixes every layer of the document in its state. `found`: what belongs to layers.

    A comment in a hidden layer keeps its entry `/OC`.

    Raises: Refusal INVALID `pdf.not_static`.
    """
    states = LayerStates(document.pdf.Root)
    try:
        for walked in document.pages:
            _fix_page(document.pdf, walked, states)
        for stream, resources in _drawn_streams(document):
            _fix_stream(stream, resources, states)
    except pikepdf.PikepdfError:
        raise refuse("pdf.not_static") from None
    for entry in found:
        if entry.trait is Trait.LAYERS:
            _fix_entry(entry, states)
    document.pdf.remove_unreferenced_resources()


def _fix_page(pdf: pikepdf.Pdf, walked: WalkedPage, states: LayerStates) -> None:
    groups = _groups_of(walked)
    if groups and "/Contents" in walked.page:
        content = cut_hidden(walked.page, _shows([groups], states))
        if content is not None:
            packed = zlib.compress(content)
            walked.page["/Contents"] = pdf.make_stream(packed, Filter=pikepdf.Name.FlateDecode)


def _fix_stream(stream: Any, groups: Sequence[Groups], states: LayerStates) -> None:
    if any(groups) and b"BDC" in stream.read_bytes():
        content = cut_hidden(stream, _shows(groups, states))
        if content is not None:
            stream.write(content)


def _shows(groups: Sequence[Groups], states: LayerStates) -> Shows:
    """Says whether the layer of a name is shown. Raises: Refusal INVALID `pdf.not_static` if a name stands
    for layers of which one is shown and another is not.
    """

    def shows(name: pikepdf.Name) -> bool:
        known = {states.shows(named[name_of(name)]) for named in groups if name_of(name) in named}
        if len(known) > 1:
            raise refuse("pdf.not_static")
        return known.pop() if known else True

    return shows


def _fix_entry(entry: Found, states: LayerStates) -> None:
    holder, key = entry.holder, entry.key
    if key not in holder:
        return
    if key == "/Properties":
        lists = holder[key]
        for name in [name for name in lists.keys() if is_group(lists[name])]:  # noqa: SIM118
            del lists[name]
    elif key == "/S":  # an action, which names layers under another key
        for name in list(holder.keys()):
            del holder[name]
    elif key != "/OC" or states.shows(holder[key]):
        del holder[key]
    elif isinstance(holder, pikepdf.Stream):
        empty(holder)
    elif "/Rect" not in holder:  # no comment or field, which flattening will drop
        del holder[key]


def _drawn_streams(document: OpenedDocument) -> Iterator[tuple[Any, list[Groups]]]:
    """The content streams beside the pages' own, each with the layers that its names stand for.

    One without a list of its own uses those of the pages that draw it.
    """
    pages = [_groups_of(walked) for walked in document.pages]
    for item in document.pdf.objects:
        if isinstance(item, pikepdf.Stream):
            if item.get("/Subtype") == "/Form" or item.get("/PatternType") == 1:
                yield item, _own_groups(item) or pages
        elif isinstance(item, pikepdf.Dictionary) and isinstance(item.get("/CharProcs"), pikepdf.Dictionary):
            groups = _own_groups(item) or pages
            yield from ((glyph, groups) for _, glyph in item["/CharProcs"].items() if _is_stream(glyph))


def _own_groups(holder: Any) -> list[Groups]:
    resources = holder.get("/Resources")
    listed = isinstance(resources, pikepdf.Dictionary) and "/Properties" in resources
    return [_groups_in(resources)] if listed else []


def _is_stream(value: Any) -> bool:
    return isinstance(value, pikepdf.Stream)


def _groups_of(walked: WalkedPage) -> Groups:
    """The layers that a page's content can name. Resources may come from the page tree."""
    node: Any = walked.page
    for _ in range(_DEPTH_MAX):
        if not isinstance(node, pikepdf.Dictionary):
            break
        if "/Resources" in node:
            return _groups_in(node["/Resources"])
        node = node.get("/Parent")
    return {}


def _groups_in(resources: Any) -> Groups:
    lists = resources.get("/Properties") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(lists, pikepdf.Dictionary):
        return {}
    return {name: lists[name] for name in lists.keys() if is_group(lists[name])}  # noqa: SIM118
