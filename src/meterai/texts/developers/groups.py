"""The groups of operations in the reference."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.texts.mechanism.marks import N_


class Group(msgspec.Struct, frozen=True):
    """A page of the reference. `tags`: those of its operations in the description of the API."""

    slug: str
    name: str
    about: str
    tags: tuple[str, ...]


GROUPS: Final = (
    Group(
        "akses",
        N_("Akses"),
        N_("Token dan uraian API. Token berlaku 15 menit."),
        ("token endpoint", "document"),
    ),
    Group(
        "dokumen",
        N_("Dokumen"),
        N_("Unggah PDF, lihat letak yang diusulkan, dan unduh lagi. Ini tidak memakai meterai."),
        ("documents",),
    ),
    Group(
        "pembubuhan",
        N_("Pembubuhan"),
        N_("Beri meterai pada satu dokumen. Meterai dipesan dari stok sebelum jawaban dikirim."),
        ("stamps", "organisation serials"),
    ),
    Group(
        "banyak",
        N_("Banyak dokumen"),
        N_("Satu bundel memuat sampai 100.000 dokumen: daftar berkas, unggahan, mulai, hasil."),
        ("bundles", "bundle files", "bundle results"),
    ),
    Group(
        "organisasi",
        N_("Organisasi dan perjanjian"),
        N_("Organisasi Anda dan yang di bawahnya, serta harga dan batas yang disepakati."),
        ("organisations", "agreements"),
    ),
    Group(
        "kuota",
        N_("Kuota"),
        N_("Stok, kredit, dan blok meterai yang diteruskan atau dikembalikan."),
        ("quota",),
    ),
    Group(
        "peristiwa",
        N_("Peristiwa"),
        N_("Apa yang terjadi, dengan nomor tanpa celah. Disimpan 30 hari."),
        ("events",),
    ),
    Group(
        "webhook",
        N_("Webhook"),
        N_("Alamat yang kami kabari, pesan yang dikirim, uji coba, dan pengiriman ulang."),
        ("webhooks", "deliveries"),
    ),
    Group(
        "laporan",
        N_("Laporan"),
        N_("Laporan bulanan sebagai CSV dan XLSX, dicocokkan dengan buku besar."),
        ("reports",),
    ),
    Group(
        "pemakaian",
        N_("Pemakaian"),
        N_("Permintaan, meterai, dan penolakan per hari, serta permintaan terakhir."),
        ("usage",),
    ),
    Group(
        "jam-uji",
        N_("Lingkungan uji"),
        N_("Jam yang dapat dimajukan untuk organisasi Anda. Hanya ada di lingkungan uji."),
        ("sandbox",),
    ),
    Group(
        "verifikasi",
        N_("Verifikasi"),
        N_("Periksa keaslian dokumen atau nomor seri. Tanpa token."),
        ("verification",),
    ),
    Group(
        "layanan",
        N_("Untuk pengelola layanan"),
        N_("Keadaan layanan bagi siapa saja, pemberitahuan dari gerbang pembayaran, dan metrik."),
        ("service status", "announcements", "gateway notices", "metrics"),
    ),
)
"""In the order of the index. Each operation is in one of them (`tests/web/test_developer_pages.py`)."""
