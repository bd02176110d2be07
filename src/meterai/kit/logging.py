"""Logs: one JSON object per line on stderr, without tokens, codes or contacts.

Code must not log personal data. What slips in with the text of an error is blotted out here.
"""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import msgspec
import structlog

from meterai.kit.tracing.spans import current_trace_id

_SECRET_KEYS: Final = frozenset(
    {
        "token",
        "password",
        "secret",
        "code_text",
        "cookie",
        "authorization",
        "server_key",
        "email",
        "phone",
        "nik",
    }
)
# Each begins at a word and has a limited length: otherwise a long text takes quadratic time.
_PATTERNS: Final = (
    # /p/{token}, /pesanan/{token}, /unduh/{token}, /undangan/{token}: the link is the right
    (re.compile(r"(/(?:p|pesanan|order|unduh|undangan|saya|pay)/)[A-Za-z0-9_\-]{16,}"), r"\1…"),
    (re.compile(r"(/t/)[A-Za-z0-9_\-]{128}"), r"\1…"),  # a ticket: its holder has the place in line
    (re.compile(r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}\b"), "…@…"),
    (re.compile(r"(?<![\w.\-])(?:\+62|62|0)8\d{7,12}\b"), "08…"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9._~+/=\-]{8,}"), r"\1 …"),
    (re.compile(r"(?<!\w)(\w+://[^:/@\s]{1,300}:)[^@\s]{1,300}@"), r"\1…@"),
)


def blot(text: str) -> str:
    """`text` without link tokens, e-mail addresses, phone numbers, credentials and passwords in addresses."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def set_up_logging(level: str = "INFO") -> None:
    """JSON lines to stderr from `level` on, for structlog and for libraries that use `logging`.

    Raises: ValueError for an unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"METERAI_LOG_LEVEL: unknown level {level}")
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
        _name_trace,
    ]
    structlog.configure(
        processors=[*before, structlog.processors.JSONRenderer(serializer=_encode)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Lines(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_encode),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


class _Lines:
    """A stream that loses lines while the disk is full, so that no work fails for want of a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _redact(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: "…" if key in _SECRET_KEYS else _redacted(value) for key, value in event.items()}


def _name_trace(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Says in which trace a line was written, where traces are on (`kit.tracing`)."""
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return blot(value)
        case dict():
            return _redact(None, "", cast("dict[str, Any]", value))
        case list() | tuple():
            return [_redacted(item) for item in value]
        case BaseException():
            return blot(repr(value))
        case _:
            return value


def _encode(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=lambda value: blot(repr(value))).decode()
