"""The host that a request names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?").fullmatch


def names_host(values: Sequence[bytes]) -> bool:
    """Whether a request names one host, with or without a port (RFC 9112 section 3.2); `values`: its `Host`
    headers.

    HTTP/1.0 may go without. We ask it of every request, because links and checks of origins use it.
    """
    return len(values) == 1 and _HOST(values[0]) is not None
