"""Static files. They are named by a hash of their content, compressed at start, and cached for a year.

The picture of a stamp is no file: it is drawn by what draws the stamps of documents.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from meterai.kit.http import work_demand
from meterai.stamping.stamp_face.sample_stamp import draw_sample
from meterai.stamping.stamp_face.svg_picture import svg_of

FOLDER = Path(__file__).parents[1] / "static"
STAMP = "contoh.svg"
"""The picture of a stamp, marked as a sample."""
_WORK_SCRIPTS = Path(work_demand.__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
}
_ADDRESS = re.compile(r"/aset/([\w.-]+)\.[0-9a-f]{12}(\.\w+)")
_URL = re.compile(r'url\("([\w.-]+)"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, plain and gzipped."""

    content_type: str
    plain: bytes
    packed: bytes


class Assets:
    """All static files by address. Pages link to `address("site.css")`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.by_address: dict[str, Asset] = {}
        self._addresses: dict[str, str] = {}
        found = (*folder.rglob("*"), *_WORK_SCRIPTS.iterdir())
        files = [path for path in found if path.suffix in _TYPES]
        for path in sorted(files, key=lambda path: (path.suffix == ".css", path.name)):
            self._take(path.name, path.read_bytes())
        self._take(STAMP, svg_of(draw_sample()).encode())

    def address(self, name: str) -> str:
        """The hashed address of a static file. Raises: KeyError for an unknown name."""
        return self._addresses[name]

    def of_another_release(self, address: str) -> Asset | None:
        """The current content of a file that is asked for under the hash of another release.

        Pages that were opened before an upgrade do so. None when there is no file of this name.
        """
        found = _ADDRESS.fullmatch(address)
        known = self._addresses.get(found[1] + found[2]) if found else None
        return self.by_address[known] if known else None

    def _take(self, name: str, plain: bytes) -> None:
        stem, _, ending = name.rpartition(".")
        if ending == "css":
            plain = _URL.sub(self._relink, _squeeze(plain.decode())).encode()
        digest = hashlib.sha256(plain).hexdigest()[:12]
        address = f"/aset/{stem}.{digest}.{ending}"
        self._addresses[name] = address
        self.by_address[address] = Asset(
            _TYPES[f".{ending}"], plain, gzip.compress(plain, compresslevel=9, mtime=0)
        )

    def _relink(self, match: re.Match[str]) -> str:
        return f'url("{self._addresses[match[1]]}")'


def _squeeze(css: str) -> str:
    """Removes comments and indentation; the rest stays as written."""
    without = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return "\n".join(line.strip() for line in without.splitlines() if line.strip())
