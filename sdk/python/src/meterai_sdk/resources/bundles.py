"""Bundles: up to 100,000 documents that are named, uploaded side by side, and stamped together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from httpx import URL

from meterai_sdk.calls import Calls
from meterai_sdk.problems import Conflict, Unreachable
from meterai_sdk.shapes import Bundle, BundleFile, StampFacts, WantedPlace

_AT_ONCE: Final = 4
_BREAKS_MAX: Final = 10
_STARTED: Final = "bundle.started"
_MOVING: Final = ("stamping", "waiting_for_quota", "halted")


class Bundles:
    """Opens, fills and starts bundles, and fetches what came of them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def open(
        self,
        *,
        place: WantedPlace | None = None,
        sign_later: bool = False,
        stamp_again: bool = False,
        key: str | None = None,
    ) -> Bundle:
        """Opens a bundle. `place`: where each document gets its stamp; without it, where the API proposes."""
        order = {"place": place, "sign_later": sign_later, "stamp_again": stamp_again}
        opened: Bundle = self._calls.json("POST", "/api/v1/bundles", body=order, key=key)
        return opened

    def read(self, bundle_id: str) -> Bundle:
        """How far a bundle is."""
        bundle: Bundle = self._calls.json("GET", f"/api/v1/bundles/{bundle_id}")
        return bundle

    def upload(
        self,
        bundle_id: str,
        files: Mapping[str, Path],
        *,
        facts: Mapping[str, StampFacts] | None = None,
        at_once: int = _AT_ONCE,
    ) -> None:
        """Names files by their paths in the bundle, and uploads what is still expected, several at once.

        `facts`: what is known of documents, by the same paths. A collector has to say all of each.
        Call it again with the same files after a break: what came before is not sent again. That also does
        no harm when the bundle is started.
        """
        known = facts or {}
        lines = [_line(path, file, known.get(path)) for path, file in files.items()]
        try:
            self._name(bundle_id, lines)
        except Conflict as refusal:
            if refusal.code == _STARTED and self._has(bundle_id, lines):
                return
            raise
        with ThreadPoolExecutor(at_once) as pool:
            for done in [
                pool.submit(self._upload, bundle_id, file["id"], files[file["path"]])
                for file in self.files(bundle_id)
                if file["state"] == "expected" and file["path"] in files
            ]:
                done.result()

    def _name(self, bundle_id: str, lines: Sequence[Mapping[str, object]]) -> None:
        manifest = "\n".join(json.dumps(line) for line in lines).encode()
        headers = {"Content-Type": "application/x-ndjson"}
        self._calls.send("PUT", f"/api/v1/bundles/{bundle_id}/manifest", content=manifest, headers=headers)

    def _has(self, bundle_id: str, lines: Sequence[Mapping[str, object]]) -> bool:
        """Whether all of these files have come."""
        come = {(one["path"], one["sha256"]) for one in self.files(bundle_id) if one["state"] != "expected"}
        return all((line["path"], line["sha256"]) in come for line in lines)

    def _upload(self, bundle_id: str, file_id: str, file: Path) -> None:
        """Uploads a file from where its last upload broke off."""
        path, content = f"/api/v1/bundles/{bundle_id}/files/{file_id}", file.read_bytes()
        for broken in range(1, _BREAKS_MAX + 1):
            upload = self._calls.json("GET", path)
            if upload["file"]["state"] != "expected":  # it came whole: only the answer was lost
                return
            received = upload["received"]
            try:
                self._send(f"{path}/content", content[received:], received)
            except Unreachable:
                if broken == _BREAKS_MAX:
                    raise
            else:
                return

    def _send(self, path: str, piece: bytes, offset: int) -> None:
        if offset == 0:
            headers = {"Content-Type": "application/pdf"}
            self._calls.send("PUT", path, content=piece, headers=headers, again_if_lost=False)
        else:
            headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset)}
            self._calls.send("PATCH", path, content=piece, headers=headers, again_if_lost=False)

    def files(self, bundle_id: str) -> Iterator[BundleFile]:
        """The files of a bundle by path, with what came of each."""
        return self._calls.pages(f"/api/v1/bundles/{bundle_id}/files", limit=200)

    def start(
        self,
        bundle_id: str,
        *,
        documents: int | None = None,
        wait_for_quota: bool = False,
        key: str | None = None,
    ) -> Bundle:
        """Gives what is ready to stamping. `documents`: how many there are as far as you know.

        `wait_for_quota`: also with too little quota; the rest is stamped when there is more.
        """
        order = {"documents": documents, "wait_for_quota": wait_for_quota}
        path = f"/api/v1/bundles/{bundle_id}/start"
        bundle: Bundle = self._calls.json("POST", path, body=order, key=key)
        return bundle

    def wait(self, bundle_id: str, *, within_s: float = 3600) -> Bundle:
        """Waits until nothing is being stamped any more. Raises: TookTooLong; it goes on then."""
        bundle: Bundle = self._calls.wait(
            self.read(bundle_id),
            lambda: self.read(bundle_id),
            is_done=lambda one: one["state"] not in _MOVING,
            within_s=within_s,
        )
        return bundle

    def download(self, bundle_id: str, into: Path) -> list[Path]:
        """Writes the stamped files of a bundle into a folder, as ZIPs of up to 2,000 files each."""
        following, written = f"/api/v1/bundles/{bundle_id}/results.zip", list[Path]()
        while following:
            written.append(into / f"{bundle_id}-{len(written) + 1}.zip")
            links = self._calls.download(following, written[-1]).links
            following = URL(links["next"]["url"]).raw_path.decode() if "next" in links else ""
        return written

    def cancel(self, bundle_id: str) -> Bundle:
        """Stops a bundle. Stamps that are reserved already are made; nothing else is spent."""
        bundle: Bundle = self._calls.json("POST", f"/api/v1/bundles/{bundle_id}/cancel")
        return bundle


def _line(path: str, file: Path, facts: StampFacts | None) -> dict[str, object]:
    """A line of a manifest."""
    content = file.read_bytes()
    line = {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return line if facts is None else {**line, "facts": facts}
