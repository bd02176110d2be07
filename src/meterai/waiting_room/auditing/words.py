"""The words of an audit, Indonesian and English. A finding's code begins with the name of its check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHECKS: Final[Mapping[str, tuple[str, str]]] = {
    "log": ("Catatan utuh, ujungnya ditandatangani", "The log is whole, its heads are signed"),
    "rules": ("Aturan ditandatangani dan dicatat", "The rules are signed and logged"),
    "window": ("Jendela ditutup berurutan, daftarnya cocok", "Windows close in order, their lists match"),
    "sequence": (
        "Nomor urut gerbang tanpa celah, tanpa ganda",
        "Gates' sequences have no hole and no double",
    ),
    "seed": ("Benih terikat janji, dibuka sesudah daftar", "Seeds were committed to, told after the lists"),
    "frontier": ("Batas panggilan hanya maju", "The frontier only moves forward"),
    "rate": ("Laju dalam batas yang dijanjikan", "The rate stays within what was promised"),
    "claim": ("Yang masuk terdaftar dan sudah dipanggil", "Who entered is listed and had been called"),
    "late": ("Tiket susulan hanya dari gerbang mati", "Late tickets come from dead gates only"),
    "operator": ("Tindakan operator beralasan", "Operators gave their reasons"),
    "certificate": ("Bukti antre hanya bagi yang mengantre", "Certificates only for people in line"),
    "status": ("Status cocok dengan catatan", "The status agrees with the log"),
}

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "log.number": (
        "Baris ke-{n} mengaku bernomor {told}: ada entri yang dihapus, disisipkan, atau diubah.",
        "Line {n} says it is number {told}: an entry was deleted, inserted or changed.",
    ),
    "log.unreadable": (
        "Entri ini bukan entri catatan: {why}.",
        "This is no entry of a log: {why}.",
    ),
    "log.head_forged": (
        "Tanda tangan ujung catatan ke-{number} tidak sah.",
        "The signature of head number {number} is not good.",
    ),
    "log.head_order": (
        "Ujung catatan ke-{number} menyebut {size} entri, lebih sedikit daripada ujung sebelumnya.",
        "Head number {number} tells of {size} entries, fewer than the head before it.",
    ),
    "log.head_root": (
        "Ujung catatan untuk {size} entri tidak cocok dengan entri-entrinya: ada yang diubah sesudahnya.",
        "The head of {size} entries is not that of the entries: something was changed afterwards.",
    ),
    "log.cut": (
        "Ujung yang ditandatangani menyebut {size} entri, tetapi hanya ada {found}: akhir catatan dibuang.",
        "A signed head tells of {size} entries, but only {found} are there: the end of the log was cut off.",
    ),
    "log.uncovered": (
        "Entri mulai dari nomor {size} tidak dicakup ujung yang ditandatangani.",
        "The entries from number {size} on are covered by no signed head.",
    ),
    "log.clock": (
        "Waktu entri ini mundur {seconds} detik, dan tidak dicatat bahwa jam pengatur dibetulkan.",
        "The time of this entry runs back by {seconds} seconds, and no entry says that the controller's "
        "clock was set right.",
    ),
    "log.kept_head": (
        "Ujung yang Anda simpan ({size} entri) bukan awal catatan ini: catatan ditulis ulang.",
        "The head that you kept ({size} entries) is no beginning of this log: the log was rewritten.",
    ),
    "rules.forged": (
        "Aturan versi {version} tidak ditandatangani dengan kunci antrean.",
        "Version {version} of the rules is not signed with the queue's key.",
    ),
    "rules.missing": (
        "Dokumen aturan versi {version} tidak diumumkan.",
        "The document with version {version} of the rules is not published.",
    ),
    "rules.first": (
        "Entri pertama bukan aturan: seseorang dapat masuk sebelum aturannya dicatat.",
        "The first entry is not the rules: somebody could come before the rules were logged.",
    ),
    "rules.changed": (
        "Dokumen aturan versi {version} berbeda dari yang dicatat.",
        "The document with version {version} of the rules differs from what was logged.",
    ),
    "rules.order": (
        "Aturan versi {version} dicatat sesudah versi {before}.",
        "Version {version} of the rules was logged after version {before}.",
    ),
    "rules.commitment": (
        "Aturan versi {version} mengganti janji benih atau kunci.",
        "Version {version} of the rules changes the commitment to the seeds, or a key.",
    ),
    "rules.schedule": (
        "Aturan versi {version} mengubah jadwal sesudah orang bisa mengantre, lebih dari panggilan terakhir "
        "dan penutupan.",
        "Version {version} of the rules changes more of the schedule than last call and closing, after "
        "people could join.",
    ),
    "rules.unlogged": (
        "Aturan yang berlaku (versi {version}) tidak ada dalam catatan.",
        "The rules in force (version {version}) are not in the log.",
    ),
    "rules.outdated": (
        "Aturan yang diumumkan lebih lama daripada versi {last}, yang dicatat terakhir.",
        "The rules that lie there are older than version {last}, the last one in the log.",
    ),
    "window.order": (
        "Jendela {window} ditutup, padahal giliran jendela {expected}.",
        "Window {window} was closed where window {expected} had to come.",
    ),
    "window.early": (
        "Jendela {window} ditutup {seconds} detik sebelum berakhir menurut aturan: nilai suar yang dipakai "
        "mungkin sudah diketahui ketika orang masih mengantre.",
        "Window {window} was closed {seconds} seconds before its end by the rules: the round of the beacon "
        "may have been known while people joined.",
    ),
    "window.end": (
        "Dokumen penutupan jendela {window} menyebut akhir yang lebih lambat daripada menurut aturan.",
        "The document that closes window {window} tells of a later end than the rules.",
    ),
    "window.missing": (
        "Dokumen penutupan jendela {window} tidak diumumkan.",
        "The document that closes window {window} is not published.",
    ),
    "window.forged": (
        "Tanda tangan dokumen penutupan jendela {window} tidak sah.",
        "The signature of the document that closes window {window} is not good.",
    ),
    "window.changed": (
        "Dokumen penutupan jendela {window} berbeda dari yang dicatat.",
        "The document that closes window {window} differs from what was logged.",
    ),
    "window.list_missing": (
        "Daftar jendela {window} tidak diumumkan.",
        "The list of window {window} is not published.",
    ),
    "window.count": (
        "Daftar jendela {window} memuat {found} tiket, yang dicatat {count}.",
        "The list of window {window} holds {found} tickets, {count} were logged.",
    ),
    "window.root": (
        "Daftar jendela {window} bukan yang ditutup: tiket ditambahkan, dibuang, atau ditukar sesudahnya.",
        "The list of window {window} is not what was closed: a ticket was added, removed or swapped since.",
    ),
    "window.unsorted": (
        "Daftar jendela {window} tidak urut menurut gerbang dan nomor.",
        "The list of window {window} is not sorted by gate and sequence.",
    ),
    "window.gates": (
        "Hitungan gerbang {gate} di jendela {window} tidak cocok dengan daftarnya.",
        "What gate {gate} counted in window {window} does not match the list.",
    ),
    "window.people": (
        "Dokumen penutupan jendela {window} menyebut {told} orang, daftarnya memuat {found}.",
        "The document that closes window {window} tells of {told} people, its list holds {found}.",
    ),
    "sequence.twice": (
        "Nomor {sequence} gerbang {gate} dipakai lagi di jendela {window}.",
        "Sequence {sequence} of gate {gate} is used again in window {window}.",
    ),
    "sequence.hole": (
        "Gerbang {gate} tidak punya tiket nomor {first} sampai {last} (sebelum jendela {window}), dan tidak "
        "dinyatakan mati: seseorang mungkin dihapus dari antrean.",
        "Gate {gate} has no tickets {first} to {last} (before window {window}) and was not declared dead: "
        "somebody may have been removed from the line.",
    ),
    "sequence.dropped": (
        "Tiket nomor {sequence} gerbang {gate} tidak ada dalam daftar jendela {window}, yang sudah ditutup: "
        "pemegangnya dihapus dari antrean.",
        "Ticket {sequence} of gate {gate} is not in the list of window {window}, which is closed: its holder "
        "was removed from the line.",
    ),
    "seed.chain": (
        "Rantai benih {number} dicatat terlambat, tidak berurutan, atau dua kali.",
        "Chain {number} of the seeds was logged late, out of order, or twice.",
    ),
    "seed.order": (
        "Benih jendela {window} dibuka, padahal giliran jendela {expected}.",
        "The seed of window {window} was told where that of window {expected} had to come.",
    ),
    "seed.early": (
        "Benih jendela {window} dibuka sebelum daftarnya ditutup: siapa pun yang tahu dapat memilih tempat.",
        "The seed of window {window} was told before its list was closed: who knew it could choose a place.",
    ),
    "seed.link": (
        "Mata rantai benih jendela {window} bukan yang dijanjikan sebelum antrean dibuka.",
        "The link of window {window} is not what was committed to before the queue opened.",
    ),
    "seed.wrong": (
        "Benih jendela {window} bukan hasil mata rantai, daftar, dan suarnya: benih ditukar.",
        "The seed of window {window} does not follow from its link, its list and its beacon: it was swapped.",
    ),
    "seed.missing": (
        "Dokumen benih jendela {window} tidak diumumkan.",
        "The document with the seed of window {window} is not published.",
    ),
    "seed.forged": (
        "Tanda tangan dokumen benih jendela {window} tidak sah.",
        "The signature of the document with the seed of window {window} is not good.",
    ),
    "seed.changed": (
        "Dokumen benih jendela {window} berbeda dari yang dicatat.",
        "The document with the seed of window {window} differs from what was logged.",
    ),
    "seed.beacon": (
        "Suar jendela {window} ({beacon}) tidak lebih baru daripada daftarnya, atau tidak ada.",
        "The beacon of window {window} ({beacon}) is not later than its list, or missing.",
    ),
    "frontier.back": (
        "Batas panggilan jalur {lane} mundur ke ({window}, {x}).",
        "The frontier of lane {lane} moved back to ({window}, {x}).",
    ),
    "frontier.unknown": (
        "Batas panggilan jalur {lane} melewati jendela yang belum ditutup dan dibuka benihnya ({window}).",
        "The frontier of lane {lane} passed a window that was not closed and told yet ({window}).",
    ),
    "frontier.after_closing": (
        "Batas panggilan masih maju sesudah antrean ditutup: siapa pun yang dipanggil dengan itu terlambat.",
        "The frontier still moved after the queue had closed: whoever is called by it is too late.",
    ),
    "frontier.returners": (
        "Batas jalur yang kembali ({window}, {x}) melampaui siapa yang dipanggil {minutes} menit sebelumnya.",
        "The returners' frontier ({window}, {x}) is beyond who had been called {minutes} minutes earlier.",
    ),
    "frontier.epoch": (
        "Pengatur lama (masa {epoch}) masih menggerakkan batas sesudah masa {before}.",
        "An earlier controller (epoch {epoch}) moved the frontier after epoch {before}.",
    ),
    "rate.over_cap": (
        "Laju {rate} orang/menit melampaui batas {cap}.",
        "The rate of {rate} people a minute is over the cap of {cap}.",
    ),
    "rate.too_many": (
        "Lebih banyak orang masuk daripada yang diizinkan pintu pada laju {rate} orang/menit.",
        "More people entered than the door lets in at {rate} people a minute.",
    ),
    "rate.halted": (
        "Seseorang masuk ketika antrean dihentikan operator.",
        "Somebody entered while an operator had halted the queue.",
    ),
    "claim.unlisted": (
        "Tiket yang masuk (jendela {window}, gerbang {gate}, nomor {sequence}) tidak ada dalam daftar: "
        "ia tidak pernah mengantre.",
        "The ticket that entered (window {window}, gate {gate}, sequence {sequence}) is in no list: "
        "it never stood in line.",
    ),
    "claim.late_unlogged": (
        "Tiket gerbang mati yang masuk (jendela {window}, gerbang {gate}, nomor {sequence}) tidak dicatat "
        "sebagai tiket susulan.",
        "The ticket of a dead gate that entered (window {window}, gate {gate}, sequence {sequence}) was not "
        "logged as a late ticket.",
    ),
    "claim.not_called": (
        "Tiket yang masuk (jendela {window}, tempat {place}) belum dipanggil: ia mendahului orang lain.",
        "The ticket that entered (window {window}, place {place}) had not been called: it overtook others.",
    ),
    "claim.place": (
        "Tempat yang dicatat ({told}) bukan tempat tiket itu di jendela {window} ({place}).",
        "The place that was logged ({told}) is not that of the ticket in window {window} ({place}).",
    ),
    "claim.lane": (
        "Yang masuk dicatat di jalur {lane}, padahal tempatnya di jalur lain.",
        "Who entered was logged in lane {lane}, but belongs to another.",
    ),
    "claim.after_closing": (
        "Orang ini masuk sesudah antrean ditutup.",
        "This person entered after the queue had closed.",
    ),
    "claim.twice": (
        "Orang ini sudah masuk (entri {first}).",
        "This person had entered before (entry {first}).",
    ),
    "claim.pass_twice": (
        "Izin masuk ini sudah diberikan (entri {first}).",
        "This pass had been given before (entry {first}).",
    ),
    "late.gate_alive": (
        "Tiket susulan dari gerbang {gate} di jendela {window}, tetapi gerbang itu tidak dinyatakan mati.",
        "A late ticket of gate {gate} in window {window}, but that gate had not been declared dead.",
    ),
    "late.death_afterwards": (
        "Gerbang {gate} baru dinyatakan mati di jendela {window} sesudah jendela itu ditutup: tiket "
        "susulannya bisa dibuat dengan benih yang sudah diketahui.",
        "Gate {gate} was declared dead in window {window} only after that was closed: late tickets of it can "
        "be made with the seed in sight.",
    ),
    "late.backdated": (
        "Tiket susulan di jendela {window} dibuat sesudah jendela itu berakhir: tanggalnya dimundurkan.",
        "A late ticket in window {window} was made after that window's end: it is backdated.",
    ),
    "late.sequence": (
        "Nomor {sequence} gerbang {gate} pada tiket susulan sudah dipakai, atau diberikan di jendela lain.",
        "Sequence {sequence} of gate {gate} on a late ticket is used, or was given in another window.",
    ),
    "operator.silent": (
        "Tindakan operator tanpa nama atau tanpa alasan: {action}.",
        "An operator's action without a name or without a reason: {action}.",
    ),
    "operator.hidden": (
        "Sebelum ini semua orang boleh masuk tanpa antre, padahal ada yang menunggu, dan tidak dicatat bahwa "
        "operator mematikan antrean, atau bahwa jam pengatur tadinya terlalu cepat.",
        "Before this everybody entered without a place although people waited, and no entry says that an "
        "operator switched the line off, or that the controller's clock had been ahead.",
    ),
    "operator.bypass": (
        "Seseorang masuk tanpa tempat dan tanpa alasan yang dicatat.",
        "Somebody entered without a place, and no reason was logged.",
    ),
    "certificate.not_joined": (
        "Bukti antre untuk orang yang tidak pernah mengantre.",
        "A certificate for somebody who never joined.",
    ),
    "certificate.let_in": (
        "Bukti antre untuk orang yang sudah masuk (entri {claim}).",
        "A certificate for somebody who had been let in (entry {claim}).",
    ),
    "certificate.twice": (
        "Orang ini sudah punya bukti antre (entri {first}).",
        "This person has a certificate already (entry {first}).",
    ),
    "certificate.early": (
        "Bukti antre dibuat sebelum antrean ditutup.",
        "A certificate was made before the queue closed.",
    ),
    "status.forged": (
        "Tanda tangan status tidak sah.",
        "The signature of the status is not good.",
    ),
    "status.log": (
        "Status menyebut catatan dengan {size} entri yang tidak cocok dengan catatan ini.",
        "The status tells of a log of {size} entries that is not this one.",
    ),
    "status.frontier": (
        "Batas panggilan dalam status berbeda dari yang dicatat pada entri {size}.",
        "The frontier in the status is not what the log says at entry {size}.",
    ),
}
