"""Words about incidents: severity, state, and the parts of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_
from meterai.texts.service_states import PARTS, Part

SEVERITIES: Final[Mapping[str, str]] = {
    "minor": N_("Gangguan ringan"),
    "major": N_("Gangguan"),
    "critical": N_("Gangguan berat"),
}
AUDIENCES: Final[Mapping[str, str]] = {
    "all": N_("Semua orang"),
    "event": N_("Pengunjung suatu acara"),
    "line": N_("Orang dalam antrean suatu acara"),
    "partners": N_("Mitra"),
}
INCIDENT_STATES: Final[Mapping[str, str]] = {
    "investigating": N_("Sebabnya sedang dicari"),
    "identified": N_("Sebabnya diketahui"),
    "watching": N_("Sudah diperbaiki, masih dipantau"),
    "resolved": N_("Selesai"),
}
COMPONENTS: Final[Mapping[str, str]] = {
    "site": PARTS[Part.SITE],
    "payment": PARTS[Part.PAYMENT],
    "stamping": PARTS[Part.STAMPING],
    "line": PARTS[Part.QUEUE],
    "messages": N_("Email dan WhatsApp"),
    "verification": PARTS[Part.VERIFICATION],
    "partners": N_("API mitra"),
}
