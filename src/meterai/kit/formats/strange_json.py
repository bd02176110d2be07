"""JSON that strangers wrote."""

from __future__ import annotations

import msgspec


def read_json[T](raw: bytes, form: type[T]) -> T:
    """Reads what should be a `form`.

    Raises: msgspec.DecodeError for whatever is none, also text that is no UTF-8 and brackets without end, of
    which msgspec says so in other ways.
    """
    try:
        return msgspec.json.decode(raw, type=form)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None
