"""Files whose pages draw without end: forms, patterns, masks, shadings, functions, pictures, colours."""

from __future__ import annotations

from tests.hostile.raw import FORM, document, drawing, flate, stream, zeros

UNIT = b"0 0 1 1 re f "


def pattern_that_paints_itself() -> bytes:
    tile = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 "
    tile += b"/Resources << /Pattern << /P 5 0 R >> >>"
    content = b"/Pattern cs /P scn 0 0 500 500 re f"
    return drawing(content, b"/Pattern << /P 5 0 R >>", stream(content, tile))


def pattern_of_tiny_tiles() -> bytes:
    tile = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] "
    tile += b"/XStep 0.0001 /YStep 0.0001 /Resources << >>"
    content = b"/Pattern cs /P scn 0 0 500 500 re f"
    return drawing(content, b"/Pattern << /P 5 0 R >>", stream(UNIT, tile))


def patterns_in_patterns(depth: int = 30) -> bytes:
    content = b"/Pattern cs /P scn 0 0 9 9 re f " * 10
    tile = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 "
    more = [
        stream(content, tile + b"/Resources << /Pattern << /P %d 0 R >> >>" % (number + 6))
        for number in range(depth)
    ]
    return drawing(content, b"/Pattern << /P 5 0 R >>", *more, stream(UNIT, tile + b"/Resources << >>"))


def glyph_that_shows_itself() -> bytes:
    """A Type 3 font whose only glyph is text in that font."""
    font = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 "
    font += b"/LastChar 65 /Widths [9] /Encoding << /Differences [65 /A] >> /CharProcs << /A 6 0 R >> "
    font += b"/Resources << /Font << /F 5 0 R >> >> >>"
    content = b"BT /F 9 Tf " + b"(AAAAAAAAAA) Tj " * 10 + b"ET"
    return drawing(content, b"/Font << /F 5 0 R >>", font, stream(b"9 0 d0 " + content))


def glyphs_in_glyphs(depth: int = 25) -> bytes:
    more = []
    for number in range(depth):
        own, following = 5 + 2 * number, 7 + 2 * number
        font = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 "
        font += b"/LastChar 65 /Widths [9] /Encoding << /Differences [65 /A] >> "
        font += b"/CharProcs << /A %d 0 R >> /Resources << /Font << /F %d 0 R >> >> >>" % (own + 1, following)
        more += [font, stream(b"9 0 d0 BT /F 9 Tf (AAAAAAAAAA) Tj ET")]
    return drawing(b"BT /F 9 Tf (AAAA) Tj ET", b"/Font << /F 5 0 R >>", *more, b"null")


def mask_that_masks_itself() -> bytes:
    state = b"<< /Type /ExtGState /SMask << /S /Luminosity /G 6 0 R >> >>"
    group = (
        FORM + b" /Group << /S /Transparency /CS /DeviceGray >> /Resources << /ExtGState << /G 5 0 R >> >>"
    )
    return drawing(
        b"/G gs 0 0 500 500 re f", b"/ExtGState << /G 5 0 R >>", state, stream(b"/G gs " + UNIT, group)
    )


def masks_in_masks(depth: int = 200) -> bytes:
    more = []
    for number in range(depth):
        group, following = 6 + 2 * number, 7 + 2 * number
        more.append(b"<< /Type /ExtGState /SMask << /S /Luminosity /G %d 0 R >> >>" % group)
        entries = FORM + b" /Group << /S /Transparency /CS /DeviceGray >> "
        entries += b"/Resources << /ExtGState << /G %d 0 R >> >>" % following
        more.append(stream(b"/G gs 0 0 500 500 re f /G gs 0 0 400 400 re f", entries))
    return drawing(b"/G gs 0 0 500 500 re f", b"/ExtGState << /G 5 0 R >>", *more, b"<< >>")


def picture_masked_by_itself() -> bytes:
    entries = (
        b"/Type /XObject /Subtype /Image /Width 9 /Height 9 /BitsPerComponent 8 /ColorSpace /DeviceGray "
    )
    return drawing(
        b"500 0 0 500 0 0 cm /I Do", b"/XObject << /I 5 0 R >>", stream(bytes(81), entries + b"/SMask 5 0 R")
    )


