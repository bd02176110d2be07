"""Reads the form of the page for photos: turn, straighten, grey, order, remove, add."""

from __future__ import annotations

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.photos import AlbumPage, Photo, Point, in_order, is_paper, turned
from meterai.web.requests.forms import Form

IMAGE_WIDTH_PX = 300
"""Width of the photo where it is tapped without a script. The browser sends dots of this width."""
_TURNS = {"kanan": 90, "kiri": 270}
_GREY = {"abu": True, "warna": False}


def pages_from(form: Form, photos: tuple[Photo, ...], chosen: int, *, added: int) -> list[AlbumPage]:
    """The photos as the form wants them. `chosen`: the one that is shown, from 0. `added`: uploaded ones.

    Raises: Refusal INVALID `photo.corners`; `form.unreadable` for a form that asks for nothing.
    """
    pages = [AlbumPage(page=number, photo=photo) for number, photo in enumerate(photos)]
    act = form.text("lakukan")
    if added:
        new = (AlbumPage(page=number, photo=Photo()) for number in range(len(photos), len(photos) + added))
        return [*pages, *new]
    if act == "hapus" and len(pages) > 1:
        return [*pages[:chosen], *pages[chosen + 1 :]]
    if act == "maju" and chosen > 0:
        return [*pages[: chosen - 1], pages[chosen], pages[chosen - 1], *pages[chosen + 1 :]]
    pages[chosen] = AlbumPage(page=chosen, photo=_changed(photos[chosen], act, points_of(form)))
    return pages


def _changed(photo: Photo, act: str, points: tuple[Point, ...]) -> Photo:
    if act in _TURNS:
        return turned(photo, _TURNS[act])
    if act in _GREY:
        return msgspec.structs.replace(photo, grey=_GREY[act])
    if act == "seluruh":
        return msgspec.structs.replace(photo, corners=())
    if act == "sudut":
        corners = in_order(points) if len(points) == 4 else ()
        if not is_paper(corners):
            raise Refusal(Kind.INVALID, "photo.corners")
        return msgspec.structs.replace(photo, corners=corners)
    raise Refusal(Kind.INVALID, "form.unreadable")


def points_of(form: Form) -> tuple[Point, ...]:
    """The corners that the form knows, as `0.1,0.2 0.9,0.2`. Anything else is none."""
    try:
        pairs = [tuple(map(float, pair.split(","))) for pair in form.text("sudut").split()]
    except ValueError:
        return ()
    fits = all(len(pair) == 2 and all(0 <= value <= 1 for value in pair) for pair in pairs)
    return tuple((pair[0], pair[1]) for pair in pairs) if fits and len(pairs) <= 4 else ()


def is_tap(form: Form) -> bool:
    """Whether the photo itself was pressed, without a script."""
    return "titik.x" in form.fields and not form.text("lakukan")


def tapped(form: Form, photo: Photo) -> tuple[Point, ...]:
    """The corners that the form knows, and the one that was tapped. A fifth tap begins again."""
    known = points_of(form)
    height = IMAGE_WIDTH_PX * photo.height_px / photo.width_px
    x, y = form.number("titik.x") / IMAGE_WIDTH_PX, form.number("titik.y") / height
    return (*(known if len(known) < 4 else ()), (round(min(x, 1), 4), round(min(y, 1), 4)))


def written(points: tuple[Point, ...]) -> str:
    """The points as the form carries them."""
    return " ".join(f"{x:.4f},{y:.4f}" for x, y in points)
