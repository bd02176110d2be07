"""What the gate says in one sentence: refusals and headlines, in both languages. Verdicts: `saying.py`."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    id: str
    en: str

    def of(self, language: str) -> str:
        """The text in `language`."""
        return self.en if language == "en" else self.id


PROBLEMS: Final = {
    "contact.unreadable": Words(
        "Surel atau nomor WhatsApp ini tidak bisa dibaca. Contoh: nama@contoh.id atau 0812 3456 7890.",
        "This e-mail or WhatsApp number can't be read. Examples: name@example.com, 0812 3456 7890.",
    ),
    "work.missing": Words(
        "Antrean sedang sangat ramai. Tekan sekali lagi dan tunggu: ponsel Anda membuktikan bahwa Anda bukan "
        "robot. Bila tidak berhasil, minta kode.",
        "The queue is very busy. Press once more and wait: your phone shows that you are not a robot. If "
        "that does not work, ask for a code.",
    ),
    "network.later": Words(
        "Terlalu banyak permintaan datang dari jaringan ini. Tunggu satu menit, lalu coba lagi.",
        "Too many requests come from this network. Wait a minute, then try again.",
    ),
    "ticket.unreadable": Words(
        "Tiket ini tidak bisa dibaca. Periksa apakah semua huruf tersalin (128 huruf dan angka).",
        "This ticket can't be read. Check that it was copied whole (128 characters).",
    ),
    "ticket.forged": Words(
        "Tiket ini tidak sah. Periksa apakah tersalin dengan benar.",
        "This ticket is not genuine. Check that it was copied correctly.",
    ),
    "ticket.other_event": Words(
        "Tiket ini untuk pendaftaran lain. Buka tautan yang tersimpan bersama tiket itu.",
        "This ticket is for another event. Open the link you kept with that ticket.",
    ),
    "code.wrong": Words(
        "Kode ini salah atau sudah terlalu lama. Minta kode baru.",
        "This code is wrong or too old. Ask for a new one.",
    ),
    "code.unsent": Words(
        "Kode belum bisa dikirim, karena pesan sedang menumpuk. Tunggu beberapa menit, lalu coba lagi.",
        "No code could be sent: messages are piling up. Wait a few minutes, then try again.",
    ),
    "form.foreign": Words(
        "Formulir ini tidak datang dari halaman kami. Buka halaman antrean, lalu ulangi.",
        "This form did not come from our page. Open the queue's page and try again.",
    ),
    "disk.failed": Words(
        "Tiket belum bisa dibuat. Tunggu sebentar, lalu coba lagi.",
        "No ticket could be made. Wait a moment, then try again.",
    ),
}

HEADLINES: Final = {
    "called": Words("Giliran Anda", "It is your turn"),
    "free": Words("Anda boleh langsung masuk", "You may enter at once"),
    "not_tonight": Words("Kemungkinan besar tidak sempat", "Most likely not in time"),
    "lottery": Words("Anda ikut undian", "You are in the draw"),
    "near": Words("Giliran Anda hampir tiba", "Your turn is near"),
    "waiting": Words("Anda di dalam antrean", "You are in the queue"),
    "halted": Words("Antrean berhenti sebentar", "The queue is held for a moment"),
    "out_of_stock": Words("Stok meterai sedang habis", "Stamps are out of stock now"),
    "closed": Words("Antrean sudah ditutup", "The queue is closed"),
    "not_yet": Words("Antrean belum dibuka", "The queue is not open yet"),
    "not_found": Words("Halaman ini tidak ada", "This page does not exist"),
    "fault": Words("Ada gangguan di pihak kami", "Something went wrong on our side"),
}

TEXTS: Final = {
    "closed": Words(
        "Antrean {event} ditutup {moment}. Jika Anda mengantre saat itu dan membuka halaman antrean dalam 30 "
        "menit sebelum atau sesudahnya, buka tiket Anda untuk mengambil bukti antre.",
        "The queue of {event} closed on {moment}. If you were in the queue then and opened its page within "
        "30 minutes before or after, open your ticket to take a certificate of attempt.",
    ),
    "not_yet": Words(
        "Anda bisa mengambil tempat mulai {moment}. Tidak perlu menunggu di halaman ini.",
        "You can take a place from {moment}. There is no need to wait on this page.",
    ),
    "not_found": Words("Periksa alamatnya.", "Check the address."),
    "fault": Words(
        "Muat ulang halaman ini sebentar lagi. Tempat Anda ada di tiket dan tidak hilang.",
        "Reload this page in a moment. Your place is in the ticket and is not lost.",
    ),
    "to_site": Words("Ke beranda Meterai", "To the home page"),
    "unknown_time": Words("belum dapat diperkirakan", "can't be estimated yet"),
    "between": Words("{soonest} – {latest}", "{soonest} – {latest}"),
    "about": Words("{moment}", "{moment}"),
    "from": Words("paling cepat {soonest}", "{soonest} at the earliest"),
}
