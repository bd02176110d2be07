"""Photos become an A4 PDF: turned, straightened, in grey or colour, without what the camera wrote."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest
from PIL import Image, ImageCms, ImageDraw

from meterai.kernel.refusals import Refusal
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.photo_sheets import make_sheets
from meterai.stamping.in_jail.photos import clean_photo
from meterai.stamping.photos import AlbumPage, CleanRequest, Photo, SheetsRequest, in_order, turned
from tests.verification.photos import png_of, saved, sixteen_bits

CORNERS = ((0.2, 0.1), (0.85, 0.2), (0.9, 0.95), (0.1, 0.85))
RED, BLUE, TABLE = (200, 20, 30), (20, 40, 200), (120, 100, 80)


def plain(size: tuple[int, int] = (600, 800)) -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    return picture


def on_a_table() -> Image.Image:
    """A red sheet between `CORNERS`, on a table."""
    picture = Image.new("RGB", (900, 1200), TABLE)
    ImageDraw.Draw(picture).polygon([(x * 900, y * 1200) for x, y in CORNERS], fill=RED)
    return picture


def cleaned(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(clean_photo(CleanRequest(data=data)).jpeg))


def looks_like(dot: object, colour: tuple[int, int, int]) -> bool:
    return isinstance(dot, tuple) and all(abs(a - b) < 12 for a, b in zip(dot[:3], colour, strict=True))


def sheet_of(picture: Image.Image, photo: Photo, bytes_max: int | None = None) -> bytes:
    jpeg = clean_photo(CleanRequest(data=saved(picture))).jpeg
    pages = [AlbumPage(page=0, photo=photo)]
    return make_sheets(SheetsRequest(album=b"", added=[jpeg], pages=pages, bytes_max=bytes_max)).data


def drawn(data: bytes, page: int = 1) -> Image.Image:
    return render_image(RenderRequest(data=data, page=page, width_px=400))


@pytest.mark.parametrize(
    ("orientation", "above"), [(1, (0.5, 0.1)), (3, (0.5, 0.9)), (6, (0.9, 0.5)), (8, (0.1, 0.5))]
)
def test_the_camera_s_orientation_turns_the_photo_and_is_dropped(
    orientation: int, above: tuple[float, float]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "S"  # the place where it was taken
    photo = cleaned(saved(plain(), exif=exif))
    assert looks_like(photo.getpixel((int(photo.width * above[0]), int(photo.height * above[1]))), RED)
    assert not photo.getexif()
    assert "exif" not in photo.info


def test_a_profile_becomes_srgb_and_is_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    for options in ({"icc_profile": lab.tobytes()}, {"icc_profile": b"no profile"}, {"comment": b"mine"}):
        data = saved(plain(), **options)
        photo = cleaned(data)
        assert looks_like(photo.getpixel((300, 100)), RED)
        assert not {"icc_profile", "comment"} & set(photo.info)
        assert b"mine" not in clean_photo(CleanRequest(data=data)).jpeg


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_dots_is_read(mode: str) -> None:
    paper = Image.new("L", (400, 500), 255 if mode == "1" else 204)
    data = (
        sixteen_bits(paper)
        if mode == "I;16"
        else saved(paper.convert("RGB").convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    )
    photo = cleaned(data)
    assert photo.mode in ("L", "RGB")
    assert photo.convert("L").getpixel((200, 250)) in range(190, 256)


def test_what_is_transparent_becomes_white() -> None:
    photo = cleaned(saved(Image.new("RGBA", (400, 400), (0, 0, 0, 0)), "PNG"))
    assert looks_like(photo.convert("RGB").getpixel((200, 200)), (255, 255, 255))


def test_of_a_moving_picture_the_first_one_counts() -> None:
    other = Image.new("RGB", (600, 800), BLUE)
    photo = cleaned(saved(Image.new("RGB", (600, 800), RED), "PNG", save_all=True, append_images=[other]))
    assert looks_like(photo.convert("RGB").getpixel((300, 400)), RED)


def test_a_large_photo_is_kept_smaller() -> None:
    noise = Image.effect_noise((4000, 3000), 80).convert("RGB")
    data = clean_photo(CleanRequest(data=saved(noise, quality=90))).jpeg
    assert len(data) <= 950_000
    assert max(Image.open(io.BytesIO(data)).size) <= 2340


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (png_of(60_000, 60_000, zlib.compress(bytes(1000)), colours=2), "photo.too_large"),
        (png_of(30_000, 1_000, zlib.compress(bytes(1000)), colours=2), "photo.too_large"),
        (png_of(500, 500, zlib.compress(bytes(1000)), colours=2), "photo.unreadable"),
        (saved(plain())[:3000], "photo.unreadable"),
        (saved(plain((100, 700))), "photo.too_small"),
        (b"GIF89a" + bytes(100), "photo.unreadable"),
    ],
)
def test_what_is_no_good_photo_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        clean_photo(CleanRequest(data=data))
    assert caught.value.code == code


def test_four_corners_straighten_the_sheet_to_the_whole_a4_page() -> None:
    data = sheet_of(on_a_table(), Photo(corners=CORNERS))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert [float(value) for value in pdf.pages[0].mediabox] == [0, 0, 595.28, 841.89]
    page = drawn(data)
    for across in (0.02, 0.5, 0.98):
        for down in (0.02, 0.5, 0.98):
            assert looks_like(page.getpixel((int(page.width * across), int(page.height * down))), RED)
    table = drawn(sheet_of(on_a_table(), Photo()))
    assert looks_like(table.getpixel((20, 283)), TABLE)


def test_a_photo_is_turned_and_made_grey() -> None:
    page = drawn(sheet_of(plain(), Photo(turn=90)))  # across: what was above is now at the right
    assert page.width > page.height
    assert looks_like(page.getpixel((int(page.width * 0.85), page.height // 2)), RED)
    grey = drawn(sheet_of(plain(), Photo(grey=True))).getpixel((200, 200))
    assert isinstance(grey, tuple)
    assert max(grey[:3]) - min(grey[:3]) < 3


def test_turning_moves_the_corners_with_the_photo() -> None:
    photo = Photo(corners=CORNERS)
    there = turned(photo, 90)
    assert there.turn == 90
    assert there.corners[0] == pytest.approx((0.15, 0.1))
    back = turned(there, 270)
    assert back.turn == 0
    assert [value for point in back.corners for value in point] == pytest.approx(
        [value for point in in_order(CORNERS) for value in point]
    )


def test_the_pdf_fits_the_size_that_is_asked() -> None:
    noise = Image.effect_noise((1600, 2000), 60).convert("RGB")
    free = sheet_of(noise, Photo())
    small = sheet_of(noise, Photo(), bytes_max=len(free) // 2)
    assert len(small) <= len(free) // 2


def test_the_album_keeps_the_photos_for_another_choice() -> None:
    jpegs = [clean_photo(CleanRequest(data=saved(picture))).jpeg for picture in (plain(), on_a_table())]
    first = make_sheets(
        SheetsRequest(
            album=b"", added=jpegs, pages=[AlbumPage(page=n, photo=Photo(turn=180)) for n in (0, 1)]
        )
    )
    assert looks_like(drawn(first.album).getpixel((200, 500)), RED)  # shown as it is turned
    again = [AlbumPage(page=1, photo=Photo(corners=CORNERS)), AlbumPage(page=0, photo=Photo())]
    second = make_sheets(SheetsRequest(album=first.album, added=[], pages=again))
    once = make_sheets(
        SheetsRequest(
            album=b"",
            added=[jpegs[1], jpegs[0]],
            pages=[AlbumPage(page=n, photo=page.photo) for n, page in enumerate(again)],
        )
    )
    assert second.data == once.data  # nothing is lost by choosing again
    assert [(photo.width_px, photo.height_px) for photo in second.photos] == [(900, 1200), (600, 800)]


@pytest.mark.parametrize(
    "corners", [((0.1, 0.1), (0.9, 0.1), (0.2, 0.2), (0.1, 0.9)), ((0.1, 0.1),) * 4, CORNERS[:3]]
)
def test_points_that_are_no_sheet_are_refused(corners: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(Refusal, match=r"photo\.corners"):
        sheet_of(plain(), Photo(corners=corners))
