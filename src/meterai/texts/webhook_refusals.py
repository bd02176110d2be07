"""What a partner's program reads when something about a webhook is refused."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

WEBHOOK_REFUSALS: Final[dict[str, Explanation]] = {
    "webhook.url": Explanation(
        N_("Alamat webhook ini tidak dapat dipakai."),
        N_("Pakai alamat https di internet, tanpa nama pengguna dan tanpa tanda #."),
    ),
    "webhook.too_many": Explanation(
        N_("Organisasi ini sudah mempunyai {maximum} webhook."),
        N_("Hapus webhook yang tidak dipakai, lalu coba lagi."),
        facts={"maximum": 20},
    ),
    "webhook.disabled": Explanation(
        N_("Webhook ini sedang tidak aktif."), N_("Aktifkan webhook ini, lalu coba lagi.")
    ),
}
