"""QR codes can be read, as SVG and as PNG."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from meterai.kit.formats.qr import Level, qr_png, qr_svg

TEXTS = (
    "00020101021226620014COM.GO-JEK.WWW5204739953033605802ID5907Meterai6304ABCD",
    "https://meterai.go.id/en/antre/pppk-guru-2026/t/" + "Ab1-" * 32,
    "00020101",
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("level", ["L", "M"])
def test_an_svg_code_reads_as_its_text(text: str, level: Level) -> None:
    svg = qr_svg(text, level=level)
    ElementTree.fromstring(svg)
    side = int(re.match(r'<svg viewBox="0 0 (\d+) \1"', svg)[1])  # type: ignore[index]
    image = Image.new("L", (side * 4, side * 4), 255)
    pen = ImageDraw.Draw(image)
    bars = [tuple(map(int, bar)) for bar in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\3Z", svg)]
    for x, y, width, height in bars:
        pen.rectangle((x * 4, y * 4, (x + width) * 4 - 1, (y + height) * 4 - 1), fill=0)
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [text]
    assert min(bar[0] for bar in bars) == min(bar[1] for bar in bars) == 4, "the quiet zone"
    assert svg.index(f'<rect x="0" y="0" width="{side}" height="{side}" fill="#FFFFFF"/>') < svg.index(
        "<path"
    )


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dots", [2, 12])
def test_a_png_code_reads_as_its_text(text: str, dots: int) -> None:
    with Image.open(io.BytesIO(qr_png(text, level="L", dots=dots))) as image:
        assert image.format == "PNG"
        assert image.width == image.height
        assert [code.text for code in zxingcpp.read_barcodes(image.convert("L"))] == [text]


def test_a_higher_level_corrects_more_and_is_larger() -> None:
    sizes = [Image.open(io.BytesIO(qr_png(TEXTS[1], level=level, dots=1))).width for level in ("L", "M", "H")]
    assert sizes == sorted(set(sizes))
