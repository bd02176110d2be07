"""Fonts that are programs which never end."""

from __future__ import annotations

import io
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables import ttProgram

from tests.hostile.raw import drawing, flate

_SHOW = b"BT /F 40 Tf 100 400 Td (ABCABCABC) Tj ET "
_NAMES = ["A", "B", "C"]


def _page_with(font_file: bytes, key: bytes, entries: bytes = b"") -> bytes:
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /Bomb /FirstChar 65 /LastChar 67 "
    font += b"/Widths [500 500 500] /Encoding /WinAnsiEncoding /FontDescriptor 6 0 R >>"
    descriptor = (
        b"<< /Type /FontDescriptor /FontName /Bomb /Flags 32 /FontBBox [0 0 1000 1000] /ItalicAngle 0 "
    )
    descriptor += b"/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 /" + key + b" 7 0 R >>"
    return drawing(_SHOW, b"/Font << /F 5 0 R >>", font, descriptor, flate(font_file, entries))


def _builder(glyphs: list[str], is_ttf: bool = True) -> FontBuilder:
    builder = FontBuilder(1000, isTTF=is_ttf)
    builder.setupGlyphOrder([".notdef", *glyphs])
    builder.setupCharacterMap({ord(name): name for name in _NAMES})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *glyphs], (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    return builder


def _finished(builder: FontBuilder) -> bytes:
    builder.setupNameTable({"familyName": "Bomb", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    out = io.BytesIO()
    builder.font.recalcBBoxes = False
    builder.font.save(out)
    return out.getvalue()


def _square() -> Any:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 500), (500, 500), (500, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def hinting_that_jumps_to_itself() -> bytes:
    """TrueType instructions: push -3, jump relative (JMPR)."""
    builder = _builder(_NAMES)
    glyphs = {name: _square() for name in (".notdef", *_NAMES)}
    for glyph in glyphs.values():
        glyph.program = ttProgram.Program()
        glyph.program.fromBytecode(b"\xb8\xff\xfd\x1c")
    builder.setupGlyf(glyphs)
    return _page_with(_finished(builder), b"FontFile2")


def glyphs_made_of_glyphs(depth: int = 40) -> bytes:
    """Each composite glyph holds the next one ten times."""
    inner = [f"g{number}" for number in range(depth)]
    builder = _builder([*_NAMES, *inner])
    glyphs = {name: _square() for name in (".notdef", inner[-1])}
    for name, following in zip([*_NAMES, *inner[:-1]], [inner[0]] * 3 + inner[1:], strict=True):
        pen = TTGlyphPen(dict.fromkeys([following]))
        for _ in range(10):
            pen.addComponent(following, (1, 0, 0, 1, 1, 1))
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs, calcGlyphBounds=False)
    for glyph in glyphs.values():
        glyph.xMin = glyph.yMin = 0
        glyph.xMax = glyph.yMax = 500
    builder.font["maxp"].maxComponentDepth = depth + 1
    builder.font["maxp"].recalc = lambda font: None
    return _page_with(_finished(builder), b"FontFile2")


def subroutines_of_subroutines(depth: int = 9, calls: int = 400) -> bytes:
    """Type 2 charstrings: each subroutine calls the next one four hundred times."""
    builder = _builder(_NAMES, is_ttf=False)
    strings = {}
    for name in (".notdef", *_NAMES):
        pen = T2CharStringPen(500, None)
        pen.moveTo((0, 0))
        pen.lineTo((0, 500))
        pen.lineTo((500, 0))
        pen.closePath()
        strings[name] = pen.getCharString()
    builder.setupCFF("Bomb", {}, strings, {})
    top = builder.font["CFF "].cff.topDictIndex[0]
    subroutines = _local_subroutines(top, depth, calls)
    top.Private.Subrs = subroutines
    call_first = [500, 0, "hmoveto", -107, "callsubr", "endchar"]  # 107: the bias of a short list
    for name in _NAMES:
        top.CharStrings[name].program = call_first
    builder.font.recalcBBoxes = False  # it would run the programs
    out = io.BytesIO()
    builder.font["CFF "].cff.compile(out, builder.font)
    return _page_with(out.getvalue(), b"FontFile3", b"/Subtype /Type1C")


def _local_subroutines(top: Any, depth: int, calls: int) -> Any:
    from fontTools.cffLib import SubrsIndex
    from fontTools.misc.psCharStrings import T2CharString

    index = SubrsIndex()
    for number in range(depth):
        last = number == depth - 1
        program = [1, 1, "rlineto"] * calls if last else [number + 1 - 107, "callsubr"] * calls
        index.append(T2CharString(program=[*program, "return"], private=top.Private))
    return index
