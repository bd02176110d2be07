"""The issuer's artwork in stamps, in samples and in jails. What can't be used is refused at the start."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from meterai.jail.pool import JailPool
from meterai.pdf.own_page import own_page
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderedPage, RenderRequest
from meterai.stamping.crop_requests import DRAW_CROP, CropRequest
from meterai.stamping.in_jail import stamp_pictures
from meterai.stamping.placement import Placement
from meterai.stamping.stamp_face import given_artwork, jpeg_picture, sample_stamp
from meterai.stamping.stamp_face.artwork import artwork
from meterai.stamping.stamp_face.given_artwork import SIDE_PX, VARIABLE
from meterai.web.pages.assets import STAMP, Assets
from tests.pdf import samples
from tests.pdf.sealing import SealingBench
from tests.pdf.test_visible_stamp import find_code, judged_box
from tests.run_here import RunHere

GREEN = (20, 160, 60)
PLACE = Placement(page=1, x=100, y=100)


def picture(side: int = SIDE_PX, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, SIDE_PX), GREEN).convert(mode).save(out, "PNG", **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of artwork that the environment names."""
    tmp_path.chmod(0o755)
    path = tmp_path / "artwork.png"
    path.write_bytes(picture())
    monkeypatch.setenv(VARIABLE, str(path))
    forget()
    yield path
    forget()


def forget() -> None:
    for kept in (
        given_artwork.given_picture,
        artwork,
        sample_stamp.draw_sample,
        jpeg_picture._shared,
        stamp_pictures._sample_file,
        stamp_pictures.draw_sample_picture,
    ):
        kept.cache_clear()


def shows_it(image: Image.Image, x: float, y: float) -> bool:
    """Whether the artwork is seen there; a jail sends pictures as JPEG."""
    seen = image.convert("RGB").getpixel((round(x), round(y)))
    assert isinstance(seen, tuple)
    return all(abs(one - other) < 12 for one, other in zip(seen, GREEN, strict=True))


async def test_a_stamp_shows_the_issuers_artwork_and_stays_genuine(
    given: Path,
    bench: SealingBench,
    written: Callable[[bytes], Path],
) -> None:
    stamp = bench.stamp(PLACE)
    data = await bench.seal(samples.page_file(content=b""), stamp)
    image = render_image(RenderRequest(data=data, page=1, width_px=595))
    assert shows_it(image, 100 + 80, image.height - 100 - 80)
    assert find_code(data)[0] == stamp.code
    assert judged_box(data, bench) is not None
    text = subprocess.run(["pdftotext", "-raw", written(data), "-"], capture_output=True, text=True).stdout
    for words in ("METERAI ELEKTRONIK", "SEPULUH RIBU RUPIAH", "10000", stamp.serial):
        assert words in " ".join(text.split())


async def test_samples_of_pages_and_of_jails_show_it(given: Path) -> None:
    sample = stamp_pictures.draw_sample_picture(360)
    assert shows_it(sample, 340, 180)
    jpeg = Image.open(io.BytesIO(jpeg_picture.stamp_jpeg("0" * 22, "any code")))
    assert shows_it(jpeg, 350, 200)
    assets = Assets()
    assert b"data:image/png;base64," in assets.by_address[assets.address(STAMP)].plain
    jail = JailPool([DRAW_CROP], spare=False)
    request = CropRequest(data=own_page(), page=1, box=(100, 100, 190, 190), samples=[PLACE])
    try:
        drawn = await jail.run(DRAW_CROP, request, RenderedPage)
    finally:
        await jail.close()
    image = Image.open(io.BytesIO(drawn.jpeg))
    assert shows_it(image, image.width * 0.95, image.height / 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (picture(500), "has 500 x 540 dots"),
        (picture(mode="RGBA"), "transparency"),
        (picture(mode="P"), "palette"),
        (picture()[:-30], "damaged"),
        (picture().replace(b"IDAT", b"IDAU"), "damaged"),
        (b"%PDF-1.7", "no PNG"),
        (picture(compress_level=0), "bytes, and each stamp carries them"),
        (None, "No such file"),
    ],
)
def test_artwork_that_can_not_be_used_is_refused_at_the_start(
    run_here: RunHere, tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "artwork.png"
    if content is not None:
        path.write_bytes(content)
    shown = run_here("up", env={VARIABLE: str(path), "METERAI_DATA": str(tmp_path / "data")})
    assert shown.returncode == 1
    assert shown.stderr.startswith(f"{VARIABLE}: {path} ")
    assert why in shown.stderr
    assert "PNG of 540 x 540 dots" in shown.stderr
    assert not (tmp_path / "data").exists()
