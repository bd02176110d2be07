"""Words of the console's acts on events: their fields, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.console_acts import NO, YES, ActWords, FieldWords
from meterai.texts.mechanism.marks import N_

FIELDS: Final[Mapping[str, FieldWords]] = {
    "name": FieldWords(N_("Nama acara"), N_("Dalam bahasa Indonesia, seperti Seleksi CASN 2027.")),
    "name_en": FieldWords(N_("Nama acara dalam bahasa Inggris"), N_("Seperti Civil service selection 2027.")),
    "agency": FieldWords(N_("Instansi"), N_("Yang menyelenggarakannya, dalam bahasa Indonesia.")),
    "agency_en": FieldWords(
        N_("Instansi dalam bahasa Inggris"), N_("Seperti National Civil Service Agency (BKN).")
    ),
    "zone": FieldWords(
        N_("Zona waktu"), N_("Yang dipakai instansi dan tampil di halaman. Waktu di bawah ini dalam WIB.")
    ),
    "opens_at": FieldWords(N_("Dibuka"), N_("Dalam WIB.")),
    "closes_at": FieldWords(N_("Ditutup"), N_("Dalam WIB.")),
    "documents": FieldWords(
        N_("Dokumen yang diminta"),
        N_("Satu per baris: surat_lamaran | Surat lamaran | Letter of application"),
    ),
    "kilobytes": FieldWords(
        N_("Berkas bermeterai paling besar (KB)"), N_("Yang diterima instansi, seperti 800.")
    ),
    "pdf_version": FieldWords(N_("Versi PDF paling rendah"), N_("Yang diterima instansi, seperti 1.6.")),
    "signed_later": FieldWords(
        N_("Berkas bermeterai masih ditandatangani secara digital"),
        N_("Tidak: halaman letak meterai tidak menanyakannya."),
    ),
    "hand_in": FieldWords(
        N_("Tempat menyerahkan berkas"),
        N_("Satu baris: Portal SSCASN | SSCASN portal | https://sscasn.bkn.go.id. Tanda - : tidak disebut."),
    ),
    "line": FieldWords(N_("Bisa ada antrean"), N_("Ya: orang mengantre bila datang terlalu banyak.")),
    "event_ends_at": FieldWords(N_("Berakhir"), N_("Dalam WIB. Kosong: saat petugas kedua menyetujuinya.")),
}
"""Those of acts on events, of which most may stay empty in a change."""
ZONES: Final[Mapping[str, str]] = {
    "Asia/Jakarta": N_("WIB (Jakarta)"),
    "Asia/Makassar": N_("WITA (Makassar)"),
    "Asia/Jayapura": N_("WIT (Jayapura)"),
}
ANSWERS: Final[Mapping[str, str]] = {"ya": YES, "tidak": NO}
OPEN_EVENT: Final = ActWords(
    N_("Buka acara baru"),
    N_(
        "Menawarkan acara dengan halaman, dokumen dan batasnya sendiri. "
        "Catatan petugas berlaku di atas berkas acara."
    ),
    N_("Acara {subject} tersimpan. Situs mengikutinya dalam dua detik."),
)
CHANGE_EVENT: Final = ActWords(
    N_("Ubah acara"),
    N_("Isi hanya yang berubah; yang kosong tetap. Catatan petugas berlaku di atas berkas acara."),
    N_("Acara {subject} tersimpan. Situs mengikutinya dalam dua detik."),
)
CLOSE_EVENT: Final = ActWords(
    N_("Akhiri acara"),
    N_(
        "Acara berakhir, dan antreannya juga. Pesanan yang sudah dibuat tetap bisa dibayar dan dimeteraikan. "
        "Gerbang mengikutinya dalam setengah menit."
    ),
    N_("Waktu tutup acara {subject} tersimpan. Situs mengikutinya dalam dua detik."),
)
FOLLOW_FILE: Final = ActWords(
    N_("Ikuti berkas acara lagi"),
    N_("Menghapus catatan petugas tentang acara ini: yang tertulis di berkas acara berlaku lagi."),
    N_("Acara {subject} mengikuti berkas acara lagi."),
)
NOT_OFFERED: Final = N_("tidak ditawarkan")
