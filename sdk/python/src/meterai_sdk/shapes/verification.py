"""What is said of files and serial numbers."""

from __future__ import annotations

from typing import Literal, TypedDict


class Judgement(TypedDict):
    """The verifier's answer about a file. Only the verdict ASLI says that nothing was added."""

    verdict: Literal["ASLI", "ASLI_WITH_ADDITIONS", "TIDAK_ASLI", "TIDAK_DAPAT_DIPERIKSA", "NO_STAMP"]
    reasons: list[str]
    sha256: str
    stamps: list[StampReport]
    register: Literal["confirmed", "not_asked", "contradicts", "unknown"]
    pages: int | None


class StampReport(TypedDict):
    """What is known of one stamp of a file."""

    serial: str
    foreign: bool
    """Another issuer's: it is described, never vouched for."""
    intact: bool | None
    stamped_at: str | None
    page: int | None
    problems: list[str]


class SerialAnswer(TypedDict):
    """What the register says of a serial number. It never says that a document is the stamped one."""

    serial: str
    known: bool
    state: str
    released_at: str | None
    document_pages: int | None
