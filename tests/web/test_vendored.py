"""Files of other projects that the site serves are the same as in their packages."""

from __future__ import annotations

import hashlib
import json

from meterai.web.pages.assets import FOLDER

VENDORED = FOLDER / "vendored"
MANIFEST = json.loads((VENDORED / "manifest.json").read_text())
ENTRIES = [entry for package in MANIFEST["packages"] for entry in package["files"]]


def test_every_vendored_file_is_the_one_that_the_manifest_names() -> None:
    for entry in ENTRIES:
        content = (VENDORED / entry["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])


def test_nothing_lies_there_that_the_manifest_does_not_name() -> None:
    known = {entry["file"] for entry in ENTRIES} | {"manifest.json", "licence_apache.txt"}
    assert {path.name for path in VENDORED.iterdir()} == known