def forms_in_annotations(depth: int = 28) -> bytes:
    """Nested forms that no page draws: the appearance of a note does."""
    more = [
        stream(b"/X Do " * 10, FORM + b" /Resources << /XObject << /X %d 0 R >> >>" % (number + 5))
        for number in range(depth)
    ]
    note = b"/Annots [<< /Type /Annot /Subtype /Stamp /Rect [0 0 500 500] /F 4 /AP << /N 4 0 R >> >>]"
    return document(*more, stream(UNIT, FORM), page=note)


def forms_in_patterns(depth: int = 28) -> bytes:
    """The same, painted as a pattern."""
    tile = (
        b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 500 500] /XStep 500 /YStep 500 "
    )
    more = [stream(b"/X Do", tile + b"/Resources << /XObject << /X 6 0 R >> >>")]
    more += [
        stream(b"/X Do " * 10, FORM + b" /Resources << /XObject << /X %d 0 R >> >>" % (number + 7))
        for number in range(depth)
    ]
    content = b"/Pattern cs /P scn 0 0 500 500 re f"
    return drawing(content, b"/Pattern << /P 5 0 R >>", *more, stream(UNIT, FORM))


def forms_with_names_in_disguise(depth: int = 28) -> bytes:
    """The name of the form is written as /#58, with a comment before Do, to slip past a plain search."""
    more = [
        stream(b"/#58 % x\nDo " * 10, FORM + b" /Resources << /XObject << /X %d 0 R >> >>" % (number + 6))
        for number in range(depth)
    ]
    return drawing(b"/X % Do\n Do", b"/XObject << /X 5 0 R >>", *more, stream(UNIT, FORM))


def endless_content() -> bytes:
    """Ninety megabytes of operators, packed to a few hundred kilobytes."""
    return document(
        stream(zeros(90_000_000, fill=b"0 0 m 9 9 l S "), b"/Filter /FlateDecode"),
        page=b"/Contents 4 0 R",
    )


def content_of_deep_states() -> bytes:
    return drawing(b"q " * 2_000_000, b"")


def content_array_of_one_stream(count: int = 100_000) -> bytes:
    """One stream of 100 kB, named a hundred thousand times by one page."""
    body = flate(UNIT * 8_000)
    return document(body, page=b"/Contents [" + b"4 0 R " * count + b"]")


def path_of_a_million_curves() -> bytes:
    return drawing(b"0 0 m " + b"1 9 9 1 400 400 c " * 500_000 + b"S", b"")


def dashes_without_end() -> bytes:
    return drawing(b"[0.00001 0.00001] 0 d 1 w 0 0 m 500 800 l S " * 50, b"")


def shading_with_costly_function() -> bytes:
    """A PostScript function of thousands of operators, called for every dot (ISO 32000-1, 7.10.5)."""
    code = b"{ " + b"sin cos exp 360 mul sqrt abs 1 add ln " * 5_000 + b"}"
    function = stream(code, b"/FunctionType 4 /Domain [0 1 0 1] /Range [0 1]")
    shading = b"<< /ShadingType 1 /ColorSpace /DeviceGray /Domain [0 1 0 1] /Matrix [500 0 0 500 0 0] "
    return drawing(b"/S sh " * 20, b"/Shading << /S 5 0 R >>", shading + b"/Function 6 0 R >>", function)


def function_that_calls_itself() -> bytes:
    function = b"<< /FunctionType 3 /Domain [0 1] /Functions [6 0 R 6 0 R] /Bounds [0.5] /Encode [0 1 0 1] >>"
    shading = b"<< /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 500 500] /Function 6 0 R >>"
    return drawing(b"/S sh", b"/Shading << /S 5 0 R >>", shading, function)


def sampled_function_of_many_dimensions() -> bytes:
    entries = b"/FunctionType 0 /BitsPerSample 32 /Domain [" + b"0 1 " * 30 + b"] /Range [0 1] "
    function = stream(bytes(100), entries + b"/Size [" + b"100000 " * 30 + b"]")
    shading = b"<< /ShadingType 1 /ColorSpace /DeviceGray /Function 6 0 R >>"
    return drawing(b"/S sh", b"/Shading << /S 5 0 R >>", shading, function)


