"""Files that our own key sealed. The verifier must not rest on the care of the signer."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO

import pikepdf
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, append_signature_field

from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.stamping.in_jail.increment import IncrementWriter
from meterai.verification.in_jail.document import PAGES_MAX
from tests.attacks.signing import signed_by_somebody
from tests.attacks.tables import hybrid
from tests.changes.faces import written
from tests.changes.kind import GENUINE, Kind, Make, Start, kinds
from tests.verification.making import SECOND, SERIAL, field

_CLOSED, _OPEN = MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS


class _Hybrid(IncrementalPdfFileWriter):
    """Signs also what has a table with a stream beside it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, strict=False)


class _Lengthened(IncrementalPdfFileWriter):
    """Writes a comment behind the end of its revision. The signature covers it."""

    def write(self, stream: IO[bytes]) -> None:
        super().write(stream)
        stream.write(b"% Rp99.000.000\n")


def seals(start: Start, data: bytes, *, serial: str = SERIAL, existing: bool = True, **how: object) -> bytes:
    """The file with a stamp of ours in a field that is there, made by plain pyHanko."""
    return signed_by_somebody(
        data,
        name=f"Emet{serial}",
        reason=f"[{serial}] Bea meterai",
        signer=start.bases.stamper.signer(),
        existing=existing,
        forced=True,
        dated_by=start.bases.time_stamper(),
        **how,  # type: ignore[arg-type]
    )


def of_upload(change: Callable[[bytes], bytes], **how: object) -> Make:
    """The page's document, changed before our key seals it: once for a page, whatever its profile is."""

    def make(start: Start) -> bytes | None:
        if not start.open:
            return None
        return seals(start, _with_fields(change(start.page.document()), 1), **how)

    return make


def _with_fields(data: bytes, count: int) -> bytes:
    """With empty fields for this number of stamps, without faces."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        for number, serial in enumerate((SERIAL, SECOND)[:count]):
            append_signature_field(writer, field(serial, number=number))
            del writer.root["/AcroForm"]["/Fields"][-1]["/AP"]

    return written(edit, data)


def in_two_steps(first: MDPPerm) -> Make:
    """Two stamps; the first one certifies the document."""

    def make(start: Start) -> bytes | None:
        if not start.open:
            return None
        data = seals(start, _with_fields(start.page.document(), 2), certify=first)
        return seals(start, data, serial=SECOND, writing=IncrementWriter)

    return make


def _rewritten(change: Callable[[pikepdf.Pdf], None]) -> Callable[[bytes], bytes]:
    def made(data: bytes) -> bytes:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            change(pdf)
            out = io.BytesIO()
            pdf.save(out, compress_streams=False)
        return out.getvalue()

    return made


def _too_many_pages(pdf: pikepdf.Pdf) -> None:
    for _number in range(PAGES_MAX):
        pdf.add_blank_page()


def _too_large(pdf: pikepdf.Pdf) -> None:
    pdf.Root["/Lain"] = pdf.make_stream(bytes(CHECKED_BYTES_MAX))


def _looped(pdf: pikepdf.Pdf) -> None:
    """The tree of pages names itself behind its pages."""
    pdf.Root.Pages.Kids.append(pdf.Root.Pages)


KINDS: list[Kind] = [
    *kinds(
        "sealed by our key",
        {"by plain pyHanko": of_upload(bytes), "twice": in_two_steps(_OPEN)},
        right=GENUINE,
    ),
    *kinds(
        "sealed by our key, wrongly",
        {
            "larger than we check": of_upload(_rewritten(_too_large)),
            "with a comment behind the end": of_upload(bytes, writing=_Lengthened),
            "a page tree that names itself": of_upload(_rewritten(_looped)),
            "a table and a stream that contradict each other": lambda s: of_upload(
                lambda data: hybrid(s.bases, data), writing=_Hybrid
            )(s),
            "more pages than we count": of_upload(_rewritten(_too_many_pages)),
            "after a stamp that closes the document": in_two_steps(_CLOSED),
        },
    ),
]
