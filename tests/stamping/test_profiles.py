"""Each profile through the whole cycle: stored, sealed, checked, released; and the predicted size."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pikepdf
import pytest

from meterai.kernel.refusals import Refusal
from meterai.kit.files.object_store import ObjectMissing
from meterai.pdf.profiles import Profile
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, document_page, released_file
from meterai.stamping.requests import OutputLimits
from meterai.stamping.use_cases.accept_document import accept_document
from meterai.stamping.use_cases.clean_up import clean_up_documents
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.rewrite_document import rewrite_document
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from meterai.verification.trust import load_trust
from tests.pdf import samples, signed_files
from tests.stamping.stamping_setup import BOTTOM_LEFT, BOTTOM_RIGHT, StampingSetup

pytestmark = pytest.mark.storage

BOTH = (BOTTOM_LEFT, BOTTOM_RIGHT)
AWAY_FROM_SIGNATURES = (Placement(page=1, x=300, y=120), Placement(page=1, x=420, y=120))


async def shown(setup: StampingSetup, document: UUID) -> DocumentPage:
    page = await document_page(setup.db, document)
    assert page is not None
    return page


async def stamped(setup: StampingSetup, document: UUID) -> bytes:
    await setup.order(document)
    await setup.work()
    return (await released_file(setup.db, setup.objects, document)).data


def verdict(setup: StampingSetup, data: bytes) -> Verdict:
    trust = load_trust(setup.data / "pki" / "trust")
    moment = datetime.now(UTC) + timedelta(seconds=5)
    return judge(JudgeRequest(data=data, trust=trust, moment=moment)).verdict


async def test_a_signed_file_goes_through_the_cycle_untouched(setup: StampingSetup) -> None:
    uploaded = signed_files.by_budi_and_siti()
    document = await setup.accept(uploaded, AWAY_FROM_SIGNATURES)
    await place_stamps(
        setup.db, document, AWAY_FROM_SIGNATURES, profile=Profile.SIGN_LATER
    )  # there is no choice
    assert (await shown(setup, document)).profile is Profile.SIGNED
    data = await stamped(setup, document)
    assert data.startswith(uploaded)
    assert verdict(setup, data) is Verdict.GENUINE
    await setup.assert_sound()


async def test_a_file_that_others_will_sign_is_sealed_so_that_they_can(setup: StampingSetup) -> None:
    document = await setup.accept(samples.letter(), AWAY_FROM_SIGNATURES)
    await place_stamps(setup.db, document, AWAY_FROM_SIGNATURES, profile=Profile.SIGN_LATER)
    data = await stamped(setup, document)
    assert verdict(setup, data) is Verdict.GENUINE
    assert verdict(setup, signed_files.signed(data)) is Verdict.WITH_ADDITIONS
    await setup.assert_sound()


async def test_the_profile_stays_until_another_is_chosen_and_not_after_the_stamping_began(
    front: StampingSetup,
) -> None:
    document = await front.accept(samples.letter())
    assert (await shown(front, document)).profile is Profile.FINAL
    await place_stamps(front.db, document, [BOTTOM_LEFT], profile=Profile.SIGN_LATER)
    await place_stamps(front.db, document, [BOTTOM_RIGHT])
    assert (await shown(front, document)).profile is Profile.SIGN_LATER
    await front.order(document)
    with pytest.raises(Refusal) as caught:
        await place_stamps(front.db, document, [BOTTOM_RIGHT], profile=Profile.FINAL)
    assert caught.value.code == "document.stamped_already"


@pytest.mark.parametrize("chosen", [Profile.FINAL, Profile.SIGN_LATER])
async def test_the_file_of_the_chosen_profile_is_shown_and_stamped(
    setup: StampingSetup, chosen: Profile
) -> None:
    """Places to sign stay for the one, and become part of the page for the other."""
    document = await setup.accept(signed_files.waiting(), AWAY_FROM_SIGNATURES)
    before = await shown(setup, document)
    assert before.other_object
    await place_stamps(setup.db, document, AWAY_FROM_SIGNATURES, profile=Profile.SIGN_LATER)
    later = await shown(setup, document)
    assert (later.input_object, later.other_object) == (before.other_object, before.input_object)
    assert later.bytes == len(await setup.objects.get(later.input_object))
    await place_stamps(setup.db, document, AWAY_FROM_SIGNATURES, profile=chosen)
    now = await shown(setup, document)
    data = await stamped(setup, document)
    assert data.startswith(await setup.objects.get(now.input_object))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        kept = [field for field in pdf.Root.AcroForm.Fields if "/V" not in field]
    assert bool(kept) is (chosen is Profile.SIGN_LATER)


async def test_a_file_stored_before_uploads_were_normalised_is_stamped(setup: StampingSetup) -> None:
    document = await setup.accept(samples.living())
    upload = await setup.objects.put(samples.living())
    await setup.database.owner.execute(
        """UPDATE stamping.document SET input_object = $2, input_bytes = $3, normalised = false
           WHERE id = $1""",
        document,
        upload,
        len(samples.living()),
    )
    data = await stamped(setup, document)
    assert b"/JavaScript" not in data
    assert verdict(setup, data) is Verdict.GENUINE
    await setup.assert_sound()


async def test_an_upload_is_kept_as_long_as_its_pages_may_be_compared(setup: StampingSetup) -> None:
    pdf = pikepdf.open(io.BytesIO(samples.form()))
    del pdf.Root["/AcroForm"]  # its fields are drawn by some readers only
    out = io.BytesIO()
    pdf.save(out)
    document = await setup.accept(out.getvalue())
    page = await shown(setup, document)
    assert [difference.page for difference in page.differences] == [1]
    assert page.upload_object
    assert await setup.objects.get(page.upload_object) == out.getvalue()
    assert await clean_up_documents(setup.db, setup.objects, now=page.retained_until) == 2
    for key in (page.upload_object, page.input_object):
        with pytest.raises(ObjectMissing):
            await setup.objects.get(key)


async def test_a_locked_file_is_stored_and_stamped_unlocked_and_the_password_nowhere(
    setup: StampingSetup,
) -> None:
    accepted = await accept_document(
        setup.db, setup.jail, setup.objects, setup.vouch, data=samples.encrypted(), name="terkunci.pdf",
        kind=None, limits=None, customer_id=setup.alice, password="rahasia", now=datetime.now(UTC),
    )  # fmt: skip
    page = await shown(setup, accepted.document_id)
    assert "pdf.notice.encrypted" in page.inspection.notices
    assert "rahasia" not in str(await setup.row("SELECT * FROM stamping.document"))
    assert b"/Encrypt" not in await setup.objects.get(page.input_object)
    assert verdict(setup, await stamped(setup, accepted.document_id)) is Verdict.GENUINE


async def test_a_stamp_taken_off_lowers_the_size_that_is_foretold(setup: StampingSetup) -> None:
    document = await setup.accept(samples.letter(), limits=OutputLimits(bytes_max=70_000))
    one = (await shown(setup, document)).output
    two = await place_stamps(setup.db, document, BOTH)
    assert two.output_bytes > one.output_bytes + 10_000
    assert await place_stamps(setup.db, document, [BOTTOM_RIGHT]) == one
    await place_stamps(setup.db, document, BOTH)
    data = await stamped(setup, document)
    assert two.output_bytes - 6_000 < len(data) <= two.output_bytes


async def test_a_signed_file_over_the_limit_is_offered_no_rewriting(front: StampingSetup) -> None:
    document = await front.accept(signed_files.by_budi(), limits=OutputLimits(bytes_max=1_000))
    page = await shown(front, document)
    assert page.output.too_large
    assert page.output.offers == ()
    assert (await place_stamps(front.db, document, BOTH)).offers == ()
    with pytest.raises(Refusal) as caught:
        await rewrite_document(
            front.db, front.jail, front.objects, document, images="keep", now=datetime.now(UTC)
        )
    assert caught.value.code == "pdf.signed"
