"""Properties of what reads earlier revisions, and of what decides about changes after a stamp."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
from PIL import Image, ImageDraw
from pyhanko.pdf_utils import generic

from meterai.pdf.profiles import Profile
from meterai.pdf.signed.reading import Reader
from meterai.verification.in_jail import judge
from meterai.verification.model import Box, Judgement, JudgeRequest, Verdict
from tests.attacks.bases import Bases
from tests.attacks.programs import by_poppler
from tests.attacks.raw import anatomy, append, edited, entries_of, stream
from tests.attacks.tables import archived_by_hand
from tests.changes.files import Files
from tests.changes.kind import Start

_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?")
_VALUES = (
    b"null",
    b"(Rp99.000.000)",
    b"[0 0 595 500]",
    b"90",
    b"/Lain",
    b"<< >>",
    b"[]",
    b"true",
)
_KEYS = (
    "/Contents", "/Resources", "/Annots", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Pages", "/Kids",
    "/Count", "/AcroForm", "/Fields", "/V", "/AP", "/Rect", "/F", "/T", "/Title", "/Author", "/Metadata",
    "/DSS", "/Perms", "/OpenAction", "/AA", "/OCProperties", "/Names", "/StructTreeRoot", "/Parent", "/Type",
    "/Length", "/BaseFont", "/Encoding",
)  # fmt: skip


class Later(NamedTuple):
    """A sealed file to which the fuzzer adds revisions."""

    start: Start
    moment: datetime


@cache
def sealed() -> Later:
    folder = Path(tempfile.mkdtemp(prefix="meterai-fuzz-"))
    files = Files(Bases.make(folder))
    return Later(files.start("tagged", Profile.SIGN_LATER), datetime.now(UTC) + timedelta(hours=1))


def made(recipe: bytes) -> bytes:
    """The sealed file, then up to four revisions of a kind and four bytes each."""
    data = sealed().start.data
    for at in range(0, min(len(recipe) - 4, 20), 5):
        data = _with_revision(data, recipe[at : at + 5])
    return data


def _with_revision(data: bytes, recipe: bytes) -> bytes:
    kind, which, key, value, more = recipe
    match kind % 8:
        case 0 | 1:
            return _object_changed(data, which, key, value)
        case 2:
            return append(data, entries={_number(data, which): more * 97 % len(data) if more % 2 else 0})
        case 3:
            number = anatomy(data).size
            title = b"<< /Title (%d) /Author %s >>" % (key, _VALUES[value % len(_VALUES)])
            return append(data, {number: title}, trailer=b"/Info %d 0 R" % number)
        case 4:
            return archived_by_hand(data)
        case 5 | 6:
            return _signed(data, which, key, value, more)
        case _:
            return append(data, entries={0: 0}) if more % 2 else data + b"\r\n"[: more % 3]


def _number(data: bytes, which: int) -> int:
    return 1 + which % (anatomy(data).size - 1)


def _object_changed(data: bytes, which: int, key: int, value: int) -> bytes:
    """A dictionary with another entry; another kind of object is replaced."""
    number, made = _number(data, which), _VALUES[value % len(_VALUES)]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found = pdf.get_object(number, 0)
        if isinstance(found, pikepdf.Stream):
            body = stream(found.read_bytes() + (b" " if value % 2 else b"\n0 0 300 300 re f"))
        elif isinstance(found, pikepdf.Dictionary):
            gone = None if value % 9 == 8 else made
            body = edited(data, number, {_KEYS[key % len(_KEYS)]: gone})
        else:
            body = made
    return append(data, {number: body})


def _signed(data: bytes, x: int, y: int, size: int, ink: int) -> bytes:
    """Budi signs somewhere."""
    left, bottom = x * 595 // 256, y * 842 // 256
    box = (left, bottom, left + 5 + size, bottom + 5 + size % 64)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        if "/AcroForm" not in pdf.Root or not pdf.Root.AcroForm.is_indirect:
            return data
    del ink
    return by_poppler(data, box, name=f"Budi{len(data)}")


def check_revisions(recipe: bytes) -> None:
    """An earlier revision, read from the whole file, is what the file was when it ended there."""
    data = _made(recipe)
    reader = _reader(data)
    if reader is None:
        return
    for revision in range(reader.xrefs.total_revisions - 1):
        table = reader.xrefs.get_startxref_for_revision(revision)
        end = _END.search(data, table)
        alone = _reader(data[: end.end()]) if end is not None else None
        if alone is None or alone.xrefs.total_revisions != revision + 1:
            continue
        now, then = (_seen_in(whole, revision) for whole in (reader, alone))
        if now is None:
            return  # the whole file is refused
        assert then is not None, "readable only with what came later"
        assert now == then, [key for key in now.keys() | then.keys() if now.get(key) != then.get(key)]


def _made(recipe: bytes) -> bytes:
    try:
        return made(recipe)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, pikepdf.PikepdfError, RuntimeError):
        return sealed().start.data  # the revision before can't be built upon


def _reader(data: bytes) -> Any:
    try:
        reader = Reader(data)
        return reader if not reader.encrypted and reader.root is not None else None
    except Exception:  # a file that pyHanko refuses is not judged
        return None


def _seen_in(reader: Any, revision: int) -> dict[object, bytes] | None:
    try:
        view = reader.get_historical_resolver(revision)
    except Exception:
        return None
    return dict(_everything(view))


def _everything(view: Any) -> Iterator[tuple[object, bytes]]:
    """What a view leads to, as written, by the way that leads there: as the rules read it."""
    named = {name: value for name, value in dict.items(view.trailer_view) if name != "/Root"}
    waiting: list[tuple[str, Any]] = [("trailer", named), ("catalog", view.root)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            if (key := (item.idnum, item.generation)) in seen:
                continue
            seen.add(key)
            try:
                found = item.get_object()
            except Exception:  # the same on both sides
                yield key, b"unreadable"
                continue
            yield key, _written(found)
            waiting.append((f"{path} {key}", found))
        elif isinstance(item, dict):
            waiting += [(f"{path}{name}", dict.__getitem__(item, name)) for name in sorted(item)]
        elif isinstance(item, list):
            waiting += [(f"{path}[]", part) for part in list.__iter__(item)]


def _written(value: Any) -> bytes:
    out = io.BytesIO()
    try:
        value.write_to_stream(out, None)
    except Exception:  # a value that pyHanko can't write again
        return repr(value).encode()
    return out.getvalue()


def check_comparison(recipe: bytes) -> None:
    """Nobody sees another document, whatever passes; and nobody else's picture, where nothing was added."""
    data, began = _made(recipe), sealed().start.data
    found = judged(data)
    assert "check.failed" not in found.reasons
    if found.verdict not in (Verdict.GENUINE, Verdict.WITH_ADDITIONS):
        return
    added = [item for item in found.additions if item.box is not None]
    assert (found.verdict is Verdict.WITH_ADDITIONS) is bool(found.additions)
    for flags in (0, pypdfium2.raw.FPDF_PRINTING):
        assert _pictures(began, flags, added) == _pictures(data, flags, added)
    assert _facts(began) == _facts(data)
    for old, new in zip(_titles(began), _titles(data), strict=True):
        assert new in ("", old)  # a trailer may leave the information out


