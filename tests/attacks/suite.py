"""What an attack is, and the classes of attacks that the suite must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.attacks.bases import Bases
from tests.attacks.evidence import Evidence

Maker = Callable[[Bases, bytes], bytes]
"""Takes the genuine files and the one to start from; gives the forged file."""

PROFILES = ("final", "to be signed", "signed before")
"""One stamp by the product's engine, in each of its three ways."""

CLASSES = {
    "contents": "universal signature forgery: /Contents null, empty, missing, meaningless",
    "byte range": "universal signature forgery: /ByteRange missing, short, negative, overlapping, too long",
    "incremental saving": "a revision appended: page content, annotation, form value",
    "wrapping": "signed bytes moved aside, or carried along in somebody else's file",
    "shadow hide": "what lay over the content when it was stamped is taken away",
    "shadow replace": "fonts, fields or pictures exchanged",
    "shadow hide-and-replace": "a second document waits inside and is switched on",
    "evil annotation": "annotations over a certified document",
    "sneaky signature": "a further signature whose face lies over the document",
    "tables": "hybrid and doubled cross-reference tables, loops, pointers that lie",
    "transplanted": "a stamp taken from another file",
    "two stamps": "two stamps, one of them transplanted, forged or dropped",
    "certificate": "self-signed, expired, same name and other key, wrong use",
    "time stamp": "from the future, of another signature, from nobody",
    "serial": "a serial number where no signature reaches, or contradicting itself",
    "after the end": "bytes after the last %%EOF",
    "before the beginning": "bytes before %PDF",
    "picture": "the look of a stamp without its signature",
    "archive": "an archive update that carries something else",
    "cms": "the signature structure itself",
}


@dataclass(frozen=True)
class Attack:
    """One forged file. `base` names the genuine file that it starts from."""

    kind: str
    name: str
    base: str
    make: Maker
    shows: Evidence

    @property
    def id(self) -> str:
        return f"{self.kind}: {self.name} [{self.base}]"


def attacks(kind: str, makers: dict[str, Maker], *, on: Iterable[str], shows: Evidence) -> list[Attack]:
    """Each maker on each of the bases."""
    assert kind in CLASSES, kind
    return [
        Attack(kind=kind, name=name, base=base, make=make, shows=shows)
        for name, make in makers.items()
        for base in on
    ]
