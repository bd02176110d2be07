"""What a person reads for each reason code of the verifier.

Which verdict a code leads to: `verification/reasons.py`. A test compares the codes of both tables.
"""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_ASK_SENDER = N_("Mintalah berkas asli langsung dari pengirim, lalu periksa lagi.")
_TRY_AGAIN = N_("Tunggu beberapa menit, lalu coba lagi.")
_OTHER_FILE = N_("Periksa apakah berkas yang benar sudah dipilih.")
_DO_NOT_ACCEPT = N_(
    "Jangan terima dokumen ini. Mintalah berkas asli kepada pengirim atau laporkan kepada kami."
)
_NOTHING = N_("Tidak ada yang perlu dilakukan.")
_ELSEWHERE = N_("Periksa di layanan penerbitnya, misalnya verification.peruri.co.id.")

VERDICTS: Final = {
    "ASLI": N_("ASLI"),
    "ASLI_WITH_ADDITIONS": N_("ASLI, lalu ditandatangani pihak lain"),
    "TIDAK_ASLI": N_("TIDAK ASLI / DIUBAH"),
    "TIDAK_DAPAT_DIPERIKSA": N_("TIDAK DAPAT DIPERIKSA"),
    "NO_STAMP": N_("Tidak ada e-Meterai dalam berkas ini"),
}

