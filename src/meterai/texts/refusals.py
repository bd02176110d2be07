"""Every refusal code, with what happened and what to do.

`{facts}` come from the refusal. A test compares the codes with every `Refusal(...)` in the product.
"""

from __future__ import annotations

from typing import Literal

from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS, PICTURE_PIXELS_MAX
from meterai.texts.console_refusals import CONSOLE_REFUSALS
from meterai.texts.developers.client_refusals import CLIENT_REFUSALS
from meterai.texts.developers.login_refusals import LOGIN_REFUSALS
from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_
from meterai.texts.news_refusals import NEWS_REFUSALS
from meterai.texts.offer_refusals import OFFER_REFUSALS
from meterai.texts.partner_refusals import PARTNER_REFUSALS
from meterai.texts.support_refusals import SUPPORT_REFUSALS
from meterai.texts.webhook_refusals import WEBHOOK_REFUSALS


def _ours(what: str) -> Explanation:
    """A fault of ours behind the scenes: nothing is asked of the person, the work goes on by itself."""
    return Explanation(
        what,
        N_("Tidak ada yang perlu Anda lakukan. Pekerjaan yang sudah masuk kami lanjutkan secara otomatis."),
    )


_FAILED = Explanation(
    N_("Pemberian meterai pada dokumen ini gagal karena gangguan di pihak kami, dan tidak kami coba lagi."),
    N_(
        "Meterainya tidak terpakai. Pakai untuk berkas lain, atau minta uangnya kembali di halaman pesanan. "
        "Dokumen yang belum ditandatangani secara digital dapat dicetak ulang sebagai PDF, lalu dicoba lagi."
    ),
)
"""Our own work did not stand up to the check however often it was done: the document was given up."""

_ASK_THE_SIGNER = N_(
    "Jangan cetak atau simpan ulang PDF ini: tanda tangannya akan hilang. Minta berkas aslinya dari penanda "
    "tangan, atau beri meterai pada PDF sebelum ditandatangani."
)
"""A file with digital signatures must stay as it is, byte for byte."""

_UNREAD = Explanation(
    N_("Berkas ini sedang tidak dapat dibaca."),
    N_(
        "Tunggu beberapa menit, lalu coba lagi. Bila tetap begini, hubungi kami dengan kode bantuan di "
        "halaman ini. Jangan membayar lagi."
    ),
)
"""A stored file that somebody wants to fetch."""

STILL: Literal["still"] = "still"

