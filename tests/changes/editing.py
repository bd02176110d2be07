"""Changes to the first page of a sealed file, written as a revision by hand."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import pikepdf

from tests.attacks.raw import append, edited, stream
from tests.changes.kind import Make, Start

Objects = Mapping[int, bytes]


def appended(objects: Callable[[Start, int], Objects | None], **how: bytes) -> Make:
    """A revision with these objects. The second argument is the first free number."""

    def make(start: Start) -> bytes | None:
        made = objects(start, start.parts.size)
        return None if made is None else append(start.data, made, **how)  # type: ignore[arg-type]

    return make


def page(start: Start, **entries: bytes | None) -> Objects:
    return dictionary(start, start.parts.page, **entries)


def root(start: Start, **entries: bytes | None) -> Objects:
    return dictionary(start, start.parts.root, **entries)


def stamp(start: Start, **entries: bytes | None) -> Objects:
    return dictionary(start, start.parts.field, **entries)


def dictionary(start: Start, number: int, **entries: bytes | None) -> Objects:
    """A dictionary with entries replaced, added or (None) taken out."""
    return {number: edited(start.data, number, {f"/{key}": value for key, value in entries.items()})}


def page_with(**entries: bytes | None) -> Make:
    return appended(lambda start, _: page(start, **entries))


def root_with(**entries: bytes | None) -> Make:
    return appended(lambda start, _: root(start, **entries))


def stamp_with(**entries: bytes | None) -> Make:
    return appended(lambda start, _: stamp(start, **entries))


def content(start: Start) -> bytes:
    """The first page's content, unpacked."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = pdf.pages[0].Contents
        parts = found if isinstance(found, pikepdf.Array) else [found]
        return b"\n".join(part.read_bytes() for part in parts)


def with_content(change: Callable[[bytes], bytes], entries: bytes = b"") -> Make:
    """The content changed by a function, in its old stream. It does not apply when nothing changes."""

    def objects(start: Start, _: int) -> Objects | None:
        old = content(start)
        new = change(old)
        return None if new == old and not entries else {start.parts.content: stream(new, entries)}

    return appended(objects)


def resources(start: Start, change: Callable[[pikepdf.Dictionary], None]) -> bytes:
    """The text of the first page's resources with a change."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = pdf.pages[0].Resources
        copy = pikepdf.Dictionary({key: _direct(value) for key, value in found.items()})
        change(copy)
        return copy.unparse()


def _direct(value: pikepdf.Object) -> pikepdf.Object:
    """A dictionary of resources as part of what names it, so that it can be changed alone."""
    if isinstance(value, pikepdf.Dictionary):
        return pikepdf.Dictionary(dict(value.items()))
    return value


def with_resources(change: Callable[[pikepdf.Dictionary], None], more: bytes = b"") -> Make:
    """Other resources on the page, and perhaps `more` content that uses them."""

    def objects(start: Start, _: int) -> Objects:
        new = dict(page(start, Resources=resources(start, change)))
        if more:
            new[start.parts.content] = stream(content(start) + b"\n" + more)
        return new

    return appended(objects)


def named(start: Start, kind: str) -> dict[str, int]:
    """Names and object numbers of the page's resources of this kind that are objects of their own."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = pdf.pages[0].Resources.get(kind, {})
        return {name: value.objgen[0] for name, value in found.items() if value.is_indirect}


def objects_of(start: Start, wanted: Callable[[pikepdf.Object], bool]) -> list[int]:
    """Numbers of the objects of the file that are wanted."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        return [item.objgen[0] for item in pdf.objects if wanted(item)]


def raw_stream(start: Start, number: int, changes: Mapping[str, bytes | None]) -> bytes:
    """A stream of the file with other entries and the same bytes."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = pdf.get_object(number, 0)
        packed = found.read_raw_bytes()
        entries = {key: _text(value) for key, value in found.items() if key != "/Length"}
    entries.update({key: value for key, value in changes.items() if value is not None})
    for key in [key for key, value in changes.items() if value is None]:
        entries.pop(key, None)
    return stream(packed, b" ".join(key.encode() + b" " + value for key, value in entries.items()))


def _text(value: object) -> bytes:
    return value.unparse() if isinstance(value, pikepdf.Object) else str(value).lower().encode()
