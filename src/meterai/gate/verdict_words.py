"""The verdict in words: what stands on the wait page, in which tone, and what to press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meterai.gate.time_texts import moment_text, time_text
from meterai.gate.waiting.presence import PRESENT_AROUND_CLOSING_S
from meterai.gate.words import Words
from meterai.kit.formats.display import number_text
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.verdict import Advice, Verdict

KEPT_FROM = 20
"""Promises that must be due before it is said how many of them were kept."""


@dataclass(frozen=True, slots=True)
class NamedTimes:
    """Which times a page may name. Unix seconds."""

    zone: str
    closes_at: int
    joined_at: int
    drawn_at: int
    claim_minutes: int
    line_counts: bool
    """Who is in line at closing is served (`Policy.line_counts`)."""


@dataclass(frozen=True, slots=True)
class VerdictText:
    """What the page says. `claim`: the words on the button to the site; empty: there is none.

    `claim_at`: what is wanted there, the last part of the address.
    """

    tone: str
    told: str
    lines: tuple[str, ...]
    claim: str = ""
    claim_at: str = ""


def verdict_text(
    verdict: Verdict, status: Status | None, moments: NamedTimes, *, language: str
) -> VerdictText:
    """The words for a verdict."""
    words = (_LINE_COUNTS if moments.line_counts else _WORDS).get(verdict.advice) or _WORDS[verdict.advice]
    facts = _Facts(verdict, status, moments, language)
    lines = [
        line.of(language).format_map(facts)
        for line in _lines_of(verdict.advice, words.lines, status, moments)
    ]
    if verdict.advice is Advice.CALLED and verdict.latest is not None:
        lines.append(_CALLED_DONE.of(language).format_map(facts))
    if verdict.done_by is not None and status is not None and status.kept[1] >= KEPT_FROM:
        lines[-1] += " " + _KEPT.of(language).format_map(facts)
    told = words.told.of(language).format_map(facts)
    return VerdictText(words.tone, told, tuple(lines), words.claim.of(language), words.claim_at)


def _lines_of(
    advice: Advice, usual: tuple[Words, ...], status: Status | None, moments: NamedTimes
) -> tuple[Words, ...]:
    """The lines of an advice, as the queue stands: the usual ones, or what is true instead."""
    if status is None:
        return usual
    if advice is Advice.UNKNOWN and moments.drawn_at <= status.at:
        return (_UNKNOWN_TIME,)
    if advice is not Advice.CALLED:
        return usual
    if status.state in _CALLED_HELD:
        usual = (_CALLED_HELD[status.state],)
    elif moments.closes_at - status.at <= moments.claim_minutes * 60:
        usual = (_CALLED_AT_THE_END[moments.line_counts],)
    if not status.is_stamping:
        return (*usual, _CALLED_UNSTAMPED)
    return usual if status.can_buy else (*usual, _CALLED_STALLED)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the words may name, made when a text asks for it: most name two or three."""

    verdict: Verdict
    status: Status | None
    moments: NamedTimes
    language: str

    def __getitem__(self, name: str) -> str:
        verdict, moments, language = self.verdict, self.moments, self.language
        match name:
            case "percent":
                return "" if verdict.probability is None else f"{verdict.probability * 100:.0f}%"
            case "done_by":
                return self._clock(verdict.done_by)
            case "latest":
                return self._clock(verdict.latest)
            case "back":
                return self._clock(verdict.come_back_at)
            case "closes":
                return moment_text(moments.closes_at, language, moments.zone)
            case "joined":
                return moment_text(moments.joined_at, language, moments.zone, seconds=True)
            case "drawn":
                return moment_text(moments.drawn_at, language, moments.zone)
            case "check_from":
                return self._clock(moments.closes_at - PRESENT_AROUND_CLOSING_S)
            case "check_to":
                return self._clock(moments.closes_at + PRESENT_AROUND_CLOSING_S)
            case "minutes":
                return str(moments.claim_minutes)
            case "kept":
                return number_text(self.status.kept[0] if self.status else 0, language)
            case "given":
                return number_text(self.status.kept[1] if self.status else 0, language)
        raise KeyError(name)

    def _clock(self, unix: int | None) -> str:
        if unix is None:
            return ""
        now = self.status.at if self.status else unix
        return time_text(unix, self.language, self.moments.zone, now=now)


