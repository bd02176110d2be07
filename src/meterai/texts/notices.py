"""What a person is told about a document before it is stamped: what we remove, keep, or had to guess.

A test compares the codes with those that the inspection gives.
"""

from __future__ import annotations

from typing import Final

from meterai.pdf.limits import PLACES_TO_SIGN_MAX
from meterai.texts.mechanism.marks import N_

NOTICE_FACTS: Final = {"maximum": PLACES_TO_SIGN_MAX}
"""What the sentences name."""

NOTICES: Final[dict[str, str]] = {
    "pdf.notice.javascript": N_("Skrip (program kecil) di dalam PDF ini akan kami buang."),
    "pdf.notice.launch": N_("Perintah untuk membuka program lain akan kami buang."),
    "pdf.notice.submit": N_("Tombol pengirim isi formulir akan kami buang."),
    "pdf.notice.embedded": N_(
        "Lampiran di dalam PDF ini akan kami buang; yang diberi meterai hanya halamannya. Simpan lampirannya."
    ),
    "pdf.notice.multimedia": N_("Suara, video, dan benda 3D di dalam PDF ini akan kami buang."),
    "pdf.notice.xfa": N_(
        "PDF ini formulir XFA. Isi XFA-nya akan kami buang; yang diberi meterai halaman seperti pada gambar."
    ),
    "pdf.notice.form": N_(
        "Isian formulirnya akan menjadi bagian halaman dan tidak dapat diubah lagi. Periksa isinya dulu."
    ),
    "pdf.notice.comments": N_("Komentar dan coretan yang terlihat akan menjadi bagian halaman."),
    "pdf.notice.layers": N_(
        "PDF ini punya lapisan (layer) yang dapat ditampilkan atau disembunyikan. Yang terlihat di layar "
        "menjadi bagian halaman; yang tersembunyi kami buang. Periksa gambarnya."
    ),
    "pdf.notice.paper_differs": N_(
        "PDF ini mengatur agar hasil cetaknya lain dari yang terlihat di layar. Pengaturan itu kami buang: "
        "yang tercetak akan sama dengan gambar ini."
    ),
    "pdf.notice.content_elsewhere": N_(
        "PDF ini mengambil sebagian isinya dari berkas lain. Sambungan itu kami buang; yang diberi meterai "
        "halaman seperti pada gambar."
    ),
    "pdf.notice.portfolio": N_(
        "PDF ini kumpulan berkas (portofolio). Yang diberi meterai hanya halaman sampulnya; berkas di "
        "dalamnya kami buang. Bila isinya yang perlu bermeterai, unggah berkas itu sendiri."
    ),
    "pdf.notice.encrypted": N_(
        "PDF ini dikunci; hasil yang bermeterai tidak lagi memakai kata sandi atau larangan mencetak."
    ),
    "pdf.notice.repaired": N_(
        "PDF ini agak rusak dan sudah kami perbaiki. Periksa apakah semua halamannya masih benar."
    ),
    "pdf.notice.usage_rights": N_(
        "Izin khusus Adobe Reader pada PDF ini akan kami buang; halamannya tidak berubah."
    ),
    "pdf.notice.signature_fields": N_(
        "PDF ini punya kotak tanda tangan digital yang masih kosong. Agar kotak itu tetap ada, pilih “Masih "
        "akan ditandatangani secara digital” di bawah."
    ),
    "pdf.notice.too_many_signature_fields": N_(
        "Kotak tanda tangan digitalnya lebih dari {maximum}: hanya {maximum} yang "
        "pertama yang dapat tetap ada. Bila semuanya akan dipakai, bagi dulu dokumennya."
    ),
    "pdf.notice.kept": N_(
        "PDF ini berisi skrip, lampiran, atau perintah otomatis. Karena sudah ditandatangani, semuanya kami "
        "biarkan apa adanya; membuangnya akan merusak tanda tangan."
    ),
    "pdf.notice.stamped_already": N_(
        "PDF ini sudah memuat meterai elektronik. Lanjutkan hanya bila memang perlu satu lagi."
    ),
    "pdf.notice.signed_unchecked": N_(
        "Sebuah tanda tangan digital pada PDF ini dibuat dengan cara yang tidak dapat kami periksa. Itu "
        "tidak berarti rusak; berkasnya kami biarkan apa adanya."
    ),
    "pdf.notice.signed_unclear": N_(
        "Apakah isi PDF ini diubah sesudah ditandatangani tidak dapat kami periksa. Bila ragu, tanyakan "
        "kepada penanda tangannya. Berkasnya kami biarkan apa adanya."
    ),
    "pdf.notice.signed_changed": N_(
        "Isi PDF ini diubah sesudah ditandatangani. Aplikasi PDF dapat menyatakan tanda tangan itu tidak "
        "sah; meterai tidak memperbaikinya. Sebaiknya minta berkas aslinya."
    ),
}
