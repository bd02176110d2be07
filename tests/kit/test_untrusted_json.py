"""JSON that others sent: whatever is not of the form is one error."""

from __future__ import annotations

import msgspec
import pytest

from meterai.kit.formats.untrusted_json import read_json


class _Said(msgspec.Struct, frozen=True):
    word: str = ""


def test_what_is_of_the_form_is_read() -> None:
    assert read_json('{"word": "é", "more": [[]]}'.encode(), _Said) == _Said(word="é")


@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>", b"[1]", b'{"word": 1}', b'{"word": "\xff"}', b'{"more": ' + b"[" * 16_000],
    ids=["nothing", "a page", "another form", "another type", "no UTF-8", "brackets"],
)
def test_what_is_not_is_one_error(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_json(raw, _Said)
