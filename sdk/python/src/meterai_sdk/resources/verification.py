"""Asks whether documents and serial numbers are genuine. It needs no token."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

from meterai_sdk.calls import Calls
from meterai_sdk.problems import NotFound
from meterai_sdk.shapes import Judgement, SerialAnswer


class Verification:
    """Judges files and looks serial numbers up."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def judge(self, document: Path | bytes) -> Judgement:
        """Judges a PDF. It is only sent if its digest is not known: an unchanged one stays with you."""
        content = document.read_bytes() if isinstance(document, Path) else document
        try:
            return self.judge_digest(hashlib.sha256(content).hexdigest())
        except NotFound:
            headers = {"Content-Type": "application/pdf"}
            judged: Judgement = self._calls.json(
                "POST", "/api/v1/verifications", content=content, headers=headers, needs_token=False
            )
            return judged

    def judge_digest(self, sha256: str) -> Judgement:
        """Judges by the SHA-256 of the whole file. Raises: NotFound, which says nothing against it."""
        judged: Judgement = self._calls.json("GET", f"/api/v1/digests/{sha256}", needs_token=False)
        return judged

    def serial(self, number: str) -> SerialAnswer:
        """What the register knows of a serial number. Raises: NotFound."""
        path = f"/api/v1/serials/{quote(number, safe='')}"
        known: SerialAnswer = self._calls.json("GET", path, needs_token=False)
        return known
