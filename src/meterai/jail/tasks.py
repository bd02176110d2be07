"""The tasks of a jail: functions that work on a stranger's file."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec

from meterai.jail import frames
from meterai.kernel.refusals import Kind, Refusal


class Task:
    """One allowed function `(request: Struct) -> Struct`, and the type of its request.

    Its module may have a function `warm_up()`. The fork server calls it: what it imports and computes, no
    copy has to do again.
    """

    def __init__(self, name: str) -> None:
        module, _, attribute = name.partition(":")
        self._module = importlib.import_module(module)
        self.function: Callable[[Any], Any] = getattr(self._module, attribute)
        hints = get_type_hints(self.function)
        hints.pop("return", None)
        (request_type,) = hints.values()
        self.decoder = msgspec.msgpack.Decoder(request_type)

    def warm_up(self) -> None:
        """Calls its module's `warm_up`, if there is one."""
        getattr(self._module, "warm_up", lambda: None)()

    def work(self, frame: bytearray) -> tuple[int, bytes]:
        """Works on a request's frame. Returns the status of the reply and its body."""
        try:
            request = self.decoder.decode(memoryview(frame)[1:])
            return frames.DONE, msgspec.msgpack.encode(self.function(request))
        except Refusal as error:
            refusal = error
        except MemoryError:
            refusal = Refusal(Kind.INVALID, "pdf.too_heavy")
        except RecursionError:
            refusal = Refusal(Kind.INVALID, "pdf.too_complex", what="nesting")
        except Exception as error:
            # Whatever a parser raises on a stranger's file says that the file is broken, to us at least.
            refusal = Refusal(Kind.INVALID, "pdf.broken", detail=type(error).__name__)
        return frames.REFUSED, msgspec.msgpack.encode(frames.refusal_frame(refusal))
