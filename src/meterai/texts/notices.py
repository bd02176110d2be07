"""What a person is told about a document before it is stamped: what we remove, keep, or had to guess.

Code of the inspection -> (Indonesian, English). A test compares the codes with those that inspection gives.
"""

from __future__ import annotations

from meterai.pdf.limits import PLACES_TO_SIGN_MAX

NOTICES: dict[str, tuple[str, str]] = {
    "pdf.notice.javascript": (
        "Skrip (program kecil) di dalam PDF ini akan kami buang.",
        "We will remove the scripts (small programs) inside this PDF.",
    ),
    "pdf.notice.launch": (
        "Perintah untuk membuka program lain akan kami buang.",
        "We will remove commands that open other programs.",
    ),
    "pdf.notice.submit": (
        "Tombol pengirim isi formulir akan kami buang.",
        "We will remove buttons that send the form's content elsewhere.",
    ),
    "pdf.notice.embedded": (
        "Lampiran di dalam PDF ini akan kami buang; yang dibubuhi hanya halamannya. Simpan lampirannya.",
        "We will remove the files attached inside this PDF; only its pages are stamped. Keep them yourself.",
    ),
    "pdf.notice.multimedia": (
        "Suara, video, dan benda 3D di dalam PDF ini akan kami buang.",
        "We will remove sound, video and 3-D objects inside this PDF.",
    ),
    "pdf.notice.xfa": (
        "PDF ini formulir XFA. Isi XFA-nya akan kami buang; yang dibubuhi halaman seperti pada gambar.",
        "This PDF is an XFA form. We will remove its XFA part; what is stamped are the pages as pictured.",
    ),
    "pdf.notice.form": (
        "Isian formulirnya akan menjadi bagian halaman dan tidak dapat diubah lagi. Periksa isinya dulu.",
        "The form's entries become part of the page and can't be changed any more. Check them first.",
    ),
    "pdf.notice.comments": (
        "Komentar dan coretan yang terlihat akan menjadi bagian halaman.",
        "Visible comments and marks become part of the page.",
    ),
    "pdf.notice.encrypted": (
        "PDF ini dikunci; hasil yang bermeterai tidak lagi memakai kata sandi atau larangan mencetak.",
        "This PDF is locked; the stamped result no longer has a password or a ban on printing.",
    ),
    "pdf.notice.repaired": (
        "PDF ini agak rusak dan sudah kami perbaiki. Periksa apakah semua halamannya masih benar.",
        "This PDF was slightly damaged and we repaired it. Check that all pages are still right.",
    ),
    "pdf.notice.usage_rights": (
        "Izin khusus Adobe Reader pada PDF ini akan kami buang; halamannya tidak berubah.",
        "We will remove this PDF's special permissions for Adobe Reader; its pages do not change.",
    ),
    "pdf.notice.signature_fields": (
        "PDF ini punya kotak tanda tangan digital yang masih kosong. Agar kotak itu tetap ada, pilih “Masih "
        "akan ditandatangani secara digital” di bawah.",
        "This PDF has digital signature fields that are still empty. To keep them, choose “Others will still "
        "sign it digitally” below.",
    ),
    "pdf.notice.too_many_signature_fields": (
        f"Kotak tanda tangan digitalnya lebih dari {PLACES_TO_SIGN_MAX}: hanya {PLACES_TO_SIGN_MAX} yang "
        "pertama yang dapat tetap ada. Bila semuanya akan dipakai, bagi dulu dokumennya.",
        f"It has more than {PLACES_TO_SIGN_MAX} digital signature fields: only the first "
        f"{PLACES_TO_SIGN_MAX} can stay. If all are to be used, divide the document first.",
    ),
    "pdf.notice.kept": (
        "PDF ini berisi skrip, lampiran, atau perintah otomatis. Karena sudah ditandatangani, semuanya kami "
        "biarkan apa adanya; membuangnya akan merusak tanda tangan.",
        "This PDF contains scripts, attachments or automatic commands. As it is signed, we leave them as "
        "they are; removing them would break the signatures.",
    ),
    "pdf.notice.stamped_already": (
        "PDF ini sudah memuat meterai elektronik. Lanjutkan hanya bila memang perlu satu lagi.",
        "This PDF already carries an electronic stamp. Go on only if it really needs another one.",
    ),
    "pdf.notice.signed_changed": (
        "Isi PDF ini diubah sesudah ditandatangani. Aplikasi PDF dapat menyatakan tanda tangan itu tidak "
        "sah; meterai tidak memperbaikinya. Sebaiknya minta berkas aslinya.",
        "This PDF was changed after it was signed. PDF apps may call that signature invalid; a stamp does "
        "not mend it. It is better to ask for the original file.",
    ),
}
