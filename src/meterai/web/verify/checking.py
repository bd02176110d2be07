"""Checks what people upload, for the site and for the verifier: which page they get, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.verification.model import Judgement, Trust
from meterai.verification.picture_codes import is_picture
from meterai.verification.use_cases.judge_document import judge_document
from meterai.verification.use_cases.read_picture import read_picture
from meterai.web.requests.forms import Form, FormLimits
from meterai.web.verify.stamp_pictures import ShownStamp, with_pictures

LIMITS = FormLimits(files_max=1, file_bytes_max=CHECKED_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class CheckPage:
    """A page to render: its template, its status and its values."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Checker:
    """What a check needs."""

    db: Database | None
    jail: JailPool
    trust: Trust
    clock: Clock

    async def check(self, form: Form) -> CheckPage:
        """Judges the PDF in a form, or reads the codes of a picture. Keeps nothing of it.

        Raises: Refusal as the jail does when it is busy.
        """
        uploads = form.uploads("berkas")
        if not uploads or uploads[0].too_large:
            return asked_again("verification.too_large" if uploads else "form.no_file")
        data, name = bytes(uploads[0].content), uploads[0].name
        return await (self._read(data, name) if is_picture(data) else self._judge(data, name))

    async def _judge(self, data: bytes, name: str) -> CheckPage:
        judgement = await judge_document(self.db, self.jail, data, trust=self.trust, now=self.clock())
        stamps = await with_pictures(self.jail, data, judgement)
        return result_page(judgement, stamps, self.clock, name=name)

    async def _read(self, data: bytes, name: str) -> CheckPage:
        try:
            codes = await read_picture(self.db, self.jail, data, trust=self.trust)
        except Refusal as refusal:
            if refusal.kind is not Kind.INVALID:
                raise
            return asked_again(refusal.code)
        return CheckPage("verify_picture.html", {"codes": codes, "name": name, "private": True})


def asked_again(code: str, serial: str = "") -> CheckPage:
    """The page to check with, and the refusal `code` on it."""
    return CheckPage("verify.html", {"refused": code, "serial": serial}, status=422)


def result_page(
    judgement: Judgement,
    stamps: list[ShownStamp],
    clock: Clock,
    *,
    name: str = "",
    by_digest: bool = False,
) -> CheckPage:
    """The page with a verdict."""
    values = {
        "judgement": judgement,
        "stamps": stamps,
        "name": name,
        "by_digest": by_digest,
        "checked_at": clock(),
        "private": True,
    }
    return CheckPage("verify_result.html", values)
