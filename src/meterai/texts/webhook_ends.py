"""Messages to owners of an organisation about a webhook that was disabled, by the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.marks import N_

WEBHOOK_ENDS: Final[Mapping[str, Letter]] = {
    "gone": Letter(
        N_("Webhook di {host} kami nonaktifkan"),
        N_(
            "Server {host} menjawab 410: alamat itu sudah tidak dipakai. Karena itu webhook {id} kami "
            "nonaktifkan. Peristiwanya tetap tercatat dan dapat dibaca lewat API. Bila alamat itu masih "
            "dipakai, minta tim teknis Anda mengaktifkan webhook-nya lagi, lalu mengirim ulang pesannya."
        ),
    ),
    "failing": Letter(
        N_("Webhook di {host} kami nonaktifkan"),
        N_(
            "Sudah lima hari server {host} tidak menerima satu pesan pun. Karena itu webhook {id} kami "
            "nonaktifkan. Peristiwanya tetap tercatat dan dapat dibaca lewat API. Minta tim teknis Anda "
            "memperbaiki servernya, mengaktifkan webhook-nya lagi, lalu mengirim ulang pesannya."
        ),
    ),
}
