"""The one table of refusal codes. Indonesian first: (what happened, what to do), then English the same way.

`{facts}` come from the refusal. A test compares the codes with every `Refusal(...)` in the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from meterai.kit.formats.display import size_text
from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Message:
    """What happened and what to do, in both languages; `money`: what the page says about money."""

    id: str
    id_next: str
    en: str
    en_next: str
    money: Literal["", "still", "held", "back", "returned", "gone"] = ""


M = Message


def _ours(identity: str, english: str) -> Message:
    """A fault of ours behind the scenes: nothing is asked of the person, the work goes on by itself."""
    return Message(
        identity,
        "Tidak ada yang perlu Anda lakukan. Pekerjaan yang sudah masuk kami lanjutkan secara otomatis.",
        english,
        "There is nothing you need to do. Work already accepted goes on by itself.",
    )


_FAILED = Message(
    "Pembubuhan dokumen ini gagal karena gangguan di pihak kami, dan tidak kami coba lagi.",
    "Meterainya tidak terpakai. Pakai untuk berkas lain, misalnya dokumen ini yang dicetak ulang sebagai "
    "PDF, atau minta uangnya kembali di halaman pesanan.",
    "Stamping this document failed through a fault of ours, and we do not try it again.",
    "Its stamp was not used. Use it for another file, such as this document printed anew as a PDF, or ask "
    "for the money back on the order page.",
)
"""Our own work did not stand up to the check however often it was done: the document was given up."""

_UNREAD = Message(
    "Berkas ini sedang tidak dapat dibaca.",
    "Tunggu beberapa menit, lalu coba lagi. Bila tetap begini, hubungi kami dengan kode bantuan di halaman "
    "ini. Jangan membayar lagi.",
    "This file can't be read right now.",
    "Wait a few minutes and try again. If it stays like this, contact us with the help code on this page. "
    "Do not pay again.",
)
"""A stored file that somebody wants to fetch."""

STILL: Literal["still"] = "still"

TABLE: dict[str, Message] = {
    # the site itself
    "server.fault": M(
        "Ada gangguan di pihak kami.",
        "Yang sudah tersimpan tidak hilang. Tunggu sebentar, lalu coba lagi; jangan membayar dua kali.",
        "Something went wrong on our side.",
        "Nothing that was saved is lost. Try again in a moment; do not pay twice.",
    ),
    "page.not_found": M(
        "Halaman ini tidak ada.",
        "Periksa alamatnya, atau mulai lagi dari beranda.",
        "This page does not exist.",
        "Check the address, or start again from the home page.",
    ),
    "page.wrong_method": M(
        "Halaman ini tidak dapat dibuka dengan cara itu.",
        "Buka halamannya dari tautan atau tombol di situs ini.",
        "This page can't be opened in that way.",
        "Open it from a link or button on this site.",
    ),
    "form.stale": M(
        "Formulir ini sudah terlalu lama terbuka.",
        "Buka lagi halamannya, lalu isi dan kirim sekali lagi.",
        "This form has been open for too long.",
        "Open the page again, then fill it in and send it once more.",
        STILL,
    ),
    "form.no_cookie": M(
        "Peramban Anda tidak mengirim kembali cookie situs ini, jadi formulirnya tidak dapat kami terima.",
        "Buka lagi halamannya dan kirim sekali lagi. Bila pesan ini muncul lagi, izinkan cookie untuk situs "
        "ini di pengaturan peramban, atau pakai peramban lain.",
        "Your browser did not send this site's cookie back, so we can't take the form.",
        "Open the page again and send it once more. If you see this again, allow cookies for this site in "
        "your browser's settings, or use another browser.",
        STILL,
    ),
    "form.unreadable": M(
        "Isi formulir tidak sampai dengan utuh.",
        "Periksa sambungan Anda, lalu kirim sekali lagi.",
        "The form did not arrive complete.",
        "Check your connection, then send it once more.",
        STILL,
    ),
    "form.too_large": M(
        "Kiriman ini terlalu besar.",
        "Kirim berkas paling besar {file_bytes_max}, satu per satu bila perlu.",
        "What you sent is too large.",
        "Send files of at most {file_bytes_max}, one at a time if need be.",
        STILL,
    ),
    "form.too_many_files": M(
        "Terlalu banyak berkas sekaligus.",
        "Kirim paling banyak {maximum} berkas dalam satu pesanan.",
        "Too many files at once.",
        "Send at most {maximum} files in one order.",
        STILL,
    ),
    "form.no_file": M(
        "Belum ada berkas yang dipilih.",
        "Pilih berkas PDF, lalu lanjutkan.",
        "No file has been chosen yet.",
        "Choose a PDF file, then continue.",
        STILL,
    ),
    "form.busy": M(
        "Sedang banyak unggahan besar.",
        "Tunggu satu menit, lalu kirim sekali lagi.",
        "Many large uploads are under way.",
        "Wait a minute, then send once more.",
        STILL,
    ),
    # documents
    "pdf.empty": M(
        "Berkas ini kosong.",
        "Simpan atau pindai lagi dokumennya, lalu unggah berkas yang baru.",
        "This file is empty.",
        "Save or scan the document again, then upload the new file.",
        STILL,
    ),
    "pdf.not_pdf": M(
        "Berkas ini bukan PDF.",
        "Simpan dokumennya sebagai PDF, lalu unggah lagi. Mengganti nama berkas saja tidak cukup.",
        "This file is not a PDF.",
        "Save the document as a PDF, then upload it again. Renaming the file is not enough.",
        STILL,
    ),
    "pdf.broken": M(
        "PDF ini rusak dan tidak dapat kami perbaiki.",
        "Buka di aplikasi PDF, cetak atau simpan sebagai PDF baru, lalu unggah yang baru.",
        "This PDF is damaged and we could not repair it.",
        "Open it in a PDF app, print or save it as a new PDF, then upload the new one.",
        STILL,
    ),
    "pdf.encrypted": M(
        "PDF ini dikunci dengan kata sandi.",
        "Unggah lagi satu per satu dan ketik kata sandinya, atau simpan dulu tanpa kata sandi.",
        "This PDF is locked with a password.",
        "Upload it again on its own and type its password, or save it without one first.",
        STILL,
    ),
    "pdf.wrong_password": M(
        "Kata sandi PDF ini tidak cocok.",
        "Periksa huruf besar dan kecilnya, lalu unggah lagi bersama kata sandi yang benar.",
        "This is not the PDF's password.",
        "Check capital and small letters, then upload it again with the right password.",
        STILL,
    ),
    "pdf.encryption_unknown": M(
        "PDF ini dikunci dengan cara yang tidak dapat kami buka, misalnya untuk pemegang sertifikat.",
        "Buka di aplikasi PDF Anda, cetak atau simpan sebagai PDF baru tanpa kunci, lalu unggah yang baru.",
        "This PDF is locked in a way we cannot open, such as for the holder of a certificate.",
        "Open it in your PDF app, print or save it as a new PDF without the lock, then upload the new one.",
        STILL,
    ),
    "pdf.no_pages": M(
        "PDF ini tidak punya halaman.",
        "Simpan lagi dokumennya sebagai PDF, lalu unggah yang baru.",
        "This PDF has no pages.",
        "Save the document as a PDF again, then upload the new one.",
        STILL,
    ),
    "pdf.too_large": M(
        f"Berkas ini lebih dari {size_text(DEFAULT_LIMITS.file_bytes_max, 'id')}.",
        "Pindai dengan resolusi 150-200 dpi atau perkecil PDF-nya, lalu unggah lagi.",
        f"This file is larger than {size_text(DEFAULT_LIMITS.file_bytes_max, 'en')}.",
        "Scan at 150-200 dpi or reduce the PDF, then upload it again.",
        STILL,
    ),
    "pdf.too_many_pages": M(
        "PDF ini lebih dari 200 halaman.",
        "Pisahkan bagian yang perlu dibubuhi meterai, lalu unggah bagian itu.",
        "This PDF has more than 200 pages.",
        "Split off the part that needs the stamp, then upload that part.",
        STILL,
    ),
    "pdf.too_complex": M(
        "Susunan PDF ini terlalu rumit untuk dikerjakan dengan aman.",
        "Cetak sebagai PDF dari aplikasi Anda, lalu unggah hasilnya.",
        "This PDF is built in a way that is too complex to handle safely.",
        "Print it as a PDF from your app, then upload the result.",
        STILL,
    ),
    "pdf.page_size": M(
        "Ukuran halaman PDF ini di luar batas.",
        "Simpan dengan ukuran A4, lalu unggah lagi.",
        "The page size of this PDF is out of range.",
        "Save it in A4 size, then upload it again.",
        STILL,
    ),
    "pdf.signed": M(
        "PDF ini menyimpan tanda tangan digital yang tidak lagi terhubung ke halamannya.",
        "Unggah PDF yang baru saja ditandatangani, atau PDF sebelum ditandatangani secara digital.",
        "This PDF holds a digital signature that is no longer connected to its pages.",
        "Upload the PDF as it was right after signing, or as it was before it was digitally signed.",
        STILL,
    ),
    "pdf.certified": M(
        "PDF ini sudah dikunci oleh pembuatnya.",
        "Dokumen ini tidak boleh diubah lagi, juga tidak dengan meterai. Minta versi yang belum dikunci.",
        "This PDF has been certified as final by its author.",
        "It may not be changed any more, not even by a stamp. Ask for the version before that.",
        STILL,
    ),
    "pdf.signed_locked": M(
        "Tanda tangan digital pada PDF ini mengunci dokumennya: sesudahnya tidak boleh ada tambahan apa pun.",
        "Bubuhkan meterai dulu, baru tanda tangani. Unggah PDF sebelum ditandatangani.",
        "A digital signature on this PDF locks the document: nothing may be added after it.",
        "Stamp first, then sign. Upload the PDF as it was before it was signed.",
        STILL,
    ),
    "pdf.stamped_already": M(
        "PDF ini sudah bermeterai elektronik dan terkunci; tidak ada yang dapat ditambahkan lagi.",
        "Periksa meterainya di halaman Periksa. Perlu satu lagi? Unggah PDF sebelum dibubuhi dan pilih dua.",
        "This PDF already carries an electronic stamp that locks it; nothing can be added any more.",
        "Check its stamp on the Verify page. Does it need another? Upload the unstamped PDF and choose two.",
        STILL,
    ),
    "pdf.stamp_not_genuine": M(
        "e-Meterai yang sudah ada pada PDF ini tidak asli, atau dokumennya diubah setelah dibubuhi.",
        "Lihat sebabnya di halaman Periksa. Mintalah berkas aslinya, atau unggah PDF sebelum dibubuhi.",
        "An e-Meterai that this PDF already carries is not genuine, or the document was changed after it.",
        "See why on the Verify page. Ask for the original file, or upload the PDF as it was before stamping.",
        STILL,
    ),
    "pdf.signed_broken": M(
        "Tanda tangan digital pada PDF ini rusak: isinya tidak lagi sama dengan saat ditandatangani.",
        "Minta berkas asli dari penanda tangannya, lalu unggah berkas itu tanpa membukanya di aplikasi lain.",
        "A digital signature on this PDF is broken: the content is not what was signed.",
        "Ask the signer for the original file and upload that, without opening it in another app.",
        STILL,
    ),
    "pdf.signed_irregular": M(
        "PDF ini sudah ditandatangani, tetapi susunannya tidak dapat dibaca tanpa keraguan.",
        "PDF bertanda tangan tidak boleh kami perbaiki. Unggah PDF sebelum ditandatangani secara digital.",
        "This PDF is signed, but it is built in a way that can't be read beyond doubt.",
        "We may not repair a signed PDF. Upload the PDF as it was before it was digitally signed.",
        STILL,
    ),
    "pdf.signed_encrypted": M(
        "PDF ini sudah ditandatangani dan juga dikunci.",
        "Membuka kuncinya akan merusak tanda tangannya. Minta berkas yang ditandatangani tanpa dikunci.",
        "This PDF is signed and also locked.",
        "Unlocking it would break its signatures. Ask for the file signed without being locked.",
        STILL,
    ),
    "pdf.signed_too_many": M(
        "PDF ini punya terlalu banyak tanda tangan digital.",
        "Kami menerima paling banyak {signatures_max}. Bubuhkan meterai sebelum semua menandatangani.",
        "This PDF has too many digital signatures.",
        "We accept at most {signatures_max}. Stamp it before everybody has signed.",
        STILL,
    ),
    "pdf.xfa_dynamic": M(
        "PDF ini formulir XFA: halamannya baru ada bila dibuka di Adobe Reader.",
        "Buka di Adobe Reader, cetak ke PDF, lalu unggah hasilnya.",
        "This PDF is an XFA form: its pages exist only while Adobe Reader shows it.",
        "Open it in Adobe Reader, print it to PDF, then upload the result.",
        STILL,
    ),
    "pdf.too_heavy": M(
        "PDF ini terlalu berat untuk dikerjakan.",
        "Cetak sebagai PDF dari aplikasi Anda atau pindai ulang, lalu unggah hasilnya.",
        "This PDF takes too much work to process.",
        "Print it as a PDF from your app or scan it again, then upload the result.",
        STILL,
    ),
    "pdf.output_too_large": M(
        "Hasilnya akan {output_bytes}, lebih besar dari {output_bytes_max} yang diterima instansi.",
        "Pindai dengan resolusi lebih rendah atau perkecil PDF-nya, lalu unggah lagi. Meterainya belum "
        "terpakai.",
        "The result would be {output_bytes}, more than the {output_bytes_max} that the agency accepts.",
        "Scan it at a lower resolution or reduce the PDF, then upload it again. The stamp is not used yet.",
        "held",
    ),
    "pdf.version_too_low": M(
        "Versi PDF ini lebih rendah dari {version_min}, versi terendah yang diterima instansi.",
        "Simpan sebagai PDF {version_min} atau yang lebih baru, lalu unggah lagi. Meterainya belum terpakai.",
        "This PDF's version is lower than {version_min}, the lowest that the agency accepts.",
        "Save it as PDF {version_min} or newer, then upload it again. The stamp is not used yet.",
        "held",
    ),
    "jail.busy": M(
        "Sedang banyak dokumen yang dikerjakan.",
        "Dokumen Anda belum tersimpan. Tunggu setengah menit, lalu kirim lagi.",
        "Many documents are being worked on right now.",
        "Your document has not been saved yet. Wait half a minute, then send it again.",
        STILL,
    ),
    "jail.killed": M(
        "Pengerjaan berkas ini dua kali terhenti di mesin kami.",
        "Tunggu satu menit, lalu kirim lagi. Bila terulang, cetak sebagai PDF dari aplikasi Anda atau pindai "
        "ulang, lalu unggah hasilnya.",
        "Work on this file was cut short twice by our machine.",
        "Wait a minute, then send it again. If it happens once more, print it as a PDF from your app or scan "
        "it again, then upload the result.",
        STILL,
    ),
    # verification
    "verification.too_large": M(
        f"Berkas ini lebih dari {size_text(CHECKED_BYTES_MAX, 'id')}, jadi tidak dapat kami periksa.",
        "Kirim berkas PDF bermeterai itu sendiri, persis seperti yang Anda terima, tanpa digabung dengan "
        "berkas lain.",
        f"This file is larger than {size_text(CHECKED_BYTES_MAX, 'en')}, so we can't check it.",
        "Send the stamped PDF file itself, just as you received it, not joined with other files.",
    ),
    "digest.unknown": M(
        "Daftar kami tidak mengenal sidik digital berkas ini.",
        "Unggah berkasnya agar diperiksa seluruhnya.",
        "Our register does not know this file's fingerprint.",
        "Upload the file to have it checked in full.",
    ),
    "serial.malformed": M(
        "Ini tidak mungkin nomor seri.",
        "Periksa ketikannya: 22 huruf dan angka, seperti tercetak pada meterai. Mungkin ada yang tertukar.",
        "This can't be a serial number.",
        "Check the spelling: 22 letters and digits, as printed on the stamp. Two may be swapped.",
    ),
    "code.unreadable": M(
        "Kode QR ini tidak dapat dibaca.",
        "Pindai sekali lagi dengan cahaya cukup, atau ketik nomor serinya di halaman Periksa.",
        "This QR code can't be read.",
        "Scan it again in good light, or type the serial number on the Verify page.",
    ),
    "ticket.backdated": M(
        "Tiket antrean ini tidak cocok dengan waktu pembuatannya.",
        "Ambil tempat baru di halaman antrean.",
        "This queue ticket does not fit the time at which it was made.",
        "Take a new place on the queue's page.",
    ),
    "code.newer": M(
        "Kode QR ini memakai bentuk yang lebih baru.",
        "Ketik nomor seri yang tercetak pada meterai di halaman Periksa, atau periksa berkas PDF-nya.",
        "This QR code is of a newer form.",
        "Type the serial number printed on the stamp on the Verify page, or check the PDF file.",
    ),
    "code.forged": M(
        "Kode QR ini bukan buatan kami.",
        "Jangan percaya meterainya. Minta berkas PDF aslinya, lalu periksa di sini.",
        "This QR code was not made by us.",
        "Do not trust the stamp. Ask for the original PDF file and check it here.",
    ),
    "digest.unreadable": M(
        "Ini bukan sidik digital SHA-256.",
        "Kirim 64 angka heksadesimal, atau unggah berkasnya.",
        "This is not a SHA-256 fingerprint.",
        "Send 64 hexadecimal digits, or upload the file.",
    ),
    "metrics.no_token": M(
        "Angka-angka ini hanya untuk pengelola layanan.",
        "Kirim token dari DATA/secrets/metrics-token: Authorization: Bearer …",
        "These figures are for the service's operator only.",
        "Send the token of DATA/secrets/metrics-token: Authorization: Bearer …",
    ),
    "serial.unknown": M(
        "Nomor seri ini tidak ada dalam daftar kami.",
        "Periksa ketikannya, atau unggah berkas PDF-nya untuk diperiksa.",
        "This serial number is not in our register.",
        "Check the spelling, or upload the PDF file to have it checked.",
    ),
    "register.unreachable": M(
        "Daftar resmi sedang tidak dapat dihubungi.",
        "Tunggu beberapa menit, lalu coba lagi. Berkas PDF-nya tetap dapat diperiksa.",
        "The register can't be reached right now.",
        "Try again in a few minutes. The PDF file itself can still be checked.",
    ),
    "register.not_asked": M(
        "Pemeriksa ini tidak terhubung dengan daftar resmi, jadi tidak dapat mencari di dalamnya.",
        "Kirim berkas PDF-nya untuk diperiksa di sini, atau cari di situs kami.",
        "This verifier is not connected to the register, so it can't look anything up there.",
        "Send the PDF file to have it checked here, or look it up on our site.",
    ),
    "jail.unavailable": M(
        "Pemeriksa dokumen sedang tidak tersedia.",
        "Tunggu satu menit, lalu kirim lagi.",
        "The document checker is not available right now.",
        "Wait a minute, then send it again.",
        STILL,
    ),
    # contact and code
    "contact.unreadable": M(
        "Ini belum berbentuk alamat surel atau nomor telepon.",
        "Contoh: nama@contoh.id, 0812 3456 7890. Nomor luar negeri dimulai dengan + dan kode negaranya.",
        "This does not look like an e-mail address or phone number yet.",
        "For example name@example.com, 0812 3456 7890. Foreign numbers start with + and their country code.",
        STILL,
    ),
    "contact.taken": M(
        "Kontak ini sudah terdaftar di akun lain.",
        "Akun Anda sendiri? Masuklah dengan kontak itu. Bukan? Pakai kontak lain.",
        "This contact is registered to another account.",
        "If that account is yours, sign in with it; if not, use another contact.",
    ),
    "contact.prove_first": M(
        "Kode terakhir Anda sudah lebih dari 15 menit yang lalu.",
        "Kirim kode ke salah satu kontak Anda di bawah dan ketik kodenya, lalu ulangi.",
        "Your last code is more than 15 minutes old.",
        "Send a code to one of your contacts below and type it, then try again.",
    ),
    "contact.proves_you": M(
        "Dengan kontak inilah Anda masuk sekarang.",
        "Kirim kode ke kontak Anda yang lain dan ketik kodenya; sesudah itu kontak ini dapat dihapus.",
        "This is the contact with which you are signed in.",
        "Send a code to another contact of yours and type it; then this one can be removed.",
    ),
    "code.too_many": M(
        "Terlalu banyak kode diminta untuk kontak ini.",
        "Tunggu {retry_after_s} sebelum meminta lagi. Kode yang Anda minta di peramban ini masih dapat "
        "dipakai; kode yang diminta orang lain tidak berlaku bagi Anda.",
        "Too many codes were asked for this contact.",
        "Wait {retry_after_s} before asking again. A code that you asked for in this browser can "
        "still be used; one that somebody else asked for does not work for you.",
        STILL,
    ),
    "code.too_many_here": M(
        "Terlalu banyak kode diminta dari jaringan Anda.",
        "Minta lewat jaringan lain, misalnya data seluler sebagai ganti Wi-Fi, atau tunggu {retry_after_s}. "
        "Kode yang Anda minta di peramban ini masih dapat dipakai.",
        "Too many codes were asked for from your network.",
        "Ask over another network, for example mobile data in place of Wi-Fi, or wait {retry_after_s}. "
        "A code that you asked for in this browser can still be used.",
        STILL,
    ),
    "code.behind": M(
        "Terlalu banyak kode sedang menunggu dikirim.",
        "Minta lagi setelah {retry_after_s}, atau pakai kontak lain sekarang: WhatsApp sebagai ganti surel, "
        "atau sebaliknya. Tidak ada yang hilang.",
        "Too many codes are waiting to be sent.",
        "Ask again after {retry_after_s}, or use another contact now: WhatsApp in place of e-mail, or the "
        "other way round. Nothing is lost.",
        STILL,
    ),
    "code.wrong": M(
        "Kodenya tidak cocok.",
        "Periksa pesan yang paling baru dan ketik lagi. Kesempatan tersisa: {attempts_left}.",
        "The code does not match.",
        "Look at the newest message and type it again. Tries left: {attempts_left}.",
        STILL,
    ),
    "code.expired": M(
        "Kode ini tidak berlaku lagi.",
        "Kode berlaku 10 menit. Minta yang baru; pesanan Anda tetap tersimpan.",
        "This code is no longer valid.",
        "A code lasts 10 minutes. Ask for a new one; your order is kept.",
        STILL,
    ),
    "code.used_up": M(
        "Kode ini tidak dapat dipakai lagi.",
        "Minta kode baru; pesanan Anda tetap tersimpan.",
        "This code can't be used any more.",
        "Ask for a new one; your order is kept.",
        STILL,
    ),
    "session.missing": M(
        "Anda belum masuk.",
        "Masuk lewat Meterai saya dengan surel atau nomor Anda, lalu ulangi.",
        "You are not signed in.",
        "Sign in at My stamps with your e-mail or number, then try again.",
    ),
    # orders
    "order.not_found": M(
        "Pesanan ini tidak kami temukan.",
        "Buka tautan dari pesan kami, atau masuk ke Meterai saya. Untuk menanyakan uang, pakai halaman Uang.",
        "We can't find this order.",
        "Open the link from our message, or sign in at My stamps. To ask about money, use the Money page.",
    ),
    "order.link_ended": M(
        "Tautan ini tidak membuka pesanan.",
        "Masuk ke Meterai saya: pesanan Anda ada di sana. Tautan berakhir ketika kontak untuk pesanannya "
        "dibuktikan, dan ketika ada kontak yang dihapus dari akun Anda.",
        "This link opens no order.",
        "Sign in at My stamps: your orders are there. A link ends when the contact for its order is proven, "
        "and when a contact is removed from your account.",
    ),
    "order.no_such_item": M(
        "Bagian pesanan ini tidak ada.",
        "Kembali ke halaman pesanan, lalu pilih dari sana.",
        "This part of the order does not exist.",
        "Go back to the order page and choose from there.",
    ),
    "order.not_paid": M(
        "Pesanan ini belum dibayar, jadi belum ada kuitansi.",
        "Kembali ke halaman pesanan untuk membayar.",
        "This order has not been paid, so there is no receipt yet.",
        "Go back to the order page to pay.",
        STILL,
    ),
    "order.no_code": M(
        "Kode QRIS pesanan ini tidak berlaku lagi.",
        "Kembali ke halaman pesanan; di sana tertulis apa yang dapat Anda lakukan.",
        "This order's QRIS code is not valid any more.",
        "Go back to the order page, which says what you can do.",
    ),
    "event.unknown": M(
        "Pendaftaran ini tidak ada atau sudah ditutup.",
        "Lihat pendaftaran yang dibuka di beranda, atau bubuhi dokumen untuk keperluan lain.",
        "This event does not exist or has closed.",
        "See what is open on the home page, or stamp without an event.",
    ),
    "event.closed": M(
        "Pendaftaran ini sedang tidak dibuka.",
        "Dibuka {opens_at}, ditutup {closes_at}. Dokumen untuk keperluan lain tetap dapat dibubuhi.",
        "This event is not open now.",
        "It opens {opens_at} and closes {closes_at}. Other documents can still be stamped without an event.",
        STILL,
    ),
    "document.unknown": M(
        "Dokumen ini tidak kami temukan.",
        "Mungkin sudah dihapus karena tidak jadi dibubuhi meterai. Unggah sekali lagi.",
        "We can't find this document.",
        "It may have been deleted because it was never stamped. Upload it once more.",
    ),
    "document.no_stamps": M(
        "Belum ada letak meterai pada dokumen ini.",
        "Pilih letaknya dahulu.",
        "This document has no place for a stamp yet.",
        "Choose the place first.",
        STILL,
    ),
    "document.too_many_stamps": M(
        "Terlalu banyak meterai pada satu dokumen.",
        "Paling banyak {stamps_max} meterai pada satu dokumen.",
        "Too many stamps on one document.",
        "At most {stamps_max} stamps on one document.",
        STILL,
    ),
    "document.stamped_already": M(
        "Dokumen ini sudah dibubuhi atau sedang dikerjakan.",
        "Buka halaman pesanan atau Meterai saya untuk melihat hasilnya.",
        "This document is stamped already or being worked on.",
        "Open the order page or My stamps to see the result.",
    ),
    "document.not_released": M(
        "Dokumen ini belum selesai dibubuhi.",
        "Tunggu sebentar, lalu muat ulang halamannya.",
        "This document is not stamped yet.",
        "Wait a moment, then reload the page.",
    ),
    "pdf.no_such_page": M(
        "Halaman itu tidak ada dalam dokumen.",
        "Pilih nomor halaman yang ada.",
        "The document has no such page.",
        "Choose a page number that exists.",
        STILL,
    ),
    "placement.page": M(
        "Dokumen ini tidak punya halaman {page}.",
        "Pilih halaman 1 sampai {pages}.",
        "This document has no page {page}.",
        "Choose page 1 to {pages}.",
        STILL,
    ),
    "placement.outside": M(
        "Meterainya keluar dari tepi halaman.",
        "Geser ke dalam halaman, lalu simpan lagi.",
        "The stamp reaches over the edge of the page.",
        "Move it onto the page, then save again.",
        STILL,
    ),
    "placement.size": M(
        "Ukuran meterai ini di luar batas.",
        "Pakai ukuran {size_min} sampai {size_max} titik.",
        "This size of stamp is out of range.",
        "Use a size of {size_min} to {size_max} points.",
        STILL,
    ),
    "placement.overlap": M(
        "Dua meterai saling menutupi.",
        "Geser salah satunya, lalu simpan lagi.",
        "Two stamps cover each other.",
        "Move one of them, then save again.",
        STILL,
    ),
    "placement.no_room": M(
        "Tidak ada tempat kosong untuk satu meterai lagi.",
        "Geser meterai yang sudah ada supaya ada ruang, lalu tambah lagi.",
        "There is no free place for one more stamp.",
        "Move the stamps that are there to make room, then add one again.",
        STILL,
    ),
    "placement.changed": M(
        "Dokumen ini sekarang mempunyai {stamps} meterai: ada yang ditambahkan sesudah halaman tadi dibuka.",
        "Periksa letak semuanya dan hapus yang tidak perlu, lalu simpan sekali lagi.",
        "Stamps on this document now: {stamps}. One was added after that page was opened.",
        "Look at all the places and remove any that you don't need, then save once more.",
        STILL,
    ),
    # quota
    "quota.none": M(
        "Jumlahnya belum diisi.",
        "Ketik angka 1 sampai 200.",
        "The number is missing.",
        "Type a number from 1 to 200.",
        STILL,
    ),
    "quota.empty": M(
        "Kuota Anda tidak cukup untuk dokumen ini.",
        "Beli kuota dahulu; dokumen ini tetap tersimpan di Meterai saya.",
        "Your quota is not enough for this document.",
        "Buy quota first; this document is kept under My stamps.",
        STILL,
    ),
    "quota.scattered": M(
        "Kuota Anda cukup, tetapi terbagi: semua meterai satu dokumen diambil dari satu pembelian, dan sisa "
        "terbanyak dari satu pembelian hanya {largest}.",
        "Bubuhkan {largest} pada dokumen ini, atau beli {needed} keping sekaligus. Sisanya tetap utuh.",
        "You have enough quota, but in parts: all stamps of one document come from one purchase, and the "
        "most that is left of one purchase is {largest}.",
        "Place {largest} on this document, or buy {needed} at once. Your other quota is untouched.",
        STILL,
    ),
    "quota.unknown": M(
        "Kuota ini tidak kami temukan.",
        "Muat ulang Meterai saya, lalu pilih lagi.",
        "We can't find this quota.",
        "Reload My stamps, then choose again.",
    ),
    # bundles: many documents at once
    "quota.missing": M(
        "Kuota Anda belum cukup: perlu {needed}, tersedia {available}, kurang {missing}.",
        "Beli kekurangannya lewat Beli kuota, lalu kembali ke halaman ini; di atas tertulis sampai kapan "
        "berkasnya tersimpan.",
        "Your quota is too small: {needed} needed, {available} available, {missing} missing.",
        "Buy what is missing under Buy quota, then come back to this page; it says above until when your "
        "files are kept.",
        STILL,
    ),
    "bundle.unknown": M(
        "Bundel dokumen ini tidak kami temukan.",
        "Buka lagi dari Meterai saya. Yang belum dibubuhi kami hapus setelah 7 hari.",
        "We can't find these documents.",
        "Open them again from My stamps. What was never stamped is deleted after 7 days.",
    ),
    "bundle.changed": M(
        "Isi bundel ini berubah: sekarang {documents} dokumen siap dibubuhi.",
        "Periksa daftarnya, lalu tekan tombolnya sekali lagi.",
        "The contents have changed. Documents ready now: {documents}.",
        "Check the list, then press the button once more.",
        STILL,
    ),
    "bundle.stamped_already": M(
        "Sudah memuat meterai elektronik, jadi dilewati; tidak ada kuota yang terpakai.",
        "Bila memang perlu satu lagi, unggah lagi sebagai kiriman baru dan centang pilihannya.",
        "It carries an electronic stamp already, so it was left out; no quota was used.",
        "If it really needs another one, upload it again and tick the choice.",
    ),
    "bundle.started": M(
        "Dokumen di bundel ini sudah mulai dibubuhi.",
        "Untuk dokumen lain, buat bundel baru dari Meterai saya.",
        "These documents are already being stamped.",
        "For other documents, start anew from My stamps.",
    ),
    "bundle.too_many_files": M(
        "Terlalu banyak berkas: paling banyak {maximum} sekaligus.",
        "Bagi menjadi beberapa kali unggah.",
        "Too many files: at most {maximum} at once.",
        "Divide them into several uploads.",
        STILL,
    ),
    "bundle.not_checked": M(
        "Sebagian berkas belum sempat diperiksa karena pemeriksaannya terlalu lama.",
        "Unggah berkas yang belum ada di daftar sekali lagi; yang sudah ada tidak diperiksa ulang.",
        "Some files were not checked because checking took too long.",
        "Upload those missing from the list once more; those in the list are not checked again.",
        STILL,
    ),
    "archive.unreadable": M(
        "ZIP ini tidak dapat dibuka.",
        "Buat lagi ZIP biasa tanpa kata sandi, lalu unggah lagi.",
        "This ZIP can't be opened.",
        "Make an ordinary ZIP without a password again, then upload it.",
        STILL,
    ),
    "archive.too_many_files": M(
        "ZIP ini berisi terlalu banyak berkas: paling banyak {maximum}.",
        "Bagi menjadi beberapa ZIP.",
        "This ZIP holds too many files: at most {maximum}.",
        "Divide it into several ZIPs.",
        STILL,
    ),
    "archive.too_large": M(
        "Isi ZIP ini terlalu besar: paling besar {total_bytes_max}.",
        "Bagi menjadi beberapa ZIP.",
        "The contents of this ZIP are too large: at most {total_bytes_max}.",
        "Divide it into several ZIPs.",
        STILL,
    ),
    "archive.name": M(
        "Nama berkas atau foldernya tidak dapat dipakai.",
        "Beri nama biasa, paling panjang 200 huruf, tanpa garis miring terbalik (\\) dan dua titik berurutan "
        "(..), lalu unggah lagi.",
        "The name of the file or of its folder can't be used.",
        "Give it an ordinary name of at most 200 letters, without backslashes (\\) and two dots in a row "
        "(..), then upload it again.",
        STILL,
    ),
    "archive.name_twice": M(
        "Dua berkas, atau berkas dan folder, bernama sama.",
        "Ganti nama salah satunya, lalu unggah lagi.",
        "Two files, or a file and a folder, have the same name.",
        "Rename one of them, then upload it again.",
        STILL,
    ),
    "archive.encrypted": M(
        "Berkas di dalam ZIP ini memakai kata sandi.",
        "Buat ZIP tanpa kata sandi, lalu unggah lagi.",
        "The file in this ZIP needs a password.",
        "Make a ZIP without a password, then upload it again.",
        STILL,
    ),
    "archive.nested": M(
        "Arsip di dalam ZIP tidak dibuka.",
        "Masukkan berkas PDF-nya langsung ke dalam satu ZIP.",
        "An archive inside the ZIP is not opened.",
        "Put its PDF files directly into one ZIP.",
        STILL,
    ),
    "archive.not_pdf": M(
        "Ini bukan berkas PDF.",
        "Simpan sebagai PDF dahulu bila perlu dibubuhi.",
        "This is not a PDF file.",
        "Save it as a PDF first if it needs a stamp.",
        STILL,
    ),
    "archive.packed_too_tightly": M(
        "Berkas di dalam ZIP ini mengembang jauh lebih besar dari kemasannya.",
        "Unggah berkas PDF-nya langsung, tanpa ZIP.",
        "The file in this ZIP grows far beyond its packed size.",
        "Upload the PDF file itself, without a ZIP.",
        STILL,
    ),
    "archive.damaged": M(
        "Berkas ini tidak dapat dibaca.",
        "Periksa berkas aslinya; bila ada di dalam ZIP, buat ZIP-nya lagi. Lalu kirim lagi.",
        "This file can't be read.",
        "Check the original file; if it is in a ZIP, make the ZIP again. Then send it again.",
        STILL,
    ),
    # payment and refunds
    "payment.no_channel": M(
        "Cara bayar belum dipilih.",
        "Pilih QRIS atau virtual account.",
        "No way to pay has been chosen.",
        "Choose QRIS or virtual account.",
        STILL,
    ),
    "gateway.unavailable": M(
        "Penyedia pembayaran sedang tidak menjawab.",
        "Yang Anda minta belum dilakukan: pesanan belum dibatalkan, dan cara bayarnya belum diganti. Coba "
        "sebentar lagi.",
        "The payment provider is not answering right now.",
        "What you asked for is not done: the order is not cancelled, and the way to pay is not changed. Try "
        "again in a moment.",
        STILL,
    ),
    "gateway.charge_refused": M(
        "Penyedia pembayaran menolak cara bayar ini.",
        "Pilih cara bayar yang lain.",
        "The payment provider refused this way to pay.",
        "Choose another way to pay.",
        STILL,
    ),
    "refund.account_missing": M(
        "Rekeningnya belum lengkap.",
        "Isi bank, nomor rekening, dan nama pemiliknya.",
        "The bank account is not complete.",
        "Enter the bank, the account number and the holder's name.",
        "held",
    ),
    "request.key_reused": M(
        "Permintaan ini sudah pernah dikirim dengan isi lain.",
        "Muat ulang halamannya, lalu kirim lagi.",
        "This request was sent before with other content.",
        "Reload the page, then send it again.",
    ),
    # behind the scenes
    "message.unavailable": _ours(
        "Pengiriman pesan sedang terganggu.", "Sending messages is disrupted right now."
    ),
    "message.address_refused": M(
        "Pesan kami ditolak oleh alamat ini.",
        "Pakai surel atau nomor lain.",
        "Our message was refused by this address.",
        "Use another e-mail address or number.",
    ),
    "object.missing": _UNREAD,
    "object.damaged": _UNREAD,
    "signer.unavailable": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "sealing.stopped": _ours("Pembubuhan sedang dihentikan sementara.", "Stamping is paused for now."),
    "signer.request_unreadable": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "key.none": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "key.expired": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "key.unavailable": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "key.wrong_signature": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "tsa.unavailable": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "tsa.refused": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "tsa.bad_token": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "stamping.no_intent": _FAILED,
    "stamping.serial_not_allocated": _FAILED,
    "seal.field_missing": _FAILED,
    "seal.gap_mismatch": _FAILED,
    "seal.gap_too_small": _ours("Pembubuhan sedang tertunda.", "Stamping is delayed right now."),
    "seal.too_many": _FAILED,
    "seal.unsound": M(
        "Susunan PDF ini tidak memungkinkan pembubuhan.",
        "Cetak sebagai PDF dari aplikasi Anda, lalu ganti dokumennya dengan hasilnya. Meterainya tidak "
        "terpakai.",
        "This PDF is built in a way that stamping would break.",
        "Print it as a PDF from your app and replace the document with the result. The stamp was not used.",
    ),
    "payment.notice_forged": _ours("Kabar pembayaran ini tidak sah.", "This payment notice is not genuine."),
    "payment.notice_unreadable": _ours(
        "Kabar pembayaran tidak terbaca.", "This payment notice is unreadable."
    ),
    "payment.other_merchant": _ours(
        "Pembayaran ini milik pihak lain.", "This payment belongs to another merchant."
    ),
    "gateway.refund_mismatch": _ours(
        "Pengembalian dana sedang kami periksa.", "We are looking into this refund."
    ),
    "payout.mismatch": _ours("Pengembalian dana sedang kami periksa.", "We are looking into this refund."),
    "payout.unsure": _ours("Pengembalian dana sedang kami periksa.", "We are looking into this refund."),
    "payout.missing": _ours("Pengembalian dana sedang kami periksa.", "We are looking into this refund."),
    "payout.uncovered": _ours("Pengembalian dana sedang kami periksa.", "We are looking into this refund."),
    "payout.unapproved": _ours(
        "Pengembalian dana menunggu persetujuan kami.", "This refund waits for our approval."
    ),
    "payout.refused": M(
        "Bank menolak rekening ini.",
        "Periksa nomor dan nama pemiliknya, atau isi rekening lain.",
        "The bank refused this account.",
        "Check its number and holder, or enter another account.",
        "held",
    ),
    "payout.unavailable": _ours(
        "Pembayaran ke bank sedang tertunda.", "Payments to banks are delayed right now."
    ),
    "payout.fell_through": _ours(
        "Pembayaran ke bank sedang tertunda.", "Payments to banks are delayed right now."
    ),
    "trust.unreadable": _ours("Bahan pemeriksaan tidak terbaca.", "The verification material can't be read."),
    "document.changed": M(
        "Dokumen ini sedang berubah di jendela lain.",
        "Muat ulang halamannya untuk melihat keadaan terakhir.",
        "This document is being changed in another window.",
        "Reload the page to see how it stands.",
        STILL,
    ),
    "document.input_deleted": M(
        "Berkas aslinya sudah kami hapus sesuai waktu simpannya.",
        "Unggah sekali lagi bila masih diperlukan. Hasil yang sudah dibubuhi tetap ada.",
        "The original file was deleted when its time of keeping ended.",
        "Upload it again if you still need it. Stamped results are still there.",
    ),
    "item.document_used": M(
        "Dokumen ini sudah ada di pesanan lain.",
        "Buka pesanan itu dari Meterai saya, atau unggah berkasnya sekali lagi di sini.",
        "This document is part of another order already.",
        "Open that order from My stamps, or upload the file here once more.",
        STILL,
    ),
    "order.already_paid": M(
        "Pesanan ini sudah dibayar.",
        "Muat ulang halaman pesanan untuk melihat keadaannya. Jangan membayar lagi.",
        "This order is paid already.",
        "Reload the order page to see how it stands. Do not pay again.",
        "held",
    ),
    "order.contact_missing": M(
        "Kontak untuk pesanan ini belum ada.",
        "Isi surel atau nomor WhatsApp Anda dahulu.",
        "This order has no contact yet.",
        "Enter your e-mail or WhatsApp number first.",
        STILL,
    ),
    "order.empty": M(
        "Pesanan ini masih kosong.",
        "Unggah dokumen atau pilih banyaknya kuota dahulu.",
        "This order is still empty.",
        "Upload a document or choose how much quota first.",
        STILL,
    ),
    "order.expired": M(
        "Waktu pesanan ini sudah habis.",
        "Belum membayar? Buat pesanan baru. Sudah membayar? Jangan membayar lagi, uangnya tidak hilang.",
        "The time of this order is over.",
        "Not paid yet? Make a new order. Already paid? Do not pay again, the money is not lost.",
        STILL,
    ),
    "order.cancelled": M(
        "Pesanan ini sudah dibatalkan.",
        "Buat pesanan baru bila masih diperlukan.",
        "This order has been cancelled.",
        "Make a new order if you still need it.",
        STILL,
    ),
    "order.expires_soon": M(
        "Waktu pesanan ini hampir habis, jadi cara bayar tidak dapat diganti lagi.",
        "Bila kode untuk membayar masih ditampilkan, bayar dengan kode itu; bila tidak, buat pesanan baru.",
        "The time of this order is almost over, so the way to pay can't be changed any more.",
        "If a code to pay with is still shown, pay with it; if not, make a new order.",
        STILL,
    ),
    "order.link_sent": M(
        "Tautannya baru saja dikirim.",
        "Lihat kotak masuk Anda. Kirim ulang dapat dicoba setelah {retry_after_s}.",
        "The link has just been sent.",
        "Look in your inbox. You can send it again after {retry_after_s}.",
    ),
    "order.not_draft": M(
        "Pesanan ini sudah dibuat dan tidak dapat diubah lagi.",
        "Buka halaman pesanan. Untuk dokumen lain, buat pesanan baru.",
        "This order has been placed and can't be changed any more.",
        "Open the order page. For other documents, make a new order.",
    ),
    "order.not_placed": M(
        "Pesanan ini belum dibuat.",
        "Periksa isinya, lalu pilih cara bayar.",
        "This order has not been placed yet.",
        "Check what is in it, then choose how to pay.",
        STILL,
    ),
    "order.other_flow": M(
        "Dokumen dan kuota tidak dapat digabung dalam satu pesanan.",
        "Buat dua pesanan.",
        "Documents and quota can't be combined in one order.",
        "Make two orders.",
        STILL,
    ),
    "order.price_changed": M(
        "Harganya berubah sejak halaman ini dibuka.",
        "Periksa jumlah yang baru, lalu pesan lagi bila setuju.",
        "The price has changed since this page was opened.",
        "Check the new total, then order again if you agree.",
        STILL,
    ),
    "order.stamps": M(
        "Banyaknya meterai pada dokumen ini di luar batas.",
        "Pilih 1 sampai {maximum} meterai.",
        "The number of stamps on this document is out of range.",
        "Choose 1 to {maximum} stamps.",
        STILL,
    ),
    "order.submit_id": M(
        "Formulir ini tidak utuh.",
        "Muat ulang halamannya, lalu isi lagi.",
        "This form is not complete.",
        "Reload the page, then fill it in again.",
        STILL,
    ),
    "order.submit_id_reused": M(
        "Formulir ini sudah dipakai untuk pesanan lain.",
        "Buka halaman pembelian sekali lagi untuk pesanan baru.",
        "This form was used for another order already.",
        "Open the purchase page again for a new order.",
    ),
    "order.too_many_documents": M(
        "Terlalu banyak dokumen dalam satu pesanan.",
        "Paling banyak 10 dokumen. Buat pesanan kedua untuk sisanya.",
        "Too many documents in one order.",
        "At most 10 documents. Make a second order for the rest.",
        STILL,
    ),
    "payment.too_many_attempts": M(
        "Cara bayar sudah terlalu sering diganti.",
        "Bayar dengan cara yang sekarang, atau buat pesanan baru.",
        "The way to pay has been changed too often.",
        "Pay in the present way, or make a new order.",
        STILL,
    ),
    "payment.unknown": M(
        "Pembayaran ini tidak kami kenal.",
        "Periksa nomornya di halaman Uang.",
        "We do not know this payment.",
        "Check its number on the Money page.",
    ),
    "quota.too_many": M(
        "Terlalu banyak untuk satu pesanan.",
        "Paling banyak {maximum} keping dalam satu pesanan.",
        "Too many for one order.",
        "At most {maximum} stamps in one order.",
        STILL,
    ),
    "refund.account_unreadable": M(
        "Nomor rekeningnya belum benar.",
        "Ketik 6 sampai 20 angka, seperti di buku tabungan atau aplikasi bank.",
        "The account number is not right yet.",
        "Type 6 to 20 digits, as in your bank app.",
        "held",
    ),
    "refund.bank_unknown": M(
        "Banknya belum dipilih.",
        "Pilih bank dari daftar.",
        "No bank has been chosen yet.",
        "Choose a bank from the list.",
        "held",
    ),
    "refund.holder_missing": M(
        "Nama pemilik rekening belum benar.",
        "Ketik namanya seperti di rekening, 2 sampai 70 huruf. Singkat yang lebih panjang.",
        "The account holder's name is not right yet.",
        "Type the name as it stands on the account, 2 to 70 letters. Shorten a longer one.",
        "held",
    ),
    "stock.out": M(
        "Persediaan meterai sedang habis.",
        "Pesanan Anda tersimpan sebagai draf. Tunggu beberapa saat, lalu coba lagi; Anda tidak ditagih "
        "apa pun.",
        "Stamps are out of stock right now.",
        "Your order is kept as a draft. Try again in a while; you are charged nothing.",
        STILL,
    ),
    "stock.short": M(
        "Persediaan meterai tinggal {left}, kurang untuk pesanan ini.",
        "Pesan lebih sedikit, atau tunggu beberapa saat, lalu coba lagi; pesanan ini tersimpan sebagai draf. "
        "Anda tidak ditagih apa pun.",
        "Stamps left: {left}, fewer than this order needs.",
        "Order fewer, or try again in a while; this order is kept as a draft. You are charged nothing.",
        STILL,
    ),
    "stock.held": M(
        "Saat ini kami belum dapat menyisihkan meterai sebanyak itu untuk kuota yang belum dibayar.",
        "Pesan lebih sedikit, atau tunggu beberapa menit, lalu coba lagi; pesanan ini tersimpan sebagai "
        "draf. Meterai untuk dokumen tetap dapat dibeli dan langsung dibubuhkan.",
        "We can't hold so many stamps for unpaid quota right now.",
        "Order fewer, or try again in a few minutes; this order is kept as a draft. "
        "Stamps for a document can still be bought and put on it at once.",
        STILL,
    ),
    "order.unpaid_before": M(
        "Pesanan Anda yang belum dibayar sudah menahan banyak meterai.",
        "Bayar atau batalkan dulu pesanan yang menunggu; Anda menemukannya di Meterai saya. "
        "Pesanan ini tersimpan sebagai draf.",
        "Your unpaid orders already hold many stamps.",
        "Pay or cancel the order that is waiting first; you find it under My stamps. "
        "This order is kept as a draft.",
        STILL,
    ),
    "item.not_refused": M(
        "Dokumen ini tidak perlu diganti.",
        "Muat ulang halaman pesanan untuk melihat keadaannya.",
        "This document needs no replacement.",
        "Reload the order page to see how it stands.",
        "held",
    ),
    "item.quota_used": M(
        "Meterai untuk dokumen ini sudah dipakai atau sudah dikembalikan.",
        "Muat ulang halaman pesanan untuk melihat ke mana perginya.",
        "The stamp for this document has been used or returned already.",
        "Reload the order page to see where it went.",
        "held",
    ),
    "refund.more_than_unused": M(
        "Kuota yang belum dipakai tidak sebanyak itu.",
        "Yang dapat dikembalikan sekarang: {available} keping.",
        "There is not that much unused quota.",
        "Stamps that can be returned now: {available}.",
        "held",
    ),
    "refund.pieces": M(
        "Banyaknya keping belum benar.",
        "Ketik angka 1 atau lebih.",
        "The number of stamps is not right yet.",
        "Type a whole number, 1 or more.",
        "held",
    ),
    "refund.whole_document": M(
        "Meterai dokumen ini hanya dapat dikembalikan semuanya sekaligus.",
        "Minta {pieces} keping kembali.",
        "The stamps of this document can only be returned all at once.",
        "Ask for {pieces} stamps back.",
        "held",
    ),
    "refund.not_possible": M(
        "Bagian ini tidak dapat dikembalikan.",
        "Yang sudah dibubuhkan tidak dapat kembali. Keadaan lain tertulis di halaman pesanan.",
        "This part can't be returned.",
        "Stamps that have been placed can't be returned. Anything else stands on the order page.",
        "held",
    ),
    "refund.no_account_needed": M(
        "Pengembalian ini tidak memerlukan rekening: uangnya kembali ke sumber dana semula.",
        "Muat ulang halaman pesanan untuk melihat keadaannya.",
        "This refund needs no account: the money goes back to where it came from.",
        "Reload the order page to see how it stands.",
        "back",
    ),
    "refund.other_account": M(
        "Pengembalian ini sudah tercatat ke rekening lain.",
        "Bank dan empat angka terakhirnya tertulis pada pengembalian itu di bawah. "
        "Bila rekening itu salah, hubungi kami segera dengan nomor pesanan.",
        "This refund goes to another account already.",
        "Its bank and last four digits stand beside the refund below. "
        "If that account is wrong, contact us at once with the order number.",
        "back",
    ),
    "refund.unknown": M(
        "Pengembalian dana ini tidak kami temukan.",
        "Muat ulang halaman pesanan, lalu pilih dari sana.",
        "We can't find this refund.",
        "Reload the order page and choose from there.",
    ),
    "refund.not_in_doubt": M(
        "Pengembalian dana ini berjalan otomatis.",
        "Hanya yang menunggu pemeriksaan dapat diakhiri dengan perintah.",
        "This refund goes on by itself.",
        "Only one that waits to be looked into is ended by a command.",
    ),
    "refund.not_unsure": M(
        "Uang pengembalian ini sudah keluar dengan cara lain.",
        "Bayarkan sisanya, lalu akhiri dengan perintah.",
        "Money of this refund went out in another way.",
        "Pay what is missing, then end it by the command.",
    ),
    "refund.uncovered": M(
        "Menurut gerbang pembayaran, uang pembayaran ini tidak ada padanya.",
        "Bila uangnya memang masuk, bayarkan sendiri, lalu akhiri dengan perintah.",
        "The payment gateway does not say that it has the money of this payment.",
        "If it did come, pay it out yourself, then end it by the command.",
    ),
    "refund.unapproved": M(
        "Pengembalian dana ini menunggu persetujuan di penyedia pembayaran.",
        "Setujui atau tolak di sana; setelah itu pengembaliannya berjalan otomatis.",
        "This refund waits for an approval at the payment provider.",
        "Approve or reject it there; it then goes on by itself.",
    ),
    "payout.failed": M(
        "Bank tidak dapat membayar ke rekening ini.",
        "Isi rekening lain; uangnya tetap tercatat sebagai hak Anda.",
        "The bank could not pay to this account.",
        "Enter another account; the money stays on record as yours.",
        "held",
    ),
    # the waiting room
    "ticket.unreadable": M(
        "Ini bukan tiket antrean kami.",
        "Buka lagi tautan tiket Anda seutuhnya, atau ambil tiket baru dengan kontak yang sama.",
        "This is not a ticket of our queue.",
        "Open the whole link of your ticket again, or take a new ticket with the same contact.",
    ),
    "ticket.forged": M(
        "Tanda tangan tiket ini tidak benar.",
        "Tiket yang berubah tidak berlaku. Ambil tiket baru dengan kontak yang sama.",
        "The signature of this ticket is not right.",
        "A ticket that was changed is void. Take a new one with the same contact.",
    ),
    "ticket.other_event": M(
        "Tiket ini untuk antrean lain.",
        "Buka halaman pendaftaran Anda di situs ini, lalu ambil tiket di sana.",
        "This ticket is for another queue.",
        "Open the page of your event and take a ticket there.",
    ),
    "ticket.unlisted": M(
        "Tiket ini tidak ada dalam daftar antrean yang diumumkan.",
        "Buka lagi tautan tiket yang Anda simpan, atau ambil tiket baru dengan kontak yang sama.",
        "This ticket is not in the published list of the queue.",
        "Open the link of the ticket that you kept, or take a new ticket with the same contact.",
    ),
    "ticket.other_contact": M(
        "Tiket ini diambil dengan kontak lain.",
        "Ketik surel atau nomor yang Anda pakai ketika mengambil tempat di antrean.",
        "This ticket was taken with another contact.",
        "Type the e-mail address or number that you used when you took your place in the queue.",
    ),
    "queue.unknown": M(
        "Pendaftaran ini tidak memakai antrean.",
        "Anda boleh langsung membeli dari halaman pendaftarannya.",
        "This event has no queue.",
        "You may buy at once from the page of the event.",
    ),
    "queue.not_called": M(
        "Belum giliran Anda.",
        "Tempat Anda tetap. Halaman antrean menunjukkan perkiraan gilirannya.",
        "It is not your turn yet.",
        "Your place is kept. The queue's page shows when your turn is expected.",
    ),
    "queue.door_full": M(
        "Sedang penuh, tunggu sebentar",
        "Giliran Anda sudah tiba. Terlalu banyak yang masuk bersamaan; Anda masuk begitu ada ruang.",
        "Full for a moment, please wait",
        "It is your turn. Too many people came in at the same time; you enter as soon as there is room.",
    ),
    "queue.halted": M(
        "Antrean berhenti sebentar",
        "Petugas kami sedang membereskan gangguan. Tidak ada yang maju selama antrean berhenti.",
        "The queue is held for a moment",
        "Our staff are clearing a disruption. Nobody moves ahead while the queue is held.",
    ),
    "queue.out_of_stock": M(
        "Persediaan meterai sedang habis",
        "Antrean berjalan lagi begitu persediaan datang. Tidak ada yang maju sebelum itu.",
        "Stamps are out of stock now",
        "The queue goes on as soon as stock arrives. Nobody moves ahead before that.",
    ),
    "queue.closed": M(
        "Antrean sudah ditutup",
        "Tidak ada lagi yang dapat masuk. Pesanan yang sudah dibayar tetap diselesaikan.",
        "The queue is closed",
        "Nobody can enter any more. Orders that are paid are finished all the same.",
    ),
    "queue.store_down": M(
        "Kami belum dapat membukakan pintu",
        "Ada gangguan di pihak kami. Tiket dan tempat Anda aman; yang sudah di dalam dapat melanjutkan.",
        "We can't open the door just now",
        "Something is wrong on our side. Your ticket and your place are safe; those inside can go on.",
    ),
    "queue.not_published": M(
        "Antrean belum siap",
        "Tunggu sebentar, lalu coba lagi. Tidak ada tempat yang hilang.",
        "The queue is not ready yet",
        "Try again in a moment. No place is lost.",
    ),
    "certificate.not_closed": M(
        "Antrean belum ditutup.",
        "Bukti antre dapat diambil setelah antrean ditutup. Sampai saat itu giliran Anda masih dapat tiba.",
        "The queue is not closed yet.",
        "A certificate can be asked for once the queue has closed. Until then your turn may still come.",
    ),
    "certificate.was_let_in": M(
        "Anda sudah masuk sebelum antrean ditutup.",
        "Bukti antre hanya untuk yang tidak sempat masuk. Lihat pesanan Anda di Meterai saya.",
        "You were let in before the queue closed.",
        "A certificate is only for those who could not enter. See your order under My stamps.",
    ),
    "certificate.did_not_come": M(
        "Giliran Anda sudah tiba sebelum antrean ditutup.",
        "Bukti antre hanya untuk yang belum dipanggil, atau tidak dapat masuk karena penuh. Tanyakan kepada "
        "instansi apakah Anda masih boleh menyusul.",
        "Your turn had come before the queue closed.",
        "A certificate is only for those not called, or turned away because the service was full. Ask the "
        "agency whether you may still apply.",
    ),
    "certificate.nobody_waited": M(
        "Ketika antrean ditutup, semua orang boleh masuk tanpa mengantre.",
        "Bukti antre hanya untuk yang tertahan di antrean sampai ditutup. Tanyakan kepada instansi apakah "
        "Anda masih boleh menyusul.",
        "When the queue closed, everybody could enter without waiting.",
        "A certificate is only for those kept in the queue until the closing. Ask the agency whether you may "
        "still apply.",
    ),
    "certificate.not_seen": M(
        "Anda tidak terlihat di antrean sekitar waktu penutupan.",
        "Bukti antre hanya untuk yang membuka halaman antrean dalam 30 menit sebelum atau sesudah penutupan. "
        "Tanyakan kepada instansi apakah Anda masih boleh menyusul.",
        "You were not seen in the queue around closing time.",
        "A certificate is only for those who opened the queue's page within 30 minutes before or after the "
        "closing. Ask the agency whether you may still apply.",
    ),
    "certificate.forged": M(
        "Bukti antre ini tidak asli.",
        "Isinya tidak ditandatangani oleh kami, atau sudah diubah. Minta berkas aslinya.",
        "This certificate is not genuine.",
        "We did not sign what it says, or it was changed. Ask for the original file.",
    ),
    "certificate.unreadable": M(
        "Ini bukan bukti antre.",
        "Unggah berkas .txt yang diunduh dari halaman bukti antre, atau tempelkan seluruh isinya.",
        "This is not a certificate of attempt.",
        "Upload the .txt file from the certificate's page, or paste all of its content.",
    ),
    "certificate.unknown": M(
        "Kode bukti antre ini tidak kami kenal.",
        "Periksa setiap huruf dan angkanya, atau unggah berkas bertanda tangannya.",
        "We do not know this certificate code.",
        "Check each letter and digit, or upload the signed file.",
    ),
    "pass.unknown": M(
        "Izin masuk ini tidak kami kenal.",
        "Buka lagi tautan tiket Anda, lalu masuk sekali lagi.",
        "We do not know this pass.",
        "Open the link of your ticket again and enter once more.",
    ),
    "pass.used": M(
        "Izin masuk Anda sudah dipakai untuk satu pesanan.",
        "Lanjutkan pesanan itu dari tautan yang kami kirim, atau dari Meterai saya.",
        "Your pass was used for an order already.",
        "Go on with that order from the link we sent, or from My stamps.",
    ),
    "queue.document_unreadable": M(
        "Keadaan antrean tidak terbaca.",
        "Tunggu sebentar, lalu coba lagi; tempat Anda tidak hilang.",
        "How the queue stands can't be read.",
        "Try again in a moment; your place is not lost.",
    ),
    "queue.document_forged": M(
        "Keadaan antrean tidak bertanda tangan kami.",
        "Jangan percayai halaman itu. Buka situs kami dari alamat yang Anda kenal; tempat Anda tidak hilang.",
        "How the queue stands does not carry our signature.",
        "Don't trust that page. Open our site at the address you know; your place is not lost.",
    ),
}
