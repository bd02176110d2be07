"""Refusals as problem details (RFC 9457): the one place where the API maps a kind to a status."""

from __future__ import annotations

import msgspec
from litestar import Response

from meterai.kernel.refusals import Refusal
from meterai.kit.formats.display import size_text
from meterai.kit.http.status import http_status
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.texts.filling import fill
from meterai.texts.refusals import TABLE, Message

MEDIA_TYPE = "application/problem+json"
_DESCRIBED = "/api/openapi.json"
FOR_MACHINES = {
    "api.not_found": Message(
        "API ini tidak memiliki alamat itu.",
        f"Lihat alamat-alamatnya di {_DESCRIBED}.",
        "This API has no such address.",
        f"See {_DESCRIBED} for its addresses.",
    ),
    "api.unreadable": Message(
        "Permintaan ini tidak terbaca, atau alamat ini tidak menerima metode itu.",
        f"Lihat {_DESCRIBED}.",
        "This request can't be read, or the address does not take the method.",
        f"See {_DESCRIBED}.",
    ),
    "api.empty": Message(
        "Permintaan ini tidak berisi apa-apa.",
        "Kirim PDF-nya sebagai isi. Bila dikirim untuk kedua kali: baca berkasnya lagi dari awal.",
        "This request has nothing in its body.",
        "Send the PDF as the body. When you send it a second time, read the file from its beginning again.",
    ),
    "api.form": Message(
        "Isi permintaan ini formulir atau JSON, bukan PDF.",
        "Kirim PDF-nya saja sebagai isi, bita demi bita (curl --data-binary @BERKAS.pdf).",
        "The body of this request is a form or JSON and no PDF.",
        "Send the PDF alone as the body, byte for byte (curl --data-binary @FILE.pdf).",
    ),
    "api.packed": Message(
        "Isi permintaan ini dimampatkan.",
        "Kirim PDF-nya apa adanya, tanpa Content-Encoding.",
        "The body of this request is packed.",
        "Send the PDF as it is, without Content-Encoding.",
    ),
    "pdf.too_large": Message(
        f"Berkas ini lebih dari {size_text(CHECKED_BYTES_MAX, 'id')}; yang kami bubuhi tidak sebesar itu.",
        "Kirim berkas lain, atau periksa sidik digitalnya.",
        f"This file is larger than {size_text(CHECKED_BYTES_MAX, 'en')}; none that we stamp is so large.",
        "Send another file, or ask for its fingerprint.",
    ),
}
"""What only a client of the API meets, or meets otherwise than on a page."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 members, `detail` in English, and what is ours.

    `code` is stable, `detail_id` is the detail in Indonesian, `help_code` finds the case in our logs.
    """

    type: str
    title: str
    status: int
    detail: str
    """What happened and what to do, as a page says it."""
    code: str
    detail_id: str
    help_code: str = ""


def problem_response(refusal: Refusal, help_code: str = "", status: int = 0) -> Response[bytes]:
    """The answer for a refusal. Of its facts only those are told that the words of a page name: others may be
    what the caller must not learn.

    `status`: where its kind does not say it.
    """
    status = status or http_status(refusal)
    words = FOR_MACHINES.get(refusal.code) or TABLE.get(refusal.code) or TABLE["server.fault"]
    body = Problem(
        type=f"urn:meterai:problem:{refusal.code}",
        title=refusal.kind.value.replace("_", " "),
        status=status,
        detail=fill(f"{words.en} {words.en_next}", refusal.facts, "en"),
        code=refusal.code,
        detail_id=fill(f"{words.id} {words.id_next}", refusal.facts, "id"),
        help_code=help_code,
    )
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)