def mesh_of_a_million_triangles() -> bytes:
    entries = (
        b"/ShadingType 4 /ColorSpace /DeviceRGB /BitsPerCoordinate 8 /BitsPerComponent 8 /BitsPerFlag 8 "
    )
    entries += b"/Decode [0 500 0 800 0 1 0 1 0 1]"
    return drawing(b"/S sh", b"/Shading << /S 5 0 R >>", flate(bytes(range(240)) * 60_000, entries))


def colour_space_of_itself() -> bytes:
    return drawing(
        b"/C cs 0 scn 0 0 500 500 re f",
        b"/ColorSpace << /C 5 0 R >>",
        b"[/Indexed 5 0 R 255 (abc)]",
    )


def colour_profile_of_itself() -> bytes:
    return drawing(
        b"/C cs 0 0 0 scn 0 0 500 500 re f",
        b"/ColorSpace << /C [/ICCBased 5 0 R] >>",
        stream(bytes(200), b"/N 3 /Alternate [/ICCBased 5 0 R]"),
    )


def colour_profile_bomb() -> bytes:
    """Packed twice: 300 MB that call themselves an ICC profile."""
    entries = b"/N 3 /Filter [/FlateDecode /FlateDecode]"
    return drawing(
        b"/C cs 0 0 0 scn 0 0 500 500 re f",
        b"/ColorSpace << /C [/ICCBased 5 0 R] >>",
        stream(zeros(300_000_000, 2), entries),
    )


def inline_picture_of_a_thousand_million_dots() -> bytes:
    return drawing(b"500 0 0 500 0 0 cm BI /W 60000 /H 60000 /BPC 8 /CS /RGB /F /Fl ID x EI " * 40, b"")


def inline_pictures_without_end() -> bytes:
    return drawing(b"BI /W 1000 /H 1000 /BPC 8 /CS /G /F /AHx ID > EI " * 20_000, b"")


def picture_in_every_corner(count: int = 3_000) -> bytes:
    """One picture of a hundred million dots within the limit, drawn three thousand times."""
    entries = b"/Type /XObject /Subtype /Image /Width 7000 /Height 7000 /BitsPerComponent 8 "
    entries += b"/ColorSpace /DeviceGray /Filter /FlateDecode"
    image = stream(zeros(49_000_000), entries)
    return drawing(b"q 500 0 0 500 0 0 cm /I Do Q " * count, b"/XObject << /I 5 0 R >>", image)


def many_large_pictures(count: int = 40) -> bytes:
    """Each within the limit, together six gigabytes."""
    entries = b"/Type /XObject /Subtype /Image /Width 12000 /Height 12000 /BitsPerComponent 8 "
    entries += b"/ColorSpace /DeviceGray /Filter /FlateDecode"
    packed = zeros(144_000_000)
    images = [stream(packed, entries) for _ in range(count)]
    names = b" ".join(b"/I%d %d 0 R" % (number, number + 5) for number in range(count))
    content = b" ".join(b"/I%d Do" % number for number in range(count))
    return drawing(b"500 0 0 500 0 0 cm " + content, b"/XObject << " + names + b" >>", *images)


def fax_picture_of_huge_size() -> bytes:
    entries = b"/Type /XObject /Subtype /Image /Width 65535 /Height 65535 /BitsPerComponent 1 "
    entries += b"/ColorSpace /DeviceGray /Filter /CCITTFaxDecode "
    entries += b"/DecodeParms << /K -1 /Columns 65535 /Rows 2147483647 >>"
    return drawing(b"500 0 0 500 0 0 cm /I Do", b"/XObject << /I 5 0 R >>", stream(b"\0" * 50, entries))


def jbig2_picture_of_huge_size() -> bytes:
    """A page information segment that asks for 4 thousand million lines (ITU-T T.88, 7.4.8)."""
    page = (0xFFFF_FFF0).to_bytes(4, "big") * 2 + bytes(11)
    segment = bytes(4) + b"\x30\0\1" + len(page).to_bytes(4, "big") + page
    entries = b"/Type /XObject /Subtype /Image /Width 100 /Height 100 /BitsPerComponent 1 "
    entries += b"/ColorSpace /DeviceGray /Filter /JBIG2Decode"
    return drawing(b"500 0 0 500 0 0 cm /I Do", b"/XObject << /I 5 0 R >>", stream(segment, entries))


