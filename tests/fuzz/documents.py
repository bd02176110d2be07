"""Properties of what reads whole documents."""

from __future__ import annotations

from functools import cache

from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.requests import InspectRequest, LightCheckRequest
from meterai.pdf.signed.seal_check import light_check
from meterai.verification.in_jail import judge
from meterai.verification.model import SEAL_HOLDS, JudgeRequest, Trust, Verdict
from tests.fuzz import genuine
from tests.fuzz.edits import apply_edits
from tests.fuzz.refusals import assert_named
from tests.pdf import samples


def check_inspection(data: bytes) -> None:
    """Structure, weight, signatures: a description or a refusal by name, of whatever claims to be a PDF."""
    try:
        seen = inspect(InspectRequest(data=data))
    except Refusal as refusal:
        assert_named(refusal, "pdf.")
        return
    assert 1 <= len(seen.pages) <= 200
    assert all(page.width_pt > 0 and page.height_pt > 0 for page in seen.pages)


def check_inspection_of_edited(data: bytes) -> None:
    """The same with small changes in files that were good: they get further."""
    choice, edits = data[:1] or b"\0", data[1:]
    bases = documents()
    check_inspection(apply_edits(bases[choice[0] % len(bases)], edits))


def check_light_check(data: bytes) -> None:
    """What passes the check after sealing has the very content that was sealed."""
    sealed = genuine.sealed()
    changed = apply_edits(sealed.data, data)
    request = LightCheckRequest(
        data=changed, certificate=sealed.certificate, pages=sealed.pages, serials=sealed.serials
    )
    try:
        light_check(request)
    except Refusal as refusal:
        assert_named(refusal, "seal.unsound")
        return
    assert genuine.content(changed) == genuine.content(sealed.data)


def check_verdict(data: bytes) -> None:
    """A changed file is never genuine."""
    sealed = genuine.sealed()
    changed = apply_edits(sealed.data, data)
    trust = Trust(roots_pem=(sealed.root_pem,))
    judgement = judge(JudgeRequest(data=changed, trust=trust, moment=genuine.sealed().moment))
    assert (judgement.verdict is Verdict.GENUINE) is (changed == sealed.data), judgement.reasons


def check_verdict_of_anything(data: bytes) -> None:
    trust = Trust(roots_pem=(genuine.sealed().root_pem,))
    judgement = judge(JudgeRequest(data=data, trust=trust, moment=genuine.sealed().moment))
    assert judgement.verdict not in SEAL_HOLDS or data == genuine.sealed().data


@cache
def documents() -> list[bytes]:
    return [
        samples.living(),
        samples.page_file(object_streams=True),
        samples.cropped(),
        samples.nested_forms(3, 2),
        samples.encrypted(user=""),
        genuine.sealed().data,
    ]
