"""Every reason code of the verifier: which verdict it leads to, and what a person is told.

Indonesian first, English second; each with a next step. The order of the table is the order of importance.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meterai.verification.model import Verdict

GENUINE = "genuine"
UNEXPECTED = "check.failed"


class Reason(msgspec.Struct, frozen=True):
    """A reason code's meaning. `verdict` None: a remark that changes no verdict."""

    verdict: Verdict | None
    text_id: str
    text_en: str
    next_id: str
    next_en: str


_NO, _UNSURE = Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK
_ASK_SENDER = (
    "Mintalah berkas asli langsung dari pengirim, lalu periksa lagi.",
    "Ask the sender for the original file and check it again.",
)
_TRY_AGAIN = ("Tunggu beberapa menit, lalu coba lagi.", "Wait a few minutes, then try again.")
_OTHER_FILE = ("Periksa apakah berkas yang benar sudah dipilih.", "Check that you chose the right file.")
_DO_NOT_ACCEPT = (
    "Jangan terima dokumen ini. Mintalah berkas asli kepada pengirim atau laporkan kepada kami.",
    "Do not accept this document. Ask the sender for the original, or report it to us.",
)
_NOTHING = ("Tidak ada yang perlu dilakukan.", "Nothing needs to be done.")
_ELSEWHERE = (
    "Periksa di layanan penerbitnya, misalnya verification.peruri.co.id.",
    "Check it at its issuer's service, for example verification.peruri.co.id.",
)

