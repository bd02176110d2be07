"""Rows of the database as structs."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kit.database import Row


def read_row[T](row: Row, form: type[T]) -> T:
    return msgspec.convert(dict(row), form, builtin_types=(uuid.UUID, datetime))
