"""What a client says of its documents, and how it asks for signatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

NAME: Final = "Rina Wijaya"


def facts_of(name: str) -> dict[str, Any]:
    """What a client says of a document, in the words of the wire."""
    return {
        "namadoc": "3",
        "namafile": name,
        "nilaidoc": "10000",
        "namejidentitas": "KTP",
        "noidentitas": "3171234567890123",
        "namedipungut": NAME,
        "nodoc": "0",
        "tgldoc": f"{datetime.now(UTC) + timedelta(hours=7):%Y-%m-%d}",
    }


def order_of(*, level: str = "NOT_CERTIFIED", retry: bool = False) -> dict[str, Any]:
    """How a client asks for a signature. Its box is inverted, as many in the field are."""
    return {
        "certificatelevel": level,
        "spesimenPath": "/sharefolder/spesimen.jpg",
        "location": "JAKARTA",
        "reason": "Dokumen",
        "profileName": "emeteraicertificateSigner",
        "visLLX": 460,
        "visLLY": 170.5,
        "visURX": 540,
        "visURY": 90.5,
        "visSignaturePage": 1,
        **({"retryFlag": "1"} if retry else {}),
    }
