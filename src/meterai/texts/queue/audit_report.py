"""What the report of an audit says around its findings (`meterai queue audit`)."""

from __future__ import annotations

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
