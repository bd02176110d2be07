"""Stamps: one call stamps one document."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import OwnSerial, Profile, Scenario, Stamp, StampFacts, WantedPlace

_ANSWER_WAIT_S: Final = 10


class Stamps:
    """Orders stamps, waits for them and fetches stamped files."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create(
        self,
        document: Path | bytes | str,
        *,
        places: Sequence[WantedPlace] | None = None,
        facts: StampFacts | None = None,
        name: str = "",
        profile: Profile = "final",
        again: bool = False,
        scenario: Scenario | None = None,
        key: str | None = None,
    ) -> Stamp:
        """Stamps a document: a file, its bytes, or the id of one that is stored.

        `places`: one for each stamp; without it, one where the API proposes it. `again`: also if the file
        carries a stamp already. The answer comes when the stamp is made, after ten seconds at the latest. See
        its `state`, or `wait` for it. `scenario`: the trouble that it meets, in a sandbox only.
        """
        order = _named(document, name, profile) | {"places": places, "facts": facts, "again": again}
        headers = {"Prefer": f"wait={_ANSWER_WAIT_S}"}
        if scenario is not None:
            headers["Meterai-Scenario"] = scenario
        made: Stamp = self._calls.json(
            "POST",
            "/api/v1/stamps",
            body={field: value for field, value in order.items() if value is not None},
            headers=headers,
            key=key,
        )
        return made

    def read(self, stamp_id: str) -> Stamp:
        """A stamp as it is now."""
        stamp: Stamp = self._calls.json("GET", f"/api/v1/stamps/{stamp_id}")
        return stamp

    def list(self, *, document_id: str | None = None) -> Iterator[Stamp]:
        """All stamps, the newest first. `document_id`: only those of one document."""
        return self._calls.pages("/api/v1/stamps", document_id=document_id)

    def wait(self, stamp: Stamp, *, within_s: float = 300) -> Stamp:
        """Waits until a stamp is released or refused. Raises: TookTooLong; it is still made then."""
        ended: Stamp = self._calls.wait(
            stamp,
            lambda: self.read(stamp["id"]),
            is_done=lambda one: one["ended_at"] is not None,
            within_s=within_s,
        )
        return ended

    def serial(self, number: str) -> OwnSerial:
        """A serial number of your organisation, or of one below it, with its stamp. Raises: NotFound."""
        path = f"/api/v1/organisation/serials/{quote(number, safe='')}"
        found: OwnSerial = self._calls.json("GET", path)
        return found

    def download(self, stamp_id: str, to: Path) -> Path:
        """Writes the stamped file. Raises: Conflict while it is not released."""
        self._calls.download(f"/api/v1/stamps/{stamp_id}/file", to)
        return to


def _named(document: Path | bytes | str, name: str, profile: Profile) -> dict[str, object]:
    """What an order says of its document. The profile is that of a file: a stored document has its own."""
    if isinstance(document, str):
        return {"document_id": document}
    content = document.read_bytes() if isinstance(document, Path) else document
    shown = name or (document.name if isinstance(document, Path) else "dokumen.pdf")
    return {"file": base64.b64encode(content).decode(), "name": shown, "profile": profile}
