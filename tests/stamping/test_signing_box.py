"""The box of a signature, as clients in the field send it, becomes the place of a stamp."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterai.pdf.requests import PageSize
from meterai.stamping.placement import Placement, check_placement
from meterai.stamping.signing_box import SigningBox, place_in

A4 = PageSize(width_pt=595, height_pt=842, rotation=0)
LABEL = PageSize(width_pt=100, height_pt=40, rotation=0)
NUMBER = st.floats(width=32) | st.integers(-2000, 2000).map(float)


@pytest.mark.parametrize(
    ("corners", "page", "expected"),
    [
        ((237, 459, 337, 559), 1, (1, 237, 459, 100)),
        ((237, 559, 337, 459), 1, (1, 237, 459, 100)),  # inverted
        ((337, 559, 237, 459), 0, (1, 237, 459, 100)),
        ((100, 100, 300, 160), 9, (2, 170, 100, 60)),  # in the middle of a wide box, on the last page
        ((100, 100, 110, 110), -3, (1, 78, 78, 54)),  # a box that is too small
        ((100, 100, 500, 500), 2, (2, 245, 245, 110)),
        ((560, 800, 660, 900), 1, (1, 495, 742, 100)),  # partly outside of the page
        ((0, 0, 0, 0), 1, (1, 0, 0, 54)),
    ],
)
def test_the_stamp_is_a_square_inside_the_box(
    corners: tuple[float, float, float, float], page: int, expected: tuple[float, ...]
) -> None:
    assert place_in(SigningBox(corners=corners, page=page), [A4, A4]).spot == expected


@given(corners=st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), page=st.integers())
def test_every_box_gives_a_place_that_a_stamp_may_have(
    corners: tuple[float, float, float, float], page: int
) -> None:
    sizes = [A4, LABEL]
    place: Placement = place_in(SigningBox(corners=corners, page=page), sizes)
    size = sizes[place.page - 1]
    check_placement(place, pages=2, width_pt=size.width_pt, height_pt=size.height_pt)
