"""What is fuzzed: our own code that reads bytes of strangers, and what must hold for any bytes.

A target takes bytes and returns; an AssertionError, or any exception that the code under test doesn't name,
is a finding. `script/fuzz` drives them with coverage, `test_replay.py` with seeds and former findings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.fuzz import ambiguous, documents, genuine, messages, revisions, signatures


class Target(NamedTuple):
    """A property of some code, and bytes to begin with."""

    check: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


_NO_EDITS = [b"", b"\0\x00\x10\1x", b"\1\x50\x00\5abcde", b"\2\xff\xff\1\n", b"\3\x20\x00\4"]

TARGETS = {
    "der": Target(
        signatures.check_der,
        lambda: [genuine.sealed().cms, genuine.sealed().cms[:200], b"\x30\x03\x02\x01\x05"],
    ),
    "signed_data": Target(signatures.check_signed_data, lambda: [genuine.sealed().cms, genuine.token()]),
    "cms_form": Target(signatures.check_cms_form, lambda: [genuine.sealed().cms, genuine.token()]),
    "byte_range": Target(
        signatures.check_byte_range, lambda: [b"\0\0\0\0\0\5\0\0\x0b\0\0\6hello<00aa>%%EOF\n", bytes(20)]
    ),
    "page_box": Target(signatures.check_page_box, lambda: [bytes(range(28)), b"\x12\x34" * 14]),
    "inspection": Target(documents.check_inspection, documents.documents),
    "edited": Target(
        documents.check_inspection_of_edited, lambda: [bytes((n,)) + e for n in range(6) for e in _NO_EDITS]
    ),
    "light_check": Target(documents.check_light_check, lambda: _NO_EDITS),
    "verdict": Target(documents.check_verdict, lambda: _NO_EDITS),
    "verdict_of_anything": Target(documents.check_verdict_of_anything, documents.documents),
    "revisions": Target(revisions.check_revisions, revisions.seeds),
    "comparison": Target(revisions.check_comparison, revisions.seeds),
    "ambiguous": Target(ambiguous.check_ambiguous, ambiguous.seeds),
    "stamp_code": Target(
        messages.check_stamp_code, lambda: [genuine.sealed().code.encode(), b"HTTPS://X/C/000"]
    ),
    "serial": Target(messages.check_serial, messages.serial_seeds),
    "signer_wire": Target(messages.check_signer_wire, messages.wire_seeds),
    "jail_frames": Target(messages.check_jail_frames, messages.frame_seeds),
    "form": Target(messages.check_form, messages.form_seeds),
    "zip": Target(messages.check_zip, messages.zip_seeds),
}
