"""Makes all objects of the fork server immortal, so that its copies do not copy the pages they lie on.

Python counts the references to an object on the object itself. A copy that only uses an object would write
to it. Python writes nothing to immortal objects (PEP 683).
"""

from __future__ import annotations

import ctypes
import gc
import sys
from types import CodeType

IMMORTAL = 0xFFFF_FFFF
"""What the lower half of the count of an immortal object is, on 64 bits (CPython 3.13)."""


def make_all_immortal() -> None:
    """Makes each object immortal that Python's collector knows or that such an object refers to."""
    if sys.getrefcount(None) != IMMORTAL or sys.byteorder != "little":  # a Python that counts otherwise
        return
    waiting = gc.get_objects()
    while waiting:
        one = waiting.pop()
        if sys.getrefcount(one) == IMMORTAL:
            continue
        waiting += _referents(one)
        ctypes.c_uint32.from_address(id(one)).value = IMMORTAL


def _referents(one: object) -> list[object]:
    """The objects that it refers to. The collector does not know those of code."""
    if isinstance(one, CodeType):
        return [one.co_consts, one.co_names, one.co_name, one.co_qualname]
    return gc.get_referents(one)