REASONS: Final[dict[str, Explanation]] = {
    "genuine": Explanation(N_("e-Meterai asli dan dokumen tidak berubah sejak diberi meterai."), _NOTHING),
    # Not genuine: the register
    "register.annulled": Explanation(
        N_("Nomor seri ini sudah dibatalkan; e-Meterai tidak berlaku."), _DO_NOT_ACCEPT
    ),
    "register.unknown_serial": Explanation(
        N_("Nomor seri ini tidak ada dalam daftar resmi kami."), _DO_NOT_ACCEPT
    ),
    "register.other_document": Explanation(
        N_("Nomor seri ini terdaftar untuk dokumen lain, bukan untuk berkas ini."), _DO_NOT_ACCEPT
    ),
    "register.older_hash": Explanation(
        N_(
            "Ini versi lama: e-Meterai dengan nomor seri ini kemudian dibubuhkan pada versi lain dari "
            "dokumennya."
        ),
        N_("Mintalah kepada pengirim berkas yang terakhir dibubuhi e-Meterai itu, lalu periksa lagi."),
    ),
    "register.not_released": Explanation(
        N_("Nomor seri ini belum pernah diserahkan bersama sebuah dokumen."), _DO_NOT_ACCEPT
    ),
    # Not genuine: the document or the signature
    "file.changed_after": Explanation(N_("Dokumen ini diubah setelah diberi e-Meterai."), _ASK_SENDER),
    "signature.broken": Explanation(
        N_("Isi dokumen atau tanda tangannya sudah berubah; segel tidak cocok lagi."), _ASK_SENDER
    ),
    "signature.byte_range": Explanation(
        N_("Tanda tangan tidak mencakup dokumen sebagaimana mestinya. Ini pola pemalsuan yang dikenal."),
        _DO_NOT_ACCEPT,
    ),
    "signature.malformed": Explanation(
        N_("Tanda tangan dalam berkas ini rusak atau tidak lengkap."), _ASK_SENDER
    ),
    "signature.form": Explanation(
        N_("Bentuk tanda tangan tidak sama dengan yang kami terbitkan."), _DO_NOT_ACCEPT
    ),
    "chain.impostor": Explanation(
        N_("Penanda tangan memakai nama penerbit kami, tetapi bukan kunci kami."), _DO_NOT_ACCEPT
    ),
    "chain.self_signed": Explanation(
        N_("e-Meterai ini dibuat sendiri: sertifikatnya tidak diterbitkan oleh siapa pun."), _DO_NOT_ACCEPT
    ),
    "chain.expired": Explanation(
        N_("Sertifikat penanda tangan tidak berlaku pada waktu pembubuhan."), _DO_NOT_ACCEPT
    ),
    "chain.not_allowed": Explanation(N_("Sertifikat ini tidak berwenang memberi e-Meterai."), _DO_NOT_ACCEPT),
    "chain.foreign_body": Explanation(
        N_("Tanda tangan memuat sertifikat yang bukan bagian dari rantainya."), _DO_NOT_ACCEPT
    ),
    "time_stamp.broken": Explanation(N_("Stempel waktu tidak cocok dengan tanda tangannya."), _ASK_SENDER),
    "stamp.serial": Explanation(
        N_("Nomor seri pada e-Meterai ini tidak ada, salah, atau saling bertentangan."), _DO_NOT_ACCEPT
    ),
    "stamp.serial_twice": Explanation(
        N_("Nomor seri yang sama dipakai dua kali; satu e-Meterai hanya untuk satu kali."), _DO_NOT_ACCEPT
    ),
    "stamp.incomplete": Explanation(
        N_("Tempat e-Meterai masih kosong: berkas ini dipotong atau belum selesai diberi meterai."),
        _ASK_SENDER,
    ),
    "stamp.removed": Explanation(
        N_("Berkas ini pernah memuat e-Meterai yang kemudian dihapus."), _ASK_SENDER
    ),
    "stamp.saved_again": Explanation(
        N_(
            "Berkas ini disimpan ulang oleh aplikasi lain atau diubah setelah diberi e-Meterai; kami tidak "
            "dapat membedakannya."
        ),
        N_("Mintalah berkas yang diunduh dari Meterai, tanpa disimpan ulang di aplikasi lain."),
    ),
    "signature.saved_again": Explanation(
        N_(
            "Berkas ini disimpan ulang oleh aplikasi lain atau diubah setelah ditandatangani; kami tidak "
            "dapat membedakannya."
        ),
        N_("Mintalah berkas asli dari penanda tangannya, tanpa disimpan ulang di aplikasi lain."),
    ),
    "file.junk_before": Explanation(
        N_("Ada data asing di depan dokumen; berkas asli tidak demikian."), _ASK_SENDER
    ),
    # Cannot be checked
    "stamp.by_hash": Explanation(
        N_(
            "e-Meterai ini dibubuhkan oleh aplikasi di luar Meterai; kami hanya menandatangani sidik digital "
            "berkasnya. Tanpa daftar resmi kami, keasliannya tidak dapat dipastikan."
        ),
        N_(
            "Periksa berkas ini di halaman Cek keaslian kami, yang menanyai daftar resmi. Jika daftar itu "
            "sedang tidak dapat dihubungi, coba lagi beberapa menit kemudian."
        ),
    ),
    "time_stamp.missing": Explanation(
        N_("e-Meterai tidak memuat stempel waktu, sehingga waktu pembubuhan tidak dapat dibuktikan."),
        _ASK_SENDER,
    ),
    "time_stamp.unknown_issuer": Explanation(
        N_("Stempel waktu berasal dari pihak yang tidak kami kenal."), _ASK_SENDER
    ),
    "time_stamp.future": Explanation(
        N_("Stempel waktu menunjukkan waktu yang belum terjadi, atau jam komputer yang memeriksa terlambat."),
        N_(
            "Jika Anda memeriksa di komputer sendiri, betulkan tanggal dan jamnya, lalu periksa lagi. "
            "Jika tidak, laporkan kepada kami."
        ),
    ),
    "stamp.foreign_issuer": Explanation(
        N_("e-Meterai ini diterbitkan pihak lain; rantai sertifikatnya tidak kami kenal."), _ELSEWHERE
    ),
    "addition.unclear": Explanation(
        N_(
            "Segel e-Meterai utuh, tetapi tanda tangan yang ditambahkan sesudahnya dapat mengubah arti "
            "dokumen. Itu tidak dapat kami nilai."
        ),
        N_("Bandingkan dengan dokumen yang disegel, atau mintalah berkas dari sebelum tambahan itu."),
    ),
    "pdf.empty": Explanation(N_("Berkas kosong."), _OTHER_FILE),
    "pdf.not_pdf": Explanation(
        N_("Berkas ini bukan PDF."),
        N_(
            "Periksa apakah berkas yang benar sudah dipilih. Dari gambar meterai hanya kode QR-nya yang "
            "dapat dibaca, di halaman Cek keaslian."
        ),
    ),
    "pdf.broken": Explanation(
        N_("Berkas PDF rusak atau tidak lengkap, sehingga tidak dapat dibaca dengan pasti."), _ASK_SENDER
    ),
    "pdf.encrypted": Explanation(
        N_("Berkas PDF terkunci kata sandi."), N_("Mintalah kepada pengirim berkas yang tidak dikunci.")
    ),
    "pdf.ambiguous": Explanation(
        N_("Struktur berkas ini dapat dibaca berbeda oleh aplikasi yang berbeda."), _ASK_SENDER
    ),
    "pdf.no_pages": Explanation(N_("PDF ini tidak memiliki halaman."), _OTHER_FILE),
    "pdf.too_large": Explanation(N_("Berkas terlalu besar untuk diperiksa."), _OTHER_FILE),
    "pdf.too_many_pages": Explanation(N_("Berkas memiliki terlalu banyak halaman."), _OTHER_FILE),
    "pdf.page_size": Explanation(N_("Ukuran halaman di luar batas."), _OTHER_FILE),
    "pdf.too_complex": Explanation(N_("Berkas terlalu rumit untuk diperiksa."), _OTHER_FILE),
    "pdf.too_heavy": Explanation(
        N_("Pemeriksaan berkas ini memakan terlalu banyak tenaga dan dihentikan."), _OTHER_FILE
    ),
    "jail.busy": Explanation(N_("Pemeriksa sedang penuh."), _TRY_AGAIN),
    "jail.killed": Explanation(N_("Pemeriksaan berkas ini terhenti di mesin kami."), _TRY_AGAIN),
    "jail.unavailable": Explanation(N_("Pemeriksa sedang tidak tersedia."), _TRY_AGAIN),
    "check.failed": Explanation(N_("Pemeriksaan tidak dapat diselesaikan."), _TRY_AGAIN),
    "register.lost": Explanation(
        N_("Tanda tangan e-Meterai ini sah, tetapi catatan daftar resmi kami dari saat itu hilang."),
        N_("Mintalah kepada pengirim bukti pesanannya, atau tanyakan kepada kami dengan nomor serinya."),
    ),
    # No stamp
    "stamp.none": Explanation(
        N_(
            "Tidak ada e-Meterai dalam berkas ini. Gambar meterai di dalam hasil pindai atau cetakan bukan "
            "e-Meterai."
        ),
        N_(
            "Mintalah berkas PDF yang diunduh dari Meterai. Jika hanya ada gambar atau cetakan, baca kode "
            "pada meterainya."
        ),
    ),
    # Genuine, then signed by others
    "file.additions": Explanation(
        N_("Segel e-Meterai utuh. Setelah disegel, berkas ini ditandatangani atau diberi meterai lagi."),
        N_("Lihat setiap tambahan, dan bandingkan dengan dokumen yang disegel."),
    ),
    # Remarks
    "register.confirmed": Explanation(
        N_("Daftar resmi kami membenarkan nomor seri dan berkas ini."), _NOTHING
    ),
    "register.not_asked": Explanation(
        N_("Daftar resmi tidak ditanya; hasil ini hanya tentang tanda tangan dan dokumen."),
        N_("Periksa secara daring untuk kepastian penuh."),
    ),
    "register.unreachable": Explanation(
        N_("Daftar resmi sedang tidak dapat dihubungi; hasil ini hanya tentang tanda tangan dan dokumen."),
        _TRY_AGAIN,
    ),
    "note.foreign_stamp": Explanation(
        N_("Berkas ini juga memuat e-Meterai dari penerbit lain, yang tidak kami nilai."), _ELSEWHERE
    ),
    "note.foreign_changed": Explanation(
        N_("Setelah diberi e-Meterai penerbit lain itu, dokumennya diubah."), _ASK_SENDER
    ),
    "note.other_signature": Explanation(
        N_("Berkas ini juga memuat tanda tangan pihak lain; siapa pemiliknya tidak kami periksa."), _NOTHING
    ),
    "note.signature_unchecked": Explanation(
        N_(
            "Sebuah tanda tangan pihak lain dibuat dengan cara yang tidak dapat kami periksa. Itu tidak "
            "berarti rusak."
        ),
        N_("Tanyakan kepada penanda tangannya dengan aplikasi apa tanda tangan itu dapat diperiksa."),
    ),
}
