"""What the wait page says of a ticket, by `Advice` (`waiting_room/rules/verdict.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meterai.texts.mechanism.marks import N_, P_


@dataclass(frozen=True, slots=True)
class VerdictSentences:
    """The sentences of one advice. `tone`: empty means amber, unless the chance is good.

    `claim`: on the button to the site; empty: there is none.

    `claim_at`: the last part of the button's address.
    """

    tone: str
    told: str
    lines: tuple[str, ...]
    claim: str = ""
    claim_at: str = ""


_DRAWN = N_("Urutan Anda diundi {drawn}")
_PROMISE = N_("Selesai paling lambat pukul {done_by}")
_CHANCE = N_("Peluangnya {percent}. Ditutup {closes}.")
KEPT = N_("Dari {given} janji seperti ini, {kept} ditepati.")
CALLED_UNTIL = N_(
    "Masuklah dalam {left} menit, sebelum pukul {enter_by}. Lewat dari itu Anda tetap boleh masuk, di jalur "
    "bagi yang terlambat."
)
CALL_LAPSED = N_(
    "Waktu {minutes} menit Anda sudah lewat. Anda tetap boleh masuk, di jalur bagi yang terlambat."
)
CALLED_DONE = N_("Bila masuk sekarang, meterai Anda selesai kira-kira pukul {latest}.")
CALLED_AT_THE_END: Final[Mapping[bool, str]] = {
    False: N_(
        "Masuklah sekarang juga: antrean ditutup {closes}, dan sesudah itu Anda tidak dapat masuk lagi."
    ),
    True: N_("Masuklah dalam {minutes} menit. Lewat dari itu antrean mungkin sudah ditutup bagi Anda."),
}
"""For people called so late that no lane for latecomers may be left; by `NamedTimes.line_counts`."""
CALLED_HELD: Final[Mapping[str, str]] = {
    "halted": N_(
        "Antrean berhenti sebentar, dan sekarang tidak seorang pun dapat masuk. Waktu Anda untuk masuk tidak "
        "berkurang selama itu."
    ),
    "out_of_stock": N_(
        "Stok meterai sedang habis, dan sekarang tidak seorang pun dapat masuk. Waktu Anda untuk masuk tidak "
        "berkurang selama itu."
    ),
}
UNKNOWN_TIME = N_("Waktunya belum dapat diperkirakan. Tempat Anda sudah tercatat.")
CALLED_UNSTAMPED = N_(
    "Pemberian meterai sedang dihentikan sementara. Anda boleh masuk, tetapi kapan meterai Anda selesai "
    "belum dapat diperkirakan."
)
CALLED_STALLED = N_(
    "Pembayaran atau pengiriman kode sedang terganggu. Anda boleh masuk, tetapi kapan meterai Anda selesai "
    "belum dapat diperkirakan."
)
_MAY_GO_ON = N_(
    "Bila pendaftaran diperpanjang, antrean dapat dibuka lagi dan tempat Anda tetap berlaku: lihatlah "
    "halaman ini."
)
_CHANCE_TOLD = N_("Peluang selesai sebelum penutupan, {closes}: {percent}")
_STAY = N_("Tetaplah di antrean dan siapkan dokumen, supaya cepat begitu dipanggil.")
VERDICTS: Final[Mapping[str, VerdictSentences]] = {
    "called": VerdictSentences(
        "good",
        "",
        (
            N_(
                "Masuklah dalam {minutes} menit. Lewat dari itu Anda tetap boleh masuk, di jalur bagi yang "
                "terlambat."
            ),
        ),
        N_("Masuk sekarang"),
        "masuk",
    ),
    "free": VerdictSentences(
        "good",
        "",
        (
            N_(
                "Sekarang tidak seorang pun perlu menunggu. Tiket Anda tetap berlaku bila antrean berjalan "
                "lagi."
            ),
        ),
        N_("Masuk sekarang"),
        "masuk",
    ),
    "wait": VerdictSentences("good", _PROMISE, (_CHANCE,)),
    "come_back_at": VerdictSentences(
        "good",
        _PROMISE,
        (N_("Giliran Anda masih lama. Tutup halaman ini dan kembali pukul {back}. Peluangnya {percent}."),),
    ),
    "unsure": VerdictSentences("", _CHANCE_TOLD, (_STAY,)),
    "last_call": VerdictSentences("", _CHANCE_TOLD, (N_("Panggilan terakhir sudah lewat."), _STAY)),
    "not_tonight": VerdictSentences(
        "",
        _CHANCE_TOLD,
        (
            N_("Tempat Anda tetap milik Anda. Kalau antrean lebih cepat, Anda dipanggil seperti biasa."),
            N_(
                "Buka halaman ini sekali antara pukul {check_from} dan {check_to}. Sesudah penutupan Anda "
                "bisa mengambil bukti antre bertanda tangan untuk instansi."
            ),
            N_("Tanyakan juga kepada instansi apakah dokumen dengan meterai tempel diterima."),
        ),
    ),
    "probability_only": VerdictSentences(
        "calm",
        _DRAWN,
        (
            N_(
                "Peluang selesai sebelum penutupan, {closes}: {percent}. Datang lebih awal atau membuka "
                "banyak tab tidak mengubah undian."
            ),
        ),
    ),
    "halted": VerdictSentences(
        "calm",
        "",
        (
            N_(
                "Sekarang tidak seorang pun dipanggil. Tempat Anda tidak berubah, dan halaman ini diperbarui "
                "sendiri."
            ),
        ),
    ),
    "out_of_stock": VerdictSentences(
        "calm",
        "",
        (
            N_(
                "Kami menunggu stok meterai berikutnya. Urutan tidak berubah, dan halaman ini diperbarui "
                "sendiri."
            ),
        ),
    ),
    "stamping_stopped": VerdictSentences(
        "calm",
        N_("Pemberian meterai sedang dihentikan sementara"),
        (
            N_(
                "Kapan meterai selesai belum dapat diperkirakan. Orang tetap dipanggil dan tempat Anda tidak "
                "berubah. Yang sudah dipesan tersimpan, dan diberi meterai begitu dapat dilanjutkan."
            ),
        ),
    ),
    "stalled": VerdictSentences(
        "calm",
        N_("Pembayaran atau pengiriman kode sedang terganggu"),
        (
            N_(
                "Kapan meterai selesai belum dapat diperkirakan. Orang tetap dipanggil, tetapi lebih lambat: "
                "giliran Anda dapat mundur, tempat Anda tidak berubah."
            ),
        ),
    ),
    "closed": VerdictSentences(
        "calm",
        "",
        (
            N_("Ditutup {closes}."),
            N_(
                "Anda mengambil tempat {joined}. Bila belum dipanggil dan membuka halaman ini antara pukul "
                "{check_from} dan {check_to}, Anda bisa mengambil bukti antre bertanda tangan; instansi yang "
                "memutuskan apa artinya."
            ),
            _MAY_GO_ON,
        ),
        N_("Ambil bukti antre"),
        "sertifikat",
    ),
    "called_and_closed": VerdictSentences(
        "calm",
        "",
        (
            N_("Ditutup {closes}."),
            N_(
                "Anda sudah dipanggil. Bila Anda sudah masuk, lanjutkan pesanan Anda di sini; bila belum, di "
                "sini Anda diberi tahu apakah Anda bisa mengambil bukti antre."
            ),
            _MAY_GO_ON,
        ),
        P_("verdict", "Lanjutkan"),
        "masuk",
    ),
    "unheard": VerdictSentences(
        "calm",
        N_("Angka di halaman ini sudah lama"),
        (
            N_(
                "Kami sedang menunggu kabar baru tentang antrean, jadi waktunya belum dapat diperkirakan. "
                "Tempat Anda tidak hilang, dan halaman ini diperbarui sendiri."
            ),
        ),
    ),
    "unknown": VerdictSentences(
        "calm",
        "",
        (
            N_(
                "Waktunya belum dapat diperkirakan. Tempat Anda sudah tercatat. Urutan dalam kelompok Anda "
                "diundi {drawn}."
            ),
        ),
    ),
}
ENTERED: Final = VerdictSentences(
    "good",
    "",
    (N_("Anda sudah masuk dari browser ini. Lanjutkan pesanan Anda; Anda tidak perlu mengantre lagi."),),
    N_("Lanjutkan pesanan"),
    "masuk",
)
"""For people who have entered the site."""
_IS_SERVED = N_("Siapa pun yang mengambil tempat sebelum penutupan, {closes}, tetap dilayani.")
LINE_COUNTS: Final[Mapping[str, VerdictSentences]] = {
    "wait": VerdictSentences("good", _PROMISE, (_IS_SERVED,)),
    "come_back_at": VerdictSentences(
        "good",
        _PROMISE,
        (
            _IS_SERVED,
            N_("Giliran Anda masih lama. Tutup halaman ini dan kembali pukul {back}."),
        ),
    ),
    "served": VerdictSentences(
        "good",
        N_("Anda tetap dilayani, juga sesudah penutupan"),
        (
            _IS_SERVED,
            N_("Pukul berapa, belum dapat diperkirakan. Siapkan dokumen, supaya cepat begitu dipanggil."),
        ),
    ),
    "probability_only": VerdictSentences(
        "calm",
        _DRAWN,
        (
            _IS_SERVED,
            N_("Datang lebih awal atau membuka banyak tab tidak mengubah undian."),
        ),
    ),
}
"""Where being in line at closing counts: the closing is no deadline, and there is no chance to miss it."""