REASONS: dict[str, Reason] = {
    GENUINE: Reason(
        Verdict.GENUINE,
        "e-Meterai asli dan dokumen tidak berubah sejak dibubuhi.",
        "The e-Meterai is genuine and the document is unchanged since it was stamped.",
        *_NOTHING,
    ),
    # Not genuine: the register
    "register.annulled": Reason(
        _NO,
        "Nomor seri ini sudah dibatalkan; e-Meterai tidak berlaku.",
        "This serial number was annulled; the e-Meterai is not valid.",
        *_DO_NOT_ACCEPT,
    ),
    "register.unknown_serial": Reason(
        _NO,
        "Nomor seri ini tidak ada dalam daftar resmi kami.",
        "This serial number is not in our register.",
        *_DO_NOT_ACCEPT,
    ),
    "register.other_document": Reason(
        _NO,
        "Nomor seri ini terdaftar untuk dokumen lain, bukan untuk berkas ini.",
        "This serial number is registered for another document, not for this file.",
        *_DO_NOT_ACCEPT,
    ),
    "register.not_released": Reason(
        _NO,
        "Nomor seri ini belum pernah diserahkan bersama sebuah dokumen.",
        "This serial number was never handed out on a document.",
        *_DO_NOT_ACCEPT,
    ),
    # Not genuine: the document or the signature
    "file.changed_after": Reason(
        _NO,
        "Dokumen ini diubah setelah dibubuhi e-Meterai.",
        "This document was changed after it was stamped.",
        *_ASK_SENDER,
    ),
    "signature.broken": Reason(
        _NO,
        "Isi dokumen atau tanda tangannya sudah berubah; segel tidak cocok lagi.",
        "The document or its signature was changed; the seal no longer matches.",
        *_ASK_SENDER,
    ),
    "signature.byte_range": Reason(
        _NO,
        "Tanda tangan tidak mencakup dokumen sebagaimana mestinya. Ini pola pemalsuan yang dikenal.",
        "The signature does not cover the document as it must. This is a known pattern of forgery.",
        *_DO_NOT_ACCEPT,
    ),
    "signature.malformed": Reason(
        _NO,
        "Tanda tangan dalam berkas ini rusak atau tidak lengkap.",
        "A signature in this file is damaged or incomplete.",
        *_ASK_SENDER,
    ),
    "signature.form": Reason(
        _NO,
        "Bentuk tanda tangan tidak sama dengan yang kami terbitkan.",
        "The signature does not have the form in which we issue it.",
        *_DO_NOT_ACCEPT,
    ),
    "chain.impostor": Reason(
        _NO,
        "Penanda tangan memakai nama penerbit kami, tetapi bukan kunci kami.",
        "The signer uses our issuer's name, but not our key.",
        *_DO_NOT_ACCEPT,
    ),
    "chain.self_signed": Reason(
        _NO,
        "e-Meterai ini dibuat sendiri: sertifikatnya tidak diterbitkan oleh siapa pun.",
        "This e-Meterai is home-made: nobody issued its certificate.",
        *_DO_NOT_ACCEPT,
    ),
    "chain.expired": Reason(
        _NO,
        "Sertifikat penanda tangan tidak berlaku pada waktu pembubuhan.",
        "The signer's certificate was not valid at the time of stamping.",
        *_DO_NOT_ACCEPT,
    ),
    "chain.not_allowed": Reason(
        _NO,
        "Sertifikat ini tidak berwenang membubuhkan e-Meterai.",
        "This certificate is not entitled to stamp.",
        *_DO_NOT_ACCEPT,
    ),
    "chain.foreign_body": Reason(
        _NO,
        "Tanda tangan memuat sertifikat yang bukan bagian dari rantainya.",
        "The signature carries a certificate that does not belong to its chain.",
        *_DO_NOT_ACCEPT,
    ),
    "time_stamp.broken": Reason(
        _NO,
        "Stempel waktu tidak cocok dengan tanda tangannya.",
        "The time stamp does not match the signature.",
        *_ASK_SENDER,
    ),
    "stamp.serial": Reason(
        _NO,
        "Nomor seri pada e-Meterai ini tidak ada, salah, atau saling bertentangan.",
        "The serial number of this e-Meterai is missing, wrong or contradicts itself.",
        *_DO_NOT_ACCEPT,
    ),
    "stamp.serial_twice": Reason(
        _NO,
        "Nomor seri yang sama dipakai dua kali; satu e-Meterai hanya untuk satu kali.",
        "The same serial number is used twice; an e-Meterai can be used only once.",
        *_DO_NOT_ACCEPT,
    ),
    "stamp.incomplete": Reason(
        _NO,
        "Tempat e-Meterai masih kosong: berkas ini dipotong atau belum selesai dibubuhi.",
        "A place for an e-Meterai is still empty: the file was cut back or its stamping was not finished.",
        *_ASK_SENDER,
    ),
    "stamp.removed": Reason(
        _NO,
        "Berkas ini pernah memuat e-Meterai lain yang kemudian dihapus.",
        "This file once carried another e-Meterai, which was then removed.",
        *_ASK_SENDER,
    ),
    "file.junk_before": Reason(
        _NO,
        "Ada data asing di depan dokumen; berkas asli tidak demikian.",
        "There is foreign data in front of the document; an original has none.",
        *_ASK_SENDER,
    ),
    "stamp.none": Reason(
        _NO,
        "Tidak ada e-Meterai di dalam berkas ini. Gambar atau hasil pindai e-Meterai tidak berlaku.",
        "There is no e-Meterai in this file. A picture or a scan of one is not valid.",
        *_ASK_SENDER,
    ),
    # Cannot be checked
    "time_stamp.missing": Reason(
        _UNSURE,
        "e-Meterai tidak memuat stempel waktu, sehingga waktu pembubuhan tidak dapat dibuktikan.",
        "The e-Meterai carries no time stamp, so the time of stamping can't be proven.",
        *_ASK_SENDER,
    ),
    "time_stamp.unknown_issuer": Reason(
        _UNSURE,
        "Stempel waktu berasal dari pihak yang tidak kami kenal.",
        "The time stamp comes from an authority that we do not know.",
        *_ASK_SENDER,
    ),
    "time_stamp.future": Reason(
        _UNSURE,
        "Stempel waktu menunjukkan waktu yang belum terjadi, atau jam komputer yang memeriksa terlambat.",
        "The time stamp names a time that has not come yet, or the clock of the checking computer is behind.",
        "Jika Anda memeriksa di komputer sendiri, betulkan tanggal dan jamnya, lalu periksa lagi. "
        "Jika tidak, laporkan kepada kami.",
        "If you check on a computer of your own, set its date and time right and check again. "
        "If not, report it to us.",
    ),
    "stamp.foreign_issuer": Reason(
        _UNSURE,
        "e-Meterai ini diterbitkan pihak lain; rantai sertifikatnya tidak kami kenal.",
        "This e-Meterai was issued elsewhere; we do not know its certificate chain.",
        *_ELSEWHERE,
    ),
    "pdf.empty": Reason(_UNSURE, "Berkas kosong.", "The file is empty.", *_OTHER_FILE),
    "pdf.not_pdf": Reason(_UNSURE, "Berkas ini bukan PDF.", "This file is not a PDF.", *_OTHER_FILE),
    "pdf.broken": Reason(
        _UNSURE,
        "Berkas PDF rusak atau tidak lengkap, sehingga tidak dapat dibaca dengan pasti.",
        "The PDF is damaged or incomplete and can't be read with certainty.",
        *_ASK_SENDER,
    ),
    "pdf.encrypted": Reason(
        _UNSURE,
        "Berkas PDF terkunci kata sandi.",
        "The PDF is locked with a password.",
        "Mintalah kepada pengirim berkas yang tidak dikunci.",
        "Ask the sender for a file without a password.",
    ),
    "pdf.ambiguous": Reason(
        _UNSURE,
        "Struktur berkas ini dapat dibaca berbeda oleh aplikasi yang berbeda.",
        "Different applications may read this file's structure differently.",
        *_ASK_SENDER,
    ),
    "pdf.no_pages": Reason(
        _UNSURE, "PDF ini tidak memiliki halaman.", "This PDF has no pages.", *_OTHER_FILE
    ),
    "pdf.too_large": Reason(
        _UNSURE, "Berkas terlalu besar untuk diperiksa.", "The file is too large to check.", *_OTHER_FILE
    ),
    "pdf.too_many_pages": Reason(
        _UNSURE,
        "Berkas memiliki terlalu banyak halaman.",
        "The file has too many pages.",
        *_OTHER_FILE,
    ),
    "pdf.page_size": Reason(
        _UNSURE, "Ukuran halaman di luar batas.", "A page's size is out of range.", *_OTHER_FILE
    ),
    "pdf.too_complex": Reason(
        _UNSURE, "Berkas terlalu rumit untuk diperiksa.", "The file is too complex to check.", *_OTHER_FILE
    ),
    "pdf.too_heavy": Reason(
        _UNSURE,
        "Pemeriksaan berkas ini memakan terlalu banyak tenaga dan dihentikan.",
        "Checking this file took too much effort and was stopped.",
        *_OTHER_FILE,
    ),
    "jail.busy": Reason(
        _UNSURE,
        "Pemeriksa sedang penuh.",
        "The verifier is busy.",
        *_TRY_AGAIN,
    ),
    "jail.killed": Reason(
        _UNSURE,
        "Pemeriksaan berkas ini terhenti di mesin kami.",
        "Checking this file was cut short by our machine.",
        *_TRY_AGAIN,
    ),
    "jail.unavailable": Reason(
        _UNSURE, "Pemeriksa sedang tidak tersedia.", "The verifier is not available.", *_TRY_AGAIN
    ),
    UNEXPECTED: Reason(
        _UNSURE,
        "Pemeriksaan tidak dapat diselesaikan.",
        "The check could not be completed.",
        *_TRY_AGAIN,
    ),
    "register.lost": Reason(
        _UNSURE,
        "Tanda tangan e-Meterai ini sah, tetapi catatan daftar resmi kami dari saat itu hilang.",
        "The signature of this e-Meterai is valid, but our register has lost its records of that time.",
        "Mintalah kepada pengirim bukti pesanannya, atau tanyakan kepada kami dengan nomor serinya.",
        "Ask the sender for proof of the order, or ask us, naming the serial number.",
    ),
    # Remarks
    "register.confirmed": Reason(
        None,
        "Daftar resmi kami membenarkan nomor seri dan berkas ini.",
        "Our register confirms the serial number and this file.",
        *_NOTHING,
    ),
    "register.not_asked": Reason(
        None,
        "Daftar resmi tidak ditanya; hasil ini hanya tentang tanda tangan dan dokumen.",
        "The register was not asked; this result is about the signature and the document only.",
        "Periksa secara daring untuk kepastian penuh.",
        "Check online to be fully certain.",
    ),
    "register.unreachable": Reason(
        None,
        "Daftar resmi sedang tidak dapat dihubungi; hasil ini hanya tentang tanda tangan dan dokumen.",
        "The register can't be reached; this result is about the signature and the document only.",
        *_TRY_AGAIN,
    ),
    "note.foreign_stamp": Reason(
        None,
        "Berkas ini juga memuat e-Meterai dari penerbit lain, yang tidak kami nilai.",
        "The file also carries an e-Meterai of another issuer, which we do not judge.",
        *_ELSEWHERE,
    ),
    "note.other_signature": Reason(
        None,
        "Berkas ini juga memuat tanda tangan pihak lain; siapa pemiliknya tidak kami periksa.",
        "The file also carries somebody else's signature; we do not check whose it is.",
        *_NOTHING,
    ),
}

_ORDER = {code: position for position, code in enumerate(REASONS)}


def verdict_of(codes: Iterable[str]) -> Verdict:
    """The verdict to which reason codes lead: the worst wins; an unknown code is never a pass."""
    known = set(codes)
    return next((v for v in (_NO, _UNSURE, Verdict.GENUINE) if leading_to(v, known)), _UNSURE)


PASSING = frozenset({"jail.busy", "jail.unavailable"})
"""The same file may be judged in a while. One on which the judge was killed or failed may never be."""


def leading_to(verdict: Verdict | None, codes: Iterable[str]) -> set[str]:
    """Those of the reason codes that lead to this verdict; None: the remarks."""
    return {code for code in codes if (REASONS[code].verdict if code in REASONS else _UNSURE) is verdict}


def most_important_first(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes without repetition, the most important first."""
    return tuple(sorted(set(codes), key=lambda code: (_ORDER.get(code, len(_ORDER)), code)))
