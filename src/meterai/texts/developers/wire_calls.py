"""The calls of the wire, and what a program that moves to the API calls instead."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.texts.mechanism.marks import N_


class WireCall(msgspec.Struct, frozen=True):
    """A call of the wire. `role`: of the host. `instead`: operations of the API, as `POST /api/v1/stamps`."""

    role: str
    methods: str
    path: str
    about: str
    instead: tuple[str, ...]
    moving: str
    """What a program does instead."""


_STAMP: Final = ("POST /api/v1/stamps",)
_STAYS: Final = N_(
    "Hanya untuk adapter. Dokumen yang tidak boleh keluar dari kantor Anda tetap memakai adapter."
)
_ONE_CALL: Final = N_(
    "Satu panggilan mengambil nomor seri dan membubuhkannya. Idempotency-Key menggantikan `idfile`."
)

WIRE_CALLS: Final = (
    WireCall(
        "backend",
        "POST",
        "/api/users/login",
        N_("Masuk; tokennya berlaku 24 jam."),
        ("POST /api/v1/token",),
        N_("Program masuk dengan kuncinya sendiri, tanpa kata sandi."),
    ),
    WireCall(
        "backend",
        "POST, GET",
        "/function/saldopos",
        N_("Sisa meterai (`saldo`), dan nomor seri yang belum dibubuhkan (`notstamp`)."),
        ("GET /api/v1/quota",),
        "",
    ),
    WireCall(
        "backend",
        "GET, POST",
        "/sale/saldo-scm",
        N_("Hal yang sama, untuk entri PEMUNGUT."),
        ("GET /api/v1/quota",),
        "",
    ),
    WireCall(
        "stampv2",
        "GET, POST",
        "/jenisdoc",
        N_("Jenis dokumen dan kodenya."),
        _STAMP,
        N_("Jenisnya ditulis di `facts`."),
    ),
    WireCall(
        "stampv2",
        "POST",
        "/chanel/stampv2",
        N_("Mengambil satu nomor seri dari kuota, untuk dibubuhkan nanti."),
        _STAMP,
        _ONE_CALL,
    ),
    WireCall(
        "stampv2",
        "GET, POST",
        "/snqr/qrimage",
        N_("Gambar meterai sebuah nomor seri."),
        _STAMP,
        N_("Gambarnya kami letakkan sendiri."),
    ),
    WireCall(
        "stampv2",
        "POST",
        "/stamping/update-data/{serial}",
        N_("Mengubah data dokumen, selama belum dibubuhkan."),
        _STAMP,
        N_("Data dikirim bersama dokumennya di `facts`."),
    ),
    WireCall(
        "stampv2",
        "GET, POST",
        "/chanel/sale/stamp/ext/{user}",
        N_("Nomor seri yang belum dibubuhkan."),
        ("GET /api/v1/stamps",),
        N_("Di sana tidak ada nomor seri yang menunggu dokumen."),
    ),
    WireCall(
        "backend",
        "GET, POST",
        "/api/chanel/stamp/ext",
        N_("Keadaan sebuah nomor seri."),
        ("GET /api/v1/organisation/serials/{serial}",),
        "",
    ),
    WireCall(
        "fileupload",
        "POST",
        "/uploaddoc2",
        N_("Mengunggah PDF."),
        ("POST /api/v1/documents",),
        "",
    ),
    WireCall(
        "stampservice",
        "POST",
        "/keystamp/adapter/docSigningZ",
        N_("Membubuhkan meterai pada PDF yang diunggah."),
        _STAMP,
        _ONE_CALL,
    ),
    WireCall(
        "fileupload",
        "GET",
        "/getfile3/{name}",
        N_("Mengunduh PDF bermeterai."),
        ("GET /api/v1/stamps/{stamp_id}/file",),
        "",
    ),
    WireCall(
        "inventory",
        "POST",
        "/api/v2/serialnumber/batch",
        N_("Mengambil nomor seri untuk banyak dokumen, dengan satu webhook per dokumen."),
        ("POST /api/v1/bundles", "POST /api/v1/webhooks"),
        N_("Bundel membubuhkan banyak dokumen sekaligus, dan webhooknya bertanda tangan."),
    ),
    WireCall(
        "stampv2",
        "GET, POST",
        "/snqr/status-batch",
        N_("Keadaan sebuah batch."),
        ("GET /api/v1/bundles/{bundle_id}",),
        "",
    ),
    WireCall(
        "stampv2",
        "GET, POST",
        "/snqr",
        N_("Satu dokumen dari sebuah batch, jika webhooknya tidak sampai."),
        ("GET /api/v1/bundles/{bundle_id}/results.ndjson",),
        "",
    ),
    WireCall(
        "stampservice",
        "POST",
        "/keystamp/pdfsigning/rest/getSignerCertChain",
        N_("Rantai sertifikat untuk adapter."),
        (),
        _STAYS,
    ),
    WireCall(
        "stampservice",
        "POST",
        "/keystamp/pdfsigning/rest/getSignerCertificate",
        N_("Sertifikat penanda tangan untuk adapter."),
        (),
        _STAYS,
    ),
    WireCall(
        "stampservice",
        "POST",
        "/keystamp/pdfsigning/rest/docSigningB",
        N_("Menandatangani hash; di sini meterainya terpakai."),
        (),
        _STAYS,
    ),
    WireCall(
        "stampservice",
        "POST",
        "/keystamp/timestamp",
        N_("Stempel waktu RFC 3161 untuk adapter."),
        (),
        _STAYS,
    ),
)
"""In the order in which a client calls them. A test compares them with the endpoints."""
