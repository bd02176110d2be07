"""The stamping cycle from upload to release, with real processes."""

from __future__ import annotations

import hashlib

import pytest
from tests.stamping.house import BOTTOM_LEFT, BOTTOM_RIGHT, House
from tests.stamping.letters import make_letter

from meterai.stamping.queries import document_page, released_file

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("placements", [[BOTTOM_RIGHT], [BOTTOM_LEFT, BOTTOM_RIGHT]], ids=["one", "two"])
async def test_a_document_is_stamped_and_released(house: House, placements: list) -> None:
    document = await house.accept(make_letter(), placements)
    job = await house.order(document)
    await house.work()

    page = await document_page(house.db, document)
    assert page is not None
    assert page.job is not None
    assert page.job.state == "released"
    assert [release.serial for release in page.releases] == sorted(
        job.serials, key=[r.serial for r in page.releases].index
    )
    data = await released_file(house.db, house.objects, document)
    assert {release.sha256 for release in page.releases} == {hashlib.sha256(data).hexdigest()}
