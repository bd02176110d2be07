"""Messages to people in line who asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

REMINDERS: Final[Mapping[str, Letter]] = {
    "near": Letter(
        N_("Giliran Anda hampir tiba"),
        N_("Giliran Anda di antrean {event} diperkirakan tiba dalam {minutes} menit."),
    ),
    "called": Letter(
        N_("Giliran Anda"),
        N_(
            "Giliran Anda di antrean {event} sudah tiba. Masuklah dalam {claim_minutes} menit. Lewat dari "
            "itu Anda tetap boleh masuk, di jalur bagi yang terlambat."
        ),
    ),
    "called_at_the_end": Letter(
        N_("Giliran Anda"),
        N_(
            "Giliran Anda di antrean {event} sudah tiba. Masuklah sekarang juga: antrean ditutup pukul "
            "{until}, dan sesudah itu Anda tidak dapat masuk lagi."
        ),
    ),
    "called_after_closing": Letter(
        N_("Giliran Anda"),
        N_(
            "Giliran Anda di antrean {event} sudah tiba. Masuklah dalam {claim_minutes} menit. Lewat dari "
            "itu antrean mungkin sudah ditutup bagi Anda."
        ),
    ),
    "free": Letter(
        N_("Anda boleh masuk sekarang"),
        N_("Di {event} tidak perlu mengantre lagi: Anda boleh masuk sekarang."),
    ),
    "called_and_closed": Letter(
        N_("Antrean sudah ditutup"),
        N_(
            "Antrean {event} sudah ditutup. Giliran Anda sempat tiba, tetapi kami tidak sempat mengabari "
            "Anda. Buka tautan ini paling lambat pukul {until}; di sana Anda diberi tahu apakah Anda bisa "
            "mengambil bukti antre."
        ),
    ),
    "closed": Letter(
        N_("Antrean sudah ditutup"),
        N_(
            "Antrean {event} ditutup sebelum giliran Anda. Buka tautan ini paling lambat pukul {until}; "
            "di sana Anda dapat mengambil bukti bahwa Anda masih mengantre."
        ),
    ),
}
MAY_GO_ON: Final = N_(
    "Bila pendaftaran diperpanjang, antrean dapat dibuka lagi dan tempat Anda tetap berlaku. Kami "
    "tidak mengabari lagi: lihatlah tautan di atas."
)
"""Below the news that the queue has closed."""
STOP: Final = N_("Tidak ingin dikabari lagi? {link}")
"""Below the news that a turn is near."""