TABLE: dict[str, Explanation] = {
    **CONSOLE_REFUSALS,
    **OFFER_REFUSALS,
    **PARTNER_REFUSALS,
    **CLIENT_REFUSALS,
    **LOGIN_REFUSALS,
    **WEBHOOK_REFUSALS,
    **NEWS_REFUSALS,
    **SUPPORT_REFUSALS,
    # the site itself
    "server.fault": Explanation(
        N_("Ada gangguan di pihak kami."),
        N_("Yang sudah tersimpan tidak hilang. Tunggu sebentar, lalu coba lagi; jangan membayar dua kali."),
    ),
    "ledger.day_closed": Explanation(
        N_("Pembukuan hari itu baru saja ditutup, jadi langkah ini belum tercatat."),
        N_("Tidak ada uang atau meterai yang berpindah. Ulangi sekali lagi."),
    ),
    "case.no_kind": Explanation(
        N_("Pilih dulu tentang apa pengaduan ini."), N_("Yang sudah Anda tulis tidak hilang.")
    ),
    "case.no_text": Explanation(
        N_("Ceritakan dulu apa yang terjadi."), N_("Satu atau dua kalimat sudah cukup.")
    ),
    "case.text_too_long": Explanation(
        N_("Tulisan Anda {typed} karakter; yang muat {maximum}."),
        N_("Yang sudah Anda tulis tidak hilang. Singkatkan, atau kirim sebagai dua pengaduan."),
        facts={"typed": 0, "maximum": 0},
    ),
    "case.answer_too_long": Explanation(
        N_("Jawaban ini terlalu panjang; yang muat {maximum} karakter."),
        N_("Singkatkan, lalu ulangi."),
        facts={"maximum": 0},
    ),
    "case.too_many": Explanation(
        N_("Kontak ini sudah mengirim lima pengaduan dalam sehari."),
        N_("Yang sudah dikirim tetap kami jawab. Lihat kasus yang sudah ada, atau kirim lagi besok."),
    ),
    "case.network_later": Explanation(
        N_("Terlalu banyak pengaduan datang dari jaringan ini."),
        N_("Yang sudah Anda tulis tidak hilang. Tunggu sepuluh menit, lalu kirim lagi."),
    ),
    "case.not_found": Explanation(
        N_("Kami tidak menemukan kasus dengan nomor dan kontak ini."),
        N_("Periksa keduanya: nomor seperti K-7KQF-2M9D, dan kontak yang Anda tulis waktu mengirimnya."),
    ),
    "case.too_many_tries": Explanation(
        N_("Kontak yang salah sudah terlalu sering diketik untuk kasus ini."),
        N_("Buka tautan di pesan kami, atau coba lagi satu jam kemudian."),
    ),
    "case.unknown": Explanation(
        N_("Tidak ada kasus dengan nomor ini."),
        N_("Periksa nomornya di pesan orangnya: seperti K-7KQF-2M9D. Tidak ada yang diubah."),
    ),
    "case.closed": Explanation(
        N_("Kasus ini sudah ditutup."),
        N_("Tidak ada yang perlu dilakukan; orangnya dapat membuka yang baru."),
    ),
    "page.not_found": Explanation(
        N_("Halaman ini tidak ada."), N_("Periksa alamatnya, atau mulai lagi dari beranda.")
    ),
    "page.wrong_method": Explanation(
        N_("Halaman ini tidak dapat dibuka dengan cara itu."),
        N_("Buka halamannya dari tautan atau tombol di situs ini."),
    ),
    "form.stale": Explanation(
        N_("Formulir ini sudah terlalu lama terbuka."),
        N_("Buka lagi halamannya, lalu isi dan kirim sekali lagi."),
        STILL,
    ),
    "form.no_cookie": Explanation(
        N_("Browser Anda tidak mengirim kembali cookie situs ini, jadi formulirnya tidak dapat kami terima."),
        N_(
            "Buka lagi halamannya dan kirim sekali lagi. Bila pesan ini muncul lagi, izinkan cookie "
            "untuk situs ini di pengaturan browser, atau pakai browser lain."
        ),
        STILL,
    ),
    "form.unreadable": Explanation(
        N_("Isi formulir tidak sampai dengan utuh."),
        N_("Periksa sambungan Anda, lalu kirim sekali lagi."),
        STILL,
    ),
    "form.too_large": Explanation(
        N_("Kiriman ini terlalu besar."),
        N_("Kirim berkas paling besar {file_bytes_max}, satu per satu bila perlu."),
        STILL,
    ),
    "form.too_many_files": Explanation(
        N_("Terlalu banyak berkas sekaligus."),
        N_("Kirim paling banyak {maximum} berkas dalam satu pesanan."),
        STILL,
    ),
    "form.no_file": Explanation(
        N_("Belum ada berkas yang dipilih."), N_("Pilih berkas PDF atau foto, lalu lanjutkan."), STILL
    ),
    "form.one_document": Explanation(
        N_("Di sini hanya satu dokumen yang dapat diterima."),
        N_("Pilih satu PDF, atau foto semua halaman dari satu dokumen."),
        STILL,
    ),
    "form.busy": Explanation(
        N_("Sedang banyak unggahan besar."), N_("Tunggu satu menit, lalu kirim sekali lagi."), STILL
    ),
    "upload.disk_full": Explanation(
        N_("Tempat penyimpanan kami hampir penuh, jadi dokumen baru belum dapat kami terima."),
        N_("Coba lagi nanti. Pesanan yang sudah dibuat tetap dapat dibayar, diberi meterai, dan diunduh."),
        STILL,
    ),
    "upload.network_full": Explanation(
        N_("Dari jaringan Anda terlalu banyak dokumen menunggu tanpa kontak yang dibuktikan."),
        N_(
            "Masuk dahulu dengan email atau nomor Anda, lalu unggah lagi: sesudah itu Anda dihitung "
            "tersendiri. Bila tidak, coba lagi satu jam lagi."
        ),
        STILL,
    ),
    "upload.all_full": Explanation(
        N_("Terlalu banyak dokumen menunggu tanpa kontak yang dibuktikan."),
        N_(
            "Masuk dahulu dengan email atau nomor Anda, lalu unggah lagi: dokumen orang yang sudah masuk "
            "tetap kami terima. Bila tidak, coba lagi satu jam lagi."
        ),
        STILL,
    ),
    # documents
    "pdf.empty": Explanation(
        N_("Berkas ini kosong."),
        N_("Simpan atau pindai lagi dokumennya, lalu unggah berkas yang baru."),
        STILL,
    ),
    "pdf.not_pdf": Explanation(
        N_("Berkas ini bukan PDF."),
        N_("Simpan dokumennya sebagai PDF, lalu unggah lagi. Mengganti nama berkas saja tidak cukup."),
        STILL,
    ),
    "pdf.broken": Explanation(
        N_("PDF ini rusak dan tidak dapat kami perbaiki."),
        N_("Buka di aplikasi PDF, cetak atau simpan sebagai PDF baru, lalu unggah yang baru."),
        STILL,
    ),
    "pdf.ambiguous": Explanation(
        N_("PDF ini dapat dibaca dengan dua cara: di aplikasi lain isi halaman {page} bisa berbeda."),
        N_(
            "Buka di aplikasi PDF dan cetak ke PDF atau simpan ulang. Periksa semua halaman hasilnya, lalu "
            "unggah berkas yang baru."
        ),
        STILL,
    ),
    "pdf.to_compare": Explanation(
        N_("Isian atau komentar di halaman {page} tampak lain setelah menjadi bagian halaman."),
        N_(
            "Cetak ke PDF, periksa hasilnya, lalu unggah berkas itu. Atau beri meterai pada berkas ini "
            "tersendiri."
        ),
        STILL,
    ),
    "pdf.encrypted": Explanation(
        N_("PDF ini dikunci dengan kata sandi."),
        N_("Unggah lagi satu per satu dan ketik kata sandinya, atau simpan dulu tanpa kata sandi."),
        STILL,
    ),
    "pdf.wrong_password": Explanation(
        N_("Kata sandi PDF ini tidak cocok."),
        N_("Periksa huruf besar dan kecilnya, lalu unggah lagi bersama kata sandi yang benar."),
        STILL,
    ),
    "pdf.encryption_unknown": Explanation(
        N_("PDF ini dikunci dengan cara yang tidak dapat kami buka, misalnya untuk pemegang sertifikat."),
        N_(
            "Buka di aplikasi PDF Anda, cetak atau simpan sebagai PDF baru tanpa kunci, lalu unggah yang "
            "baru."
        ),
        STILL,
    ),
    "pdf.no_pages": Explanation(
        N_("PDF ini tidak punya halaman."),
        N_("Simpan lagi dokumennya sebagai PDF, lalu unggah yang baru."),
        STILL,
    ),
    "pdf.too_large": Explanation(
        N_("Berkas ini lebih dari {upload_bytes_max}."),
        N_(
            "Pindai dengan resolusi 150-200 dpi atau perkecil PDF-nya, lalu unggah lagi. Bila sudah "
            "ditandatangani secara digital, beri meterai pada PDF sebelum ditandatangani."
        ),
        STILL,
        {"upload_bytes_max": DEFAULT_LIMITS.file_bytes_max},
    ),
    "pdf.too_many_pages": Explanation(
        N_("PDF ini lebih dari 200 halaman."),
        N_("Pisahkan bagian yang perlu diberi meterai, lalu unggah bagian itu."),
        STILL,
    ),
    "pdf.too_complex": Explanation(
        N_("Susunan PDF ini terlalu rumit untuk dikerjakan dengan aman."),
        N_("Cetak sebagai PDF dari aplikasi Anda, lalu unggah hasilnya."),
        STILL,
    ),
    "pdf.page_size": Explanation(
        N_("Ukuran halaman PDF ini di luar batas."), N_("Simpan dengan ukuran A4, lalu unggah lagi."), STILL
    ),
    "pdf.signed": Explanation(
        N_("PDF ini menyimpan tanda tangan digital yang tidak lagi terhubung ke halamannya."),
        N_("Unggah PDF yang baru saja ditandatangani, atau PDF sebelum ditandatangani secara digital."),
        STILL,
    ),
    "pdf.certified": Explanation(
        N_("PDF ini sudah dikunci oleh pembuatnya."),
        N_("Dokumen ini tidak boleh diubah lagi, juga tidak dengan meterai. Minta versi yang belum dikunci."),
        STILL,
    ),
    "pdf.signed_locked": Explanation(
        N_(
            "Tanda tangan digital pada PDF ini mengunci dokumennya: sesudahnya tidak boleh ada tambahan "
            "apa pun."
        ),
        N_("Beri meterai dulu, baru tanda tangani. Unggah PDF sebelum ditandatangani."),
        STILL,
    ),
    "pdf.stamped_already": Explanation(
        N_("PDF ini sudah bermeterai elektronik dan terkunci; tidak ada yang dapat ditambahkan lagi."),
        N_(
            "Periksa meterainya di halaman Cek keaslian. Perlu satu lagi? Unggah PDF sebelum diberi meterai "
            "dan pilih dua."
        ),
        STILL,
    ),
    "pdf.stamp_not_genuine": Explanation(
        N_(
            "e-Meterai yang sudah ada pada PDF ini tidak asli, atau dokumennya diubah setelah diberi meterai."
        ),
        N_(
            "Lihat sebabnya di halaman Cek keaslian. Mintalah berkas aslinya, atau unggah PDF sebelum "
            "diberi meterai."
        ),
        STILL,
    ),
    "pdf.signed_broken": Explanation(
        N_("Tanda tangan digital pada PDF ini rusak: isinya tidak lagi sama dengan saat ditandatangani."),
        N_(
            "Minta berkas asli dari penanda tangannya, lalu unggah berkas itu tanpa membukanya di "
            "aplikasi lain."
        ),
        STILL,
    ),
    "pdf.signed_irregular": Explanation(
        N_("PDF ini sudah ditandatangani, tetapi susunannya tidak dapat dibaca tanpa keraguan."),
        _ASK_THE_SIGNER,
        STILL,
    ),
    "pdf.signed_damaged": Explanation(
        N_("PDF ini sudah ditandatangani secara digital, tetapi berkasnya rusak."), _ASK_THE_SIGNER, STILL
    ),
    "pdf.signed_too_large": Explanation(
        N_("PDF ini sudah ditandatangani dan melebihi batas: {upload_bytes_max} atau {pages_max} halaman."),
        _ASK_THE_SIGNER,
        STILL,
        {"upload_bytes_max": DEFAULT_LIMITS.file_bytes_max, "pages_max": DEFAULT_LIMITS.pages_max},
    ),
    "pdf.signed_too_heavy": Explanation(
        N_("PDF ini sudah ditandatangani, tetapi susunannya terlalu rumit untuk dikerjakan dengan aman."),
        _ASK_THE_SIGNER,
        STILL,
    ),
    "pdf.signed_page_size": Explanation(
        N_("PDF ini sudah ditandatangani, tetapi ukuran halamannya di luar batas."), _ASK_THE_SIGNER, STILL
    ),
    "pdf.signed_xfa": Explanation(
        N_(
            "PDF ini formulir XFA yang sudah ditandatangani: halamannya baru ada bila dibuka di Adobe Reader."
        ),
        _ASK_THE_SIGNER,
        STILL,
    ),
    "pdf.signed_output_unfit": Explanation(
        N_(
            "Hasilnya tidak akan diterima instansi: terlalu besar, atau versi PDF-nya terlalu rendah. Karena "
            "sudah ditandatangani, PDF ini tidak boleh kami ubah."
        ),
        _ASK_THE_SIGNER,
        "held",
    ),
    "pdf.signed_encrypted": Explanation(
        N_("PDF ini sudah ditandatangani dan juga dikunci."),
        N_("Membuka kuncinya akan merusak tanda tangannya. Minta berkas yang ditandatangani tanpa dikunci."),
        STILL,
    ),
    "pdf.signed_too_many": Explanation(
        N_("PDF ini punya terlalu banyak tanda tangan digital."),
        N_("Kami menerima paling banyak {signatures_max}. Beri meterai sebelum semua menandatangani."),
        STILL,
    ),
    "pdf.xfa_dynamic": Explanation(
        N_("PDF ini formulir XFA: halamannya baru ada bila dibuka di Adobe Reader."),
        N_("Buka di Adobe Reader, cetak ke PDF, lalu unggah hasilnya."),
        STILL,
    ),
    "pdf.not_static": Explanation(
        N_("Isi PDF ini berubah menurut aplikasi atau cara melihatnya: layar, cetak, zoom, atau lapisan."),
        N_(
            "Buka di aplikasi yang biasa Anda pakai, atur tampilannya, pilih Cetak sebagai PDF, lalu unggah "
            "hasilnya."
        ),
        STILL,
    ),
    "pdf.too_heavy": Explanation(
        N_("PDF ini terlalu berat untuk dikerjakan."),
        N_("Cetak sebagai PDF dari aplikasi Anda atau pindai ulang, lalu unggah hasilnya."),
        STILL,
    ),
    "pdf.output_too_large": Explanation(
        N_("Hasilnya akan {output_bytes}, lebih besar dari {output_bytes_max} yang diterima instansi."),
        N_(
            "Pindai dengan resolusi lebih rendah atau perkecil PDF-nya, lalu unggah lagi. Meterainya belum "
            "terpakai."
        ),
        "held",
    ),
    "pdf.version_too_low": Explanation(
        N_("Versi PDF ini lebih rendah dari {version_min}, versi terendah yang diterima instansi."),
        N_(
            "Simpan sebagai PDF {version_min} atau yang lebih baru, lalu unggah lagi. Meterainya belum "
            "terpakai."
        ),
        "held",
    ),
    "photo.unreadable": Explanation(
        N_("Foto ini tidak dapat dibuka: rusak atau terpotong."),
        N_("Foto lagi dokumennya, atau kirim foto aslinya sekali lagi."),
        STILL,
    ),
    "photo.other_kind": Explanation(
        N_("Foto jenis ini (seperti HEIC, WebP, atau GIF) tidak dapat kami baca."),
        N_(
            "Kirim sebagai JPEG atau PNG. Di iPhone: Pengaturan, Kamera, Format, Paling Kompatibel, lalu "
            "foto lagi. Cara termudah untuk foto yang sudah ada: buat tangkapan layarnya."
        ),
        STILL,
    ),
    "photo.too_large": Explanation(
        N_("Foto ini terlalu besar (paling banyak {megapixels} megapiksel dan {upload_bytes_max})."),
        N_("Foto lagi dengan resolusi yang lebih rendah, atau buat tangkapan layarnya."),
        STILL,
        facts={
            "megapixels": PICTURE_PIXELS_MAX // 1_000_000,
            "upload_bytes_max": DEFAULT_LIMITS.file_bytes_max,
        },
    ),
    "photo.too_heavy": Explanation(
        N_("Foto ini terlalu berat untuk dikerjakan."),
        N_("Foto lagi dokumennya dengan kamera biasa, atau buat tangkapan layarnya."),
        STILL,
    ),
    "photo.too_small": Explanation(
        N_("Foto ini terlalu kecil: tulisannya tidak akan terbaca."),
        N_("Foto dokumennya dari atas sampai memenuhi layar, lalu unggah foto itu."),
        STILL,
    ),
    "photo.too_many": Explanation(
        N_("Fotonya terlalu banyak untuk satu dokumen."),
        N_("Pakai paling banyak {photos_max} foto, atau pindai dokumennya menjadi PDF."),
        STILL,
    ),
    "photo.none": Explanation(
        N_("Belum ada foto yang dipilih."), N_("Pilih atau ambil foto halaman berikutnya."), STILL
    ),
    "photo.corners": Explanation(
        N_("Keempat titik itu tidak membentuk selembar kertas."),
        N_("Ketuk keempat sudut kertasnya sekali lagi, satu titik untuk setiap sudut."),
        STILL,
    ),
    "photo.changed": Explanation(
        N_("Foto dokumen ini sudah berubah, mungkin di jendela lain."),
        N_("Lihat hasilnya sekarang, lalu ulangi yang masih kurang."),
        STILL,
    ),
    "jail.busy": Explanation(
        N_("Sedang banyak dokumen yang dikerjakan."),
        N_("Dokumen Anda belum tersimpan. Tunggu setengah menit, lalu kirim lagi."),
        STILL,
    ),
    "jail.budget_spent": Explanation(
        N_("Dari jaringan Anda baru saja datang terlalu banyak dokumen yang berat."),
        N_(
            "Tunggu {retry_after_s}, lalu kirim lagi, atau pakai jaringan lain, misalnya data seluler "
            "sebagai ganti Wi-Fi. Di situs meterai, orang yang sudah masuk dihitung tersendiri."
        ),
        STILL,
    ),
    "jail.killed": Explanation(
        N_("Pengerjaan berkas ini dua kali terhenti di mesin kami."),
        N_(
            "Tunggu satu menit, lalu kirim lagi. Bila terulang dan dokumennya belum ditandatangani secara "
            "digital, cetak sebagai PDF atau pindai ulang, lalu unggah hasilnya."
        ),
        STILL,
    ),
    # verification
    "verification.too_large": Explanation(
        N_("Berkas ini lebih dari {checked_bytes_max}, jadi tidak dapat kami periksa."),
        N_(
            "Kirim berkas PDF bermeterai itu sendiri, persis seperti yang Anda terima, tanpa digabung dengan "
            "berkas lain."
        ),
        facts={"checked_bytes_max": CHECKED_BYTES_MAX},
    ),
    "verification.nothing_added": Explanation(
        N_("Pada berkas ini tidak ada dokumen tersegel yang dapat dipisahkan dari tambahannya."),
        N_("Pilih berkas yang sama dengan yang baru Anda periksa, atau periksa berkas ini dahulu."),
    ),
    "picture.no_code": Explanation(
        N_("Tidak ada kode QR yang terbaca di gambar ini."),
        N_(
            "Foto meterainya dari lebih dekat, lurus, dan terang; seluruh kotak kode harus terlihat. Kirim "
            "foto aslinya, bukan yang sudah diperkecil aplikasi pesan. Atau baca kodenya dengan kamera di "
            "halaman Baca kode QR."
        ),
    ),
    "picture.unreadable": Explanation(
        N_("Gambar ini tidak dapat dibuka: rusak atau terpotong."),
        N_("Kirim sekali lagi sebagai JPEG atau PNG, atau buat tangkapan layar."),
    ),
    "picture.other_kind": Explanation(
        N_("Gambar jenis ini (seperti HEIC, AVIF, GIF, atau TIFF) tidak dapat kami buka."),
        N_("Kirim sebagai JPEG, PNG, atau WebP. Cara termudah: buat tangkapan layar dari gambarnya."),
    ),
    "picture.too_large": Explanation(
        N_("Gambar ini terlalu besar untuk dibaca (paling banyak {megapixels} megapiksel)."),
        N_("Potong gambarnya sampai tinggal meterainya, atau buat tangkapan layar."),
        facts={"megapixels": PICTURE_PIXELS_MAX // 1_000_000},
    ),
    "digest.unknown": Explanation(
        N_("Sidik digital saja tidak cukup untuk memeriksa berkas ini."),
        N_("Unggah berkasnya agar diperiksa seluruhnya."),
    ),
    "serial.malformed": Explanation(
        N_("Ini tidak mungkin nomor seri."),
        N_(
            "Periksa ketikannya: 22 huruf dan angka, seperti tercetak pada meterai. Mungkin ada yang "
            "tertukar."
        ),
    ),
    "serial.ambiguous": Explanation(
        N_("Yang diketik dapat dibaca sebagai beberapa nomor seri."),
        N_("Ketik lagi persis seperti tercetak, dan perhatikan huruf O dan angka 0, huruf I dan angka 1."),
    ),
    "code.unreadable": Explanation(
        N_("Kode QR ini tidak dapat dibaca."),
        N_("Pindai sekali lagi dengan cahaya cukup, atau ketik nomor serinya di halaman Cek keaslian."),
    ),
    "ticket.backdated": Explanation(
        N_("Tiket antrean ini tidak cocok dengan waktu pembuatannya."),
        N_("Ambil tempat baru di halaman antrean."),
    ),
    "code.newer": Explanation(
        N_("Kode QR ini memakai bentuk yang lebih baru."),
        N_(
            "Ketik nomor seri yang tercetak pada meterai di halaman Cek keaslian, atau periksa berkas "
            "PDF-nya."
        ),
    ),
    "code.forged": Explanation(
        N_("Kode QR ini bukan buatan kami."),
        N_("Jangan percaya meterainya. Minta berkas PDF aslinya, lalu periksa di sini."),
    ),
    "digest.unreadable": Explanation(
        N_("Ini bukan sidik digital SHA-256."), N_("Kirim 64 angka heksadesimal, atau unggah berkasnya.")
    ),
    "report.unreadable": Explanation(
        N_("Laporan gateway ini tidak dapat dibaca ({reason}, baris {line})."),
        N_("Tidak ada uang yang dicatat. Bentuknya diterangkan di docs/reconciliation.md."),
    ),
    "report.too_early": Explanation(
        N_("Hari {day} belum selesai, jadi laporannya belum lengkap."),
        N_("Tidak ada uang yang dicatat. Masukkan lagi sesudah tengah malam WIB."),
    ),
    "report.payout_before": Explanation(
        N_("Pencairan dalam laporan ini sudah ada dalam laporan hari lain."),
        N_("Tidak ada uang yang dicatat. Minta laporan yang benar dari gateway."),
    ),
    "report.unavailable": Explanation(
        N_("Laporan gateway sedang tidak dapat diambil."),
        N_("Tidak ada uang yang dicatat. Kami mencoba lagi secara otomatis."),
    ),
    "statement.unreadable": Explanation(
        N_("Rekening koran ini tidak dapat dibaca ({reason}, baris {line})."),
        N_("Tidak ada uang yang dicatat. Bentuknya diterangkan di docs/reconciliation.md."),
    ),
    "bank_line.not_explained": Explanation(
        N_("Baris bank ini tidak dapat dicatat begitu."),
        N_(
            "Tidak ada uang yang dicatat. Periksa nomornya dengan meterai reconcile differences. Pencairan "
            "harus belum terpakai dan jumlahnya sama."
        ),
    ),
    "metrics.no_token": Explanation(
        N_("Angka-angka ini hanya untuk pengelola layanan."),
        N_("Kirim token dari DATA/secrets/metrics-token: Authorization: Bearer …"),
    ),
    "serial.unknown": Explanation(
        N_("Nomor seri ini tidak ada dalam daftar kami."),
        N_("Periksa ketikannya, atau unggah berkas PDF-nya untuk diperiksa."),
    ),
    "register.unreachable": Explanation(
        N_("Daftar resmi sedang tidak dapat dihubungi."),
        N_("Tunggu beberapa menit, lalu coba lagi. Berkas PDF-nya tetap dapat diperiksa."),
    ),
    "register.not_asked": Explanation(
        N_("Pemeriksa ini tidak terhubung dengan daftar resmi, jadi tidak dapat mencari di dalamnya."),
        N_("Kirim berkas PDF-nya untuk diperiksa di sini, atau cari di situs kami."),
    ),
    "jail.unavailable": Explanation(
        N_("Pemeriksa dokumen sedang tidak tersedia."), N_("Tunggu satu menit, lalu kirim lagi."), STILL
    ),
    # contact and code
    "contact.unreadable": Explanation(
        N_("Ini belum berbentuk alamat email atau nomor telepon."),
        N_("Contoh: nama@contoh.id, 0812 3456 7890. Nomor luar negeri dimulai dengan + dan kode negaranya."),
        STILL,
    ),
    "contact.slip": Explanation(
        N_("Maksud Anda {meant}?"),
        N_("Anda mengetik {typed}. Pilih alamat yang benar: ke sanalah pesan kami dikirim."),
        STILL,
    ),
    "contact.taken": Explanation(
        N_("Kontak ini sudah terdaftar di akun lain."),
        N_("Akun Anda sendiri? Masuklah dengan kontak itu. Bukan? Pakai kontak lain."),
    ),
    "choice.order_nowhere": Explanation(
        N_("Tidak ada kontak lagi yang menerima kabar pesanan. Tidak ada yang berubah."),
        N_("Biarkan sedikitnya satu kontak menerima kabar pesanan, lalu simpan."),
    ),
    "choice.link_unknown": Explanation(
        N_("Tautan ini tidak kami kenal. Tidak ada yang berubah."),
        N_("Salin seluruh tautan dari pesan kami, atau masuk ke Meterai saya dan buka Pesan untuk Anda."),
    ),
    "choice.link_over": Explanation(
        N_("Kontak ini sudah tidak terdaftar, jadi tidak ada pesan yang kami kirim ke sana."),
        N_("Masuk ke Meterai saya untuk melihat kontak Anda."),
    ),
    "contact.prove_first": Explanation(
        N_("Kode terakhir Anda sudah lebih dari 15 menit yang lalu."),
        N_("Kirim kode ke salah satu kontak Anda di bawah dan ketik kodenya, lalu ulangi."),
    ),
    "contact.proves_you": Explanation(
        N_("Dengan kontak inilah Anda masuk sekarang."),
        N_("Kirim kode ke kontak Anda yang lain dan ketik kodenya; sesudah itu kontak ini dapat dihapus."),
    ),
    "code.too_many": Explanation(
        N_("Dari browser ini sudah lima kode diminta."),
        N_("Kode yang terakhir masih dapat dipakai. Minta lagi setelah {retry_after_s}."),
        STILL,
    ),
    "code.foreign_spent": Explanation(
        N_("Hari ini tidak ada lagi kode untuk nomor dari negara ini."),
        N_("Pakai alamat email sebagai gantinya, atau minta lagi besok. Tidak ada yang hilang."),
        STILL,
    ),
    "work.needed": Explanation(
        N_("Banyak kode diminta untuk kontak ini atau dari jaringan Anda."),
        N_("Tunggu {retry_after_s}, lalu kirim lagi."),
        STILL,
    ),
    "code.behind": Explanation(
        N_("Terlalu banyak kode sedang menunggu dikirim."),
        N_(
            "Minta lagi setelah {retry_after_s}, atau pakai kontak lain sekarang: WhatsApp sebagai ganti "
            "email, atau sebaliknya. Tidak ada yang hilang."
        ),
        STILL,
    ),
    "code.wrong": Explanation(
        N_("Kodenya tidak cocok."),
        N_("Periksa pesan yang paling baru dan ketik lagi. Sisa percobaan: {attempts_left}."),
        STILL,
    ),
    "code.wrong_wait": Explanation(
        N_("Kodenya tidak cocok."),
        N_(
            "Sudah beberapa kali kode yang salah diketik. Coba lagi setelah {retry_after_s}. "
            "Sisa percobaan: {attempts_left}. Kode yang benar tetap berlaku."
        ),
        STILL,
    ),
    "code.early": Explanation(
        N_("Kode ini belum dapat dicoba."),
        N_(
            "Karena beberapa kali kode yang salah diketik, percobaan berikutnya baru dapat setelah "
            "{retry_after_s}. Percobaan ini tidak dihitung; kode Anda tetap berlaku."
        ),
        STILL,
    ),
    "code.expired": Explanation(
        N_("Kode ini tidak berlaku lagi."),
        N_("Kode berlaku 10 menit. Minta yang baru; pesanan Anda tetap tersimpan."),
        STILL,
    ),
    "code.used_up": Explanation(
        N_("Kode ini tidak dapat dipakai lagi."), N_("Minta kode baru; pesanan Anda tetap tersimpan."), STILL
    ),
    "session.missing": Explanation(
        N_("Anda belum masuk."), N_("Masuk lewat Meterai saya dengan email atau nomor Anda, lalu ulangi.")
    ),
    "member.collector": Explanation(
        N_("Pemungut tidak memberi meterai pada banyak dokumen sekaligus di situs ini."),
        N_(
            "Data setiap dokumen wajib dilaporkan. Unggah dokumen satu per satu di Meterai saya, atau kirim "
            "bundel lewat API dengan data setiap berkas."
        ),
    ),
    "member.ended": Explanation(
        N_("Anda bukan anggota organisasi itu lagi."),
        N_("Buka Meterai saya dan pilih untuk siapa Anda bertindak."),
    ),
    "member.for_oneself": Explanation(
        N_("Halaman ini ada untuk organisasi, dan Anda sedang bertindak untuk diri sendiri."),
        N_("Buka Meterai saya dan pilih untuk siapa Anda bertindak."),
    ),
    "member.not_allowed": Explanation(
        N_("Peran Anda di organisasi ini tidak mencakup tindakan ini."),
        N_(
            "Minta pemilik akun organisasi melakukannya atau mengubah peran Anda. Untuk bertindak bagi diri "
            "sendiri, pilih di Meterai saya."
        ),
    ),
    "report.not_for_role": Explanation(
        N_("Organisasi ini tidak memiliki laporan jenis itu."),
        N_("Pemungut memiliki laporan bulanannya; distributor memiliki laporan stok dan kas negara."),
    ),
    "report.not_ready": Explanation(
        N_("Laporan ini belum siap."), N_("Tunggu beberapa detik, lalu lihat lagi keadaannya.")
    ),
    "report.not_made": Explanation(
        N_("Laporan ini tidak dapat dibuat karena gangguan di pihak kami."), N_("Minta sekali lagi nanti.")
    ),
    "report.unreconciled": Explanation(
        N_("Laporan ini tidak sama dengan buku besar, jadi tidak kami berikan."),
        N_("Kami memeriksanya. Hubungi kami dengan id laporannya."),
    ),
    "report.no_kind": Explanation(
        N_("Jenis laporan belum dipilih."), N_("Pilih satu jenis, lalu kirim lagi.")
    ),
    "report.unknown": Explanation(
        N_("Laporan ini tidak ada, atau sudah dihapus setelah 30 hari."), N_("Minta laporan itu sekali lagi.")
    ),
    "report.no_month": Explanation(
        N_("Tidak ada laporan untuk bulan itu."), N_("Pilih bulan ini atau bulan sebelumnya.")
    ),
    # orders
    "order.not_found": Explanation(
        N_("Pesanan ini tidak kami temukan."),
        N_(
            "Buka tautan dari pesan kami, atau masuk ke Meterai saya. Untuk menanyakan uang, pakai "
            "halaman Cek pembayaran."
        ),
    ),
    "order.link_ended": Explanation(
        N_("Tautan ini tidak membuka pesanan."),
        N_(
            "Masuk ke Meterai saya: pesanan Anda ada di sana. Tautan berakhir ketika kontak untuk pesanannya "
            "dibuktikan, dan ketika ada kontak yang dihapus dari akun Anda."
        ),
    ),
    "order.no_such_item": Explanation(
        N_("Bagian pesanan ini tidak ada."), N_("Kembali ke halaman pesanan, lalu pilih dari sana.")
    ),
    "order.not_paid": Explanation(
        N_("Pesanan ini belum dibayar, jadi belum ada kuitansi."),
        N_("Kembali ke halaman pesanan untuk membayar."),
        STILL,
    ),
    "order.no_code": Explanation(
        N_("Kode QRIS pesanan ini tidak berlaku lagi."),
        N_("Kembali ke halaman pesanan; di sana tertulis apa yang dapat Anda lakukan."),
    ),
    "event.unknown": Explanation(
        N_("Pendaftaran ini tidak ada atau sudah ditutup."),
        N_("Lihat pendaftaran yang dibuka di beranda, atau beri meterai pada dokumen untuk keperluan lain."),
    ),
    "event.closed": Explanation(
        N_("Pendaftaran ini sedang tidak dibuka."),
        N_(
            "Dibuka {opens_at}, ditutup {closes_at}. Dokumen untuk keperluan lain tetap dapat diberi meterai."
        ),
        STILL,
    ),
    "document.unknown": Explanation(
        N_("Dokumen ini tidak kami temukan."),
        N_("Mungkin sudah dihapus karena tidak jadi diberi meterai. Unggah sekali lagi."),
    ),
    "document.no_stamps": Explanation(
        N_("Belum ada letak meterai pada dokumen ini."), N_("Pilih letaknya dahulu."), STILL
    ),
    "document.too_many_stamps": Explanation(
        N_("Terlalu banyak meterai pada satu dokumen."),
        N_("Paling banyak {stamps_max} meterai pada satu dokumen."),
        STILL,
    ),
    "document.stamped_already": Explanation(
        N_("Dokumen ini sudah diberi meterai atau sedang dikerjakan."),
        N_("Buka halaman pesanan atau Meterai saya untuk melihat hasilnya."),
    ),
    "document.not_released": Explanation(
        N_("Dokumen ini belum selesai diberi meterai."), N_("Tunggu sebentar, lalu muat ulang halamannya.")
    ),
    "pdf.no_such_page": Explanation(
        N_("Halaman itu tidak ada dalam dokumen."), N_("Pilih nomor halaman yang ada."), STILL
    ),
    "placement.page": Explanation(
        N_("Dokumen ini tidak punya halaman {page}."), N_("Pilih halaman 1 sampai {pages}."), STILL
    ),
    "placement.outside": Explanation(
        N_("Meterainya keluar dari tepi halaman."), N_("Geser ke dalam halaman, lalu simpan lagi."), STILL
    ),
    "placement.size": Explanation(
        N_("Ukuran meterai ini di luar batas."), N_("Pakai ukuran {size_min} sampai {size_max} titik."), STILL
    ),
    "placement.overlap": Explanation(
        N_("Dua meterai saling menutupi."), N_("Geser salah satunya, lalu simpan lagi."), STILL
    ),
    "placement.covers": Explanation(
        N_(
            "Di tempat itu meterainya menutupi isi halaman {page}. Pada dokumen yang sudah ditandatangani "
            "tidak ada yang boleh tertutup."
        ),
        N_(
            "Pindahkan ke tempat yang kosong, lalu simpan lagi. Garis untuk tanda tangan dan kata “Meterai” "
            "boleh tertutup."
        ),
        STILL,
    ),
    "placement.over_text": Explanation(
        N_("Meterai ini menutupi tulisan di halaman {page}."),
        N_(
            "Pindahkan ke tempat yang kosong, lalu simpan lagi. Bila memang harus di situ, centang “Biarkan "
            "menutupi”."
        ),
        STILL,
    ),
    "placement.over_drawing": Explanation(
        N_("Meterai ini menutupi tulisan, gambar, atau tanda tangan di halaman {page}."),
        N_(
            "Pindahkan ke tempat yang kosong, lalu simpan lagi. Bila memang harus di situ, centang “Biarkan "
            "menutupi”."
        ),
        STILL,
    ),
    "placement.over_field": Explanation(
        N_("Meterai ini menutupi kolom isian atau tempat tanda tangan di halaman {page}."),
        N_(
            "Pindahkan ke tempat yang kosong, lalu simpan lagi. Bila memang harus di situ, centang “Biarkan "
            "menutupi”."
        ),
        STILL,
    ),
    "placement.no_free_place": Explanation(
        N_("Dokumen yang sudah ditandatangani ini tidak punya tempat kosong untuk meterai."),
        N_(
            "Minta dokumennya sebelum ditandatangani, beri meterai dahulu dengan pilihan “Masih akan "
            "ditandatangani secara digital”, lalu tandatangani."
        ),
        STILL,
    ),
    "placement.no_room": Explanation(
        N_("Tidak ada tempat kosong untuk satu meterai lagi."),
        N_("Geser meterai yang sudah ada supaya ada ruang, lalu tambah lagi."),
        STILL,
    ),
    "placement.changed": Explanation(
        N_(
            "Dokumen ini sekarang mempunyai {stamps} meterai: ada yang ditambahkan sesudah halaman tadi "
            "dibuka."
        ),
        N_("Periksa letak semuanya dan hapus yang tidak perlu, lalu simpan sekali lagi."),
        STILL,
    ),
    # quota
    "quota.none": Explanation(
        N_("Jumlahnya belum diisi."), N_("Ketik angka 1 sampai 200, atau sampai 10.000 dengan NPWP."), STILL
    ),
    "quota.needs_npwp": Explanation(
        N_("Lebih dari {ordinary} keping hanya untuk pembeli dengan NPWP."),
        N_("Isi nama dan NPWP di bawah ini, atau beli paling banyak {ordinary} keping."),
        STILL,
        {"ordinary": 200},
    ),
    "buyer.name_missing": Explanation(
        N_("Nama pada kuitansi belum diisi."), N_("Ketik nama orang atau perusahaan pemilik NPWP."), ""
    ),
    "buyer.name_long": Explanation(
        N_("Nama pada kuitansi terlalu panjang."),
        N_("Singkat menjadi paling banyak {maximum} huruf."),
        "",
        {"maximum": 120},
    ),
    "buyer.npwp_unreadable": Explanation(
        N_("NPWP-nya belum benar."),
        N_("Ketik 15 atau 16 angka, atau 22 angka dengan NITKU, seperti di kartu NPWP atau Coretax."),
        "",
    ),
    "buyer.named": Explanation(
        N_("Nama pada kuitansi ini sudah tetap."),
        N_("Salah ketik? Kirim pengaduan dengan nomor pesanannya."),
        "",
    ),
    "quota.empty": Explanation(
        N_("Kuota Anda tidak cukup untuk dokumen ini."),
        N_("Beli kuota dahulu; dokumen ini tetap tersimpan di Meterai saya."),
        STILL,
    ),
    "quota.scattered": Explanation(
        N_(
            "Kuota Anda cukup, tetapi terbagi: semua meterai satu dokumen diambil dari satu pembelian, "
            "dan sisa terbanyak dari satu pembelian hanya {largest}."
        ),
        N_("Pakai {largest} pada dokumen ini, atau beli {needed} keping sekaligus. Sisanya tetap utuh."),
        STILL,
    ),
    "quota.unknown": Explanation(
        N_("Kuota ini tidak kami temukan."), N_("Muat ulang Meterai saya, lalu pilih lagi.")
    ),
    # bundles: many documents at once
    "quota.missing": Explanation(
        N_("Kuota Anda belum cukup: perlu {needed}, tersedia {available}, kurang {missing}."),
        N_(
            "Beli kekurangannya lewat Beli kuota, lalu kembali ke halaman ini; di atas tertulis sampai kapan "
            "berkasnya tersimpan."
        ),
        STILL,
    ),
    "bundle.unknown": Explanation(
        N_("Bundel dokumen ini tidak kami temukan."),
        N_("Buka lagi dari Meterai saya. Yang belum diberi meterai kami hapus setelah 7 hari."),
    ),
    "bundle.changed": Explanation(
        N_("Isi bundel ini berubah: sekarang {documents} dokumen siap diberi meterai."),
        N_("Periksa daftarnya, lalu tekan tombolnya sekali lagi."),
        STILL,
    ),
    "bundle.stamped_already": Explanation(
        N_("Sudah memuat meterai elektronik, jadi dilewati; tidak ada kuota yang terpakai."),
        N_("Bila memang perlu satu lagi, unggah lagi sebagai kiriman baru dan centang pilihannya."),
    ),
    "bundle.covers": Explanation(
        N_("Meterainya akan menutupi tulisan atau gambar pada {documents} dokumen."),
        N_("Dokumen itu ada di atas: pindahkan meterainya, tekan “Biarkan menutupi”, atau keluarkan."),
        STILL,
    ),
    "bundle.not_looked": Explanation(
        N_("Tempat meterainya belum selesai diperiksa karena dokumennya banyak."),
        N_("Tekan tombolnya sekali lagi; yang sudah diperiksa tidak diulang."),
        STILL,
    ),
    "bundle.file_gone": Explanation(
        N_("Dokumen ini sudah dikeluarkan dari bundel, atau sedang diberi meterai."),
        N_("Muat ulang halaman bundelnya; di sana tertulis apa yang terjadi."),
        STILL,
    ),
    "bundle.started": Explanation(
        N_("Dokumen di bundel ini sudah mulai diberi meterai."),
        N_("Untuk dokumen lain, buat bundel baru dari Meterai saya."),
    ),
    "bundle.cancelled": Explanation(
        N_("Bundel ini sudah dibatalkan."),
        N_("Yang sudah diberi meterai tetap ada. Untuk dokumen lain, buat bundel baru."),
    ),
    "bundle.file_unknown": Explanation(
        N_("Berkas ini tidak ada di daftar bundel."),
        N_("Tambahkan dahulu ke daftarnya, lalu unggah ke alamat yang tertulis di sana."),
    ),
    "bundle.other_content": Explanation(
        N_("Isi berkas ini tidak sama dengan yang tertulis di daftar bundel."),
        N_("Unggah lagi dari awal; bila berkasnya memang berubah, tulis SHA-256 yang baru di daftar."),
        STILL,
    ),
    "bundle.offset": Explanation(
        N_("Potongan ini tidak menyambung: yang sudah kami terima {offset} dari {size} byte."),
        N_("Baca `received` dari berkas ini, lalu kirim mulai dari byte itu."),
        STILL,
    ),
    "bundle.manifest_line": Explanation(
        N_("Baris {line} daftar ini tidak dapat dipakai: {why}"),
        N_("Baris sebelumnya sudah tercatat. Perbaiki baris itu, lalu kirim seluruh daftarnya lagi."),
        STILL,
    ),
    "bundle.too_many_files": Explanation(
        N_("Terlalu banyak berkas: satu bundel memuat paling banyak {maximum}."),
        N_("Yang sudah diperiksa tersimpan. Unggah sisanya sebagai bundel baru."),
        STILL,
    ),
    "bundle.too_large": Explanation(
        N_("Bundel ini penuh: semua berkasnya paling besar {bundle_bytes_max}."),
        N_("Yang sudah diperiksa tersimpan. Unggah sisanya sebagai bundel baru."),
        STILL,
    ),
    "bundle.not_checked": Explanation(
        N_("Sebagian berkas belum sempat diperiksa karena pemeriksaannya terlalu lama."),
        N_("Unggah berkas yang belum ada di daftar sekali lagi; yang sudah ada tidak diperiksa ulang."),
        STILL,
    ),
    "archive.unreadable": Explanation(
        N_("ZIP ini tidak dapat dibuka."),
        N_("Buat lagi ZIP biasa tanpa kata sandi, lalu unggah lagi."),
        STILL,
    ),
    "archive.too_many_files": Explanation(
        N_("ZIP ini berisi terlalu banyak berkas: paling banyak {maximum}."),
        N_("Bagi menjadi beberapa ZIP."),
        STILL,
    ),
    "archive.too_large": Explanation(
        N_("Isi ZIP ini terlalu besar: paling besar {total_bytes_max}."),
        N_("Bagi menjadi beberapa ZIP."),
        STILL,
    ),
    "archive.name": Explanation(
        N_("Nama berkas atau foldernya tidak dapat dipakai."),
        N_(
            "Beri nama biasa, paling panjang 200 huruf, tanpa garis miring terbalik (\\) dan dua titik "
            "berurutan (..), lalu unggah lagi."
        ),
        STILL,
    ),
    "archive.name_twice": Explanation(
        N_("Dua berkas, atau berkas dan folder, bernama sama."),
        N_("Ganti nama salah satunya, lalu unggah lagi."),
        STILL,
    ),
    "archive.encrypted": Explanation(
        N_("Berkas di dalam ZIP ini memakai kata sandi."),
        N_("Buat ZIP tanpa kata sandi, lalu unggah lagi."),
        STILL,
    ),
    "archive.nested": Explanation(
        N_("Arsip di dalam ZIP tidak dibuka."),
        N_("Masukkan berkas PDF-nya langsung ke dalam satu ZIP."),
        STILL,
    ),
    "archive.not_pdf": Explanation(
        N_("Ini bukan berkas PDF."), N_("Simpan sebagai PDF dahulu bila perlu diberi meterai."), STILL
    ),
    "archive.packed_too_tightly": Explanation(
        N_("Berkas di dalam ZIP ini mengembang jauh lebih besar dari kemasannya."),
        N_("Unggah berkas PDF-nya langsung, tanpa ZIP."),
        STILL,
    ),
    "archive.damaged": Explanation(
        N_("Berkas ini tidak dapat dibaca."),
        N_("Periksa berkas aslinya; bila ada di dalam ZIP, buat ZIP-nya lagi. Lalu kirim lagi."),
        STILL,
    ),
    # payment and refunds
    "payment.no_channel": Explanation(
        N_("Cara bayar belum dipilih."), N_("Pilih QRIS atau virtual account."), STILL
    ),
    "payment.only_va": Explanation(
        N_("Pesanan sebesar ini hanya dapat dibayar lewat virtual account."),
        N_("Pilih virtual account BNI."),
        STILL,
    ),
    "gateway.unavailable": Explanation(
        N_("Penyedia pembayaran sedang tidak menjawab."),
        N_(
            "Yang Anda minta belum dilakukan: pesanan belum dibatalkan, dan cara bayarnya belum diganti. "
            "Coba sebentar lagi."
        ),
        STILL,
    ),
    "gateway.charge_refused": Explanation(
        N_("Penyedia pembayaran menolak cara bayar ini."), N_("Pilih cara bayar yang lain."), STILL
    ),
    "refund.account_missing": Explanation(
        N_("Rekeningnya belum lengkap."), N_("Isi bank, nomor rekening, dan nama pemiliknya."), "held"
    ),
    "request.key_reused": Explanation(
        N_("Permintaan ini sudah pernah dikirim dengan isi lain."),
        N_("Muat ulang halamannya, lalu kirim lagi."),
    ),
    # behind the scenes
    "message.unavailable": _ours(N_("Pengiriman pesan sedang terganggu.")),
    "message.address_refused": Explanation(
        N_("Pesan kami ditolak oleh alamat ini."), N_("Pakai email atau nomor lain.")
    ),
    "object.missing": _UNREAD,
    "object.damaged": _UNREAD,
    "signer.unavailable": _ours(N_("Pemberian meterai sedang tertunda.")),
    "sealing.stopped": _ours(N_("Pemberian meterai sedang dihentikan sementara.")),
    "signer.not_allowed": _ours(N_("Pemberian meterai sedang tertunda.")),
    "signer.request_unreadable": _ours(N_("Pemberian meterai sedang tertunda.")),
    "key.none": _ours(N_("Pemberian meterai sedang tertunda.")),
    "key.marked": _ours(N_("Pemberian meterai sedang tertunda.")),
    "key.expired": _ours(N_("Pemberian meterai sedang tertunda.")),
    "key.unavailable": _ours(N_("Pemberian meterai sedang tertunda.")),
    "key.wrong_signature": _ours(N_("Pemberian meterai sedang tertunda.")),
    "tsa.unavailable": _ours(N_("Pemberian meterai sedang tertunda.")),
    "tsa.refused": _ours(N_("Pemberian meterai sedang tertunda.")),
    "tsa.bad_token": _ours(N_("Pemberian meterai sedang tertunda.")),
    "stamping.no_intent": _FAILED,
    "stamping.no_release": _FAILED,
    "stamping.serial_not_allocated": _FAILED,
    "stamping.no_hash_request": _FAILED,
    "seal.field_missing": _FAILED,
    "seal.gap_mismatch": _FAILED,
    "seal.gap_too_small": _ours(N_("Pemberian meterai sedang tertunda.")),
    "seal.too_many": _FAILED,
    "seal.unsound": Explanation(
        N_("Susunan PDF ini tidak memungkinkan pemberian meterai."),
        N_(
            "Meterainya tidak terpakai. Bila dokumennya belum ditandatangani secara digital, cetak sebagai "
            "PDF lalu ganti dengan hasilnya. Bila sudah, ganti dengan PDF sebelum ditandatangani."
        ),
    ),
    "payment.notice_forged": _ours(N_("Kabar pembayaran ini tidak sah.")),
    "payment.notice_unreadable": _ours(N_("Kabar pembayaran tidak terbaca.")),
    "payment.other_merchant": _ours(N_("Pembayaran ini milik pihak lain.")),
    "gateway.refund_mismatch": _ours(N_("Pengembalian dana sedang kami periksa.")),
    "payout.mismatch": _ours(N_("Pengembalian dana sedang kami periksa.")),
    "payout.unsure": _ours(N_("Pengembalian dana sedang kami periksa.")),
    "payout.missing": _ours(N_("Pengembalian dana sedang kami periksa.")),
    "payout.uncovered": _ours(N_("Pengembalian dana sedang kami periksa.")),
    "payout.unapproved": _ours(N_("Pengembalian dana menunggu persetujuan kami.")),
    "payout.refused": Explanation(
        N_("Bank menolak rekening ini."),
        N_("Periksa nomor dan nama pemiliknya, atau isi rekening lain."),
        "held",
    ),
    "payout.unavailable": _ours(N_("Pembayaran ke bank sedang tertunda.")),
    "payout.fell_through": _ours(N_("Pembayaran ke bank sedang tertunda.")),
    "trust.unreadable": _ours(N_("Bahan pemeriksaan tidak terbaca.")),
    "document.changed": Explanation(
        N_("Dokumen ini sedang berubah di jendela lain."),
        N_("Muat ulang halamannya untuk melihat keadaan terakhir."),
        STILL,
    ),
    "document.input_deleted": Explanation(
        N_("Berkas aslinya sudah kami hapus sesuai waktu simpannya."),
        N_("Unggah sekali lagi bila masih diperlukan. Hasil yang sudah diberi meterai tetap ada."),
    ),
    "document.forgotten": Explanation(
        N_("Dokumen ini sudah kami hapus: masa simpannya berakhir, atau pemiliknya meminta."),
        N_("Meterainya tetap berlaku. Berkas yang sudah diunduh dapat diperiksa di halaman Cek keaslian."),
    ),
    "item.no_empty_place": Explanation(
        N_("Pada berkas ini meterai akan menutupi tulisan atau gambar."),
        N_(
            "Sisakan tempat kosong di dekat tanda tangan, lalu unggah lagi. Atau minta uangnya kembali di "
            "bawah."
        ),
        "held",
    ),
    "item.document_used": Explanation(
        N_("Dokumen ini sudah ada di pesanan lain."),
        N_("Buka pesanan itu dari Meterai saya, atau unggah berkasnya sekali lagi di sini."),
        STILL,
    ),
    "order.already_paid": Explanation(
        N_("Pesanan ini sudah dibayar."),
        N_("Muat ulang halaman pesanan untuk melihat keadaannya. Jangan membayar lagi."),
        "held",
    ),
    "order.contact_missing": Explanation(
        N_("Kontak untuk pesanan ini belum ada."), N_("Isi email atau nomor WhatsApp Anda dahulu."), STILL
    ),
    "order.empty": Explanation(
        N_("Pesanan ini masih kosong."), N_("Unggah dokumen atau pilih banyaknya kuota dahulu."), STILL
    ),
    "order.expired": Explanation(
        N_("Waktu pesanan ini sudah habis."),
        N_("Belum membayar? Buat pesanan baru. Sudah membayar? Jangan membayar lagi, uangnya tidak hilang."),
        STILL,
    ),
    "order.cancelled": Explanation(
        N_("Pesanan ini sudah dibatalkan."), N_("Buat pesanan baru bila masih diperlukan."), STILL
    ),
    "order.expires_soon": Explanation(
        N_("Waktu pesanan ini hampir habis, jadi cara bayar tidak dapat diganti lagi."),
        N_(
            "Bila kode untuk membayar masih ditampilkan, bayar dengan kode itu; bila tidak, buat pesanan "
            "baru."
        ),
        STILL,
    ),
    "order.link_sent": Explanation(
        N_("Tautannya baru saja dikirim."),
        N_("Lihat kotak masuk Anda. Kirim ulang dapat dicoba setelah {retry_after_s}."),
    ),
    "order.not_draft": Explanation(
        N_("Pesanan ini sudah dibuat dan tidak dapat diubah lagi."),
        N_("Buka halaman pesanan. Untuk dokumen lain, buat pesanan baru."),
    ),
    "order.not_placed": Explanation(
        N_("Pesanan ini belum dibuat."), N_("Periksa isinya, lalu pilih cara bayar."), STILL
    ),
    "order.other_flow": Explanation(
        N_("Dokumen dan kuota tidak dapat digabung dalam satu pesanan."), N_("Buat dua pesanan."), STILL
    ),
    "order.price_changed": Explanation(
        N_("Harganya berubah sejak halaman ini dibuka."),
        N_("Periksa jumlah yang baru, lalu pesan lagi bila setuju."),
        STILL,
    ),
    "order.stamps": Explanation(
        N_("Banyaknya meterai pada dokumen ini di luar batas."),
        N_("Pilih 1 sampai {maximum} meterai."),
        STILL,
    ),
    "order.submit_id": Explanation(
        N_("Formulir ini tidak utuh."), N_("Muat ulang halamannya, lalu isi lagi."), STILL
    ),
    "order.submit_id_reused": Explanation(
        N_("Formulir ini sudah dipakai untuk pesanan lain."),
        N_("Buka halaman pembelian sekali lagi untuk pesanan baru."),
    ),
    "order.too_many_documents": Explanation(
        N_("Terlalu banyak dokumen dalam satu pesanan."),
        N_("Paling banyak 10 dokumen. Buat pesanan kedua untuk sisanya."),
        STILL,
    ),
    "payment.too_many_attempts": Explanation(
        N_("Cara bayar sudah terlalu sering diganti."),
        N_("Bayar dengan cara yang sekarang, atau buat pesanan baru."),
        STILL,
    ),
    "payment.unknown": Explanation(
        N_("Pembayaran ini tidak kami kenal."), N_("Periksa nomornya di halaman Cek pembayaran.")
    ),
    "quota.too_many": Explanation(
        N_("Terlalu banyak untuk satu pesanan."),
        N_("Paling banyak 10.000 keping dalam satu pesanan, dengan NPWP."),
        STILL,
    ),
    "refund.account_unreadable": Explanation(
        N_("Nomor rekeningnya belum benar."),
        N_("Ketik 6 sampai 20 angka, seperti di buku tabungan atau aplikasi bank."),
        "held",
    ),
    "refund.bank_unknown": Explanation(N_("Banknya belum dipilih."), N_("Pilih bank dari daftar."), "held"),
    "refund.holder_missing": Explanation(
        N_("Nama pemilik rekening belum benar."),
        N_("Ketik namanya seperti di rekening, 2 sampai 70 huruf. Singkat yang lebih panjang."),
        "held",
    ),
    "stock.out": Explanation(
        N_("Persediaan meterai sedang habis."),
        N_(
            "Pesanan Anda tersimpan sebagai draf. Tunggu beberapa saat, lalu coba lagi; Anda tidak ditagih "
            "apa pun."
        ),
        STILL,
    ),
    "stock.short": Explanation(
        N_("Persediaan meterai tinggal {left}, kurang untuk pesanan ini."),
        N_(
            "Pesan lebih sedikit, atau tunggu beberapa saat, lalu coba lagi; pesanan ini tersimpan "
            "sebagai draf. Anda tidak ditagih apa pun."
        ),
        STILL,
    ),
    "stock.held": Explanation(
        N_("Saat ini kami belum dapat menyisihkan meterai sebanyak itu untuk kuota yang belum dibayar."),
        N_(
            "Pesan lebih sedikit, atau tunggu beberapa menit, lalu coba lagi; pesanan ini tersimpan sebagai "
            "draf. Meterai untuk dokumen tetap dapat dibeli dan langsung dipakai."
        ),
        STILL,
    ),
    "order.unpaid_before": Explanation(
        N_("Pesanan Anda yang belum dibayar sudah menahan banyak meterai."),
        N_(
            "Bayar atau batalkan dulu pesanan yang menunggu; Anda menemukannya di Meterai saya. "
            "Pesanan ini tersimpan sebagai draf."
        ),
        STILL,
    ),
    "order.needs_npwp": Explanation(
        N_("Pesanan lebih dari 200 keping perlu nama dan NPWP pembeli."),
        N_("Isi nama dan NPWP, lalu tekan lagi. Pesanan ini tersimpan sebagai draf."),
        STILL,
    ),
    "order.large_before": Explanation(
        N_("Masih ada pesanan besar yang belum dibayar untuk Anda atau NPWP ini."),
        N_(
            "Bayar atau batalkan dulu pesanan itu; Anda menemukannya di Meterai saya. Pesanan ini tersimpan "
            "sebagai draf."
        ),
        STILL,
    ),
    "order.of_probe": Explanation(
        N_("Akun uji layanan hanya boleh memesan satu meterai dalam satu menit."),
        N_("Batalkan pesanan uji sebelumnya, tunggu satu menit, lalu coba lagi."),
        STILL,
    ),
    "probe.off": Explanation(
        N_("Halaman ini tidak ada."),
        N_("Periksa alamatnya, atau mulai lagi dari beranda."),
    ),
    "probe.contact_taken": Explanation(
        N_("Kontak untuk uji layanan sudah menjadi milik seseorang."),
        N_("Pilih alamat lain dalam METERAI_PROBE_CONTACT, lalu mulai lagi prosesnya."),
    ),
    "item.not_refused": Explanation(
        N_("Dokumen ini tidak perlu diganti."),
        N_("Muat ulang halaman pesanan untuk melihat keadaannya."),
        "held",
    ),
    "item.quota_used": Explanation(
        N_("Meterai untuk dokumen ini sudah dipakai atau sudah dikembalikan."),
        N_("Muat ulang halaman pesanan untuk melihat ke mana perginya."),
        "held",
    ),
    "refund.more_than_unused": Explanation(
        N_("Kuota yang belum dipakai tidak sebanyak itu."),
        N_("Yang dapat dikembalikan sekarang: {available} keping."),
        "held",
    ),
    "refund.pieces": Explanation(
        N_("Banyaknya keping belum benar."), N_("Ketik angka 1 atau lebih."), "held"
    ),
    "refund.whole_document": Explanation(
        N_("Meterai dokumen ini hanya dapat dikembalikan semuanya sekaligus."),
        N_("Minta {pieces} keping kembali."),
        "held",
    ),
    "refund.not_possible": Explanation(
        N_("Bagian ini tidak dapat dikembalikan."),
        N_("Yang sudah terpakai tidak dapat kembali. Keadaan lain tertulis di halaman pesanan."),
        "held",
    ),
    "refund.no_account_needed": Explanation(
        N_("Pengembalian ini tidak memerlukan rekening: uangnya kembali ke sumber dana semula."),
        N_("Muat ulang halaman pesanan untuk melihat keadaannya."),
        "back",
    ),
    "refund.other_account": Explanation(
        N_("Pengembalian ini sudah tercatat ke rekening lain."),
        N_(
            "Bank dan empat angka terakhirnya tertulis pada pengembalian itu di bawah. "
            "Bila rekening itu salah, hubungi kami segera dengan nomor pesanan."
        ),
        "back",
    ),
    "refund.prove_first": Explanation(
        N_("Untuk ini kami perlu kode baru dari kontak Anda. Tidak ada uang yang bergerak."),
        N_(
            "Isi lagi di bawah ini, lalu ketik kode yang kami kirim. Satu kode berlaku untuk satu permintaan."
        ),
        "held",
    ),
    "refund.contact_missing": Explanation(
        N_("Kontaknya belum dipilih."), N_("Pilih salah satu kontak Anda."), "held"
    ),
    "refund.no_contact": Explanation(
        N_("Pesanan ini tidak mempunyai kontak yang dapat menerima kode."),
        N_("Masuk ke Meterai saya dan tambahkan kontak, atau hubungi kami dengan nomor pesanan."),
        "held",
    ),
    "refund.stop_unknown": Explanation(
        N_("Tautan ini tidak kami kenal. Tidak ada yang dihentikan."),
        N_("Salin seluruh tautan dari pesan kami, lalu buka lagi."),
    ),
    "refund.stop_renamed": Explanation(
        N_("Rekening lain sudah diisi sesudah pesan itu. Tidak ada yang dihentikan."),
        N_("Pakai tautan dari pesan kami yang lebih baru."),
    ),
    "refund.stop_too_late": Explanation(
        N_("Uangnya sudah kami kirim atau sedang kami kirim. Tidak ada yang dihentikan."),
        N_("Lihat di bawah ini apa yang dapat dilakukan."),
    ),
    "refund.unknown": Explanation(
        N_("Pengembalian dana ini tidak kami temukan."),
        N_("Muat ulang halaman pesanan, lalu pilih dari sana."),
    ),
    "refund.given_meanwhile": Explanation(
        N_(
            "Sejak permintaan ini dibuat, ada meterai dari bagian ini yang sudah dikembalikan. Permintaan "
            "ini tidak memindahkan uang."
        ),
        N_("Lihat pesanannya, lalu buat permintaan baru bila masih perlu."),
    ),
    "refund.not_in_doubt": Explanation(
        N_("Pengembalian dana ini berjalan otomatis."),
        N_("Hanya yang menunggu pemeriksaan dapat diakhiri dengan perintah."),
    ),
    "refund.not_unsure": Explanation(
        N_("Uang pengembalian ini sudah keluar dengan cara lain."),
        N_("Bayarkan sisanya, lalu akhiri dengan perintah."),
    ),
    "refund.uncovered": Explanation(
        N_("Menurut gerbang pembayaran, uang pembayaran ini tidak ada padanya."),
        N_("Bila uangnya memang masuk, bayarkan sendiri, lalu akhiri dengan perintah."),
    ),
    "refund.unapproved": Explanation(
        N_("Pengembalian dana ini menunggu persetujuan di penyedia pembayaran."),
        N_("Setujui atau tolak di sana; setelah itu pengembaliannya berjalan otomatis."),
    ),
    "payout.failed": Explanation(
        N_("Bank tidak dapat membayar ke rekening ini."),
        N_("Isi rekening lain; uangnya tetap tercatat sebagai hak Anda."),
        "held",
    ),
    # the waiting room
    "ticket.unreadable": Explanation(
        N_("Ini bukan tiket antrean kami."),
        N_("Buka lagi tautan tiket Anda seutuhnya, atau ambil tiket baru dengan kontak yang sama."),
    ),
    "ticket.forged": Explanation(
        N_("Tanda tangan tiket ini tidak benar."),
        N_("Tiket yang berubah tidak berlaku. Ambil tiket baru dengan kontak yang sama."),
    ),
    "ticket.other_event": Explanation(
        N_("Tiket ini untuk antrean lain."),
        N_("Buka halaman pendaftaran Anda di situs ini, lalu ambil tiket di sana."),
    ),
    "ticket.unlisted": Explanation(
        N_("Tiket ini tidak ada dalam daftar antrean yang diumumkan."),
        N_("Buka lagi tautan tiket yang Anda simpan, atau ambil tiket baru dengan kontak yang sama."),
    ),
    "ticket.other_contact": Explanation(
        N_("Tiket ini diambil dengan kontak lain."),
        N_("Ketik email atau nomor yang Anda pakai ketika mengambil tempat di antrean."),
    ),
    "queue.unknown": Explanation(
        N_("Pendaftaran ini tidak memakai antrean."),
        N_("Anda boleh langsung membeli dari halaman pendaftarannya."),
    ),
    "queue.not_called": Explanation(
        N_("Belum giliran Anda."), N_("Tempat Anda tetap. Halaman antrean menunjukkan perkiraan gilirannya.")
    ),
    "queue.door_full": Explanation(
        N_("Sedang penuh, tunggu sebentar"),
        N_("Giliran Anda sudah tiba. Terlalu banyak yang masuk bersamaan; Anda masuk begitu ada ruang."),
    ),
    "queue.halted": Explanation(
        N_("Antrean berhenti sebentar"),
        N_("Petugas kami sedang membereskan gangguan. Tidak ada yang maju selama antrean berhenti."),
    ),
    "queue.out_of_stock": Explanation(
        N_("Persediaan meterai sedang habis"),
        N_("Antrean berjalan lagi begitu persediaan datang. Tidak ada yang maju sebelum itu."),
    ),
    "queue.closed": Explanation(
        N_("Antrean sudah ditutup"),
        N_("Tidak ada lagi yang dapat masuk. Pesanan yang sudah dibayar tetap diselesaikan."),
    ),
    "queue.store_down": Explanation(
        N_("Kami belum dapat membukakan pintu"),
        N_("Ada gangguan di pihak kami. Tiket dan tempat Anda aman; yang sudah di dalam dapat melanjutkan."),
    ),
    "queue.not_published": Explanation(
        N_("Antrean belum siap"), N_("Tunggu sebentar, lalu coba lagi. Tidak ada tempat yang hilang.")
    ),
    "certificate.forgotten": Explanation(
        N_("Bukti antre ini sudah kami hapus, karena masa simpannya berakhir."),
        N_("Bukti yang sudah diunduh tetap berlaku dan dapat diperiksa."),
    ),
    "certificate.not_closed": Explanation(
        N_("Antrean belum ditutup."),
        N_(
            "Bukti antre dapat diambil setelah antrean ditutup. Sampai saat itu giliran Anda masih dapat "
            "tiba."
        ),
    ),
    "certificate.was_let_in": Explanation(
        N_("Anda sudah masuk sebelum antrean ditutup."),
        N_("Bukti antre hanya untuk yang tidak sempat masuk. Lihat pesanan Anda di Meterai saya."),
    ),
    "certificate.did_not_come": Explanation(
        N_("Giliran Anda sudah tiba sebelum antrean ditutup."),
        N_(
            "Bukti antre hanya untuk yang belum dipanggil, atau tidak dapat masuk karena penuh. Tanyakan "
            "kepada instansi apakah Anda masih boleh menyusul."
        ),
    ),
    "certificate.nobody_waited": Explanation(
        N_("Ketika antrean ditutup, semua orang boleh masuk tanpa mengantre."),
        N_(
            "Bukti antre hanya untuk yang tertahan di antrean sampai ditutup. Tanyakan kepada instansi "
            "apakah Anda masih boleh menyusul."
        ),
    ),
    "certificate.not_seen": Explanation(
        N_("Anda tidak terlihat di antrean sekitar waktu penutupan."),
        N_(
            "Bukti antre hanya untuk yang membuka halaman antrean dalam 30 menit sebelum atau sesudah "
            "penutupan. Tanyakan kepada instansi apakah Anda masih boleh menyusul."
        ),
    ),
    "certificate.forged": Explanation(
        N_("Bukti antre ini tidak asli."),
        N_("Isinya tidak ditandatangani oleh kami, atau sudah diubah. Minta berkas aslinya."),
    ),
    "certificate.unreadable": Explanation(
        N_("Ini bukan bukti antre."),
        N_("Unggah berkas .txt yang diunduh dari halaman bukti antre, atau tempelkan seluruh isinya."),
    ),
    "certificate.unknown": Explanation(
        N_("Kode bukti antre ini tidak kami kenal."),
        N_("Periksa setiap huruf dan angkanya, atau unggah berkas bertanda tangannya."),
    ),
    "pass.unknown": Explanation(
        N_("Izin masuk ini tidak kami kenal."), N_("Buka lagi tautan tiket Anda, lalu masuk sekali lagi.")
    ),
    "pass.used": Explanation(
        N_("Izin masuk Anda sudah dipakai untuk satu pesanan."),
        N_("Lanjutkan pesanan itu dari tautan yang kami kirim, atau dari Meterai saya."),
    ),
    "queue.document_unreadable": Explanation(
        N_("Keadaan antrean tidak terbaca."), N_("Tunggu sebentar, lalu coba lagi; tempat Anda tidak hilang.")
    ),
    "queue.document_forged": Explanation(
        N_("Keadaan antrean tidak bertanda tangan kami."),
        N_(
            "Jangan percayai halaman itu. Buka situs kami dari alamat yang Anda kenal; tempat Anda tidak "
            "hilang."
        ),
    ),
}
