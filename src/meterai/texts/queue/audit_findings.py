"""What an audit of the queue checks and finds. The code of a finding begins with the name of its check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_

CHECKS: Final[Mapping[str, str]] = {
    "log": N_("Catatan utuh, ujungnya ditandatangani"),
    "rules": N_("Aturan ditandatangani dan dicatat"),
    "window": N_("Jendela ditutup berurutan, daftarnya cocok"),
    "sequence": N_("Nomor urut gerbang tanpa celah, tanpa ganda"),
    "seed": N_("Benih terikat janji, dibuka sesudah daftar"),
    "frontier": N_("Batas panggilan hanya maju"),
    "rate": N_("Laju dalam batas yang dijanjikan"),
    "claim": N_("Yang masuk terdaftar dan sudah dipanggil"),
    "late": N_("Tiket susulan hanya dari gerbang mati"),
    "operator": N_("Tindakan operator beralasan"),
    "certificate": N_("Bukti antre hanya bagi yang mengantre"),
    "status": N_("Status cocok dengan catatan"),
    "state": N_("Keadaan antrean dicatat dengan sebabnya"),
    "bypass": N_("Yang membeli tanpa tempat tidak lebih dari yang diizinkan aturan"),
}

WORDS: Final[Mapping[str, str]] = {
    "log.number": N_(
        "Baris ke-{n} mengaku bernomor {told}: ada entri yang dihapus, disisipkan, atau diubah."
    ),
    "log.unreadable": N_("Entri ini bukan entri catatan: {why}."),
    "log.head_forged": N_("Tanda tangan ujung catatan ke-{number} tidak sah."),
    "log.head_order": N_(
        "Ujung catatan ke-{number} menyebut {size} entri, lebih sedikit daripada ujung sebelumnya."
    ),
    "log.head_root": N_(
        "Ujung catatan untuk {size} entri tidak cocok dengan entri-entrinya: ada yang diubah sesudahnya."
    ),
    "log.cut": N_(
        "Ujung yang ditandatangani menyebut {size} entri, tetapi hanya ada {found}: akhir catatan dibuang."
    ),
    "log.uncovered": N_("Entri mulai dari nomor {size} tidak dicakup ujung yang ditandatangani."),
    "log.clock": N_(
        "Waktu entri ini mundur {seconds} detik, dan tidak dicatat bahwa jam pengatur dibetulkan."
    ),
    "log.kept_head": N_(
        "Ujung yang Anda simpan ({size} entri) bukan awal catatan ini: catatan ditulis ulang."
    ),
    "rules.forged": N_("Aturan versi {version} tidak ditandatangani dengan kunci antrean."),
    "rules.missing": N_("Dokumen aturan versi {version} tidak diumumkan."),
    "rules.first": N_("Entri pertama bukan aturan: seseorang dapat masuk sebelum aturannya dicatat."),
    "rules.changed": N_("Dokumen aturan versi {version} berbeda dari yang dicatat."),
    "rules.order": N_("Aturan versi {version} dicatat sesudah versi {before}."),
    "rules.commitment": N_("Aturan versi {version} mengganti janji benih atau kunci."),
    "rules.schedule": N_(
        "Aturan versi {version} mengubah jadwal sesudah orang bisa mengantre, lebih dari panggilan terakhir "
        "dan penutupan."
    ),
    "rules.unlogged": N_("Aturan yang berlaku (versi {version}) tidak ada dalam catatan."),
    "rules.outdated": N_("Aturan yang diumumkan lebih lama daripada versi {last}, yang dicatat terakhir."),
    "window.order": N_("Jendela {window} ditutup, padahal giliran jendela {expected}."),
    "window.early": N_(
        "Jendela {window} ditutup {seconds} detik sebelum berakhir menurut aturan: nilai suar yang dipakai "
        "mungkin sudah diketahui ketika orang masih mengantre."
    ),
    "window.end": N_(
        "Dokumen penutupan jendela {window} menyebut akhir yang lebih lambat daripada menurut aturan."
    ),
    "window.missing": N_("Dokumen penutupan jendela {window} tidak diumumkan."),
    "window.forged": N_("Tanda tangan dokumen penutupan jendela {window} tidak sah."),
    "window.changed": N_("Dokumen penutupan jendela {window} berbeda dari yang dicatat."),
    "window.list_missing": N_("Daftar jendela {window} tidak diumumkan."),
    "window.count": N_("Daftar jendela {window} memuat {found} tiket, yang dicatat {count}."),
    "window.root": N_(
        "Daftar jendela {window} bukan yang ditutup: tiket ditambahkan, dibuang, atau ditukar sesudahnya."
    ),
    "window.unsorted": N_("Daftar jendela {window} tidak urut menurut gerbang dan nomor."),
    "window.gates": N_("Hitungan gerbang {gate} di jendela {window} tidak cocok dengan daftarnya."),
    "window.people": N_(
        "Dokumen penutupan jendela {window} menyebut {told} orang, daftarnya memuat {found}."
    ),
    "sequence.twice": N_("Nomor {sequence} gerbang {gate} dipakai lagi di jendela {window}."),
    "sequence.hole": N_(
        "Gerbang {gate} tidak punya tiket nomor {first} sampai {last} (sebelum jendela {window}), dan tidak "
        "dinyatakan mati: seseorang mungkin dihapus dari antrean."
    ),
    "sequence.dropped": N_(
        "Tiket nomor {sequence} gerbang {gate} tidak ada dalam daftar jendela {window}, yang sudah ditutup: "
        "pemegangnya dihapus dari antrean."
    ),
    "seed.chain": N_("Rantai benih {number} dicatat terlambat, tidak berurutan, atau dua kali."),
    "seed.order": N_("Benih jendela {window} dibuka, padahal giliran jendela {expected}."),
    "seed.early": N_(
        "Benih jendela {window} dibuka sebelum daftarnya ditutup: siapa pun yang tahu dapat memilih tempat."
    ),
    "seed.link": N_("Mata rantai benih jendela {window} bukan yang dijanjikan sebelum antrean dibuka."),
    "seed.wrong": N_("Benih jendela {window} bukan hasil mata rantai, daftar, dan suarnya: benih ditukar."),
    "seed.missing": N_("Dokumen benih jendela {window} tidak diumumkan."),
    "seed.forged": N_("Tanda tangan dokumen benih jendela {window} tidak sah."),
    "seed.changed": N_("Dokumen benih jendela {window} berbeda dari yang dicatat."),
    "seed.beacon": N_(
        "Suar jendela {window} ({beacon}) tidak lebih baru daripada daftarnya, atau tidak ada."
    ),
    "seed.beacon_unpromised": N_(
        "Benih jendela {window} dicampur suar ({beacon}) yang tidak dijanjikan aturan: operator dapat "
        "memilihnya."
    ),
    "frontier.back": N_("Batas panggilan jalur {lane} mundur ke ({window}, {x})."),
    "frontier.unknown": N_(
        "Batas panggilan jalur {lane} melewati jendela yang belum ditutup dan dibuka benihnya ({window})."
    ),
    "frontier.too_many": N_(
        "Batas panggilan melewati {people} orang sekaligus, padahal pada batas laju {cap} orang/menit paling "
        "banyak {most} boleh dipanggil."
    ),
    "frontier.after_closing": N_(
        "Batas panggilan masih maju sesudah antrean ditutup: siapa pun yang dipanggil dengan itu terlambat."
    ),
    "frontier.returners": N_(
        "Batas jalur yang kembali ({window}, {x}) melampaui siapa yang dipanggil {minutes} menit sebelumnya."
    ),
    "frontier.epoch": N_("Pengatur lama (masa {epoch}) masih menggerakkan batas sesudah masa {before}."),
    "frontier.stands": N_(
        "Batas panggilan berhenti {seconds} detik sementara orang menunggu, dan catatan tidak menyebut "
        "sebabnya."
    ),
    "rate.over_cap": N_("Laju {rate} orang/menit melampaui batas {cap}."),
    "rate.too_many": N_(
        "Lebih banyak orang masuk daripada yang diizinkan pintu pada laju {rate} orang/menit."
    ),
    "rate.halted": N_("Seseorang masuk ketika antrean dihentikan operator."),
    "claim.unlisted": N_(
        "Tiket yang masuk (jendela {window}, gerbang {gate}, nomor {sequence}) tidak ada dalam daftar: "
        "ia tidak pernah mengantre."
    ),
    "claim.late_unlogged": N_(
        "Tiket gerbang mati yang masuk (jendela {window}, gerbang {gate}, nomor {sequence}) tidak dicatat "
        "sebagai tiket susulan."
    ),
    "claim.not_called": N_(
        "Tiket yang masuk (jendela {window}, tempat {place}) belum dipanggil: ia mendahului orang lain."
    ),
    "claim.place": N_("Tempat yang dicatat ({told}) bukan tempat tiket itu di jendela {window} ({place})."),
    "claim.lane": N_("Yang masuk dicatat di jalur {lane}, padahal tempatnya di jalur lain."),
    "claim.before_rules": N_(
        "Orang ini dicatat masuk {seconds} detik sebelum aturan pertama dicatat: antrean belum ada."
    ),
    "claim.before_call": N_(
        "Orang ini dicatat masuk {seconds} detik sebelum tempatnya dipanggil: waktunya dimundurkan."
    ),
    "claim.logged_late": N_(
        "Orang ini baru dicatat {seconds} detik sesudah waktu masuknya, padahal tidak ada gangguan yang "
        "dicatat: waktunya dimundurkan."
    ),
    "claim.past_closing": N_(
        "Orang ini dicatat masuk sebelum antrean ditutup, tetapi baru dicatat {seconds} detik kemudian, "
        "sesudah ditutup, tanpa gangguan yang dicatat: ia masuk terlambat."
    ),
    "claim.in_future": N_(
        "Orang ini dicatat masuk {seconds} detik sesudah entrinya ditandatangani: waktunya dikarang."
    ),
    "claim.after_closing": N_("Orang ini masuk sesudah antrean ditutup."),
    "claim.twice": N_("Orang ini sudah masuk (entri {first})."),
    "claim.pass_twice": N_("Izin masuk ini sudah diberikan (entri {first})."),
    "late.gate_alive": N_(
        "Tiket susulan dari gerbang {gate} di jendela {window}, tetapi gerbang itu tidak dinyatakan mati."
    ),
    "late.death_afterwards": N_(
        "Gerbang {gate} baru dinyatakan mati di jendela {window} sesudah jendela itu ditutup: tiket "
        "susulannya bisa dibuat dengan benih yang sudah diketahui."
    ),
    "late.backdated": N_(
        "Tiket susulan di jendela {window} dibuat sesudah jendela itu berakhir: tanggalnya dimundurkan."
    ),
    "late.sequence": N_(
        "Nomor {sequence} gerbang {gate} pada tiket susulan sudah dipakai, atau diberikan di jendela lain."
    ),
    "operator.silent": N_("Tindakan operator tanpa nama atau tanpa alasan: {action}."),
    "operator.hidden": N_(
        "Sebelum ini semua orang boleh masuk tanpa antre, padahal ada yang menunggu, dan tidak dicatat bahwa "
        "operator mematikan antrean, atau bahwa jam pengatur tadinya terlalu cepat."
    ),
    "operator.bypass": N_("Seseorang masuk tanpa tempat dan tanpa alasan yang dicatat."),
    "certificate.not_joined": N_("Bukti antre untuk orang yang tidak pernah mengantre."),
    "certificate.let_in": N_("Bukti antre untuk orang yang sudah masuk (entri {claim})."),
    "certificate.twice": N_("Orang ini sudah punya bukti antre (entri {first})."),
    "certificate.early": N_("Bukti antre dibuat sebelum antrean ditutup."),
    "status.forged": N_("Tanda tangan status tidak sah."),
    "status.log": N_("Status menyebut catatan dengan {size} entri yang tidak cocok dengan catatan ini."),
    "status.frontier": N_("Batas panggilan dalam status berbeda dari yang dicatat pada entri {size}."),
    "status.state": N_("Status mengatakan keadaan antrean {told}, yang dicatat {logged}."),
    "status.untimely": N_(
        "Status mengatakan keadaan antrean {state}, yang menurut aturan tidak mungkin pada waktu itu."
    ),
    "status.closing": N_(
        "Status menyebut waktu penutupan atau panggilan terakhir yang berbeda dari aturan yang berlaku."
    ),
    "status.stalled": N_(
        "Status salah mengatakan apakah pembayaran dan kode berjalan: yang dicatat sebaliknya."
    ),
    "status.waiting": N_("Status menyebut {told} orang menunggu, menurut daftar dan catatan {logged}."),
    "status.joining": N_(
        "Status menghitung {told} tempat dalam jendela yang masih terbuka, tetapi daftarnya kemudian memuat "
        "{logged}."
    ),
    "status.called": N_("Status menyebut {told} orang sudah dipanggil, menurut daftar dan catatan {logged}."),
    "status.admitted": N_("Status menyebut {told} orang sudah masuk, yang dicatat {logged}."),
    "status.rate": N_(
        "Status menyebut laju {told} orang/menit, menurut aturan dan catatan antara {least} dan {most}."
    ),
    "status.fan": N_(
        "Perkiraan dalam status menjanjikan lebih banyak panggilan daripada yang diizinkan batas laju, atau "
        "berjalan mundur."
    ),
    "status.kept": N_(
        "Status menyebut {kept} dari {given} janji ditepati. Menurut catatan {due} janji sudah jatuh tempo, "
        "dan pemegang {in_time} di antaranya masuk tepat waktu."
    ),
    "status.words": N_(
        "Semua halaman antrean menampilkan kata-kata yang tidak dicatat sebagai tindakan operator."
    ),
    "status.poll": N_(
        "Status menyuruh halaman antrean mencari kabar hanya setiap {seconds} detik: orang dapat melewatkan "
        "giliran."
    ),
    "status.time": N_(
        "Waktu status menyimpang {seconds} detik dari waktu yang dicatat, dan tidak dicatat bahwa jam "
        "pengatur dibetulkan."
    ),
    "status.epoch": N_(
        "Status menyebut masa pengatur {told}, yang dicatat {logged}: halaman antrean mengabaikan status "
        "masa yang lebih lama."
    ),
    "bypass.too_many": N_(
        "Orang ini membeli tanpa tempat karena katanya sudah di dalam sebelum antrean mulai. Ketika itu "
        "dicatat bahwa paling banyak {stated} orang boleh begitu, dan sebanyak itu sudah membeli."
    ),
    "bypass.late": N_(
        "Orang ini membeli tanpa tempat karena katanya sudah di dalam sebelum antrean mulai. Itu hanya boleh "
        "sampai {minutes} menit sesudah antrean mulai."
    ),
    "bypass.general": N_(
        "Lebih banyak orang membeli di luar antrean daripada {share} orang per menit, seperti dalam aturan."
    ),
    "bypass.probe": N_(
        "Uji pembelian dari halaman status memesan di luar antrean lebih dari sekali dalam satu menit."
    ),
    "bypass.unknown": N_("Seseorang membeli tanpa tempat dengan alasan yang tidak dikenal aturan: {why}."),
    "state.no_act": N_(
        "Keadaan {state} disebut kehendak operator, tetapi catatan tidak memuat tindakan operator itu."
    ),
    "state.against_act": N_(
        "Keadaan {state} bertentangan dengan tindakan terakhir operator dalam catatan ({act})."
    ),
    "state.schedule": N_("Keadaan {state} tidak sesuai dengan jadwal dalam aturan."),
    "state.people_wait": N_(
        "Sejak ini semua orang boleh masuk tanpa antre, karena katanya tidak ada yang menunggu. Padahal ada "
        "orang yang belum dipanggil."
    ),
    "state.untold": N_("Aturan menjanjikan bahwa keadaan antrean dicatat, tetapi catatan tidak memuatnya."),
}

WARNINGS: Final[Mapping[str, str]] = {
    "rules.older_log": N_(
        "Aturan versi {version} berasal dari rilis lama. Selama aturan itu berlaku, keadaan antrean, jumlah "
        "yang dipanggil, dan waktu masuk tidak diperiksa."
    ),
    "claim.in_flight": N_(
        "{count} orang ({percent} persen dari semua) masuk untuk pesanan yang sudah dibayar. Catatan tidak "
        "membuktikan bahwa mereka punya pesanan seperti itu."
    ),
}
