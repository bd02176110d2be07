"""The stamped file's size and version are known before payment, and a file can be made to fit."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageStat

from meterai.pdf.profiles import Profile
from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.preparation import measure_output
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.in_jail.rewriting import rewrite
from meterai.stamping.placement import Placement
from meterai.stamping.requests import MeasureRequest, OutputLimits, ReceptionRequest, RewriteRequest
from tests.pdf import samples, signed_files
from tests.pdf.sealing import SealingBench

PLACES = [Placement(page=1, x=420, y=120), Placement(page=1, x=80, y=120)]
CASN = OutputLimits(bytes_max=800_000, pdf_version_min="1.6")


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "make", [samples.letter, samples.photograph, lambda: samples.page_file(object_streams=True)]
)
async def test_the_measured_size_is_a_close_upper_bound(make, count: int, bench: SealingBench) -> None:  # type: ignore[no-untyped-def]
    data = make()
    stamps = [bench.stamp(place, str(number)) for number, place in enumerate(PLACES[:count])]
    sealed = await bench.seal(data, *stamps)
    measured = measure_output(MeasureRequest(data=data, placements=PLACES[:count])).output_bytes
    assert len(sealed) <= measured <= len(sealed) + 2_500 * count


async def test_the_measured_size_is_enough_for_whichever_profile_is_chosen_later(bench: SealingBench) -> None:
    """The profile final certifies, and so it writes the catalog again."""
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        pdf.Root["/PieceInfo"] = pikepdf.Dictionary(Maker=pikepdf.String("x" * 3_000))
        pdf.save(out := io.BytesIO())
    data = out.getvalue()
    request = MeasureRequest(data=data, placements=PLACES[:1], profile=Profile.SIGN_LATER)
    assert len(await bench.seal(data, bench.stamp(PLACES[0]))) <= measure_output(request).output_bytes


async def test_the_measured_size_is_enough_where_places_to_sign_become_part_of_the_page(
    bench: SealingBench,
) -> None:
    """Their appearances are removed where the fields stay, and stay where the fields are removed."""
    with pikepdf.open(io.BytesIO(signed_files.waiting())) as pdf:
        face = pdf.make_stream(
            random.Random(1).randbytes(9_000), BBox=[0, 0, 9, 9], Subtype=pikepdf.Name.Form
        )
        pdf.Root.AcroForm.Fields[-1]["/AP"] = pikepdf.Dictionary(N=face)
        pdf.save(out := io.BytesIO())
    data = out.getvalue()
    found = receive(ReceptionRequest(data=data, stamps=1, limits=CASN))
    for profile in (Profile.FINAL, Profile.SIGN_LATER):
        sealed = await bench.seal(data, bench.stamp(found.placements[0]), profile=profile)
        assert len(sealed) <= found.output.output_bytes


async def test_the_version_is_what_the_seal_needs(bench: SealingBench) -> None:
    data = samples.letter()
    assert data.startswith(b"%PDF-1.3")
    measured = measure_output(MeasureRequest(data=data, placements=PLACES[:1], limits=CASN))
    assert (measured.pdf_version, measured.version_low) == ("1.7", False)
    sealed = await bench.seal(data, bench.stamp(PLACES[0]))
    assert sealed.startswith(b"%PDF-1.7")
    newer = OutputLimits(pdf_version_min="2.0")
    assert measure_output(MeasureRequest(data=data, placements=PLACES[:1], limits=newer)).version_low


def test_a_large_picture_is_made_to_fit_with_consent() -> None:
    data = samples.photograph()
    assert measure_output(MeasureRequest(data=data, placements=PLACES[:1], limits=CASN)).too_large
    smaller = rewrite(RewriteRequest(data=data, images="smaller", bytes_max=700_000))
    assert smaller.pictures_changed == 1
    measured = measure_output(MeasureRequest(data=smaller.data, placements=PLACES[:1], limits=CASN))
    assert not measured.too_large
    with pikepdf.open(io.BytesIO(smaller.data)) as pdf:
        assert pdf.pages[0].obj["/Resources"]["/XObject"]["/Photo"]["/Width"] >= 1100


SIZE = (900, 1200)
WHITE = pikepdf.Dictionary(WhitePoint=[0.95, 1, 1.09])
UNTURNED = pikepdf.Dictionary(ColorTransform=0)


def coloured() -> Image.Image:
    noise = Image.frombytes("RGB", (225, 300), random.Random(5).randbytes(225 * 300 * 3))
    return Image.blend(noise, Image.new("RGB", noise.size, (250, 60, 20)), 0.7).resize(SIZE)


def with_picture(picture: Image.Image, form: str = "JPEG", **entries: Any) -> bytes:
    """A page covered by a picture. `entries`: those of its dictionary; a soft mask is given by its matte."""
    out = io.BytesIO()
    picture.save(out, form, quality=95)
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(300, 400)).obj
    name = pikepdf.Name
    entries = {"Filter": name.DCTDecode, "BitsPerComponent": 8, "Width": SIZE[0], "Height": SIZE[1]} | entries
    if "SMask" in entries:
        dots = Image.new("L", picture.size, 255).tobytes()
        size = {key: entries[key] for key in ("Width", "Height", "BitsPerComponent")}
        mask = pdf.make_stream(
            dots, Type=name.XObject, Subtype=name.Image, ColorSpace=name.DeviceGray, **size
        )
        mask["/Matte"] = entries.pop("SMask")
        entries["SMask"] = mask
    image = pdf.make_stream(out.getvalue(), Type=name.XObject, Subtype=name.Image, **entries)
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photo=image))
    page["/Contents"] = pdf.make_stream(b"q 300 0 0 400 0 0 cm /Photo Do Q")
    saved = io.BytesIO()
    pdf.save(saved)
    return saved.getvalue()


def inks(picture: Image.Image) -> Image.Image:
    """In four colours as InDesign and Distiller write them: Pillow inverts such a JPEG."""
    return ImageChops.invert(picture.convert("CMYK"))


@pytest.mark.parametrize(
    ("make", "changed"),
    [
        (lambda: with_picture(coloured(), ColorSpace=pikepdf.Name.DeviceRGB), 1),
        (lambda: with_picture(coloured(), ColorSpace=pikepdf.Array([pikepdf.Name.CalRGB, WHITE])), 1),
        (lambda: with_picture(coloured().convert("L"), ColorSpace=pikepdf.Name.DeviceGray), 1),
        (lambda: with_picture(coloured(), "JPEG2000", Filter=pikepdf.Name.JPXDecode), 1),
        (lambda: with_picture(inks(coloured()), ColorSpace=pikepdf.Name.DeviceCMYK), 0),
        (lambda: with_picture(coloured(), ColorSpace=pikepdf.Array([pikepdf.Name.Lab, WHITE])), 0),
        (lambda: with_picture(coloured(), ColorSpace=pikepdf.Name.DeviceRGB, DecodeParms=UNTURNED), 0),
        (lambda: with_picture(coloured(), ColorSpace=pikepdf.Name.DeviceRGB, SMask=[1, 1, 1]), 0),
    ],
    ids=["colours", "measured", "grey", "JPX", "inks", "Lab", "not transformed", "blended"],
)
def test_a_picture_made_smaller_keeps_its_colours_and_others_are_left_alone(
    make: Callable[[], bytes], changed: int
) -> None:
    data = make()
    made = rewrite(RewriteRequest(data=data, images="smaller", bytes_max=40_000))
    assert made.pictures_changed == changed
    before, after = (
        ImageStat.Stat(render_image(RenderRequest(data=version, page=1, width_px=60)).convert("RGB")).mean
        for version in (data, made.data)
    )
    assert all(abs(was - now) < 4 for was, now in zip(before, after, strict=True))


@pytest.mark.parametrize("measured", [False, True])
def test_a_palette_of_measured_colours_is_left_alone(measured: bool) -> None:
    """As dots of a JPEG they would be drawn unchanged: PDFium applies gamma only to a palette."""
    name, white = pikepdf.Name, pikepdf.Dictionary(WhitePoint=[0.95, 1, 1.09], Gamma=[2.2, 2.2, 2.2])
    base = pikepdf.Array([name.CalRGB, white]) if measured else name.DeviceRGB
    space = pikepdf.Array(
        [name.Indexed, base, 255, pikepdf.String(bytes(v for v in range(256) for _ in "RGB"))]
    )
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(300, 400)).obj["/Resources"] = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(
            Photo=pdf.make_stream(
                Image.effect_noise((256, 256), 20).tobytes(),
                Subtype=name.Image,
                ColorSpace=space,
                Width=256,
                Height=256,
                BitsPerComponent=8,
            )
        )
    )
    saved = io.BytesIO()
    pdf.save(saved)
    made = rewrite(RewriteRequest(data=saved.getvalue(), images="smaller"))
    assert made.pictures_changed == (0 if measured else 1)


def test_packing_anew_loses_nothing() -> None:
    pdf = pikepdf.open(io.BytesIO(samples.two_pages()))
    loose = io.BytesIO()
    pdf.save(loose, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
    rewritten = rewrite(RewriteRequest(data=loose.getvalue(), images="keep"))
    assert len(rewritten.data) < len(loose.getvalue())
    assert rewritten.pictures_changed == 0
    contents = [page.obj["/Contents"].read_bytes() for page in pdf.pages]
    after = pikepdf.open(io.BytesIO(rewritten.data))
    assert [page.obj["/Contents"].read_bytes() for page in after.pages] == contents


def test_a_wanted_version_is_written() -> None:
    rewritten = rewrite(RewriteRequest(data=samples.letter(), pdf_version="2.0"))
    assert (rewritten.pdf_version, rewritten.data[:8]) == ("2.0", b"%PDF-2.0")
