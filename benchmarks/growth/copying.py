"""Rows in PostgreSQL's binary COPY format, made many at a time: what changes between rows are numpy arrays.

Source: PostgreSQL's documentation of COPY, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.void]
"""One value of fixed length for each row, as COPY wants it."""
Value = Column | bytes | None
"""A column's values; the same bytes for all rows; NULL."""

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)


def rows_of(count: int, *rows: Mapping[str, Value]) -> bytes:
    """`count` times these rows, one behind the other: the values of column -> value, in the table's order."""
    template, names, formats, offsets = bytearray(), list[str](), list[str](), list[int]()
    for number, row in enumerate(rows):
        template += struct.pack("!h", len(row))
        for name, value in row.items():
            if value is None:
                template += struct.pack("!i", -1)
                continue
            size = len(value) if isinstance(value, bytes) else value.dtype.itemsize
            template += struct.pack("!i", size)
            if not isinstance(value, bytes):
                names.append(f"{number} {name}")
                formats.append(f"V{size}")
                offsets.append(len(template))
            template += value if isinstance(value, bytes) else bytes(size)
    layout = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": len(template)})
    block: NDArray[Any] = np.frombuffer(template * count, dtype=layout)
    for number, row in enumerate(rows):
        for name, value in row.items():
            if value is not None and not isinstance(value, bytes):
                block[f"{number} {name}"] = value
    return block.tobytes()


def as_column(values: NDArray[Any]) -> Column:
    """The bytes of each row of a table of bytes."""
    whole = np.ascontiguousarray(values)
    width = whole.dtype.itemsize * (whole.shape[1] if whole.ndim == 2 else 1)
    return whole.view(f"V{width}").reshape(len(whole))


def bigints(values: NDArray[np.int64]) -> Column:
    """bigint."""
    return as_column(values.astype(">i8"))


def bigint(value: int) -> bytes:
    """bigint, the same everywhere."""
    return struct.pack("!q", value)


def integer(value: int) -> bytes:
    """integer, the same everywhere."""
    return struct.pack("!i", value)


def jsonb(text: str) -> bytes:
    """jsonb, the same everywhere: version 1 of its format."""
    return b"\x01" + text.encode()


def text_of(*parts: Column | bytes) -> Column:
    """Texts put together from parts."""
    count = next(len(part) for part in parts if not isinstance(part, bytes))
    return as_column(np.concatenate([_letters(part, count) for part in parts], axis=1))


def _letters(part: Column | bytes, count: int) -> NDArray[np.uint8]:
    if isinstance(part, bytes):
        return np.broadcast_to(np.frombuffer(part, np.uint8), (count, len(part)))
    return part.view(np.uint8).reshape(count, part.dtype.itemsize)
