"""What the report of an audit says around its findings (`meterai queue audit`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_

PASSES: Final = N_("LULUS")
FAILS: Final = N_("TIDAK LULUS")
LISTED: Final = N_("ada dalam daftar")
LATE: Final = N_("dihormati sebagai tiket susulan")
DEAD_GATE: Final = N_("gerbangnya mati, tiket dihormati")
OPEN: Final = N_("jendelanya belum ditutup")
MISSING: Final = N_("TIDAK ADA")
CHECK: Final = N_("pemeriksaan")
EXAMINED: Final = N_("diperiksa")
FINDINGS: Final = N_("temuan")
ENTRIES: Final = N_("entri, ujung")
WINDOWS: Final = N_("jendela")
PEOPLE: Final = N_("tiket, orang")
CALLED: Final = N_("dipanggil, terbanyak dalam semenit")
LET_IN: Final = N_("masuk menurut jalur")
BYPASSES: Final = N_("jalan pintas")
INSIDE_STATED: Final = N_("boleh terus tanpa tempat (was_inside)")
LATE_TICKETS: Final = N_("tiket susulan")
DEAD_GATES: Final = N_("gerbang mati")
CERTIFICATES: Final = N_("bukti antre")
PROMISES: Final = N_("janji")
OPERATOR_ACTIONS: Final = N_("tindakan operator")
WITH_BEACON: Final = N_("Benih dicampur suar publik.")
WITHOUT_BEACON: Final = N_("Tanpa suar publik, operator dipercaya dengan benih.")
UNREADABLE: Final = N_("Tidak dapat dibaca")
ENTRY: Final = N_("entri {number}")
TICKET: Final = N_("tiket")
KEY: Final = N_("kunci")
HEAD: Final = N_("ujung")
WARNING: Final = N_("perhatian")
HELD: Final = N_("ditahan")

CAUSES: Final[Mapping[str, str]] = {
    "planned": N_("menurut jadwal"),
    "operator": N_("kehendak operator"),
    "nobody_waits": N_("tidak ada yang menunggu"),
    "people_wait": N_("ada yang sudah mengambil tempat"),
    "more_than_rate": N_("yang datang lebih banyak daripada yang dapat dilayani"),
    "site_full": N_("situs penuh"),
    "asked_for": N_("operator meminta semua orang mengantre"),
    "site_silent": N_("situs tidak melapor"),
    "cannot_buy": N_("kode atau pembayaran tidak berjalan"),
    "no_stamps": N_("meterai habis"),
    "draw_late": N_("undian berikutnya terlambat"),
    "door_full": N_("yang dipanggil masih menunggu di pintu"),
    "calling": N_("orang dipanggil"),
    "controller_away": N_("pengatur antrean tidak berjalan"),
}
