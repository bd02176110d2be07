"""Reads forms, urlencoded and multipart. Every limit holds while the bytes arrive.

A body over its limit is read to its end (up to `DRAIN_BYTES_MAX`) but not kept: a browser shows the answer
only after it has sent everything. Beyond `DRAIN_BYTES_MAX` the connection is cut.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.display import own_name
from meterai.kit.http.body_budget import PROCESS_BUDGET, ArrivingBody, BodyBudget, arriving

FIELD_BYTES_MAX = 4096
FIELDS_MAX = 60
PLAIN_BYTES_MAX = 64 * 1024
DRAIN_BYTES_MAX = 160 * 1024 * 1024
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")


@dataclass(frozen=True, slots=True)
class FormLimits:
    """How much of a form is kept. The default keeps no file."""

    files_max: int = 0
    file_bytes_max: int = 10 << 20
    kept_bytes_max: int = 100 << 20
    """Of all files together. Files beyond it count as too large."""
    budget: BodyBudget = PROCESS_BUDGET
    """Shared with other forms that arrive at the same time."""


@dataclass(slots=True)
class Upload:
    """A file as it was sent, under its own name. When it is `too_large` its content is empty."""

    name: str
    content: bytearray = field(default_factory=bytearray)
    too_large: bool = False


@dataclass(slots=True)
class Form:
    """The fields and files of a form. The last value of a repeated field counts."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The trimmed text of a field; empty when the field is missing."""
        return self.fields.get(name, "").strip()

    def number(self, name: str, default: int = 0) -> int:
        """The whole number that a person typed, such as `1250` or `1.250`. `default` for any other text, such
        as `2.00`.
        """
        text = self.text(name).replace(" ", "")
        if _THOUSANDS.fullmatch(text):
            text = text.replace(".", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def uploads(self, name: str) -> list[Upload]:
        """The files chosen in a field, without the empty part that browsers send when no file is chosen."""
        return [u for u in self.files.get(name, []) if u.name or u.content or u.too_large]


async def read_form(
    content_type: str, chunks: AsyncIterator[bytes], limits: FormLimits = FormLimits()
) -> Form:
    """Reads a whole form.

    Raises: Refusal `form.unreadable` when the body is not a form or arrives too slowly; `form.too_large` or
    `form.too_many_files` beyond the limits; BUSY `form.busy` when too much else is arriving.
    """
    kind, options = parse_options_header(content_type)
    if kind == "multipart/form-data" and options.get("boundary"):
        return await _read_multipart(options["boundary"], chunks, limits)
    if kind in ("application/x-www-form-urlencoded", ""):
        return await _read_urlencoded(chunks, limits)
    raise Refusal(Kind.INVALID, "form.unreadable")


async def _read_urlencoded(chunks: AsyncIterator[bytes], limits: FormLimits) -> Form:
    body = bytearray()
    async with arriving(limits.budget, body.clear) as one:
        async for chunk in chunks:
            one.note_received(len(chunk))
            body += chunk
            if len(body) > PLAIN_BYTES_MAX:
                raise _too_large(limits)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Refusal(Kind.INVALID, "form.unreadable") from error
    return Form(fields=dict(pairs))


async def _read_multipart(boundary: str, chunks: AsyncIterator[bytes], limits: FormLimits) -> Form:
    form = Form()
    keeper = _Keeper(form, limits)
    received = 0
    try:
        with PushMultipartParser(
            boundary,
            max_segment_size=DRAIN_BYTES_MAX,
            max_segment_count=FIELDS_MAX + limits.files_max,
            header_charset="latin-1",  # takes every byte; `_read_name` reads them
        ) as parser:
            async with arriving(limits.budget, keeper.forget) as one:
                async for chunk in chunks:
                    one.note_received(len(chunk))
                    received += len(chunk)
                    if received > DRAIN_BYTES_MAX:
                        raise _too_large(limits)
                    for event in parser.parse(chunk):
                        if not one.is_dropped:
                            keeper.take(event, one)
    except MultipartError as error:
        raise Refusal(Kind.INVALID, "form.unreadable") from error
    return form


def _too_large(limits: FormLimits) -> Refusal:
    return Refusal(Kind.INVALID, "form.too_large", file_bytes_max=limits.file_bytes_max)


class _Keeper:
    """Sorts what the multipart parser finds into fields and files, within the limits."""

    def __init__(self, form: Form, limits: FormLimits) -> None:
        self.form = form
        self.limits = limits
        self.kept_bytes = 0
        self.segment: MultipartSegment | None = None
        self.upload: Upload | None = None
        self.value = bytearray()

    def take(self, event: MultipartSegment | bytes | bytearray | None, one: ArrivingBody) -> None:
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is None:
            self._end()
        else:
            one.keep(self._add(event))

    def forget(self) -> None:
        """Forgets all fields and files."""
        self.form.fields.clear()
        self.form.files.clear()
        self.segment, self.upload, self.value = None, None, bytearray()

    def _begin(self, segment: MultipartSegment) -> None:
        self.segment, self.upload, self.value = segment, None, bytearray()
        if segment.filename is not None:
            if sum(len(files) for files in self.form.files.values()) >= self.limits.files_max:
                raise Refusal(Kind.INVALID, "form.too_many_files", maximum=self.limits.files_max)
            self.upload = Upload(name=own_name(_read_name(segment.filename)))
            self.form.files.setdefault(segment.name, []).append(self.upload)

    def _add(self, chunk: bytes | bytearray) -> int:
        """Keeps a piece. Returns by how many bytes that changes what is kept."""
        if self.upload is None:
            self.value += chunk
            if len(self.value) > FIELD_BYTES_MAX:
                raise _too_large(self.limits)
            return len(chunk)
        if self.upload.too_large:
            return 0
        before = self.kept_bytes
        self.upload.content += chunk
        self.kept_bytes += len(chunk)
        limits = self.limits
        if len(self.upload.content) > limits.file_bytes_max or self.kept_bytes > limits.kept_bytes_max:
            self.kept_bytes -= len(self.upload.content)
            self.upload.too_large, self.upload.content = True, bytearray()
        return self.kept_bytes - before

    def _end(self) -> None:
        if self.segment is not None and self.upload is None:
            self.form.fields[self.segment.name] = self.value.decode("utf-8", "replace")
        self.segment = None


def _read_name(name: str) -> str:
    """Decodes a file's name: UTF-8, as browsers send it, else Windows-1252, as old programs do."""
    raw = name.encode("latin-1", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