_NOTHING = Words("", "")


@dataclass(frozen=True, slots=True)
class _Words:
    tone: str
    told: Words
    lines: tuple[Words, ...]
    claim: Words = _NOTHING
    claim_at: str = ""


_DRAWN = Words("Urutan Anda diundi {drawn}", "Your place in line is drawn on {drawn}")
_PROMISE = Words("Selesai paling lambat pukul {done_by}", "Done by {done_by} at the latest")
_CHANCE = Words("Peluangnya {percent}. Ditutup {closes}.", "The chance is {percent}. Closes on {closes}.")
_KEPT = Words(
    "Dari {given} janji seperti ini, {kept} ditepati.", "Of {given} such promises so far, {kept} were kept."
)
_CALLED_DONE = Words(
    "Bila masuk sekarang, meterai Anda selesai kira-kira pukul {latest}.",
    "If you enter now, your stamp is done at about {latest}.",
)
_CALLED_AT_THE_END: Final = {
    False: Words(
        "Masuklah sekarang juga: antrean ditutup {closes}, dan sesudah itu Anda tidak dapat masuk lagi.",
        "Enter right now: the queue closes on {closes}, and afterwards you can't enter any more.",
    ),
    True: Words(
        "Masuklah dalam {minutes} menit. Lewat dari itu antrean mungkin sudah ditutup bagi Anda.",
        "Enter within {minutes} minutes. Afterwards the queue may be closed for you.",
    ),
}
"""Who is called so late finds no lane for latecomers afterwards, or may not; by `NamedTimes.line_counts`."""
_CALLED_HELD: Final = {
    QueueState.HALTED: Words(
        "Antrean berhenti sebentar, dan sekarang tidak seorang pun dapat masuk. Waktu Anda untuk masuk tidak "
        "berkurang selama itu.",
        "The queue is held for a moment, and nobody can enter now. Your time to enter does not run "
        "meanwhile.",
    ),
    QueueState.OUT_OF_STOCK: Words(
        "Stok meterai sedang habis, dan sekarang tidak seorang pun dapat masuk. Waktu Anda untuk masuk tidak "
        "berkurang selama itu.",
        "Stamps are out of stock, and nobody can enter now. Your time to enter does not run meanwhile.",
    ),
}
_UNKNOWN_TIME = Words(
    "Waktunya belum dapat diperkirakan. Tempat Anda sudah tercatat.",
    "The time can't be estimated yet. Your place is recorded.",
)
_CALLED_UNSTAMPED = Words(
    "Pembubuhan sedang dihentikan sementara. Anda boleh masuk, tetapi kapan meterai Anda selesai belum dapat "
    "diperkirakan.",
    "Stamping is paused for now. You may enter, but when your stamp will be done can't be estimated yet.",
)
_CALLED_STALLED = Words(
    "Pembayaran atau pengiriman kode sedang terganggu. Anda boleh masuk, tetapi kapan meterai Anda selesai "
    "belum dapat diperkirakan.",
    "Payments, or the sending of codes, are disturbed. You may enter, but when your stamp will be done can't "
    "be estimated yet.",
)
_MAY_GO_ON = Words(
    "Bila pendaftaran diperpanjang, antrean dapat dibuka lagi dan tempat Anda tetap berlaku: lihatlah "
    "halaman ini.",
    "If the registration is extended, the queue may open again, and your place stays good: look at this "
    "page.",
)
_STAY = Words(
    "Peluang selesai sebelum penutupan, {closes}: {percent}. Tetaplah di antrean dan siapkan dokumen, supaya "
    "cepat begitu dipanggil.",
    "The chance to be done before closing, {closes}: {percent}. Stay in the queue, and have your documents "
    "ready, so that it is quick when you are called.",
)
_WORDS: Final = {
    Advice.CALLED: _Words(
        "good",
        _NOTHING,
        (
            Words(
                "Masuklah dalam {minutes} menit. Lewat dari itu Anda tetap boleh masuk, di jalur bagi yang "
                "terlambat.",
                "Enter within {minutes} minutes. Afterwards you may still enter, through the lane for "
                "latecomers.",
            ),
        ),
        Words("Masuk sekarang", "Enter now"),
        "masuk",
    ),
    Advice.FREE: _Words(
        "good",
        _NOTHING,
        (
            Words(
                "Sekarang tidak seorang pun perlu menunggu. Tiket Anda tetap berlaku bila antrean berjalan "
                "lagi.",
                "Nobody has to wait now. Your ticket stays good for when there is a queue again.",
            ),
        ),
        Words("Masuk sekarang", "Enter now"),
        "masuk",
    ),
    Advice.WAIT: _Words("good", _PROMISE, (_CHANCE,)),
    Advice.COME_BACK_AT: _Words(
        "good",
        _PROMISE,
        (
            Words(
                "Giliran Anda masih lama. Tutup halaman ini dan kembali pukul {back}. Peluangnya {percent}.",
                "Your turn is some time away. Close this page and come back at {back}. The chance is "
                "{percent}.",
            ),
        ),
    ),
    Advice.UNSURE: _Words("", Words("Mungkin sempat, mungkin tidak", "It may be in time, or not"), (_STAY,)),
    Advice.LAST_CALL: _Words("", Words("Panggilan terakhir sudah lewat", "The last call is over"), (_STAY,)),
    Advice.NOT_TONIGHT: _Words(
        "",
        Words(
            "Peluang selesai sebelum penutupan, {closes}: {percent}",
            "The chance to be done before closing, {closes}: {percent}",
        ),
        (
            Words(
                "Tempat Anda tetap milik Anda. Kalau antrean lebih cepat, Anda dipanggil seperti biasa.",
                "Your place stays yours. If the queue moves faster, you are called as usual.",
            ),
            Words(
                "Buka halaman ini sekali antara pukul {check_from} dan {check_to}. Sesudah penutupan Anda "
                "bisa mengambil bukti antre bertanda tangan untuk instansi.",
                "Open this page once between {check_from} and {check_to}. After closing you can take a "
                "signed certificate of attempt for the agency.",
            ),
            Words(
                "Tanyakan juga kepada instansi apakah dokumen dengan meterai tempel diterima.",
                "Also ask the agency whether it takes documents with an adhesive stamp.",
            ),
        ),
    ),
    Advice.PROBABILITY_ONLY: _Words(
        "calm",
        _DRAWN,
        (
            Words(
                "Peluang selesai sebelum penutupan, {closes}: {percent}. Datang lebih awal atau membuka "
                "banyak tab tidak mengubah undian.",
                "The chance to be done before closing, {closes}: {percent}. Neither coming earlier nor more "
                "tabs change the draw.",
            ),
        ),
    ),
    Advice.HALTED: _Words(
        "calm",
        _NOTHING,
        (
            Words(
                "Sekarang tidak seorang pun dipanggil. Tempat Anda tidak berubah, dan halaman ini diperbarui "
                "sendiri.",
                "Nobody is called now. Your place does not change, and this page updates by itself.",
            ),
        ),
    ),
    Advice.OUT_OF_STOCK: _Words(
        "calm",
        _NOTHING,
        (
            Words(
                "Kami menunggu stok meterai berikutnya. Urutan tidak berubah, dan halaman ini diperbarui "
                "sendiri.",
                "We wait for the next stock of stamps. Your place does not change, and this page updates by "
                "itself.",
            ),
        ),
    ),
    Advice.STAMPING_STOPPED: _Words(
        "calm",
        Words("Pembubuhan sedang dihentikan sementara", "Stamping is paused for now"),
        (
            Words(
                "Kapan meterai selesai belum dapat diperkirakan. Orang tetap dipanggil dan tempat Anda tidak "
                "berubah. Yang sudah dipesan tersimpan, dan dibubuhi begitu pembubuhan dilanjutkan.",
                "When stamps will be done can't be estimated now. People are called all the same, and your "
                "place does not change. What was ordered is kept, and is stamped once stamping goes on.",
            ),
        ),
    ),
    Advice.STALLED: _Words(
        "calm",
        Words(
            "Pembayaran atau pengiriman kode sedang terganggu",
            "Payments, or the sending of codes, are disturbed",
        ),
        (
            Words(
                "Kapan meterai selesai belum dapat diperkirakan. Orang tetap dipanggil, tetapi lebih lambat: "
                "giliran Anda dapat mundur, tempat Anda tidak berubah.",
                "When stamps will be done can't be estimated now. People are called all the same, but more "
                "slowly: your turn may come later, your place does not change.",
            ),
        ),
    ),
    Advice.CLOSED: _Words(
        "calm",
        _NOTHING,
        (
            Words("Ditutup {closes}.", "It closed on {closes}."),
            Words(
                "Anda mengambil tempat {joined}. Bila belum dipanggil dan membuka halaman ini antara pukul "
                "{check_from} dan {check_to}, Anda bisa mengambil bukti antre bertanda tangan; instansi yang "
                "memutuskan apa artinya.",
                "You took your place on {joined}. If you were not called and opened this page between "
                "{check_from} and {check_to}, you can take a signed certificate of attempt; what it means is "
                "for the agency to decide.",
            ),
            _MAY_GO_ON,
        ),
        Words("Ambil bukti antre", "Take the certificate"),
        "sertifikat",
    ),
    Advice.CALLED_AND_CLOSED: _Words(
        "calm",
        _NOTHING,
        (
            Words("Ditutup {closes}.", "It closed on {closes}."),
            Words(
                "Anda sudah dipanggil. Bila Anda sudah masuk, lanjutkan pesanan Anda di sini; bila belum, di "
                "sini Anda diberi tahu apakah Anda bisa mengambil bukti antre.",
                "You had been called. If you entered, go on with your order here; if not, you are told here "
                "whether you can take a certificate of attempt.",
            ),
            _MAY_GO_ON,
        ),
        Words("Lanjutkan", "Go on"),
        "masuk",
    ),
    Advice.UNHEARD: _Words(
        "calm",
        Words("Angka di halaman ini sudah lama", "The figures on this page are old"),
        (
            Words(
                "Kami sedang menunggu kabar baru tentang antrean, jadi waktunya belum dapat diperkirakan. "
                "Tempat Anda tidak hilang, dan halaman ini diperbarui sendiri.",
                "We wait for news of the queue, so the time can't be estimated now. Your place is not lost, "
                "and this page updates by itself.",
            ),
        ),
    ),
    Advice.UNKNOWN: _Words(
        "calm",
        _NOTHING,
        (
            Words(
                "Waktunya belum dapat diperkirakan. Tempat Anda sudah tercatat. Urutan dalam kelompok Anda "
                "diundi {drawn}.",
                "The time can't be estimated yet. Your place is recorded. The places within your group are "
                "drawn on {drawn}.",
            ),
        ),
    ),
}
_IS_SERVED = Words(
    "Siapa pun yang mengambil tempat sebelum penutupan, {closes}, tetap dilayani.",
    "Everybody who takes a place before the closing, {closes}, is served.",
)
_LINE_COUNTS: Final = {
    Advice.WAIT: _Words("good", _PROMISE, (_IS_SERVED,)),
    Advice.COME_BACK_AT: _Words(
        "good",
        _PROMISE,
        (
            _IS_SERVED,
            Words(
                "Giliran Anda masih lama. Tutup halaman ini dan kembali pukul {back}.",
                "Your turn is some time away. Close this page and come back at {back}.",
            ),
        ),
    ),
    Advice.SERVED: _Words(
        "good",
        Words("Anda tetap dilayani, juga sesudah penutupan", "You are served, also after the closing"),
        (
            _IS_SERVED,
            Words(
                "Pukul berapa, belum dapat diperkirakan. Siapkan dokumen, supaya cepat begitu dipanggil.",
                "The time can't be estimated yet. Have your documents ready, so that it is quick when you "
                "are called.",
            ),
        ),
    ),
    Advice.PROBABILITY_ONLY: _Words(
        "calm",
        _DRAWN,
        (
            _IS_SERVED,
            Words(
                "Datang lebih awal atau membuka banyak tab tidak mengubah undian.",
                "Neither coming earlier nor more tabs change the draw.",
            ),
        ),
    ),
}
"""Where being in line at closing counts: the closing is no deadline, and there is no chance to miss it."""
