"""Makes the document that the probe has stamped: one page, another one each time."""

from __future__ import annotations

from datetime import datetime

_TEXT_SIZE, _LEFT, _TOP = 14, 72, 720


def make_document(moment: datetime) -> bytes:
    """A PDF (ISO 32000-1) of one A4 page that says what it is for and when it was made."""
    lines = ("Uji layanan e-Meterai", "Dokumen ini dibuat oleh halaman status.", moment.isoformat())
    drawn = "".join(f"({line}) Tj 0 -24 Td " for line in lines)
    content = f"BT /F1 {_TEXT_SIZE} Tf {_LEFT} {_TOP} Td {drawn}ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(body))
    )
