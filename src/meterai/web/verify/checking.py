"""Checks what people upload, for the site and for the verifier: which page they get, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from litestar import Response

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.pdf.picture_kinds import is_picture
from meterai.verification.model import FaceLimits, Judgement, Trust, Verdict
from meterai.verification.reasons import SAVED_AGAIN, UNCLEAR_ADDITION
from meterai.verification.use_cases.judge_document import judge_document
from meterai.verification.use_cases.read_picture import read_picture
from meterai.web.requests.forms import Form, FormLimits, Upload
from meterai.web.verify.drawing import Drawer
from meterai.web.verify.shown_additions import ShownAdditions, compared, only_listed
from meterai.web.verify.shown_stamps import PICTURES_MAX, ShownStamp, code_of, with_pictures, without_pictures

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
    limits: FaceLimits

    async def check(self, form: Form) -> CheckPage:
        """Judges the PDF in a form, or reads the codes of a picture. Keeps nothing of it.

        Raises: Refusal as the jail does when it is busy.
        """
        try:
            upload = _sent(form)
        except Refusal as refusal:
            return asked_again(refusal.code)
        data, name = bytes(upload.content), upload.name
        return await (self._read(data, name) if is_picture(data) else self.judge(data, name))

    async def sealed_revision(self, form: Form) -> bytes:
        """The sealed revision of the file in a form, if something was added to it since.

        Raises: Refusal INVALID `form.no_file`, `verification.too_large`, `verification.nothing_added`.
        """
        data = bytes(_sent(form).content)
        judgement = await self._judgement(data)
        if judgement.sealed_bytes is None or not shows_sealed(judgement):
            raise Refusal(Kind.INVALID, "verification.nothing_added")
        return data[: judgement.sealed_bytes]

    async def _judgement(self, data: bytes) -> Judgement:
        return await judge_document(
            self.db, self.jail, data, trust=self.trust, now=self.clock(), limits=self.limits
        )

    async def judge(self, data: bytes, name: str) -> CheckPage:
        """Judges a PDF. Raises: Refusal as the jail does when it is busy."""
        judgement = await self._judgement(data)
        drawer = Drawer(self.jail, data)
        draws = SAVED_AGAIN not in judgement.reasons  # else we can't tell what the stamped file showed
        stamps = await with_pictures(drawer, judgement) if draws else without_pictures(judgement)
        shows = shows_sealed(judgement)
        added = await compared(drawer, judgement) if shows else only_listed(judgement)
        return result_page(judgement, stamps, added, self.clock, name=name)

    async def _read(self, data: bytes, name: str) -> CheckPage:
        try:
            codes = await read_picture(self.db, self.jail, data, trust=self.trust)
        except Refusal as refusal:
            if refusal.kind is not Kind.INVALID:
                raise
            return asked_again(refusal.code)
        return CheckPage("verify_picture.html", {"codes": codes, "name": name, "private": True})


def _sent(form: Form) -> Upload:
    """The file in a form. Raises: Refusal INVALID `form.no_file`, `verification.too_large`."""
    uploads = form.uploads("berkas")
    if not uploads or uploads[0].too_large:
        raise Refusal(Kind.INVALID, "verification.too_large" if uploads else "form.no_file")
    return uploads[0]


def shows_sealed(judgement: Judgement) -> bool:
    """Whether the sealed revision is sound, so that it may be shown and downloaded beside the additions."""
    return bool(judgement.additions) and (
        judgement.verdict is Verdict.WITH_ADDITIONS
        or (judgement.verdict is Verdict.CANNOT_CHECK and UNCLEAR_ADDITION in judgement.reasons)
    )


def asked_again(code: str, serial: str = "") -> CheckPage:
    """The page to check with, and the refusal `code` on it."""
    return CheckPage("verify.html", {"refused": code, "serial": serial}, status=422)


def digest_page(judgement: Judgement, clock: Clock) -> CheckPage:
    """The page with a verdict by a digest alone: nobody saw the file."""
    shown = result_page(judgement, without_pictures(judgement), only_listed(judgement), clock)
    return CheckPage(shown.template, {**shown.values, "by_digest": True})


def result_page(
    judgement: Judgement, stamps: list[ShownStamp], added: ShownAdditions, clock: Clock, *, name: str = ""
) -> CheckPage:
    """The page with a verdict."""
    values = {
        "judgement": judgement,
        "stamps": stamps,
        "added": added,
        "name": name,
        "sealed_name": sealed_name(name),
        "qr_of": code_of,
        "stamp_pictures_max": PICTURES_MAX,
        "by_digest": False,
        "checked_at": clock(),
        "private": True,
    }
    return CheckPage("verify_result.html", values)


def sealed_name(name: str) -> str:
    """The name under which the sealed revision of a file is saved."""
    return f"{PurePath(name).stem or 'dokumen'}-disegel.pdf"


def sealed_file(content: bytes) -> Response[bytes]:
    """The sealed revision as a download."""
    headers = {
        "Content-Disposition": 'attachment; filename="dokumen-disegel.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)
