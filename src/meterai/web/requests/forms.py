"""Forms of pages: what `kit/http/form_reader.py` keeps of them, and what stands in their fields."""

from __future__ import annotations

from uuid import UUID

from meterai.kit.http.form_reader import (
    DRAIN_BYTES_MAX,
    FIELD_BYTES_MAX,
    FIELDS_MAX,
    PLAIN_BYTES_MAX,
    Form,
    FormLimits,
    Upload,
    read_form,
)
from meterai.pdf.limits import DEFAULT_LIMITS

__all__ = [
    "DRAIN_BYTES_MAX",
    "FIELDS_MAX",
    "FIELD_BYTES_MAX",
    "PLAIN_BYTES_MAX",
    "Form",
    "FormLimits",
    "Upload",
    "read_form",
]
FILE_BYTES_MAX = DEFAULT_LIMITS.file_bytes_max
FILES_MAX = 10
DOCUMENTS = FormLimits(files_max=FILES_MAX, file_bytes_max=FILE_BYTES_MAX)
ONE_DOCUMENT = FormLimits(files_max=1, file_bytes_max=FILE_BYTES_MAX)


def position_named(text: str) -> int:
    """The position, from 1, that a form or an address names; else that of the first one."""
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def id_in(text: str) -> UUID | None:
    """The id that a form or an address names; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
