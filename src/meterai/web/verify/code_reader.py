"""The page that reads 2-D codes in the browser, and the public keys with which it checks them.

Both are the same for everyone. They are made at start from the trust folder (docs/stamp-code.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from meterai.signatures.stamp_code import VERSION
from meterai.texts.mechanism.languages import languages
from meterai.web.pages.cached_pages import CachedPages, cache_page
from meterai.web.pages.templates import Pages
from meterai.web.requests.visits import Visit

PAGE = "/periksa/kode"
KEYS = "/periksa/kode/kunci.json"


def code_reader_pages(pages: Pages, code_keys: Mapping[int, str]) -> CachedPages:
    """Makes the page in each language and the list of keys. `code_keys`: Ed25519 public keys by id, in
    hex.
    """
    keys = dict(sorted(code_keys.items()))
    listed = cache_page(_published(keys), content_type=b"application/json")
    made = {}
    for language in languages():
        body = pages.render(Visit(language, PAGE, "", ""), "code_reader.html", keys=keys)
        made[language, PAGE] = cache_page(body, reads_codes=True)
        made[language, KEYS] = listed
    return made


def _published(keys: Mapping[int, str]) -> bytes:
    entries = [{"id": key_id, "algorithm": "Ed25519", "public_key": key} for key_id, key in keys.items()]
    listed = {"format": "meterai.stamp-code", "version": VERSION, "keys": entries}
    return msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n"