def jpx_picture_of_huge_size() -> bytes:
    """A JPEG 2000 code stream: SIZ says 2^32 by 2^32 dots in tiles of one (ITU-T T.800, A.5.1)."""
    big = (0xFFFF_FFFF).to_bytes(4, "big")
    siz = b"\0\0" + big * 2 + bytes(8) + (1).to_bytes(4, "big") * 2 + bytes(8) + b"\0\1\7\1\1"
    stream_data = b"\xff\x4f\xff\x51" + (len(siz) + 2).to_bytes(2, "big") + siz + b"\xff\xd9"
    entries = b"/Type /XObject /Subtype /Image /Width 100 /Height 100 /Filter /JPXDecode"
    return drawing(b"500 0 0 500 0 0 cm /I Do", b"/XObject << /I 5 0 R >>", stream(stream_data, entries))


def jpeg_picture_of_huge_size() -> bytes:
    """A JPEG head that says 65,500 by 65,500, in a picture that says 10 by 10."""
    frame = b"\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\3\1\x22\0\2\x11\1\3\x11\1\xff\xd9"
    entries = (
        b"/Type /XObject /Subtype /Image /Width 10 /Height 10 /BitsPerComponent 8 /ColorSpace /DeviceRGB "
    )
    return drawing(
        b"500 0 0 500 0 0 cm /I Do",
        b"/XObject << /I 5 0 R >>",
        stream(frame, entries + b"/Filter /DCTDecode"),
    )


def predictor_of_huge_columns() -> bytes:
    parms = b"/DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 2147483647 /BitsPerComponent 16 >>"
    return document(flate(bytes(10_000), parms), page=b"/Contents 4 0 R")


def thousand_filters() -> bytes:
    return document(
        stream(b"0 0 9 9 re f", b"/Filter [" + b"/ASCIIHexDecode " * 1000 + b"]"), page=b"/Contents 4 0 R"
    )


def flate_in_flate(times: int = 8) -> bytes:
    """Each layer unpacks to a thousand times more; the innermost would be 10^12 bytes."""
    packed = zeros(900_000_000, times)
    filters = b"/Filter [" + b"/FlateDecode " * times + b"]"
    return document(stream(packed, filters), page=b"/Contents 4 0 R")


def run_length_bomb() -> bytes:
    """Run lengths inside Flate: 128 times more than what Flate alone gives."""
    entries = b"/Filter [/FlateDecode /RunLengthDecode]"
    return document(stream(zeros(80_000_000, 1, b"\x81 "), entries), page=b"/Contents 4 0 R")


def lzw_bomb() -> bytes:
    entries = b"/Filter [/FlateDecode /LZWDecode]"
    return document(stream(zeros(90_000_000, 1, b"\x80"), entries), page=b"/Contents 4 0 R")


def bomb_in_an_unused_stream() -> bytes:
    return document(stream(zeros(900_000_000, 2), b"/Filter [/FlateDecode /FlateDecode]"))


def bomb_in_the_metadata() -> bytes:
    entries = b"/Type /Metadata /Subtype /XML /Filter [/FlateDecode /FlateDecode]"
    return document(stream(zeros(400_000_000, 2, b" "), entries), catalog=b"/Metadata 4 0 R")


def bomb_in_a_character_map() -> bytes:
    """A ToUnicode map of a hundred million lines."""
    lines = b"1 beginbfrange <0000> <ffff> <0000> endbfrange\n" * 1
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /ToUnicode 6 0 R "
    font += b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo "
    font += b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    body = stream(zeros(47 * 1_000_000, fill=lines), b"/Filter /FlateDecode")
    return drawing(b"BT /F 9 Tf <0001> Tj ET", b"/Font << /F 5 0 R >>", font, body)


def optional_content_in_a_circle() -> bytes:
    group = b"<< /Type /OCMD /OCGs 5 0 R /VE [/And 6 0 R] >>"
    return drawing(
        b"/OC /O BDC 0 0 9 9 re f EMC", b"/Properties << /O 5 0 R >>", group, b"[/Not 6 0 R 6 0 R]"
    )