def judged(data: bytes) -> Judgement:
    start, moment = sealed()
    return judge(JudgeRequest(data=data, trust=start.bases.stamper.trust, moment=moment))


def _pictures(data: bytes, flags: int, added: list[Any]) -> list[bytes]:
    """The pages without the places of what was added."""
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        found = []
        for number in range(len(document)):
            bitmap = document[number].render(scale=1, grayscale=True, may_draw_forms=True, extra_flags=flags)
            picture = bitmap.to_pil().convert("L")
            for item in added:
                if item.page == number + 1:
                    _wipe(picture, item.box)
            found.append(picture.tobytes())
        return found
    finally:
        document.close()


def _wipe(picture: Image.Image, box: Box) -> None:
    top = picture.height - box.y - box.height
    place = (box.x - 2, top - 2, box.x + box.width + 2, top + box.height + 2)
    ImageDraw.Draw(picture).rectangle(place, fill=255)


def _titles(data: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return [str(pdf.docinfo.get(key, "")) for key in ("/Title", "/Author", "/Subject", "/Keywords")]


def _facts(data: bytes) -> tuple[object, ...]:
    """The catalog's entries without those that archive data and signatures need, and the number of pages."""
    exempt = {"/AcroForm", "/DSS", "/Metadata", "/Extensions", "/Version"}
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root = entries_of(data, pdf.Root.objgen[0])
        return {key: value for key, value in root.items() if key not in exempt}, len(pdf.pages)


def seeds() -> list[bytes]:
    return [bytes((kind, which, 17, 1, 1)) for kind in range(8) for which in (3, 9)]
