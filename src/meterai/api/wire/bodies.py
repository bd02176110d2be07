"""Reads what clients in the field send, however they send it, into texts by name.

JSON under any media type, forms, multipart forms, bodies on GET, numbers for texts and texts for numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope, Receive

from meterai.api.conventions.bodies import chunks_of, header
from meterai.api.conventions.operations import JSON_BYTES_MAX
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.body_budget import read_body
from meterai.kit.http.form_reader import DRAIN_BYTES_MAX, FormLimits, Upload, read_form
from meterai.pdf.limits import DEFAULT_LIMITS

_FIELDS_MAX: Final = 200
_ONE_FILE: Final = FormLimits(files_max=1, file_bytes_max=DEFAULT_LIMITS.file_bytes_max)
_EXACT: Final = 1e15
"""Below it every whole number is exact as a float."""
_NO_TEXT: Final = ("application/timestamp-query",)
_YES: Final = ("true", "1", "yes", "y", "t", "on")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says, in its query and its body. The body counts where both name a thing."""

    texts: Mapping[str, str]
    """The values that are texts, numbers or booleans, trimmed. Empty: null."""
    tree: Mapping[str, Any]
    """The JSON object as it was sent, for what is nested in it."""
    raw: bytes = b""
    """The whole body, where it is no multipart form."""
    uploads: tuple[Upload, ...] = ()

    def text(self, name: str) -> str:
        """A field; empty when it is missing or null."""
        return self.texts.get(name, "")

    def is_true(self, name: str) -> bool:
        """Whether a field says yes: true, "true", 1, "1"."""
        return self.text(name).lower() in _YES

    def needed(self, *names: str) -> None:
        """Raises: Refusal INVALID `wire.field_missing`, with the first of these fields that is empty."""
        for name in names:
            if not self.text(name):
                raise Refusal(Kind.INVALID, "wire.field_missing", field=name)


async def read_said(scope: HTTPScope, receive: Receive, *, bytes_max: int = JSON_BYTES_MAX) -> Said:
    """Reads query and body. `bytes_max`: of a body that is no multipart form.

    Raises: Refusal MALFORMED `wire.unreadable`, `api.body_cut`; INVALID `wire.characters`; TOO_LARGE
    `api.body_too_large`; as `read_form`.
    """
    query = _pairs(scope["query_string"])
    kind = header(scope, b"content-type")
    if _kind(kind) == "multipart/form-data":
        form = await read_form(kind, chunks_of(receive, DRAIN_BYTES_MAX), _ONE_FILE)
        uploads = tuple(one for files in form.files.values() for one in files)
        return Said(texts=_checked(query | form.fields), tree={}, uploads=uploads)
    raw = await read_body(chunks_of(receive, bytes_max))
    if _kind(kind) in _NO_TEXT:
        return Said(texts=_checked(query), tree={}, raw=raw)
    tree = _tree(raw)
    texts = {name: _text(value) for name, value in tree.items()} if tree is not None else _pairs(raw)
    return Said(texts=_checked(query | texts), tree=tree or {}, raw=raw)


def texts_of(tree: Mapping[str, Any]) -> Mapping[str, str]:
    """The texts of an object within a body. Raises: Refusal INVALID `wire.characters`."""
    return _checked({name: _text(value) for name, value in tree.items()})


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _tree(raw: bytes) -> dict[str, Any] | None:
    """The JSON object of a body. None: it is a form, or empty."""
    begins = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begins.startswith((b"{", b"[")):
        return None
    try:
        return read_json(begins, dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Refusal(Kind.MALFORMED, "wire.unreadable") from error


def _pairs(raw: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(
                raw.decode("utf-8", "replace"),
                keep_blank_values=True,
                max_num_fields=_FIELDS_MAX,
                errors="replace",
            )
        )
    except ValueError as error:
        raise Refusal(Kind.MALFORMED, "wire.unreadable") from error


def _text(value: Any) -> str:
    """A value as a text. Empty for null, lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, int):
        return str(value)  # msgspec reads no more digits than Python writes
    return value if isinstance(value, str) else ""


def _checked(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Trims texts, and refuses those that no database takes."""
    for name, text in texts.items():
        if "\x00" in text or "\x00" in name:
            shown = "".join(sign for sign in name if sign.isprintable())[:40]
            raise Refusal(Kind.INVALID, "wire.characters", field=shown)
    return {name: text.strip() for name, text in texts.items()}
