"""The wire's codes and what they mean, and words for refusals that only its clients meet.

The page for integrators shows `BUSINESS_CODES` and `SIGNING_CODES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_LOG_IN: Final = N_("Masuk lagi di /api/users/login, lalu ulangi dengan token yang baru.")
_SAME_SERIAL: Final = N_("Ulangi dengan nomor seri yang sama. Tidak ada meterai kedua yang terpakai.")
_AGAIN: Final = N_('Ulangi dengan nomor seri yang sama dan `retryFlag` "1".')
_MEND: Final = N_("Perbaiki, lalu kirim lagi dengan nomor seri yang sama. Tidak ada meterai yang terpakai.")


@dataclass(frozen=True, slots=True)
class WireCode:
    """A code of the wire: two marked sentences, what happened and what to do."""

    code: str
    meaning: str
    next: str


BUSINESS_CODES: Final = (
    WireCode("00", N_("Berhasil."), N_("Baca hasilnya di `result`.")),
    WireCode(
        "01",
        N_("Ditolak: kuota atau batas meterai habis, nomor seri tidak dikenal, atau hak tidak cukup."),
        N_("Baca `message`. Tidak ada meterai yang terpakai."),
    ),
    WireCode("02", N_("Nama pengguna, kata sandi, atau token tidak berlaku."), _LOG_IN),
    WireCode("96", N_("Sebuah kolom kosong atau salah; `message` menyebut yang mana."), _MEND),
    WireCode("97", N_("Sedang terlalu banyak permintaan."), N_("Tunggu sebentar, lalu ulangi persis sama.")),
    WireCode("99", N_("Gangguan di pihak kami."), N_("Tunggu sebentar, lalu ulangi persis sama.")),
)
"""What `statusCode` says."""
SIGNING_CODES: Final = (
    WireCode("00", N_("Berhasil."), N_("Ambil berkasnya di `dest` atau `urlFile`.")),
    WireCode(
        "80",
        N_("Isi berkas berubah sesudah tanda tangan atau meterai sebelumnya."),
        N_("Minta berkas aslinya. Nomor serinya tetap dapat dipakai."),
    ),
    WireCode(
        "81",
        N_("Tanda tangan sebelumnya di berkas ini tidak sah."),
        N_("Minta berkas aslinya. Nomor serinya tetap dapat dipakai."),
    ),
    WireCode(
        "82",
        N_("Berkas ini rusak, terkunci sandi, atau tidak dapat dibaca dengan aman."),
        N_("Cetak ulang sebagai PDF tanpa sandi, lalu kirim lagi dengan nomor seri yang sama."),
    ),
    WireCode(
        "83",
        N_("Berkas ini disertifikasi dan tidak mengizinkan perubahan."),
        N_("Beri meterai sebelum berkas disertifikasi."),
    ),
    WireCode("90", N_("Kolom wajib kosong atau salah; `errorMessage` menyebut yang mana."), _MEND),
    WireCode(
        "91", N_("`profileName` tidak dikenal."), N_("Kirim `emeteraicertificateSigner` atau `default`.")
    ),
    WireCode(
        "92",
        N_("Nomor seri ini tidak dapat dipakai untuk berkas ini."),
        N_("Ambil nomor seri lain. Yang sudah kembali ke kuota tidak terpakai."),
    ),
    WireCode("93", N_("Rantai sertifikat sedang tidak tersedia."), _SAME_SERIAL),
    WireCode("94", N_("Sertifikat sedang tidak tersedia."), _SAME_SERIAL),
    WireCode("95", N_("Penanda tangan sedang tidak terjangkau."), _SAME_SERIAL),
    WireCode("96", N_("Penandatanganan hash gagal atau ditolak."), _SAME_SERIAL),
    WireCode(
        "97",
        N_("Belum selesai, atau sedang terlalu banyak permintaan."),
        N_('Ulangi dengan nomor seri yang sama dan `retryFlag` "1".'),
    ),
)
"""What `errorCode` says."""

WIRE_PROBLEMS: Final[dict[str, Explanation]] = {
    "wire.not_found": Explanation(
        N_("Tidak ada layanan di alamat ini."),
        N_("Periksa alamat dasarnya: /wire/ lalu backend, stampv2, inventory, stampservice atau fileupload."),
    ),
    "wire.method": Explanation(
        N_("Alamat ini tidak menerima metode itu."), N_("Pakai {methods}."), facts={"methods": ""}
    ),
    "wire.unreadable": Explanation(
        N_("Isi permintaan ini tidak terbaca."), N_("Kirim JSON atau formulir dalam UTF-8.")
    ),
    "wire.characters": Explanation(
        N_("Kolom {field} berisi karakter yang tidak dapat disimpan."), _MEND, facts={"field": ""}
    ),
    "wire.field_missing": Explanation(N_("Kolom {field} kosong."), _MEND, facts={"field": ""}),
    "wire.field_wrong": Explanation(N_("Isi kolom {field} tidak dapat dipakai."), _MEND, facts={"field": ""}),
    "wire.document_unknown": Explanation(
        N_("Kolom {field} tidak menyebut berkas yang diunggah organisasi ini."),
        N_("Unggah berkasnya di /uploaddoc2, lalu sebut id-nya."),
        facts={"field": "src"},
    ),
    "wire.profile_unknown": Explanation(
        N_("`profileName` tidak dikenal."), N_("Kirim `emeteraicertificateSigner` atau `default`.")
    ),
    "wire.signing_runs": Explanation(N_("Meterai ini masih dikerjakan."), _AGAIN),
    "wire.signing_failed": Explanation(
        N_("Pemberian meterai gagal ({reason})."), _SAME_SERIAL, facts={"reason": ""}
    ),
    "wire.serial_given_up": Explanation(
        N_("Pemberian meterai gagal, dan nomor seri ini kembali ke kuota."),
        N_("Ambil nomor seri lain. Tidak ada meterai yang terpakai."),
    ),
    "hash.attributes": Explanation(
        N_("`data` bukan atribut yang kami tandatangani."),
        N_(
            "Kirim tepat content-type, message-digest dan signing-certificate-v2 dari sertifikat penanda "
            "tangan. Nomor serinya tetap dapat dipakai."
        ),
    ),
    "hash.other_source": Explanation(
        N_("Nomor seri ini sudah dipakai untuk berkas dengan `shaChecksum` lain."),
        N_("Pakai berkas yang pertama, atau ambil nomor seri lain untuk berkas ini."),
    ),
    "hash.enough_requests": Explanation(
        N_("Nomor seri ini sudah ditandatangani lima kali."),
        N_("Pakai berkas yang terakhir, atau ambil nomor seri lain."),
    ),
    "hash.unknown": Explanation(
        N_("Tidak ada tanda tangan organisasi ini dengan SHA-256 itu."),
        N_("Minta cap waktu untuk tanda tangan dari docSigningB."),
    ),
    "wire.time_stamp_query": Explanation(
        N_("Isi permintaan ini bukan permintaan cap waktu RFC 3161 untuk SHA-256."),
        N_("Kirim TimeStampReq dalam DER dengan SHA-256 dari tanda tangannya."),
    ),
    "wire.login_wrong": Explanation(
        N_("Nama pengguna atau kata sandi salah, atau tidak berlaku lagi."),
        N_("Periksa keduanya, atau minta pemilik akun organisasi membuat yang baru."),
    ),
    "wire.login_later": Explanation(
        N_("Terlalu banyak percobaan masuk dari jaringan ini."),
        N_("Pakai satu token selama 24 jam. Tunggu {retry_after_s}, lalu ulangi."),
        facts={"retry_after_s": 60},
    ),
    "wire.many_documents": Explanation(
        N_("Satu batch memuat paling banyak {maximum} dokumen."),
        N_("Bagi menjadi beberapa batch. Tidak ada meterai yang terpakai."),
        facts={"maximum": 0},
    ),
    "wire.signed_requests": Explanation(
        N_("Perjanjian organisasi ini mewajibkan permintaan bertanda tangan, yang tidak ada di sini."),
        N_("Pakai API v1, atau ubah perjanjiannya lebih dulu."),
    ),
    "adapter.source_missing": Explanation(
        N_("Berkas di kolom {field} tidak ada di folder bersama."),
        N_("Simpan berkasnya di sana, lalu kirim lagi dengan nomor seri yang sama."),
        facts={"field": "src"},
    ),
    "adapter.chain": Explanation(N_("Layanan tidak memberi rantai sertifikat."), _SAME_SERIAL),
    "adapter.certificate": Explanation(N_("Sertifikat dari layanan tidak dapat dipakai."), _SAME_SERIAL),
    "adapter.signature": Explanation(
        N_("Tanda tangan dari layanan tidak cocok dengan sertifikatnya."), _SAME_SERIAL
    ),
    "adapter.journal": Explanation(N_("Catatan adaptor untuk nomor seri ini tidak utuh."), _SAME_SERIAL),
    "adapter.unsound": Explanation(
        N_("Berkas yang jadi tidak lolos pemeriksaan, jadi tidak disimpan."), _SAME_SERIAL
    ),
    "adapter.fault": Explanation(
        N_("Gangguan di adaptor, misalnya cakram penuh. Rinciannya ada di log adaptor."), _SAME_SERIAL
    ),
    "adapter.other_source": Explanation(
        N_("Nomor seri ini sudah dipakai untuk berkas lain."),
        N_("Kirim berkas yang sama seperti sebelumnya, atau ambil nomor seri lain untuk berkas ini."),
    ),
}
WIRE_WORDS: Final[dict[str, Explanation]] = {
    "access.no_token": Explanation(N_("Permintaan ini tidak membawa token."), _LOG_IN),
    "access.token_wrong": Explanation(N_("Token ini bukan dari layanan ini, atau rusak di jalan."), _LOG_IN),
    "access.token_ended": Explanation(N_("Token ini sudah berakhir; token berlaku 24 jam."), _LOG_IN),
    "access.revoked": Explanation(
        N_("Akun di balik token ini sudah dicabut, atau organisasinya tidak aktif."), _LOG_IN
    ),
    "access.scope": Explanation(
        N_("Akun ini tidak memiliki hak {scope}, yang diperlukan di sini."),
        N_("Minta pemilik akun organisasi mengubah hak programnya."),
        facts={"scope": ""},
    ),
    "access.line": Explanation(
        N_("Orang sedang antre, dan bagian mitra dari pintu masuk sedang terpakai."),
        N_("Tunggu {retry_after_s}, lalu ulangi persis sama."),
        facts={"retry_after_s": 5},
    ),
    "api.too_many": Explanation(
        N_("Terlalu banyak permintaan dari klien ini."),
        N_("Tunggu {retry_after_s}, lalu ulangi persis sama."),
        facts={"retry_after_s": 5},
    ),
    "api.body_too_large": Explanation(
        N_("Isi permintaan ini lebih dari {maximum} bita."),
        N_("Kirim yang lebih kecil."),
        facts={"maximum": 0},
    ),
    "api.body_cut": Explanation(
        N_("Isi permintaan ini tidak sampai dengan utuh."), N_("Ulangi persis sama.")
    ),
    "form.unreadable": Explanation(
        N_("Formulir ini tidak terbaca, atau tidak sampai dengan utuh."), N_("Ulangi persis sama.")
    ),
    "client.hour_cap": Explanation(
        N_("Batas meterai per jam untuk klien ini sudah tercapai."),
        N_("Tunggu {retry_after_s}, lalu ulangi. Tidak ada meterai yang terpakai."),
        facts={"retry_after_s": 5},
    ),
    "client.day_cap": Explanation(
        N_("Batas meterai per hari untuk klien ini sudah tercapai."),
        N_("Tunggu {retry_after_s}, lalu ulangi. Tidak ada meterai yang terpakai."),
        facts={"retry_after_s": 5},
    ),
    "facts.missing": Explanation(
        N_("Pemungut harus menyebut data dokumen. Yang belum ada: {fields}."), _MEND, facts={"fields": ""}
    ),
    "facts.identity": Explanation(
        N_("Isi noidentitas tidak berbentuk seperti namejidentitas."),
        N_("KTP: 16 angka. NPWP: 15 atau 16 angka. PASSPORT: huruf besar dan angka."),
    ),
    "stamp.no_stock": Explanation(
        N_("Kuota meterai organisasi ini habis."),
        N_("Tambah kuota, lalu ulangi. Tidak ada meterai yang terpakai."),
    ),
    **dict.fromkeys(
        ("signer.unavailable", "sealing.stopped", "key.none", "key.marked", "key.expired"),
        Explanation(N_("Penanda tangan sedang tidak terjangkau."), _SAME_SERIAL),
    ),
    "placement.covers": Explanation(
        N_("Di kotak itu meterainya menutupi isi halaman {page}, dan berkas ini sudah ditandatangani."),
        N_("Pilih kotak yang kosong, lalu kirim lagi dengan nomor seri yang sama."),
        facts={"page": 1},
    ),
}
"""Refusals that have other words in API v1 or on pages."""
