"""Further stamps of ours, from another order, and stamps taken from other files."""

from __future__ import annotations

import io
from typing import IO

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from meterai.pdf.profiles import Profile
from tests.attacks.signing import signed_by_somebody
from tests.changes.faces import Face, Place, at, field, filled, of_the_stamp, signs
from tests.changes.kind import ADDED_IF_OPEN, CHANGED, Kind, Make, Start, kinds
from tests.changes.kinds.strangers import BLACK, OVER, on_the_stamp
from tests.changes.pages import PAGES
from tests.verification.making import SECOND, byte_range


class _Renamed(generic.TextStringObject):
    """A field's name that stands in the file otherwise than pyHanko, which signs, may know."""

    text = b""

    def write_to_stream(self, stream: IO[bytes], *_: object, **__: object) -> None:
        stream.write(self.text)


def stamps(
    place: Place, face: Face, *, serial: str = SECOND, field_name: str = "", before: Make | None = None
) -> Make:
    """Our key stamps once more, wherever it is asked to. `field_name`: what pyHanko knows."""

    def make(start: Start) -> bytes | None:
        data = start.data if before is None else before(start)
        if data is None:
            return None
        name = field_name or f"Emet{serial}"

        def edit(writer: IncrementalPdfFileWriter) -> None:
            field(name, place, face)(start)(writer)
            renamed = _Renamed(name)
            renamed.text = b"(Emet%s)" % serial.encode()
            writer.root["/AcroForm"]["/Fields"][-1]["/T"] = renamed

        return signed_by_somebody(
            data,
            name=name,
            reason=f"[{serial}] Bea meterai",
            edit=edit,
            signer=start.bases.stamper.signer(),
            existing=True,
            forced=True,
            dated_by=start.bases.time_stamper(),
        )

    return make


def by_the_engine(start: Start) -> bytes | None:
    """A second order on the same document, in the next free place."""
    return start.bases.sealed(start.data, profile=Profile.SIGNED, first=1)[0] if start.open else None


def _other_file(start: Start) -> bytes:
    """Another document with a genuine stamp."""
    other = PAGES["table" if start.page.name == "letter" else "letter"].document()
    return start.bases.sealed(other, profile=Profile.FINAL, first=7)[0]


def pages_of_another(start: Start) -> bytes:
    """The stamp's page put before another document's pages."""
    with pikepdf.open(io.BytesIO(_other_file(start))) as other, pikepdf.open(io.BytesIO(start.data)) as pdf:
        pdf.pages.extend(other.pages)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def another_behind(start: Start) -> bytes:
    return start.data + _other_file(start)


def another_in_front(start: Start) -> bytes:
    return _other_file(start) + start.data


def signature_of_another(start: Start) -> bytes:
    """The digits of another genuine signature in this file's gap."""
    other = _other_file(start)
    _zero, first, second, _rest = byte_range(other)
    digits = other[first + 1 : second - 1]
    _zero, first, second, _rest = byte_range(start.data)
    room = second - first - 2
    return start.data[: first + 1] + digits[:room].ljust(room, b"0") + start.data[second - 1 :]


STAMP = of_the_stamp()
BLANK = at(300, 230, 90, 90)
KINDS: list[Kind] = [
    *kinds(
        "second stamp of ours over ink",
        {f"over {name}": stamps(place, STAMP) for name, place in OVER.items() if "page" not in name}
        | {
            "white over the amount": stamps(OVER["the amount"], filled(b"1 g")),
            "over a stranger's signature": stamps(
                at(60, 230, 90, 90), STAMP, before=signs(at(60, 230, 90, 90), BLACK)
            ),
            "over our own stamp": stamps(on_the_stamp(0.05, 0.05, 0.95, 0.95), STAMP),
        },
        right=CHANGED,
    ),
    *kinds(
        "second stamp of ours",
        {
            "on blank paper": stamps(BLANK, STAMP),
            "on blank paper, by the engine": by_the_engine,
            "behind a stranger's signature": stamps(BLANK, STAMP, before=signs(at(60, 230, 160, 60))),
        },
        right=ADDED_IF_OPEN,
    ),
    *kinds(
        "second stamp of ours, wrong",
        {
            "the serial of the first": lambda s: stamps(
                BLANK, STAMP, serial=_first_serial(s), field_name="Lain"
            )(s),
            "a serial with a wrong check character": stamps(BLANK, STAMP, serial="A" * 22),
        },
    ),
    *kinds(
        "stamp of another file",
        {
            "pages of the other added": pages_of_another,
            "the other file behind": another_behind,
            "the other file in front": another_in_front,
            "its signature in the gap": signature_of_another,
        },
    ),
]


def _first_serial(start: Start) -> str:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        return str(pdf.get_object(start.parts.field, 0)["/T"]).removeprefix("Emet")
