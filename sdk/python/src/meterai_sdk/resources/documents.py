"""Documents: PDFs that wait for stamps, or have them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Document, Profile


class Documents:
    """Uploads and reads documents."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def upload(
        self, document: Path | bytes, *, name: str = "", profile: Profile = "final", key: str | None = None
    ) -> Document:
        """Stores a PDF. It is checked, and places for a stamp are proposed. That uses no stamp."""
        content = document.read_bytes() if isinstance(document, Path) else document
        shown = name or (document.name if isinstance(document, Path) else None)
        stored: Document = self._calls.json(
            "POST",
            "/api/v1/documents",
            content=content,
            query={"name": shown, "profile": profile},
            headers={"Content-Type": "application/pdf", "Content-Digest": content_digest(content)},
            key=key,
        )
        return stored

    def read(self, document_id: str) -> Document:
        """A document as it is now."""
        stored: Document = self._calls.json("GET", f"/api/v1/documents/{document_id}")
        return stored

    def list(self, *, sha256: str | None = None) -> Iterator[Document]:
        """All documents, the newest first. `sha256`: only those whose uploaded file has this digest."""
        return self._calls.pages("/api/v1/documents", sha256=sha256)

    def download(self, document_id: str, to: Path) -> Path:
        """Writes the file to which stamps are added."""
        self._calls.download(f"/api/v1/documents/{document_id}/file", to)
        return to


def content_digest(content: bytes) -> str:
    """The digest by which the API knows that a body arrived whole (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
