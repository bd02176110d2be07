"""What each scope allows a client of the API."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.marks import N_

SCOPE_WORDS: Final = {
    "documents:write": N_("mengunggah dokumen"),
    "documents:read": N_("membaca dan mengunduh dokumen"),
    "stamps:write": N_("memberi meterai"),
    "stamps:read": N_("membaca pembubuhan dan mengunduh hasilnya"),
    "bundles:write": N_("membuat dan memulai bundel"),
    "bundles:read": N_("membaca bundel dan hasilnya"),
    "quota:read": N_("membaca stok dan kredit"),
    "quota:move": N_("meneruskan dan mengembalikan meterai"),
    "organisations:read": N_("membaca organisasi"),
    "organisations:write": N_("menambah dan mengubah organisasi di bawahnya"),
    "events:read": N_("membaca peristiwa"),
    "webhooks:write": N_("mengatur webhook"),
    "reports:read": N_("meminta laporan"),
    "usage:read": N_("membaca pemakaian"),
}
