"""The one table of refusal codes. Indonesian first: (what happened, what to do), then English the same way.

`{facts}` come from the refusal. A test compares the codes with every `Refusal(...)` in the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """What happened and what to do, in both languages; `money`: what the page says about money."""

    id: str
    id_next: str
    en: str
    en_next: str
    money: Literal["", "still", "held", "back"] = ""


M = Message
STILL: Literal["still"] = "still"

TABLE: dict[str, Message] = {
    # the site itself
    "server.fault": M(
        "Ada gangguan pada kami.",
        "Yang sudah tersimpan tidak hilang. Coba lagi sebentar; jangan membayar dua kali.",
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
        "Muat ulang halamannya, lalu kirim sekali lagi.",
        "This form has been open for too long.",
        "Reload the page, then send it once more.",
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
        "Kirim berkas PDF paling besar 10 MB, satu per satu bila perlu.",
        "What you sent is too large.",
        "Send PDF files of at most 10 MB, one at a time if need be.",
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
        "Buka dengan kata sandinya, simpan tanpa kata sandi, lalu unggah lagi.",
        "This PDF is locked with a password.",
        "Open it with its password, save it without one, then upload it again.",
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
        "Berkas ini lebih dari 10 MB.",
        "Pindai dengan resolusi 150-200 dpi atau perkecil PDF-nya, lalu unggah lagi.",
        "This file is larger than 10 MB.",
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
        "PDF ini sudah bertanda tangan digital.",
        "Membubuhkan meterai akan merusak tanda tangan itu. Unggah PDF sebelum ditandatangani secara digital.",
        "This PDF already carries a digital signature.",
        "Stamping it would break that signature. Upload the PDF as it was before it was digitally signed.",
        STILL,
    ),
    "pdf.certified": M(
        "PDF ini sudah dikunci oleh pembuatnya.",
        "Dokumen ini tidak boleh diubah lagi, juga tidak dengan meterai. Minta versi yang belum dikunci.",
        "This PDF has been certified as final by its author.",
        "It may not be changed any more, not even by a stamp. Ask for the version before that.",
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
        "Hasilnya akan lebih besar dari batas instansi.",
        "Perkecil gambarnya di halaman ini, atau unggah berkas yang lebih kecil.",
        "The result would be larger than the agency accepts.",
        "Make its images smaller on this page, or upload a smaller file.",
        STILL,
    ),
    "pdf.version_too_low": M(
        "Versi PDF ini lebih lama dari yang diterima instansi.",
        "Izinkan kami memperbarui versinya di halaman ini.",
        "This PDF's version is older than the agency accepts.",
        "Let us bring it up to date on this page.",
        STILL,
    ),
    "jail.busy": M(
        "Sedang banyak dokumen yang dikerjakan.",
        "Dokumen Anda belum tersimpan. Tunggu setengah menit, lalu kirim lagi.",
        "Many documents are being worked on right now.",
        "Your document has not been saved yet. Wait half a minute, then send it again.",
        STILL,
    ),
    # verification
    "digest.unknown": M(
        "Daftar kami tidak mengenal sidik berkas ini.",
        "Unggah berkasnya agar diperiksa seluruhnya.",
        "Our register does not know this file's digest.",
        "Upload the file to have it checked in full.",
    ),
    "serial.malformed": M(
        "Ini bukan nomor seri yang mungkin.",
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
    "code.forged": M(
        "Kode QR ini bukan buatan kami.",
        "Jangan percaya meterainya. Minta berkas PDF aslinya, lalu periksa di sini.",
        "This QR code was not made by us.",
        "Do not trust the stamp. Ask for the original PDF file and check it here.",
    ),
}
