"""Messages about stamping from quota that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

STAMPING_ENDS: Final[Mapping[str, Letter]] = {
    "stamped": Letter(
        N_("Dokumen Anda sudah bermeterai"),
        N_("Dokumen Anda sudah diberi meterai dari kuota. Unduh dokumennya di Meterai saya:\n{link}"),
    ),
    "refused": Letter(
        N_("Dokumen tidak dapat diberi meterai"),
        N_(
            "Dokumen Anda tidak dapat diberi meterai, dan kuotanya tidak terpakai. Alasannya, dan yang "
            "dapat dilakukan, ada di sini:\n{link}"
        ),
    ),
    "bundle": Letter(
        N_("Selesai: {stamped} dokumen sudah bermeterai"),
        N_("{stamped} dokumen sudah diberi meterai dari kuota Anda. Unduh semuanya di sini:\n{link}"),
    ),
    "bundle_partly": Letter(
        N_("Selesai dengan catatan: {stamped} dokumen sudah bermeterai"),
        N_(
            "{stamped} dokumen sudah diberi meterai dari kuota Anda. Yang tidak dapat diberi meterai: "
            "{refused}, dan kuotanya tidak terpakai. Unduh hasilnya dan lihat alasannya di sini:\n{link}"
        ),
    ),
}
