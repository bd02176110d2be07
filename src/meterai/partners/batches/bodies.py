"""The message about a document of a batch: sent by POST, and again when a client asks for a lost one."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from meterai.partners.batches.model import BatchDocument
from meterai.texts.mechanism.translation import translate
from meterai.texts.wire_batches import NO_QUOTA, RETURNED

_STAMPED: Final = ("released", "used")
_RETURNED: Final = "annulled"


def result_of(document: BatchDocument, image: str) -> dict[str, Any]:
    """What is said of a document. `image`: base64 of the picture of its stamp, empty without one."""
    result = {
        "serialNumber": document.serial or "",
        "qrImage": image,
        "status": status_of(document),
        "batchId": str(document.batch_id),
        "procId": document.proc_id,
        "document": document.said,
    }
    trouble = _trouble(document)
    return result | ({"err": in_both_languages(trouble)} if trouble else {})


def body_of(document: BatchDocument, image: str) -> bytes:
    """The body of the POST about a document."""
    return msgspec.json.encode({"result": result_of(document, image)})


def status_of(document: BatchDocument) -> str:
    """The state of a document in the words of the wire, and FAILED where it got no serial number."""
    if document.serial is None:
        return "FAILED"
    if document.serial_state == _RETURNED:
        return "RETURNED"
    return "STAMP" if document.serial_state in _STAMPED else "NOTSTAMP"


def in_both_languages(sentence: str, **facts: object) -> str:
    """A sentence on one line: Indonesian, then English."""
    return " / ".join(translate(sentence, language, facts) for language in ("id", "en"))


def _trouble(document: BatchDocument) -> str:
    if document.serial is None:
        return NO_QUOTA
    return RETURNED if document.serial_state == _RETURNED else ""
