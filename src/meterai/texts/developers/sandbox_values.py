"""What programs try in the sandbox: scenarios, and values that are refused."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.texts.mechanism.marks import N_


class ScenarioWords(msgspec.Struct, frozen=True):
    """A value of the header Meterai-Scenario."""

    name: str
    meaning: str
    end: str
    """State and code of the stamp at its end, as the API names them."""


class RefusedValue(msgspec.Struct, frozen=True):
    """A body that is refused everywhere, also outside of the sandbox."""

    operation: str
    body: str
    """JSON. An order of a stamp has `file` besides."""
    status: int
    code: str


SCENARIOS: Final = (
    ScenarioWords(
        "refused-file",
        N_("Berkas ditolak saat meterai dibuat. Meterai yang dipesan bebas lagi."),
        "refused sandbox.refused_file",
    ),
    ScenarioWords(
        "slow",
        N_("Meterai baru dibuat setelah enam detik, atau beberapa detik lebih lama."),
        "released",
    ),
    ScenarioWords(
        "signer-down",
        N_("Penanda tangan tidak menjawab selama tiga detik, lalu kami menyerah. Meterai bebas lagi."),
        "refused sandbox.signer_down",
    ),
    ScenarioWords(
        "webhook-lost",
        N_(
            "Meterai dibuat. Pesan pertama tentangnya hilang, dan dikirim lagi lima detik kemudian "
            "atau lebih."
        ),
        "released",
    ),
)
REFUSED_VALUES: Final = (
    RefusedValue("POST /api/v1/stamps", '{"file": "YnVrYW4gUERG"}', 422, "pdf.not_pdf"),
    RefusedValue(
        "POST /api/v1/stamps",
        '{"places": [{"by": "position", "position": "bottom-right", "page": 99}]}',
        422,
        "placement.page",
    ),
    RefusedValue(
        "POST /api/v1/stamps",
        '{"places": [{"by": "keyword", "keyword": "Tidak ada di sini"}]}',
        422,
        "placement.keyword_missing",
    ),
    RefusedValue(
        "POST /api/v1/stamps",
        '{"facts": {"liable": {"identity_type": "nik", "identity": "31730", "name": "Rina"}}}',
        422,
        "facts.identity",
    ),
    RefusedValue(
        "POST /api/v1/stamps",
        '{"document_id": "doc_01h455vb4pex5vsknk084sn02q", "file": null}',
        404,
        "api.unknown_id",
    ),
    RefusedValue("POST /api/v1/webhooks", '{"url": "https://contoh.id:99999/"}', 422, "webhook.url"),
)
