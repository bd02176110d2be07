"""Reads JSON that others sent."""

from __future__ import annotations

import msgspec


def read_json[T](raw: bytes, form: type[T]) -> T:
    """Reads JSON of the given form.

    Raises: msgspec.DecodeError for everything else. Text that is not UTF-8 and brackets nested too deep are
    included; msgspec raises other errors for those.
    """
    try:
        return msgspec.json.decode(raw, type=form)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None
