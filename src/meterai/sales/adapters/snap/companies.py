"""Reads METERAI_SNAP_COMPANIES: our company's number at the bank of each virtual account."""

from __future__ import annotations

import re
from typing import Final

from meterai.kit.formats.comma_list import listed
from meterai.sales.adapters.snap.wire import SERVICE_BYTES
from meterai.sales.ports import Channel

_NUMBER: Final = re.compile(rf"\d{{1,{SERVICE_BYTES}}}", re.A)


def read_companies(text: str) -> dict[Channel, str]:
    """`va_bni=98829,va_bca=19008` by channel. Raises: ValueError for another form."""
    found: dict[Channel, str] = {}
    for one in listed(text):
        name, _, number = one.partition("=")
        channel = next((c for c in Channel if c == name.strip() and c.is_virtual_account), None)
        if channel is None or channel in found or not _NUMBER.fullmatch(number.strip()):
            raise ValueError(
                "METERAI_SNAP_COMPANIES: Expected channels with numbers such as va_bni=98829,va_bca=19008"
            )
        found[channel] = number.strip()
    return found
